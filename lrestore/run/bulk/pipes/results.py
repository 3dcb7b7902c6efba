"""One pipe that all workers write to and one process reads: results, intents.

Each message is one ``os.write`` of at most PIPE_BUF bytes, which POSIX makes atomic. There is no lock that a killed
process could leave locked, and no partial message that blocks the others. A full pipe blocks its writers, which slows
them down as needed.

Messages in the pipe survive the death of a reader if another process holds a read end: a new reader continues. Messages
that a dead reader had taken out are lost, so senders keep each message until it is confirmed.
"""

from __future__ import annotations

import functools
import os
import select
import struct
import time
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from multiprocess.connection import Connection

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
    """The two ends of a new pipe for messages of type ``kind``, a Struct or a union of tagged ones.

    Both can be passed to ``Process(args=...)``. A process that does not use an end closes it at once, because the
    reader notices the end only when all write ends are closed.
    """
    read, write = os.pipe()
    return ResultReader(Connection(read, writable=False), kind), ResultWriter(Connection(write, readable=False))


class ResultWriter:
    """The end that workers write to, from any thread."""

    def __init__(self, end: Connection[Any, Any]) -> None:
        self._end = end

    def send(self, message: msgspec.Struct) -> None:
        """Write one message; blocks while the pipe is full.

        Raises :class:`MessageTooLargeError` for one that does not :func:`fits`, :class:`PeerGoneError` if the pipe has
        no reader any more.
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
        """Close this process's write end; may be repeated."""
        self._end.close()


class ResultReader(Generic[Message]):
    """The end that one process reads, from one thread. Iterating yields messages until all writers are gone."""

    def __init__(self, end: Connection[Any, Any], kind: Any) -> None:
        self._end = end
        self._kind = kind
        self._buffer = bytearray()

    def fileno(self) -> int:
        """For ``multiprocess.connection.wait``."""
        return self._end.fileno()

    def read(self, timeout_s: float | None = None) -> list[Message]:
        """All complete messages in the pipe, at least one; [] if none came within ``timeout_s`` (None: wait forever).

        Raises :class:`PeerGoneError` when all writers have ended and everything was read, :class:`TornMessageError` for
        bytes that are not a message.
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
        """Close this process's read end; may be repeated."""
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
                # A copy: a message that refers to its bytes must not keep the buffer alive.
                yield decoder.decode(bytes(self._buffer[begin : begin + length]))
                start = begin + length
        except msgspec.DecodeError as error:
            raise TornMessageError(f"not a message of the results pipe: {error}") from error
        finally:
            del self._buffer[:start]


@functools.cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Cached here, not in the reader: the reader is pickled for other processes, and a decoder cannot be pickled."""
    return msgspec.msgpack.Decoder(kind)
