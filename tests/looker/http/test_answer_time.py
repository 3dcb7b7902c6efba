"""The arrival of an answer is known even if it is read late."""

from __future__ import annotations

import select
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from lrestore.looker.http.answers import AnswerReader, since_arrival_s

LATE_S = 0.1
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
KNOWN = sys.platform == "linux"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
        with ours, theirs:
            yield ours, theirs


def arrived(sock: socket.socket) -> float:
    """Wait until there is something to read; the time of that."""
    assert select.select([sock], [], [], 60)[0]
    return time.monotonic()


def be_late(since: float) -> None:
    """Do something else, as a process that is short of processor time would."""
    while time.monotonic() < since + LATE_S:
        pass


def test_the_kernel_tells_since_when_data_was_there(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(ANSWER)
    be_late(arrived(ours))
    found = since_arrival_s(ours)
    assert found >= 0.8 * LATE_S if KNOWN else found == 0.0


def test_an_answer_that_is_read_late_has_arrived_early(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(ANSWER)
    there = arrived(ours)
    be_late(there)
    reader = AnswerReader(ours, time.monotonic() + 60)
    assert reader.read(1000).body == b"{}"
    assert (reader.arrived_at <= there + 0.2 * LATE_S) is KNOWN


def test_a_connection_of_another_kind_says_nothing() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert since_arrival_s(ours) == 0.0
