"""Reading one answer from a connection, to its last byte and within a deadline.

``httptools`` (the parser of Node.js, in C) parses the bytes and refuses ambiguous ones: a wrong end of one answer would
change the next one on the connection. The standard library parses heads as mail, which takes longer than the rest of
a call.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

import httptools

_LAST_DATA_RECEIVED = struct.Struct("=52xI")
"""Eight single bytes and eleven other numbers come before it in ``struct tcp_info``; milliseconds."""


def since_arrival_s(sock: socket.socket) -> float:
    """Seconds since the last data arrived on a connection, to some milliseconds; 0.0 where the system does not say."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return 0.0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, option, _LAST_DATA_RECEIVED.size)
    except OSError:
        # Not a TCP connection, or one that the peer has reset by now: the answer itself will tell.
        return 0.0
    return float(_LAST_DATA_RECEIVED.unpack(info)[0]) / 1000 if len(info) == _LAST_DATA_RECEIVED.size else 0.0


_PIECE_BYTES = 1 << 16
_HEAD_BYTES = 1 << 16
_CODINGS = ("chunked", "identity")


class CutOffError(ConnectionError):
    """The connection ended before the answer did."""


class NotHttpError(ValueError):
    """The received bytes are no HTTP/1.1 answer, or its end cannot be determined."""


class TooLargeError(ValueError):
    """The body is larger than is allowed."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came. Header names are in lower case; ``last``: the connection cannot be used again."""

    status: int
    headers: dict[str, str]
    body: bytes
    last: bool


class AnswerReader:
    """Reads from a socket until ``deadline`` (of ``time.monotonic``): a socket's own time-out starts anew at each byte.

    ``received_bytes`` counts all that came; ``arrived_at`` (of ``time.monotonic``) is when its beginning was there.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self.received_bytes = 0
        self.arrived_at = 0.0

    def read(self, limit_bytes: int) -> RawAnswer:
        """The next final answer; interim answers (1xx) are skipped.

        Raises :class:`CutOffError` or another OSError, :class:`NotHttpError`, :class:`TooLargeError`; TimeoutError when
        the deadline is reached.
        """
        received = _Received(limit_bytes)
        while not received.complete:
            data = self._receive()
            if not data:
                return received.ended(self.received_bytes)
            received.feed(data)
        return received.message()

    def _receive(self) -> bytes:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the time for this call is used up")
        self._sock.settimeout(left_s)
        data = self._sock.recv(_PIECE_BYTES)
        if not self.received_bytes:
            self.arrived_at = time.monotonic() - since_arrival_s(self._sock)
        self.received_bytes += len(data)
        return data


class _Received:
    """The received part of an answer. The parser calls the ``on_…`` methods and hides the errors that they raise.
    Therefore they keep an error, and :meth:`feed` raises it when the parser is done with the piece.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._left_bytes = limit_bytes
        self._head_bytes = 0
        self._trouble: ValueError | None = None
        self._status = 0
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._head_is_over = False
        self._lasting = False
        self.complete = False

    def feed(self, data: bytes) -> None:
        """Parse received bytes. Raises NotHttpError, TooLargeError."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # Bytes after a complete answer: they answer no request.
            self._lasting = False
            if not self.complete and self._trouble is None:
                raise NotHttpError(f"{error}: {data[:40]!r}") from error
        if self._trouble is not None:
            raise self._trouble

    def message(self) -> RawAnswer:
        """The answer, complete; nothing is parsed any more."""
        # It refers to this object, which refers to it: the body would stay until the next garbage collection.
        del self._parser
        return RawAnswer(self._status, self._headers, b"".join(self._pieces), last=not self._lasting)

    def ended(self, received_bytes: int) -> RawAnswer:
        """The connection has ended. Raises CutOffError, unless that is how the answer says that it is over."""
        delimited = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._head_is_over or delimited:
            part = "in the middle of its answer" if received_bytes else "without an answer"
            raise CutOffError(f"the server closed it {part}")
        return self.message()

    def on_message_begin(self) -> None:
        """An answer begins; if the expected one is complete, this one answers no request."""
        self._lasting = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; headers of the same name are one list (RFC 9110, 5.3). Trailers are ignored."""
        if self._head_is_over:
            return
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _HEAD_BYTES:
            self._trouble = NotHttpError(f"its head is longer than {_HEAD_BYTES} bytes")
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """The head is over."""
        if self.complete:
            return
        self._status = self._parser.get_status_code()
        self._head_is_over = self._status >= 200
        if not self._head_is_over:
            self._headers = {}
            return
        self._lasting = self._parser.should_keep_alive()
        coding = self._headers.get("transfer-encoding", "identity").lower()
        if coding not in _CODINGS:
            self._trouble = NotHttpError(f"its transfer encoding is {coding[:40]!r}, which was not requested")
        if int(self._headers.get("content-length") or 0) > self._left_bytes:
            self._trouble = TooLargeError()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete or self._trouble is not None:
            return
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            self._trouble = TooLargeError()
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        """An answer is over: the expected one, unless it was an interim answer."""
        self.complete = self._head_is_over
