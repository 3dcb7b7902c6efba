"""A duplex channel between the coordinator and one worker: tasks in one direction, results in the other.

Each worker has its own channel: if the worker dies, the coordinator notices at once, and no other worker is affected.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
from multiprocess import Pipe
from multiprocess.connection import Connection
from multiprocess.connection import wait as wait_for_any

from lrestore.run.bulk.pipes.errors import PeerGoneError, TornMessageError
from lrestore.text.storable import to_msgpack

Out = TypeVar("Out", bound=msgspec.Struct)
In = TypeVar("In")


def channel(down: Any, up: Any) -> tuple[Channel[Any, Any], Channel[Any, Any]]:
    """(coordinator's end, worker's end). ``down``: type of the messages to the worker; ``up``: from it.

    A type is a Struct or a union of tagged ones. The coordinator passes the worker's end to ``Process(args=...)`` and
    closes it at once; otherwise it would not notice the worker's death.
    """
    ours, theirs = Pipe(duplex=True)
    return Channel(ours, up), Channel(theirs, down)


class Channel(Generic[Out, In]):
    """One end. ``send`` from one thread at a time, ``receive`` from one; messages of any size."""

    def __init__(self, end: Connection[Any, Any], kind: Any) -> None:
        self._end = end
        self._kind = kind
        # Both are made where they are used: an end goes to another process first.
        self._decoder: msgspec.msgpack.Decoder[In] | None = None
        self._poll: Callable[[float], list[Any]] | None = None

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
            if self._decoder is None:
                self._decoder = msgspec.msgpack.Decoder(self._kind)
            return self._decoder.decode(data)
        except msgspec.DecodeError as error:
            raise TornMessageError(f"not a message of this channel: {error}") from error

    def ready(self, timeout_s: float = 0.0) -> bool:
        """Whether ``receive`` would not block: there is a message, or the peer is gone."""
        if self._end.closed:
            return True
        if self._poll is None:
            # Connection.poll makes a selector anew each time, which takes longer than the rest of a message.
            poll = select.poll()
            poll.register(self._end.fileno(), select.POLLIN)
            self._poll = poll.poll
        return bool(self._poll(timeout_s * 1000))

    def close(self) -> None:
        """Close this end; may be repeated."""
        self._end.close()


def wait(channels: Iterable[Any], sentinels: Iterable[int] = (), timeout_s: float | None = None) -> list[Any]:
    """The channels (or other objects with a ``fileno``) that can be read, and the sentinels whose process ended.

    [] if nothing happened within ``timeout_s`` (None: wait forever). A channel whose peer died is readable: it returns
    its last messages first, then ``receive`` raises.
    """
    return wait_for_any([*channels, *sentinels], timeout_s)
