"""Answers on the wire: as few packets as possible, and none held back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from lrestore.simulator.http.server import start
from lrestore.simulator.world.world import Sizes, make_world
from tests.waiting import HANG_S

TINY = Sizes(dashboards=1, tiles=1, looks=1, users=1)


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    with start(make_world(TINY)) as simulator:
        address = urlsplit(simulator.base_url)
        with socket.create_connection((address.hostname, address.port), timeout=HANG_S) as client:
            yield client


def test_head_and_body_arrive_together(connection: socket.socket) -> None:
    for _ in range(20):
        connection.sendall(b"GET /versions HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and body.startswith(b"{")


def test_a_head_without_a_body_is_not_held_back(connection: socket.socket) -> None:
    connection.sendall(b"HEAD /api/4.0/nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 404")


def test_expect_continue_is_answered_before_the_body(connection: socket.socket) -> None:
    connection.sendall(b"POST /api/4.0/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 404")
