"""Operations become requests, answers plain values, tokens are renewed once, connections are kept."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.credentials import Credentials
from lrestore.errors import (
    BadAnswerError,
    BadRequestError,
    ConnectError,
    ConnectionLostError,
    DestinationError,
    InvalidContentError,
    LookerError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
)
from lrestore.looker.http.calls import Arguments, call_of, query_text
from lrestore.looker.http.connections import Connection
from lrestore.looker.session import LookerSession
from tests.looker.conftest import KEY, OPERATIONS, SECRET, Connect, Serve, Waits
from tests.looker.faults import Exchange, Step, hang_up, raw, reply, reset
from tests.waiting import HANG_S

NOT_FOUND = {"message": "Not found", "documentation_url": "https://cloud.google.com/looker/docs/"}


def token(name: str, expires_in: object = 3600) -> Step:
    return reply(200, {"access_token": name, "token_type": "Bearer", "expires_in": expires_in})


def test_an_operation_becomes_a_request(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"id": "1"}))
    query = {"fields": "id,title", "deleted": True, "limit": 10, "ids": ["1", 2], "title": None, "name": "a&b c"}
    connect(server).call(
        "update_dashboard", path={"dashboard_id": "a/b ?c%"}, query=query, body={"title": "Ä", "x": None}
    )
    request = server.requests[0]
    assert (request.method, request.target) == (
        "PATCH",
        "/api/4.0/dashboards/a%2Fb%20%3Fc%25?fields=id,title&deleted=true&limit=10&ids=1,2&name=a%26b%20c",
    )
    assert json.loads(request.body) == {"title": "Ä", "x": None}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.headers["user-agent"].startswith("lrestore ")


def test_a_call_without_a_body_sends_none(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {}), reply(200, {}))
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    session.call("update_dashboard", path={"dashboard_id": "1"}, body={})
    assert [request.body for request in server.requests] == [b"", b"{}"]


def test_a_path_prefix_and_a_trailing_slash_of_the_base_url_are_understood(serve: Serve, waits: Waits) -> None:
    server = serve(reply(200, {"id": "1"}))
    with LookerSession(server.base_url + "/looker/", KEY, operations=OPERATIONS, pause=waits) as session:
        session.call("dashboard", path={"dashboard_id": "1"})
    assert server.requests[0].target == "/looker/api/4.0/dashboards/1"
    assert server.logins[0].target == "/looker/api/4.0/login"


@pytest.mark.parametrize("url", ["", "looker.example.com", "ftp://x", "https://", "https://x:port", "https://[::1"])
def test_a_base_url_that_is_none_is_named_as_such(url: str) -> None:
    with pytest.raises(DestinationError, match="base_url"):
        LookerSession(url, KEY, operations=OPERATIONS)


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_never_sent(serve: Serve, connect: Connect, bad: str) -> None:
    """DELETE /dashboards/ or /dashboards/.. would be another operation altogether."""
    server = serve()
    with pytest.raises(BadRequestError, match="dashboard_id"):
        connect(server).call("delete_dashboard", path={"dashboard_id": bad})
    assert server.requests == []


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_any_id_stays_one_segment_of_the_path(text: str) -> None:
    try:
        call = call_of(OPERATIONS["dashboard"], Arguments({"dashboard_id": text}, {}), "/api/4.0")
    except UnicodeEncodeError:
        return
    assert call.target.count("/") == 4 and call.target.isascii() and not set(call.target) & set("?# %\r\n") - {"%"}


def test_query_values() -> None:
    values = {
        "a": False,
        "b": [True, 1],
        "c": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        "d": None,
        "e": [],
        "f": {"x": 1},
    }
    assert query_text(values) == "a=false&b=true,1&c=2024-01-02T03%3A04%3A05Z&e=&f=%7B%22x%22%3A1%7D"


@pytest.mark.parametrize("body", [{"x": object()}, {"x": "\ud800"}, {1.5j: 1}])
def test_a_body_that_json_cannot_say_is_the_items_fault(serve: Serve, connect: Connect, body: object) -> None:
    server = serve()
    with pytest.raises(InvalidContentError, match="create_dashboard"):
        connect(server).call("create_dashboard", body=body)
    assert server.requests == []


def test_no_content_is_none(serve: Serve, connect: Connect) -> None:
    session = connect(serve(reply(204), reply(200), raw(b"HTTP/1.1 204 No Content\r\n\r\n", closing=False)))
    assert [session.call("delete_dashboard", path={"dashboard_id": "1"}) for _ in range(3)] == [None] * 3


def test_large_chunked_and_compressed_answers(serve: Serve, connect: Connect) -> None:
    big = {"text": "x" * 3_000_000}
    content = json.dumps(big).encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (content[:70_000], content[70_000:]))
    server = serve(
        reply(200, big),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n", closing=False),
        reply(200, gzip.compress(content), {"Content-Encoding": "gzip"}),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + content),
    )
    session = connect(server)
    assert all(session.call("dashboard", path={"dashboard_id": "1"}) == big for _ in range(4))
    usage = session.meter.snapshot()
    assert usage.bytes_received > 9_000_000 and usage.bytes_sent < 3_000


def test_versions_and_me_need_no_table(serve: Serve, waits: Waits) -> None:
    server = serve(reply(200, {"looker_release_version": "26.12.3"}), reply(200, {"id": "7"}))
    session = LookerSession(server.base_url, KEY, operations={}, pause=waits)
    assert (session.versions()["looker_release_version"], session.me()["id"]) == ("26.12.3", "7")
    assert [request.target for request in server.requests] == ["/api/4.0/versions", "/api/4.0/user"]
    session.close()


def test_one_connection_serves_many_calls(serve: Serve, connect: Connect) -> None:
    server = serve()
    session = connect(server)
    for _ in range(10):
        session.call("dashboard", path={"dashboard_id": "1"})
    assert {request.connection for request in server.requests + server.logins} == {1}


def test_a_connection_that_the_server_closed_while_idle_is_not_used_for_a_create(
    serve: Serve, connect: Connect
) -> None:
    """Its outcome would be unknown, although nothing was wrong."""
    server = serve(reply(200, {}, closing=True), reply(200, {"id": "2"}))
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    assert server.closings.acquire(timeout=HANG_S)
    assert session.call("create_dashboard", body={}) == {"id": "2"}
    assert [request.connection for request in server.requests] == [1, 2]


def test_an_idle_connection_is_dropped_before_servers_do_it(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrestore.looker.http.connections.IDLE_LIMIT_S", 0.0)
    server = serve(reply(200, {}), reply(200, {}))
    session = connect(server)
    for _ in range(2):
        session.call("create_dashboard", body={})
    assert [request.connection for request in server.requests] == [2, 3]


def test_a_create_of_which_not_a_byte_has_left_is_repeated(
    serve: Serve, connect: Connect, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies after it was found to be alive and before the request is handed to the network."""
    server = serve(reply(200, {}), reply(200, {"id": "2"}))
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    monkeypatch.setattr(Connection, "dropped", False)
    kept = session._transport._pool._idle[-1].sock
    assert kept
    kept.shutdown(socket.SHUT_WR)
    assert session.call("create_dashboard", body={}) == {"id": "2"}
    assert (len(server.requests), len(waits.seconds)) == (2, 1)
    assert session.meter.snapshot().by_operation["create_dashboard"] == 1


def test_a_closing_that_crosses_the_request_is_unclear_for_a_create_only(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {}), hang_up, reply(200, {}), hang_up)
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    session.call("update_dashboard", path={"dashboard_id": "1"}, body={})
    with pytest.raises(ConnectionLostError):
        session.call("create_dashboard", body={})
    assert len(server.requests) == 4


def test_a_server_that_says_close_is_left(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {}, {"Connection": "close"}), reply(200, {}))
    session = connect(server)
    for _ in range(2):
        session.call("create_dashboard", body={})
    assert [request.connection for request in server.requests] == [1, 2]


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except LookerError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
    return results


def test_four_threads_log_in_once(serve: Serve, connect: Connect) -> None:
    server = serve()
    session = connect(server)
    assert in_threads(4, lambda: session.call("dashboard", path={"dashboard_id": "1"})) == [{}] * 4
    assert (len(server.logins), len(server.requests)) == (1, 4)


def test_four_threads_with_an_expired_token_log_in_once_more(serve: Serve, connect: Connect) -> None:
    """The server refuses the first token to all of them, at the same moment."""
    unauthorized = reply(401, {"message": "Requires authentication."})
    all_refused = threading.Barrier(4)

    def refuse(exchange: Exchange) -> None:
        all_refused.wait(HANG_S)
        unauthorized(exchange)

    server = serve(reply(200, {}), *[refuse] * 4)
    session = connect(server)
    session.call("dashboard", path={"dashboard_id": "1"})
    assert in_threads(4, lambda: session.call("dashboard", path={"dashboard_id": "1"})) == [{}] * 4
    assert len(server.logins) == 2
    assert [request.headers["authorization"] for request in server.requests[-4:]] == ["Bearer token-2"] * 4


def test_more_threads_than_connections_wait_their_turn(serve: Serve, connect: Connect) -> None:
    server = serve()
    session = connect(server, in_flight=2)
    assert in_threads(8, lambda: session.call("dashboard", path={"dashboard_id": "1"})) == [{}] * 8
    assert max(request.connection for request in server.requests) <= 2


def test_a_token_is_renewed_before_it_expires(serve: Serve, connect: Connect) -> None:
    server = serve(logins=[token("first", 100), token("second", 100)])
    session = connect(server)
    now = [0.0]
    session._tokens._clock = lambda: now[0]
    for now[0] in (0.0, 89.0, 91.0):
        session.call("dashboard", path={"dashboard_id": "1"})
    assert [r.headers["authorization"] for r in server.requests] == ["Bearer first", "Bearer first", "Bearer second"]


def test_another_process_may_use_the_login_until_it_expires(serve: Serve, connect: Connect) -> None:
    server = serve(logins=[token("first", 100), token("second", 100)])
    session, other = connect(server), connect(server)
    session.login()
    assert "first" not in repr(session.present_login)
    other.share_login(session.present_login)
    other.call("dashboard", path={"dashboard_id": "1"})
    assert len(server.logins) == 1
    until_s = session.present_login.until_s
    other._tokens._clock = lambda: until_s + 1
    other.call("dashboard", path={"dashboard_id": "1"})
    assert [r.headers["authorization"] for r in server.requests] == ["Bearer first", "Bearer second"]


def test_a_shared_login_that_looker_refuses_is_renewed(serve: Serve, connect: Connect) -> None:
    server = serve(reply(401, {"message": "Requires authentication."}), logins=[token("first", 100)] * 2)
    session, other = connect(server), connect(server)
    session.login()
    other.share_login(session.present_login)
    assert other.call("dashboard", path={"dashboard_id": "1"}) == {}
    assert len(server.logins) == 2


def test_a_login_that_has_not_been_made_is_none(serve: Serve, connect: Connect) -> None:
    server = serve()
    session, other = connect(server), connect(server)
    other.share_login(session.present_login)
    assert other.call("dashboard", path={"dashboard_id": "1"}) == {}
    assert len(server.logins) == 1


@pytest.mark.parametrize("lifetime", [1, 5, None, 0])
def test_short_and_unsaid_lifetimes_do_not_mean_a_login_per_call(
    serve: Serve, connect: Connect, lifetime: int | None
) -> None:
    server = serve(logins=[token("only", lifetime)])
    session = connect(server)
    session._tokens._clock = lambda: 1000.0
    for _ in range(5):
        session.call("dashboard", path={"dashboard_id": "1"})
    assert len(server.logins) == 1


def test_a_create_is_repeated_after_a_401_which_did_nothing(serve: Serve, connect: Connect, waits: Waits) -> None:
    server = serve(reply(401, {"message": "Requires authentication."}), reply(200, {"id": "9"}))
    assert connect(server).call("create_dashboard", body={"title": "A"}) == {"id": "9"}
    assert (len(server.logins), waits.seconds) == (2, [])
    assert server.requests[0].body == server.requests[1].body


def test_a_401_that_new_tokens_do_not_cure_is_final(serve: Serve, connect: Connect, waits: Waits) -> None:
    server = serve(*[reply(401, {"message": "Requires authentication."})] * 4)
    with pytest.raises(UnauthorizedError):
        connect(server).call("dashboard", path={"dashboard_id": "1"})
    assert (len(server.logins), waits.seconds) == (4, [])


def test_a_new_token_that_is_void_again_at_once_is_renewed_again(serve: Serve, connect: Connect) -> None:
    """Where tokens live for seconds, and other threads wait in between."""
    refusal = reply(401, {"message": "Requires authentication."})
    server = serve(refusal, refusal, reply(200, {"id": "1"}))
    assert connect(server).call("create_dashboard", body={"title": "t"}) == {"id": "1"}
    assert len(server.logins) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refused_credentials_end_the_run_and_are_tried_only_once(
    serve: Serve, connect: Connect, waits: Waits, status: int
) -> None:
    server = serve(logins=[reply(status, NOT_FOUND)])
    session = connect(server)
    for _ in range(3):
        with pytest.raises(DestinationError, match="credentials refused") as caught:
            session.call("dashboard", path={"dashboard_id": "1"})
        assert "clie…" in str(caught.value) and "client-identifier" not in str(caught.value)
    assert (len(server.logins), waits.seconds) == (1, [])


@pytest.mark.parametrize(
    "fault",
    [reset, hang_up, reply(502, b"<html>"), reply(200, b"<html>"), reply(200, {}), token("\r\nX: y"), token("")],
)
def test_a_login_that_fails_for_now_is_repeated_and_leaves_a_create_repeatable(
    serve: Serve, connect: Connect, waits: Waits, fault: Step
) -> None:
    server = serve(reply(200, {"id": "1"}), logins=[fault, fault, token("good")])
    assert connect(server).call("create_dashboard", body={}) == {"id": "1"}
    assert (len(waits.seconds), len(server.requests)) == (2, 1)


def test_a_login_that_keeps_failing_says_that_the_call_was_not_sent(serve: Serve, connect: Connect) -> None:
    server = serve(logins=[reply(503, {"message": "upgrading"}, {"Retry-After": "9"})] * 2)
    with pytest.raises(ConnectError, match=r"cannot log in.*upgrading") as caught:
        connect(server, max_retries=1).call("create_dashboard", body={})
    error = caught.value
    assert (error.outcome_unknown, error.retries, error.status, error.retry_after_s) == (False, 1, 503, 9.0)
    assert isinstance(error.__cause__, ServerError)


def test_login_is_rate_limited_like_any_call(serve: Serve, connect: Connect) -> None:
    server = serve(logins=[reply(429, {"message": "slow down"})])
    with pytest.raises(RateLimitedError):
        connect(server, max_retries=0).login()


@pytest.mark.parametrize("answer", [reply(302, b"", {"Location": "https://sso.example.com/"}), reply(400, NOT_FOUND)])
def test_a_login_that_cannot_work_ends_the_run(serve: Serve, connect: Connect, waits: Waits, answer: Step) -> None:
    server = serve(logins=[answer])
    with pytest.raises(DestinationError, match="cannot log in"):
        connect(server).login()
    assert waits.seconds == []


@pytest.mark.parametrize("key", [Credentials("", SECRET), Credentials("id", "")])
def test_missing_credentials_are_said_before_any_call(serve: Serve, connect: Connect, key: Credentials) -> None:
    server = serve()
    with pytest.raises(DestinationError, match="LOOKERSDK_CLIENT_ID"):
        connect(server, credentials=key)
    assert server.logins == []


def test_the_secret_goes_in_the_form_body_only(serve: Serve, connect: Connect) -> None:
    server = serve()
    connect(server).login()
    login = server.logins[0]
    assert login.body == b"client_id=client-identifier&client_secret=s3cret%26of+the%2Bkey"
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert SECRET not in login.target + str(login.headers) and "authorization" not in login.headers


def test_what_a_run_can_do_without_is_tried_once(serve: Serve, connect: Connect, waits: Waits) -> None:
    server = serve(reply(503, {"message": "later"}), reply(200, {"id": "1"}))
    session = connect(server)
    with pytest.raises(ServerError):
        session.call_once("me")
    assert waits.seconds == []
    assert session.call_once("me") == {"id": "1"}


def test_of_a_large_answer_only_what_is_of_interest_is_given(serve: Serve, connect: Connect) -> None:
    session = connect(serve(reply(200, {"id": "1", "title": "a", "dashboard_elements": [{"id": "7"}]})))
    found = session.call("update_dashboard", path={"dashboard_id": "1"}, body={}, only=["title", "description"])
    assert found == {"title": "a"}


@pytest.mark.parametrize("body", [b'{"title": "a", "dashboard_elements": [{"id": "7"}', b'["title"]', b"title"])
def test_an_answer_that_is_no_whole_object_is_not_taken_for_one(serve: Serve, connect: Connect, body: bytes) -> None:
    session = connect(serve(reply(200, body)), max_retries=0)
    with pytest.raises(BadAnswerError):
        session.call("update_dashboard", path={"dashboard_id": "1"}, body={}, only=["title"])
