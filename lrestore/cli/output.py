"""Standard streams as cron, pipes and full disks leave them: a reader that has gone, no room, no stream at all."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from lrestore.streams import Unfailing, descriptor, write_all


@contextmanager
def unfailing_stderr() -> Iterator[None]:
    """Inside, nothing that is written to stderr raises, whoever writes it: log, progress, question, parser."""
    before = sys.stderr
    sys.stderr = cast("TextIO", Unfailing(before))
    try:
        yield
    finally:
        sys.stderr = before


def prepare_streams() -> None:
    """Make the standard streams usable whatever the process was started with.

    Closed ones (``>&-``) lead to nowhere: else the first file that is opened, a report or the state, would get their
    number, and with it whatever is written to them. Names that the terminal's encoding lacks are escaped.
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


def write_out(text: str) -> None:
    """Results for stdout. A reader that has gone is no error: the run's exit code must stay the run's.

    Raises RunError if they cannot be written for another reason, such as a full disk.
    """
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        return
    except OSError as error:
        from lrestore.errors import RunError

        raise RunError(f"cannot write the results to stdout: {error.strerror or error}") from error


def say(text: str) -> None:
    """A line for stderr. If it cannot be written, the exit code is all that is left."""
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
        # What is left in the buffer is written again at exit, and would fail again, with an exit code of Python's own.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise


def _fill_the_first_numbers() -> None:
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)  # noqa: FBT003 (its only argument): worker processes must not reuse it either
    os.close(number)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 (open as long as the process)
