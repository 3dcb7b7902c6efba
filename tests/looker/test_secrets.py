"""No secret in any log, exception, traceback or repr."""

from __future__ import annotations

import logging
import traceback

import pytest

from lrestore.errors import LrestoreError
from lrestore.looker.http.endpoint import endpoint_of
from lrestore.looker.http.transport import ConnectionSettings
from lrestore.looker.session import LookerSession
from tests.looker.conftest import KEY, SECRET, Connect, Serve
from tests.looker.faults import Step, hang_up, raw, reply, reset

ECHO = {"message": f"no such key {SECRET}", "errors": [{"message": "s3cret%26of+the%2Bkey", "field": "token-1"}]}
UNAUTHORIZED = reply(401, {"message": "no"})
TAINTED: list[Step] = [
    reset,
    hang_up,
    UNAUTHORIZED,
    reply(422, ECHO),
    reply(500, ECHO),
    reply(200, f"<html>{SECRET} token-1".encode()),
    raw(f"{SECRET} token-1\r\n\r\n".encode()),
]


def everything_shown(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    records = [str(vars(record)) for record in caplog.records]
    return "".join([*traceback.format_exception(error), repr(error), str(vars(error)), caplog.text, *records])


@pytest.mark.parametrize("fault", TAINTED)
def test_a_failing_login_shows_no_secret(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture, fault: Step
) -> None:
    """PEERS B29. At DEBUG of the root logger, so that libraries below are heard as well."""
    caplog.set_level(logging.DEBUG)
    session = connect(serve(logins=[fault]), max_retries=0)
    with pytest.raises(LrestoreError) as caught:
        session.login()
    assert "s3cret" not in everything_shown(caught.value, caplog)


@pytest.mark.parametrize("fault", TAINTED)
def test_a_failing_call_shows_neither_secret_nor_token(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture, fault: Step
) -> None:
    caplog.set_level(logging.DEBUG)
    session = connect(serve(*[fault] * (4 if fault is UNAUTHORIZED else 1)), max_retries=0)
    with pytest.raises(LrestoreError) as caught:
        session.call("dashboard", path={"dashboard_id": "1"})
    shown = everything_shown(caught.value, caplog)
    assert "dashboard (GET /dashboards/1)" in shown
    assert not any(secret in shown for secret in ("s3cret", "token-1", "token-2", "token-4"))


def test_every_call_is_logged_with_status_and_time(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="lrestore")
    connect(serve()).call("dashboard", path={"dashboard_id": "1"})
    lines = [record.getMessage() for record in caplog.records]
    assert [line.rpartition(" in ")[0] for line in lines] == [
        "login (POST /login): 200",
        "dashboard (GET /dashboards/1): 200",
    ]
    assert all(line.endswith(" ms") for line in lines)


def test_no_object_of_the_client_shows_a_secret(serve: Serve, connect: Connect) -> None:
    session = connect(serve())
    session.login()
    parts = [session, *vars(session).values(), *vars(session._transport).values(), *vars(session._tokens).values()]
    shown = [repr(part) for part in parts if not isinstance(part, str)]
    assert not any("s3cret" in text for text in shown)


def test_plain_http_to_another_host_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:

    LookerSession("http://looker.example.com", KEY, operations={})
    LookerSession("http://127.0.0.1:9", KEY, operations={})
    assert [record.getMessage() for record in caplog.records] == [
        "base_url is http: credentials and content travel unencrypted to looker.example.com"
    ]


def test_credentials_in_a_base_url_are_not_kept() -> None:
    connection = ConnectionSettings(endpoint_of("https://joe:pa55@looker.example.com"))
    assert "pa55" not in repr(connection) and connection.endpoint.origin == "https://looker.example.com:443"
