"""One pipe that all workers write to and one process reads: results, intents.

Each message is one ``os.write`` of at most PIPE_BUF bytes, which POSIX makes atomic: no lock that a killed process
could leave taken, no half message in the way of the others. A full pipe blocks its writers: that is the back-pressure.

What is in the pipe outlives a reader that dies, if somebody else holds a read end: a new reader goes on with it. What a
reader had taken out and not dealt with is gone with it, so senders keep what was not acknowledged.
"""

from __future__ import annotations

import functools
import os
import select
import struct
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

import msgspec

from lrestore.run.bulk.pipes.errors import MessageTooLargeError, PeerGoneError, TornMessageError
from lrestore.text.storable import to_msgpack

Message = TypeVar("Message")

LIMIT_BYTES = min(select.PIPE_BUF, 4096)
_LENGTH = struct.Struct("<H")
_READ_BYTES = 1 << 16


def fits(message: msgspec.Struct) -> bool:
    """Whether a message can be sent through the shared pipe."""
    return _LENGTH.size + len(to_msgpack(message)) <= LIMIT_BYTES


def result_pipe(kind: Any) -> tuple[ResultReader[Any], ResultWriter]:
    """A new pipe for messages of ``kind``, a Struct or a union of tagged ones: its two ends.

    Both can be handed to ``Process(args=...)``; whoever does not use an end closes it at once, since the reader hears
    of the end only when all write ends are closed.
    """
    read, write = os.pipe()
    return ResultReader(Connection(read, writable=False), kind), ResultWriter(Connection(write, readable=False))


class ResultWriter:
    """The end that workers write to, from any thread."""

    def __init__(self, end: Connection[Any, Any]) -> None:
        self._end = end

    def send(self, message: msgspec.Struct) -> None:
        """Write one message; blocks while the pipe is full.

        Raises :class:`MessageTooLargeError` for one that does not :func:`fits`, :class:`PeerGoneError` if nobody reads
        any more.
        """
        body = to_msgpack(message)
        if _LENGTH.size + len(body) > LIMIT_BYTES:
            raise MessageTooLargeError(
                f"{type(message).__name__} of {len(body)} bytes: the results pipe takes {LIMIT_BYTES - _LENGTH.size}",
                hint="store large records in the worker's own file and send the key",
            )
        try:
            os.write(self._end.fileno(), _LENGTH.pack(len(body)) + body)
        except BrokenPipeError as error:
            raise PeerGoneError("the results pipe has no reader any more") from error
        except OSError as error:
            raise PeerGoneError(f"cannot write to the results pipe: {error.strerror or error}") from error

    def close(self) -> None:
        """Give up this process's write end; harmless when repeated."""
        self._end.close()


class ResultReader(Generic[Message]):
    """The end that one process reads, from one thread. Iterating yields messages until all writers are gone."""

    def __init__(self, end: Connection[Any, Any], kind: Any) -> None:
        self._end = end
        self._kind = kind
        self._buffer = bytearray()

    def fileno(self) -> int:
        """For ``multiprocessing.connection.wait``."""
        return self._end.fileno()

    def read(self, timeout_s: float | None = None) -> list[Message]:
        """All whole messages that are there, at least one; [] if none came within ``timeout_s`` (None: wait for ever).

        Raises :class:`PeerGoneError` when all writers are gone and everything was read, :class:`TornMessageError` for
        what is not a message.
        """
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if not self._end.poll(None if until_s is None else max(0.0, until_s - time.monotonic())):
                return []
            self._fill()
            if messages := list(self._messages()):
                return messages

    def __iter__(self) -> Iterator[Message]:
        while True:
            try:
                messages = self.read()
            except PeerGoneError:
                return
            yield from messages

    def close(self) -> None:
        """Give up this process's read end; harmless when repeated."""
        self._end.close()

    def _fill(self) -> None:
        data = os.read(self._end.fileno(), _READ_BYTES)
        if data:
            self._buffer += data
        elif self._buffer:
            raise TornMessageError(f"the results pipe ended inside a message: {len(self._buffer)} bytes are left")
        else:
            raise PeerGoneError("all writers of the results pipe have ended")

    def _messages(self) -> Iterator[Message]:
        decoder: msgspec.msgpack.Decoder[Message] = _decoder(self._kind)
        start = 0
        try:
            while (begin := start + _LENGTH.size) <= len(self._buffer):
                (length,) = _LENGTH.unpack_from(self._buffer, start)
                if begin + length > len(self._buffer):
                    break
                # A copy: what a message keeps of its bytes must not pin the buffer.
                yield decoder.decode(bytes(self._buffer[begin : begin + length]))
                start = begin + length
        except msgspec.DecodeError as error:
            raise TornMessageError(f"not a message of the results pipe: {error}") from error
        finally:
            del self._buffer[:start]


@functools.cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Not kept in the reader, which goes to other processes; a decoder cannot."""
    return msgspec.msgpack.Decoder(kind)
