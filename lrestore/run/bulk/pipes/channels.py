"""A duplex channel between the coordinator and one worker: tasks one way, what became of them the other.

The channel of one worker is nobody else's: when it dies, the other end hears of it at once and nobody else is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from typing import Any, Generic, TypeVar

import msgspec

from lrestore.run.bulk.pipes.errors import PeerGoneError, TornMessageError
from lrestore.text.storable import to_msgpack

Out = TypeVar("Out", bound=msgspec.Struct)
In = TypeVar("In")


def channel(down: Any, up: Any) -> tuple[Channel[Any, Any], Channel[Any, Any]]:
    """(coordinator's end, worker's end). ``down``: kind of the messages to the worker; ``up``: from it.

    A kind is a Struct or a union of tagged ones. The worker's end is handed to ``Process(args=...)`` and then closed by
    the coordinator at once, else the worker's death is not heard.
    """
    ours, theirs = Pipe(duplex=True)
    return Channel(ours, up), Channel(theirs, down)


class Channel(Generic[Out, In]):
    """One end. ``send`` from one thread at a time, ``receive`` from one; messages of any size."""

    def __init__(self, end: Connection[Any, Any], kind: Any) -> None:
        self._end = end
        self._kind = kind

    def fileno(self) -> int:
        """For :func:`wait`."""
        return self._end.fileno()

    def send(self, message: Out) -> None:
        """Send; blocks while the peer does not read. Raises :class:`PeerGoneError`."""
        try:
            self._end.send_bytes(to_msgpack(message))
        except OSError as error:
            raise PeerGoneError(f"the peer of this channel is gone: {error.strerror or error}") from error

    def receive(self) -> In:
        """The next message; blocks until there is one.

        Raises :class:`PeerGoneError` when the peer has ended, if only in the middle of a message.
        """
        try:
            data = self._end.recv_bytes()
        except EOFError as error:
            raise PeerGoneError("the peer of this channel is gone") from error
        except OSError as error:
            raise PeerGoneError(f"the peer of this channel is gone: {error.strerror or error}") from error
        try:
            message: In = msgspec.msgpack.decode(data, type=self._kind)
        except msgspec.DecodeError as error:
            raise TornMessageError(f"not a message of this channel: {error}") from error
        return message

    def ready(self, timeout_s: float = 0.0) -> bool:
        """Whether ``receive`` would not block: there is a message, or the peer is gone."""
        try:
            return self._end.poll(timeout_s)
        except OSError:
            return True

    def close(self) -> None:
        """Give up this end; harmless when repeated."""
        self._end.close()


def wait(channels: Iterable[Any], sentinels: Iterable[int] = (), timeout_s: float | None = None) -> list[Any]:
    """Those channels (or other objects with a ``fileno``) that can be read, and those sentinels whose process ended.

    [] when nothing happened within ``timeout_s`` (None: wait for ever). A channel whose peer died is readable: its
    last messages first, then ``receive`` raises.
    """
    return wait_for_any([*channels, *sentinels], timeout_s)
