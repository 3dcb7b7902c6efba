"""``--events FILE`` and ``progress=``: to whom the events of a run go, and how a run that broke off ends them."""

from __future__ import annotations

import errno
import logging
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrestore.errors import LrestoreError, StoppedError, UsageError
from lrestore.logs import hide
from lrestore.report.events import Announcer, Event, Receiver, event_line
from lrestore.report.write import ensure_writable
from lrestore.streams import is_own_stream

_FIRST = b'{"event":'
_READER_WITHIN_S = 5.0
"""How long to wait for the program that reads a FIFO: it may have been started at the same moment."""
_ROOM_WITHIN_S = 5.0
"""How long to wait for a reader that does not read: afterwards it is given up, and the run goes on alone."""
_LOOK_EVERY_S = 0.05


class EventFile:
    """Appends events to a file, each with one write. A new session replaces the file's content with its first event, a
    resumed one appends to it.
    """

    def __init__(self, path: Path, *, append: bool) -> None:
        """Open the file. Raises UsageError if it cannot be written, or if a FIFO has no reader."""
        self._path = path
        self._append = append
        self._begun = False
        self._descriptor = _opened(path)
        self._regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)

    def __call__(self, event: Event) -> None:
        """Write the event. Raises LrestoreError if that fails."""
        try:
            self._begin()
            self._write(event_line(event))
        except OSError as error:
            raise LrestoreError(f"--events {self._path}: cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _begin(self) -> None:
        if self._begun or not self._regular or is_own_stream(self._path):
            return
        self._begun = True
        if not self._append:
            os.ftruncate(self._descriptor, 0)
        elif _torn(self._path):
            self._write(b"\n")

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                if not select.select([], [self._descriptor], [], _ROOM_WITHIN_S)[1]:
                    raise OSError(errno.EAGAIN, "its reader does not read") from None


def _torn(path: Path) -> bool:
    """Whether the last line has no end: the process that wrote it was killed, or the disk was full."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        return file.read(1) not in (b"", b"\n")


def _opened(path: Path) -> int:
    until_s = time.monotonic() + _READER_WITHIN_S
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY
    while True:
        try:
            return os.open(path, flags, 0o666)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise UsageError(f"cannot write the events to {path}: {error.strerror or error}") from error
            if time.monotonic() >= until_s:
                raise UsageError(
                    f"cannot write the events to {path}: no program reads this FIFO", hint="start its reader first"
                ) from error
        time.sleep(_LOOK_EVERY_S)


class _Warnings(logging.Handler):
    """Warnings of the log become events."""

    def __init__(self, announcer: Announcer) -> None:
        super().__init__(logging.WARNING)
        self._announcer = announcer

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the message on, without secrets."""
        self._announcer.warning(hide(record.getMessage()))


@contextmanager
def announcing(
    file: Path | None,
    progress: Receiver | None = None,
    *,
    append: bool = False,
    apart_from: str = "",
) -> Iterator[Announcer]:
    """The events of the run inside: to ``file`` and to ``progress``. A run that raises ends its events with the error,
    unless the command line is wrong.

    Raises UsageError if the file cannot be written. ``append``: the run resumes a session. ``apart_from``: the state
    file.
    """
    if file is not None:
        ensure_writable(file, first=_FIRST, apart_from=apart_from, what="events")
    opened = EventFile(file, append=append) if file is not None else None
    receivers: list[Receiver] = [receiver for receiver in (opened, progress) if receiver is not None]
    announcer = Announcer(receivers)
    handler = _Warnings(announcer)
    logger = logging.getLogger("lrestore")
    if receivers:
        logger.addHandler(handler)
    try:
        with _broken_off(announcer):
            yield announcer
    finally:
        logger.removeHandler(handler)
        if opened is not None:
            opened.close()


@contextmanager
def _broken_off(announcer: Announcer) -> Iterator[None]:
    try:
        yield
    except UsageError:
        raise
    except StoppedError as error:
        announcer.broke_off("stopped", hide(str(error)))
        raise
    except KeyboardInterrupt:
        announcer.broke_off("interrupted", "interrupted")
        raise
    except Exception as error:
        announcer.broke_off("not-started", hide(str(error)))
        raise
