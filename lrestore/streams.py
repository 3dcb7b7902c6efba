"""A stderr that may fail: full, closed, non-blocking, or piped into a program that has died or does not read.

Log and progress are informational: a line that cannot be written is lost, and nothing else happens. A program that
reads slowly, such as a pager, is waited for, until a signal asks the run to end.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import time
from pathlib import Path
from typing import TextIO

_PATIENCE_S = 1.0
"""How long a line waits for room in a non-blocking stream; after it was in vain, later lines do not wait."""
_SLICE_S = 0.2
"""How often a line that waits looks whether it is still to wait."""
_AT_ONCE = select.PIPE_BUF
"""Bytes for which a pipe has room that can be written to at all (POSIX, write())."""


def is_own_stream(path: Path | str) -> bool:
    """Whether it is a stream of this process, ``/dev/stdout`` or ``/dev/fd/3``, even if that leads to a file. Files in
    ``/dev/shm`` are ordinary ones.
    """
    target = Path(path)
    in_memory = target.is_relative_to("/dev/shm")  # noqa: S108 (is recognised, not used)
    return target.is_relative_to("/proc") or (target.is_relative_to("/dev") and not in_memory)


class Unfailing(io.TextIOBase):
    """A text stream over ``stream`` whose methods never raise. Lines go to its descriptor at once, past all buffers:
    what lay in a buffer would be written again, and would fail again, when the process ends.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = descriptor(stream)
        self._patience_s = _PATIENCE_S
        self._waits = True

    def stop_waiting(self) -> None:
        """From now on, a line that finds no room is lost at once; also one that waits already. For signal handlers."""
        self._waits = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As of the stream below."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Names that the encoding lacks are escaped."""
        return "backslashreplace"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.isatty()
        return False

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            if self._descriptor is None:
                self._stream.write(text)
            else:
                self._put(self._descriptor, text.encode(self.encoding, "backslashreplace"))
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def _put(self, descriptor: int, data: bytes) -> None:
        # A write that blocks cannot be ended by a signal: Python repeats it (PEP 475).
        blocking = os.get_blocking(descriptor)
        until_s = time.monotonic() + self._patience_s
        while data:
            left_s = _SLICE_S if blocking else until_s - time.monotonic()
            if select.select([], [descriptor], [], max(0.0, left_s) if self._waits else 0.0)[1]:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(descriptor, data[:_AT_ONCE]) :]
                    self._patience_s = _PATIENCE_S
            elif not (blocking and self._waits):
                self._patience_s = 0.0
                return


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data``; a non-blocking stream is waited for, as a blocking one would be. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def descriptor(stream: TextIO) -> int | None:
    """Its number, once what lay in its buffer is written. None for a stream without one, such as a text in memory."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.flush()
        return stream.fileno()
    return None
