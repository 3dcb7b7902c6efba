"""Looker's error bodies, whatever their shape, and Retry-After."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.errors import RateLimitedError, ValidationError
from lrestore.looker.http.calls import Call, HttpAnswer
from lrestore.looker.http.errors import BODY_LIMIT, FIELD_ERRORS_LIMIT, MESSAGE_LIMIT, error_of, retry_after_s
from lrestore.messages import FieldError
from lrestore.text.redaction import Secrets, one_line
from tests.looker.conftest import Connect, Serve, Waits
from tests.looker.faults import reply

CALL = Call("update_dashboard", "PATCH", "/dashboards/1", "/api/4.0/dashboards/1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors", "field", "x"]), inner),
    max_leaves=12,
)


def test_field_errors_reach_the_caller(serve: Serve, connect: Connect) -> None:
    """FR: Looker's reasons are shown, field by field."""
    body = {
        "message": "Validation Failed",
        "errors": [
            {"field": "title", "code": "already_exists", "message": "has already been taken", "documentation_url": "u"},
            {"field": None, "code": None, "message": "general"},
            "only words",
        ],
        "documentation_url": "u",
    }
    with pytest.raises(ValidationError) as caught:
        connect(serve(reply(422, body))).call("update_dashboard", path={"dashboard_id": "1"}, body={"title": "A"})
    assert caught.value.errors == (
        FieldError("title", "already_exists", "has already been taken"),
        FieldError("", "", "general"),
        FieldError("", "", "only words"),
    )
    assert "title: has already been taken [already_exists]" in str(caught.value)


@given(status=st.sampled_from([400, 404, 422, 429, 500]), body=JSON.map(json.dumps).map(str.encode) | st.binary())
def test_any_body_makes_a_bounded_error_of_one_line(status: int, body: bytes) -> None:
    error = error_of(CALL, HttpAnswer(status, {}, body), Secrets("secret"))
    assert error.status == status and len(error.body) <= BODY_LIMIT and len(error.message) < 5 * MESSAGE_LIMIT
    assert error.message.isprintable() or ("\n" not in error.message and "\x1b" not in error.message)


def test_a_flood_of_errors_is_cut() -> None:
    body = json.dumps({"message": "m" * 10_000, "errors": [{"message": "e" * 5000}] * 100}).encode()
    error = error_of(CALL, HttpAnswer(422, {}, body), Secrets())
    assert len(error.errors) == FIELD_ERRORS_LIMIT and {len(e.message) for e in error.errors} == {MESSAGE_LIMIT}
    assert error_of(CALL, HttpAnswer(422, {}, b'{"message": "' + b"m" * (2 << 20)), Secrets()).errors == ()


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"message": ' + b"[" * 200_000, b"\xff\xfe", b"", b"null"])
def test_hostile_bodies_are_still_the_error_of_their_status(body: bytes) -> None:
    assert type(error_of(CALL, HttpAnswer(422, {}, body), Secrets())) is ValidationError


def test_a_server_that_echoes_secrets_is_not_quoted() -> None:
    secrets = Secrets("a b&c")
    secrets.add("tok123")
    body = json.dumps({"message": "bad a b&c", "errors": [{"field": "a+b%26c", "message": "Bearer tok123"}]}).encode()
    error = error_of(CALL, HttpAnswer(422, {}, body), secrets)
    shown = f"{error} {error.body} {error.errors} {secrets!r}"
    assert not any(text in shown for text in ("a b&c", "a+b%26c", "tok123"))


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_one_line_is_one_line_of_at_most_so_many_characters(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit and len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 1.5 ", 1.5), ("-3", 0.0), ("soon", None), ("nan", None), ("", None), (None, None), ("1e9", 1e9)],
)
def test_retry_after_in_seconds(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value) == seconds


def test_retry_after_as_a_date_is_measured_on_the_servers_own_clock() -> None:
    then, wrong_now = formatdate(1_000_030, usegmt=True), formatdate(1_000_000, usegmt=True)
    assert retry_after_s(then, wrong_now) == 30.0
    assert retry_after_s(then) == 0.0
    assert retry_after_s(wrong_now, then) == 0.0


def test_retry_after_is_a_minimum_and_is_capped(serve: Serve, connect: Connect, waits: Waits) -> None:
    later, now = formatdate(2_000_000_040, usegmt=True), formatdate(2_000_000_000, usegmt=True)
    busy = {"message": "Too many requests"}
    server = serve(
        reply(429, busy, {"Retry-After": "12"}),
        reply(429, busy, {"Retry-After": later, "Date": now}),
        reply(503, busy, {"Retry-After": "86400"}),
        reply(429, busy),
        reply(200, {"id": "1"}),
    )
    session = connect(server)
    assert session.call("dashboard", path={"dashboard_id": "1"}) == {"id": "1"}
    minimum = (12.0, 40.0, 300.0, 0.0)
    assert all(low <= wait <= low + 30 for low, wait in zip(minimum, waits.seconds, strict=True))
    assert session.meter.snapshot().rate_limited == 3


def test_the_error_carries_what_the_server_asked_for(serve: Serve, connect: Connect) -> None:
    with pytest.raises(RateLimitedError) as caught:
        connect(serve(reply(429, {"message": "x"}, {"Retry-After": "3"})), max_retries=0).call(
            "create_dashboard", body={}
        )
    assert caught.value.retry_after_s == 3.0


def test_waits_grow_and_are_jittered_to_the_full(serve: Serve, connect: Connect) -> None:
    """Upper bounds 0.5, 1, 2, 4 … s; what is drawn lies anywhere below."""
    drawn: list[list[float]] = []
    for _ in range(20):
        waits = Waits()
        server = serve(*[reply(503, {"message": "x"})] * 4, reply(200, {}))
        connect(server, pause=waits).call("dashboard", path={"dashboard_id": "1"})
        drawn.append(waits.seconds)
    columns = list(zip(*drawn, strict=True))
    assert [max(column) <= bound for column, bound in zip(columns, (0.5, 1, 2, 4), strict=True)] == [True] * 4
    assert max(columns[3]) > 1 and min(columns[3]) < 2


def test_a_secret_of_a_few_characters_is_masked_in_its_field_and_not_in_every_word() -> None:
    secrets = Secrets("b")
    assert secrets.hide("backup: a bad bulb") == "backup: a bad bulb"
    for echoed in ("client_id=x&client_secret=b", '{"client_secret": "b"}', "Authorization: token b"):
        assert not secrets.hide(echoed).strip('"}').endswith("b") and "***" in secrets.hide(echoed)
