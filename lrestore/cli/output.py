"""Standard streams under cron, in pipes and on full disks: no reader, no space, or no stream at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from lrestore.streams import Unfailing, descriptor, write_all
from lrestore.text.direction import isolated


@contextmanager
def unfailing_stderr() -> Iterator[None]:
    """Inside, writing to stderr never raises, for log, progress, question and parser."""
    before = sys.stderr
    sys.stderr = cast("TextIO", Unfailing(before))
    try:
        yield
    finally:
        sys.stderr = before


def prepare_streams() -> None:
    """Make the standard streams usable, however the process was started.

    Closed streams (``>&-``) are opened on /dev/null. Otherwise the first file that is opened, a report or the state
    file, would get their descriptor and everything written to them. Characters that the terminal's encoding lacks are
    escaped.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _fill_the_first_numbers()
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 (open as long as the process)
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write_out(text: str | Iterable[str]) -> None:
    """Write results to stdout: a text, or its pieces as they come. On a terminal, right-to-left names are isolated. A
    closed pipe is not an error: it must not change the exit code of the run.

    Raises RunError if writing fails for another reason, such as a full disk.
    """
    try:
        for piece in [text] if isinstance(text, str) else text:
            _write(sys.stdout, isolated(piece) if sys.stdout.isatty() else piece)
    except BrokenPipeError:
        return
    except OSError as error:
        from lrestore.errors import RunError

        raise RunError(f"cannot write the results to stdout: {error.strerror or error}") from error


def say(text: str) -> None:
    """Write a line to stderr; errors are ignored."""
    sys.stderr.write(text + "\n")


def _write(stream: TextIO, text: str) -> None:
    try:
        number = descriptor(stream)
        if number is None:
            stream.write(text)
            stream.flush()
        else:
            write_all(number, text.encode(stream.encoding, "backslashreplace"))
    except OSError:
        # Python writes the rest of the buffer at exit; that would fail again and change the exit code.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise


def _fill_the_first_numbers() -> None:
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003 (its only argument): worker processes must not reuse it either
    os.close(number)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 (open as long as the process)
