"""The command: flags in, exit code out. Results go to stdout, everything else to stderr.

parse the flags; load the settings; open the log
--show: print it, done
check that the report can be written; run; print; write the report
any error: one line on stderr, and the exit code of its class
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrestore.cli.options import Options
    from lrestore.cli.signals import Stopping

NOT_STARTED = 3
"""Also the exit code for a defect of lrestore itself, before a session has begun."""

DEAD_LETTERS = 1

_CTRL_C = frozenset({signal.SIGINT})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` and return its exit code. Raises nothing. None: the arguments of the process, which
    has no other purpose.

    Other modules are imported inside: Ctrl-C during the imports also gives an exit code and no traceback. It waits for
    their end: an exception from a signal in the middle of msgspec's set-up crashes the process (seen with 0.22).
    """
    try:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
        try:
            arguments = list(sys.argv[1:] if argv is None else argv)
            if argv is None:
                from lrestore.cli import quick_start

                quick_start.begin_loading()
            from lrestore.cli.command_line import parse_command_line
            from lrestore.cli.output import prepare_streams, unfailing_stderr

            prepare_streams()
            with unfailing_stderr():
                try:
                    options = parse_command_line(arguments)
                except SystemExit as end:
                    return _code(end)
                return _guarded(options, shlex.join(["lrestore", *arguments]), before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    except KeyboardInterrupt:
        return 130


def _resuming(options: Options) -> str:
    """The command that resumes the session of this command."""
    from lrestore.cli.options import LAST, command_words

    named = [options.resume] if options.resume and options.resume != LAST else []
    return command_words(options, "--resume", *named)


def _guarded(options: Options, again: str, mask: Collection[int]) -> int:
    """The one place where errors become exit codes. ``mask``: the signals that stay blocked."""
    from lrestore.cli.signals import Stopping
    from lrestore.errors import LrestoreError, RunError, StoppedError

    def line(text: str) -> str:
        return _line(text, options, logging.WARNING)

    with Stopping(again, _resuming(options), line, keeps_nothing=bool(options.rehearse)) as stopping:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            code = _command(options, stopping)
        except KeyboardInterrupt:
            code = stopping.exit_code
        except LrestoreError as error:
            _say(f"lrestore: {error}", options)
            code = error.exit_code if isinstance(error, RunError) else NOT_STARTED
        except Exception as error:  # noqa: BLE001 (the outermost place: every error is printed, with -v in full)
            _mistake(error, options)
            code = NOT_STARTED
        if code == NOT_STARTED and stopping.has_begun:
            # The run may have written something.
            code = StoppedError.exit_code
    if code in (NOT_STARTED, StoppedError.exit_code) and stopping():
        code = stopping.exit_code
    if code in (StoppedError.exit_code, 130, 143) and not options.show:
        _say(stopping.last_words, options, logging.INFO)
    elif code == DEAD_LETTERS and stopping.retry:
        _say(stopping.retry, options, logging.INFO)
    return code


def _command(options: Options, stopping: Stopping) -> int:
    if options.show:
        from lrestore.cli import quick_start
        from lrestore.cli.show import show

        quick_start.end_loading()
        with stopping.nothing_under_way():
            from lrestore.cli.output import write_out

            write_out(show(options, os.environ))
        return 0
    if options.discard:
        from lrestore.cli import quick_start
        from lrestore.cli.discard import discard

        quick_start.end_loading()
        with stopping.nothing_under_way():
            from lrestore.cli.output import write_out

            write_out(discard(options, os.environ))
        return 0
    from lrestore.cli.terminal import run_session

    return run_session(options, os.environ, stopping)


def _code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else 2


def _say(text: str, options: Options, level: int = logging.ERROR) -> None:
    from lrestore.cli.output import say

    say(_line(text, options, level))


def _line(text: str, options: Options, level: int) -> str:
    from lrestore.logs import concluded

    return concluded(text, level=level, format=options.log_format)


def _mistake(error: Exception, options: Options) -> None:
    if options.verbose:
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            _say(line, options, logging.DEBUG)
    more = "" if options.verbose else "; run with -v for the traceback"
    _say(f"lrestore: internal error: {type(error).__name__}: {error}{more}. Please report it.", options)
