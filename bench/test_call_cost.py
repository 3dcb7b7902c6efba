"""Gate of a call: the processor time of one in a session, against the least that Python needs for it.

The least is a socket, ``httptools`` for the answer and ``msgspec`` for its content, with a request that is composed
once. Both make the same PATCH to the same simulated instance in turns. Run with
``python -m pytest bench/test_call_cost.py -s``.
"""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httptools
import msgspec
import pytest

from bench.gates import GATES
from bench.measured import clean_environment
from lrestore.credentials import Credentials
from lrestore.looker.session import LookerSession
from lrestore.simulator.http.remote import SimulatorProcess

GATE = GATES["call"]
ROUNDS = 6
CALLS = 80
LOOK = "1"
BODY = {"description": "as it was"}


class _Answer:
    """What the parser tells of one answer."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.complete = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True


@contextmanager
def bare(simulator: SimulatorProcess) -> Iterator[Callable[[], object]]:
    """A function that makes the call with as little as possible."""
    host, port = urlsplit(simulator.base_url).netloc.split(":")
    with socket.create_connection((host, int(port))) as connection:

        def exchange(request: bytes) -> object:
            connection.sendall(request)
            answer = _Answer()
            parser = httptools.HttpResponseParser(answer)
            while not answer.complete:
                parser.feed_data(connection.recv(65536))
            return msgspec.json.decode(b"".join(answer.pieces))

        def composed(method: str, path: str, headers: str, body: bytes) -> bytes:
            head = f"{method} /api/4.0/{path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
            return head.encode() + body

        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        key = f"client_id={simulator.client_id}&client_secret={simulator.client_secret}".encode()
        token = msgspec.convert(exchange(composed("POST", "login", form, key)), dict[str, object])["access_token"]
        json = f"Content-Type: application/json\r\nAuthorization: token {token}\r\n"
        request = composed("PATCH", f"looks/{LOOK}", json, msgspec.json.encode(BODY))
        yield lambda: exchange(request)


def spent_s(call: Callable[[], object]) -> float:
    """Processor seconds of a call."""
    begin_s = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begin_s) / CALLS


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess((), clean_environment()) as process:
        yield process


def session_with(simulator: SimulatorProcess) -> LookerSession:
    return LookerSession(simulator.base_url, Credentials(simulator.client_id, simulator.client_secret))


def test_a_call_leaves_nothing_to_the_garbage_collector(simulator: SimulatorProcess) -> None:
    """Objects that refer to each other keep an answer of megabytes until the next collection, which workers put off."""
    with session_with(simulator) as session:
        session.call("update_look", path={"look_id": LOOK}, body=BODY)
        gc.collect()
        gc.disable()
        try:
            for _ in range(CALLS):
                session.call("update_look", path={"look_id": LOOK}, body=BODY)
            left = gc.collect()
        finally:
            gc.enable()
    print(f"\n{left} objects left by {CALLS} calls")
    assert left / CALLS <= GATE["garbage"]


def test_a_session_adds_little_to_the_least_that_a_call_costs(simulator: SimulatorProcess) -> None:
    """The best rounds count: other programs on the machine can only increase the time."""
    with bare(simulator) as least, session_with(simulator) as session:

        def ours() -> object:
            return session.call("update_look", path={"look_id": LOOK}, body=BODY)

        answers = ours(), least()
        assert msgspec.convert(answers[0], dict[str, object])["description"] == BODY["description"]
        assert msgspec.convert(answers[1], dict[str, object])["description"] == BODY["description"]
        rounds = [(spent_s(ours), spent_s(least)) for _ in range(ROUNDS)]
    ours_s, least_s = (min(times) for times in zip(*rounds, strict=True))
    print(f"\na call {ours_s * 1e6:.0f} us, the least {least_s * 1e6:.0f} us: {ours_s / least_s:.1f} times as much")
    assert ours_s / least_s <= GATE["session_against_least"]
