"""Each failure on the wire becomes the right typed error, and is repeated only where that is harmless."""

from __future__ import annotations

import gzip
import socket

import pytest

from lrestore.errors import (
    AnswerTimeoutError,
    BadAnswerError,
    BadRequestError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    ForbiddenError,
    LookerError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    StoppedError,
    ValidationError,
)
from lrestore.looker.session import LookerSession
from tests.looker.conftest import KEY, OPERATIONS, Connect, Serve, Waits
from tests.looker.faults import Step, drip, hang, hang_up, raw, reply, reset

HTML = b"<html><head><style>p {color: red}</style></head><body><h1>Bad\r\n gateway</h1></body></html>"
CUT_LENGTH = raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "1"')
NEVER_WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
CUT_CHUNK = raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"id": "1"')
CUT_BETWEEN_CHUNKS = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
NO_LENGTH_CUT_JSON = raw(b'HTTP/1.1 200 OK\r\n\r\n{"id": "1", "tit')
UNCLEAR: list[tuple[Step, type[LookerError]]] = [
    (reset, ConnectionLostError),
    (hang_up, ConnectionLostError),
    (CUT_LENGTH, ConnectionLostError),
    (CUT_CHUNK, ConnectionLostError),
    (CUT_BETWEEN_CHUNKS, ConnectionLostError),
    (NO_LENGTH_CUT_JSON, BadAnswerError),
    (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), BadAnswerError),
    (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), BadAnswerError),
    (reply(200, b'{"id": "1", "tit'), BadAnswerError),
    (reply(200, b'"\xff"'), BadAnswerError),
    (reply(200, b"[" * 100_000), BadAnswerError),
    (reply(200, HTML), BadAnswerError),
    (reply(200), BadAnswerError),
    (reply(200, b"xx", {"Content-Encoding": "gzip"}), BadAnswerError),
    (reply(200, gzip.compress(b"{}")[:-9], {"Content-Encoding": "gzip"}), BadAnswerError),
    (reply(200, b"xx", {"Content-Encoding": "br"}), BadAnswerError),
    (reply(500, {"message": "An error has occurred."}), ServerError),
    (reply(502, HTML), ServerError),
    (reply(503, b""), ServerError),
    (reply(504, HTML), ServerError),
    (reply(404, HTML), BadAnswerError),
]


@pytest.mark.parametrize(("fault", "kind"), UNCLEAR)
def test_a_create_with_an_unclear_outcome_is_raised_at_once_and_sent_once(
    serve: Serve, connect: Connect, waits: Waits, fault: Step, kind: type[LookerError]
) -> None:
    """PEERS B5: the object may exist, so only the caller can decide, by looking."""
    server = serve(fault)
    with pytest.raises(kind) as caught:
        connect(server).call("create_dashboard", body={"title": "Sales"})
    assert caught.value.outcome_unknown and caught.value.retries == 0
    assert (len(server.requests), waits.seconds) == (1, [])


@pytest.mark.parametrize(("fault", "kind"), UNCLEAR)
@pytest.mark.parametrize("operation", ["dashboard", "update_dashboard"])
def test_what_may_be_repeated_is_repeated_until_it_works(
    serve: Serve, connect: Connect, waits: Waits, fault: Step, kind: type[LookerError], operation: str
) -> None:
    """PEERS B19: not only 429 is transient."""
    server = serve(fault, fault, reply(200, {"id": "1"}))
    session = connect(server)
    assert session.call(operation, path={"dashboard_id": "1"}) == {"id": "1"}
    assert (len(server.requests), len(waits.seconds), session.meter.snapshot().retries) == (3, 2, 2)


@pytest.mark.parametrize(("fault", "kind"), UNCLEAR)
def test_after_the_last_try_the_error_says_how_many_there_were(
    serve: Serve, connect: Connect, fault: Step, kind: type[LookerError]
) -> None:
    with pytest.raises(kind) as caught:
        connect(serve(fault, fault, fault), max_retries=2).call("dashboard", path={"dashboard_id": "7"})
    error = caught.value
    assert (error.retries, error.operation, error.method, error.request_path) == (
        2,
        "dashboard",
        "GET",
        "/dashboards/7",
    )


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX-", NEVER_WHOLE])
@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_time_is_up_for_the_whole_answer_even_if_bytes_keep_dripping(
    serve: Serve, connect: Connect, fault: str, start: bytes
) -> None:
    step = drip(start) if fault == "drip" else hang
    with pytest.raises(AnswerTimeoutError) as caught:
        connect(serve(step), timeout_s=0.3).call("create_dashboard", body={})
    assert caught.value.outcome_unknown and "0.3 s" in str(caught.value)


def test_a_connection_that_nobody_accepts_leaves_even_a_create_repeatable(waits: Waits) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        session = LookerSession(
            f"http://127.0.0.1:{free.getsockname()[1]}", KEY, operations=OPERATIONS, pause=waits, max_retries=3
        )
    with pytest.raises(ConnectError, match="refused") as caught:
        session.call("create_dashboard", body={})
    assert (caught.value.retries, caught.value.outcome_unknown, len(waits.seconds)) == (3, False, 3)
    assert session.meter.snapshot().calls == 0


@pytest.mark.parametrize("status", [408, 429])
def test_a_create_that_was_turned_away_unread_is_repeated(serve: Serve, connect: Connect, status: int) -> None:
    server = serve(reply(status, {"message": "later"}), reply(200, {"id": "1"}))
    session = connect(server)
    assert session.call("create_dashboard", body={}) == {"id": "1"}
    assert session.meter.snapshot().rate_limited == (status == 429)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (402, BadRequestError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, NotAllowedError),
        (409, ConflictError),
        (413, BadRequestError),
        (422, ValidationError),
    ],
)
def test_a_refusal_is_final_and_typed_by_its_status(
    serve: Serve, connect: Connect, waits: Waits, status: int, kind: type[LookerError]
) -> None:
    """PEERS B18: the words "429", "Too Many Requests" and "Not found" in the text decide nothing."""
    server = serve(reply(status, {"message": "Group 14290: Too Many Requests, Not found", "documentation_url": "x"}))
    with pytest.raises(kind) as caught:
        connect(server).call("update_dashboard", path={"dashboard_id": "1"}, body={})
    assert type(caught.value) is kind and caught.value.status == status
    assert "Group 14290" in caught.value.message and waits.seconds == []


@pytest.mark.parametrize(("status", "kind"), [(408, RequestTimeoutError), (429, RateLimitedError), (500, ServerError)])
def test_transient_refusals_are_typed_too(serve: Serve, connect: Connect, status: int, kind: type[LookerError]) -> None:
    with pytest.raises(kind):
        connect(serve(reply(status, {"message": "x"})), max_retries=0).call("dashboard", path={"dashboard_id": "1"})


def test_a_404_that_is_not_lookers_does_not_pass_for_a_missing_object(serve: Serve, connect: Connect) -> None:
    """A gateway's page during an outage would otherwise make lrestore create what exists."""
    with pytest.raises(BadAnswerError, match="not Looker's") as caught:
        connect(serve(reply(404, HTML)), max_retries=0).call("dashboard", path={"dashboard_id": "1"})
    assert caught.value.status == 404 and "Bad gateway" in caught.value.body and "color" not in caught.value.body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_nor_repeated(serve: Serve, connect: Connect, waits: Waits, status: int) -> None:
    elsewhere = serve()
    server = serve(reply(status, b"", {"Location": elsewhere.base_url + "/api/4.0/dashboards/1?token=abc"}))
    with pytest.raises(BadAnswerError) as caught:
        connect(server).call("dashboard", path={"dashboard_id": "1"})
    assert elsewhere.base_url.partition("//")[2] in str(caught.value) and "abc" not in str(caught.value)
    assert (elsewhere.requests, waits.seconds) == ([], [])


def test_an_answer_that_is_too_large_is_given_up(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrestore.looker.http.transport.MAX_ANSWER_BYTES", 1000)
    chunked = raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e9\r\n" + b" " * 1001 + b"\r\n0\r\n\r\n"
    )
    bomb = reply(200, gzip.compress(b" " * 5000), {"Content-Encoding": "gzip"})
    session = connect(serve(reply(200, b" " * 1001), chunked, bomb), max_retries=0)
    for _ in range(3):
        with pytest.raises(BadAnswerError, match="large"):
            session.call("dashboard", path={"dashboard_id": "1"})


def test_a_server_that_refuses_before_it_has_read_everything_is_heard(serve: Serve, connect: Connect) -> None:
    early = reply(413, {"message": "body too large"}, closing=True)
    with pytest.raises(BadRequestError, match="body too large"):
        connect(serve(early, reads_bodies=False)).call("create_dashboard", body={"text": "x" * 20_000_000})


def test_an_interrupted_wait_is_neither_a_success_nor_a_failure(serve: Serve, connect: Connect) -> None:
    """SIGTERM does not wait for a back-off, and the item stays for --resume."""
    server = serve(reply(503, {"message": "down"}), reply(503, {"message": "down"}))
    with pytest.raises(StoppedError, match="503"):
        connect(server, pause=Waits(stop_at=2)).call("dashboard", path={"dashboard_id": "1"})


def test_stop_ends_waits_without_any_clock(serve: Serve, connect: Connect) -> None:
    session = connect(serve(reply(429, {"message": "slow"}, {"Retry-After": "200"})), pause=None)
    session.stop()
    with pytest.raises(StoppedError):
        session.call("dashboard", path={"dashboard_id": "1"})
