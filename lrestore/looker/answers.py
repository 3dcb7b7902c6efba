"""Reading one answer from a connection, to its last byte and within a deadline (RFC 9112).

The standard library reads heads with its parser for mail, which takes more time than all else that is done for a call.
What is ambiguous is refused and never guessed: on where an answer ends depends what the next one on the connection is.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass

_PIECE_BYTES = 1 << 16
_HEAD_BYTES = 1 << 16
_LINE_BYTES = 1 << 12
_HEADERS = 100
_BEGIN = b"HTTP/"
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_LINE_ENDS = re.compile(rb"\r?\n")
_BARE_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_BARE_LINE_ENDS = re.compile(r"\r?\n")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_EMPTY = (204, 304)


class CutOffError(ConnectionError):
    """The connection ended before the answer did."""


class NotHttpError(ValueError):
    """What came is no answer of HTTP/1.1, or one whose end cannot be known."""


class TooLargeError(ValueError):
    """The body is larger than is allowed."""


@dataclass(frozen=True, slots=True)
class Message:
    """An answer as it came. Header names are in lower case; ``last``: the connection cannot be used again."""

    status: int
    headers: dict[str, str]
    body: bytes
    last: bool


class AnswerReader:
    """Reads from a socket until ``deadline`` (of ``time.monotonic``): a socket's own time-out starts anew at each byte.

    ``received_bytes`` counts all that came.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._waiting = b""
        self.received_bytes = 0

    def read(self, limit_bytes: int) -> Message:
        """The next final answer; those that only say that one will come are passed over.

        Raises :class:`CutOffError` or another OSError, :class:`NotHttpError`, :class:`TooLargeError`; TimeoutError when
        the deadline is reached.
        """
        while True:
            status, headers, lasting = self._head()
            if status >= 200:
                break
        body, delimited = self._body(status, headers, limit_bytes)
        return Message(status, headers, body, last=not (lasting and delimited) or bool(self._waiting))

    def _head(self) -> tuple[int, dict[str, str], bool]:
        """Status, headers, and whether the connection is to stay open."""
        while (lines := self._head_lines()) is None:
            if b"\n" in self._waiting and not self._waiting.startswith(_BEGIN):
                raise NotHttpError(f"it begins with {self._waiting[:40]!r}")
            self._bounded(len(self._waiting))
            self._waiting += self._receive()
        line = _STATUS.fullmatch(lines[0])
        if line is None:
            raise NotHttpError(f"it begins with {lines[0][:40]!r}")
        headers = _headers(lines[1:])
        said = headers.get("connection", "").lower()
        lasting = "close" not in said and (line[1] == "1" or "keep-alive" in said)
        return int(line[2]), headers, lasting

    def _head_lines(self) -> list[str] | None:
        """The lines of the head, once it is there; what comes after it is left waiting."""
        end = self._waiting.find(b"\r\n\r\n")
        if end >= 0 and self._waiting.count(b"\n", 0, end) == self._waiting.count(b"\r\n", 0, end):
            lines, rest = self._waiting[:end].decode("latin-1").split("\r\n"), end + 4
        elif (found := _BARE_HEAD_ENDS.search(self._waiting)) is not None:
            end, rest = found.span()
            lines = _BARE_LINE_ENDS.split(self._waiting[:end].decode("latin-1"))
        else:
            return None
        self._bounded(end)
        self._waiting = self._waiting[rest:]
        return lines

    @staticmethod
    def _bounded(size_bytes: int) -> None:
        if size_bytes > _HEAD_BYTES:
            raise NotHttpError(f"its head is longer than {_HEAD_BYTES} bytes")

    def _body(self, status: int, headers: dict[str, str], limit_bytes: int) -> tuple[bytes, bool]:
        """The body, and whether its end is known otherwise than by the end of the connection."""
        if status in _EMPTY:
            return b"", True
        coding = headers.get("transfer-encoding", "identity").lower()
        if coding == "chunked":
            return self._chunks(limit_bytes), True
        if coding != "identity":
            raise NotHttpError(f"it is sent as {coding[:40]!r}, which was not asked for")
        length = headers.get("content-length")
        if length is not None:
            return self._exactly(_length(length), limit_bytes), True
        return self._rest(limit_bytes), False

    def _exactly(self, count: int, limit_bytes: int) -> bytes:
        if count > limit_bytes:
            raise TooLargeError
        if len(self._waiting) < count:
            pieces = [self._waiting]
            missing = count - len(self._waiting)
            self._waiting = b""
            while missing > 0:
                piece = self._receive()
                pieces.append(piece)
                missing -= len(piece)
            self._waiting = b"".join(pieces)
        found, self._waiting = self._waiting[:count], self._waiting[count:]
        return found

    def _chunks(self, limit_bytes: int) -> bytes:
        pieces: list[bytes] = []
        left_bytes = limit_bytes
        while True:
            line = self._line()
            size = _CHUNK.fullmatch(line)
            if size is None:
                raise NotHttpError(f"a chunk of {line[:40]!r} bytes")
            count = int(size[1], 16)
            if not count:
                break
            pieces.append(self._exactly(count, left_bytes))
            left_bytes -= count
            if self._line():
                raise NotHttpError("a chunk is longer than it says")
        while self._line():
            continue
        return b"".join(pieces)

    def _line(self) -> bytes:
        while (end := _LINE_ENDS.search(self._waiting)) is None:
            if len(self._waiting) > _LINE_BYTES:
                raise NotHttpError(f"a line is longer than {_LINE_BYTES} bytes")
            self._waiting += self._receive()
        line, self._waiting = self._waiting[: end.start()], self._waiting[end.end() :]
        return line

    def _rest(self, limit_bytes: int) -> bytes:
        pieces, size_bytes = [self._waiting], len(self._waiting)
        self._waiting = b""
        while size_bytes <= limit_bytes:
            try:
                piece = self._receive()
            except CutOffError:
                return b"".join(pieces)
            pieces.append(piece)
            size_bytes += len(piece)
        raise TooLargeError

    def _receive(self) -> bytes:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the time for this call is over")
        self._sock.settimeout(left_s)
        data = self._sock.recv(_PIECE_BYTES)
        if not data:
            part = "in the middle of its answer" if self.received_bytes else "without an answer"
            raise CutOffError(f"the server closed it {part}")
        self.received_bytes += len(data)
        return data


def _headers(lines: list[str]) -> dict[str, str]:
    """Headers that come twice are one list (RFC 9110, 5.3)."""
    if len(lines) > _HEADERS:
        raise NotHttpError(f"it has more than {_HEADERS} headers")
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in (" ", "\t") and name:
            headers[name] += f" {line.strip()}"
            continue
        before, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(before):
            raise NotHttpError(f"a header reads {line[:40]!r}")
        name = before.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return headers


def _length(text: str) -> int:
    lengths = {one.strip() for one in text.split(",")}
    (length, *others) = lengths
    if others or not (length.isascii() and length.isdecimal()):
        raise NotHttpError(f"its length is {text[:40]!r}")
    return int(length)
