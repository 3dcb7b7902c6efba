"""Answers are read to their last byte, however they arrive, and whatever is ambiguous is refused."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.looker.http.answers import AnswerReader, CutOffError, NotHttpError, RawAnswer, TooLargeError
from tests.waiting import HANG_S

LIMIT = 1000


def read(*pieces: bytes, limit_bytes: int = LIMIT) -> RawAnswer:
    """The answer that is read from these pieces, after which the connection ends."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        with theirs:
            for piece in pieces:
                theirs.sendall(piece)

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        message = AnswerReader(ours, time.monotonic() + HANG_S).read(limit_bytes)
    sender.join()
    return message


def answer(*headers: str, body: bytes = b"", status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *headers, "", ""]).encode() + body


BODIES = st.binary(max_size=200)
NAMES = st.from_regex(r"\AX-[A-Za-z]{1,8}\Z")
VALUES = st.from_regex(r"\A[!-~]{1,5}( [!-~]{1,5})?\Z")
HEADERS = st.dictionaries(NAMES, VALUES, max_size=5).map(lambda found: {k.lower(): v for k, v in found.items()})


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    body, headers = draw(BODIES), draw(HEADERS)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    way = draw(st.sampled_from(["length", "chunks", "close"]))
    if way == "length":
        return answer(*lines, f"Content-Length: {len(body)}", body=body)
    if way == "chunks":
        return answer(*lines, "Transfer-Encoding: chunked", body=chunked(body, draw(st.integers(1, 50))))
    return answer(*lines, body=body)


class Recorded:
    """The one thing that the standard library wants of a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def of_the_standard_library(content: bytes) -> tuple[int, dict[str, str], bytes]:
    response = http.client.HTTPResponse(Recorded(content))  # type: ignore[arg-type]
    response.begin()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@given(answers(), st.integers(1, 60))
def test_however_it_arrives_it_is_what_the_standard_library_reads(content: bytes, size: int) -> None:
    pieces: Iterable[bytes] = (content[start : start + size] for start in range(0, len(content), size))
    message = read(*pieces)
    assert (message.status, message.headers, message.body) == of_the_standard_library(content)


@given(answers(), st.data())
def test_an_answer_that_is_cut_off_never_passes_for_a_whole_one(content: bytes, data: st.DataObject) -> None:
    whole = read(content)
    at = data.draw(st.integers(0, len(content) - 1))
    try:
        part = read(content[:at])
    except CutOffError:
        return
    # Where only the end of the connection ends it, nobody can know; and a missing trailer is no loss.
    assert "content-length" not in part.headers and "transfer-encoding" not in part.headers
    assert whole.body.startswith(part.body)


def test_what_announces_an_answer_is_none() -> None:
    early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    hundred = "HTTP/1.1 100 Continue\r\n\r\n"
    assert read((early + hundred).encode() + answer("Content-Length: 2", body=b"{}")).body == b"{}"


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (answer("Content-Length: 2", body=b"{}"), False),
        (answer("Transfer-Encoding: Chunked", body=b"0\r\n\r\n"), False),
        (answer(status="HTTP/1.1 204 No Content"), False),
        (answer("Content-Length: 2", "Connection: Close", body=b"{}"), True),
        (answer("Content-Length: 2", body=b"{}", status="HTTP/1.0 200 OK"), True),
        (answer("Content-Length: 2", "Connection: Keep-Alive", body=b"{}", status="HTTP/1.0 200 OK"), False),
        (answer(body=b"{}"), True),
        (answer("Content-Length: 2", body=b"{}HTTP/1.1 200 OK"), True),
    ],
)
def test_a_connection_is_used_again_only_where_the_end_of_the_answer_is_certain(content: bytes, last: bool) -> None:
    assert read(content).last is last


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
        answer("Content-Length: 2", "Content-Length: 3", body=b"{}x"),
        answer("Content-Length: -1", body=b"{}"),
        answer("Content-Length: +2", body=b"{}"),
        answer("Content-Length: two", body=b"{}"),
        answer("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        answer("Transfer-Encoding: chunked", body=b"0x2\r\n{}\r\n0\r\n\r\n"),
        answer("Transfer-Encoding: chunked", body=b"1\r\n{}\r\n0\r\n\r\n"),
        answer("Transfer-Encoding: chunked", body=b"1" * 5000),
        answer("Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        answer("X: " + "y" * 100_000),
    ],
)
def test_what_is_ambiguous_is_refused(content: bytes) -> None:
    with pytest.raises(NotHttpError):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        answer("Content-Length: 11", body=b"x" * 11),
        answer("Transfer-Encoding: chunked", body=chunked(b"x" * 11, 4)),
        answer(body=b"x" * 11),
    ],
)
def test_a_body_that_is_too_large_is_given_up(content: bytes) -> None:
    with pytest.raises(TooLargeError):
        read(content, limit_bytes=10)


def test_headers_that_come_twice_are_one_list() -> None:
    message = read(answer("Content-Length: 2", "X-A: b", "x-a: c", body=b"{}"))
    assert message.headers == {"content-length": "2", "x-a": "b, c"} and message.body == b"{}"
