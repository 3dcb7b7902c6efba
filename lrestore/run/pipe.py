"""The one pipe from all workers to the writer, without a lock that a dead process could leave taken.

POSIX makes a write of up to PIPE_BUF bytes atomic: it goes in whole or not at all, whoever else writes and whoever is
killed. So each message is one ``os.write`` of at most that size, with its length in front.
"""

from __future__ import annotations

import os
import select
import struct
from collections.abc import Iterator

_LENGTH = struct.Struct("<H")

PIPE_BUF = select.PIPE_BUF
LONGEST = PIPE_BUF - _LENGTH.size
"""Bytes of a message; what is larger goes another way."""

_READ_AT_ONCE = 1 << 16


def send(descriptor: int, message: bytes) -> None:
    """Put a message into the pipe, waiting while it is full. ValueError for one that is too long."""
    if len(message) > LONGEST:
        raise ValueError(f"a message of {len(message)} bytes does not fit a pipe write of {PIPE_BUF}")
    os.write(descriptor, _LENGTH.pack(len(message)) + message)


class Incoming:
    """The reading end: gives whole messages."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._buffer = b""

    def read(self, timeout_s: float) -> Iterator[bytes]:
        """The messages that are there now, or that come within ``timeout_s``."""
        ready, _, _ = select.select([self.descriptor], [], [], timeout_s)
        if ready:
            self._buffer += os.read(self.descriptor, _READ_AT_ONCE)
        yield from self._whole()

    def _whole(self) -> Iterator[bytes]:
        start, end = 0, len(self._buffer)
        while end - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            stop = start + _LENGTH.size + length
            if stop > end:
                break
            yield self._buffer[start + _LENGTH.size : stop]
            start = stop
        self._buffer = self._buffer[start:]
