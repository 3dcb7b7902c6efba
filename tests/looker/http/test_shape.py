"""An answer of success that its operation cannot give is an error, whatever it holds; it is never passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.errors import BadAnswerError
from lrestore.looker.http.shape import fault_in, usable_id
from lrestore.ontology import OPERATIONS
from tests.looker.conftest import Connect, Serve, Waits
from tests.looker.faults import Step, raw, reply

PAGE = "<html><body>Sign in to the network</body></html>"
NO_OBJECT: list[Any] = [None, [], "x", 7, True, {}, {"title": "A"}, {"id": ""}, {"id": " "}, {"id": None}]
NO_OBJECT += [{"id": []}, {"id": {}}, {"id": True}, {"id": 1.5}, [{"id": "42"}]]
NO_ROWS: list[Any] = [
    None,
    "x",
    7,
    {},
    {"id": "1"},
    [None],
    ["1"],
    [[]],
    [{}],
    [{"id": None}],
    [{"id": "1"}, {"id": ""}],
]


def as_it_comes(body: bytes, status: int = 200) -> Step:
    head = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return raw(head + body, closing=False)


TEXTS = [json.dumps(body).encode() for body in NO_OBJECT] + [PAGE.encode(), b'{"id": "42", "ti', b"", b"{\xff}"]


@pytest.mark.parametrize("body", TEXTS)
def test_a_read_that_shows_no_object_is_repeated_and_then_fails(
    serve: Serve, connect: Connect, waits: Waits, body: bytes
) -> None:
    server = serve(as_it_comes(body), as_it_comes(body), reply(200, {"id": "42"}))
    session = connect(server, max_retries=1, operations=OPERATIONS)
    with pytest.raises(BadAnswerError, match=r"^dashboard \(GET /dashboards/42\): 200, but the answer ") as caught:
        session.call("dashboard", path={"dashboard_id": "42"})
    assert (caught.value.status, len(waits.seconds)) == (200, 1)
    assert session.call("dashboard", path={"dashboard_id": "42"}) == {"id": "42"}


@pytest.mark.parametrize("body", [json.dumps(body).encode() for body in NO_ROWS] + [PAGE.encode(), b"[", b""])
def test_a_listing_that_is_no_list_of_objects_proves_nothing(serve: Serve, connect: Connect, body: bytes) -> None:
    session = connect(serve(as_it_comes(body)), max_retries=0, operations=OPERATIONS)
    with pytest.raises(BadAnswerError, match=r"search_dashboards .*200, but the answer "):
        session.call("search_dashboards")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("operation", ["dashboard", "create_dashboard", "all_looks"])
def test_no_content_is_no_answer_where_an_object_is_asked_for(
    serve: Serve, connect: Connect, operation: str, status: int
) -> None:
    session = connect(serve(reply(status)), max_retries=0, operations=OPERATIONS)
    with pytest.raises(BadAnswerError, match="empty"):
        session.call(operation, path={"dashboard_id": "1"} if operation == "dashboard" else {})


@pytest.mark.parametrize("operation", ["update_dashboard", "delete_dashboard"])
def test_a_write_need_not_say_more_than_that_it_was_done(serve: Serve, connect: Connect, operation: str) -> None:
    session = connect(serve(reply(204)), max_retries=0, operations=OPERATIONS)
    assert session.call(operation, path={"dashboard_id": "1"}) is None


@pytest.mark.parametrize("body", TEXTS)
def test_a_create_that_tells_no_id_is_of_unknown_outcome_and_not_repeated(
    serve: Serve, connect: Connect, body: bytes
) -> None:
    server = serve(as_it_comes(body))
    with pytest.raises(BadAnswerError, match="create_dashboard") as caught:
        connect(server, operations=OPERATIONS).call("create_dashboard", body={"title": "A"})
    assert caught.value.outcome_unknown and len(server.requests) == 1


@pytest.mark.parametrize("method", ["dashboard", "update_dashboard"])
def test_an_object_that_was_not_asked_for_is_none(serve: Serve, connect: Connect, method: str) -> None:
    session = connect(serve(reply(200, {"id": "43"})), max_retries=0, operations=OPERATIONS)
    with pytest.raises(BadAnswerError, match="id '43', which was not requested"):
        session.call(method, path={"dashboard_id": "42"})


def test_ids_are_the_same_as_numbers_and_in_any_case(serve: Serve, connect: Connect) -> None:
    session = connect(serve(reply(200, {"id": 42}), reply(200, {"id": "shop::Sales"})), operations=OPERATIONS)
    assert session.call("dashboard", path={"dashboard_id": "42"})["id"] == 42
    assert session.call("dashboard", path={"dashboard_id": "Shop::sales"})["id"] == "shop::Sales"


def test_a_write_of_which_only_some_fields_count_still_has_to_tell_its_object(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"title": "B"}), reply(200, {"id": "1", "title": "B", "slug": "x"}))
    answer = connect(server, max_retries=1, operations=OPERATIONS).call(
        "update_dashboard", path={"dashboard_id": "1"}, body={"title": "B"}, only={"title"}
    )
    assert answer == {"id": "1", "title": "B"}


@pytest.mark.parametrize("body", [None, {}, [], 0])
def test_a_deletion_that_is_answered_by_something_else_is_asked_for_again(
    serve: Serve, connect: Connect, body: Any
) -> None:
    server = serve(as_it_comes(json.dumps(body).encode()), reply(200, ""))
    assert connect(server, max_retries=1, operations=OPERATIONS).call("delete_look", path={"look_id": "1"}) == ""


@pytest.mark.parametrize("parts", ["x", {}, [None], [{}], [{"id": ""}]])
@pytest.mark.parametrize("where", OPERATIONS["dashboard"].answer.lists)
def test_parts_that_cannot_be_told_apart_spoil_the_object(where: str, parts: Any) -> None:
    outer, _, inner = where.partition("[].")
    shown = [{"id": "5", inner: parts}] if inner else parts
    answer = {"id": "1", outer: shown}
    fault = fault_in(OPERATIONS["dashboard"], {"dashboard_id": "1"}, {}, answer)
    assert fault.startswith(f"shows a wrong value as {where}: ")
    assert fault_in(OPERATIONS["search_dashboards"], {}, {}, [answer])


def test_parts_that_are_not_shown_are_no_fault() -> None:
    for answer in (
        {"id": "1"},
        {"id": "1", "dashboard_layouts": None},
        {"id": "1", "dashboard_layouts": [{"id": "2"}]},
    ):
        assert not fault_in(OPERATIONS["dashboard"], {"dashboard_id": "1"}, {}, answer)


def test_what_was_not_asked_for_need_not_be_shown(serve: Serve, connect: Connect) -> None:
    path = {"lookml_model_name": "shop", "explore_name": "orders"}
    session = connect(
        serve(reply(200, {"fields": {}}), reply(200, {"fields": {}})), max_retries=0, operations=OPERATIONS
    )
    assert session.call("lookml_model_explore", path=path, query={"fields": "fields(dimensions(name))"}) == {
        "fields": {}
    }
    with pytest.raises(BadAnswerError, match="has no name"):
        session.call("lookml_model_explore", path=path, query={"fields": "name"})


@given(st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.floats(), st.lists(st.text())))
def test_an_id_is_a_text_that_is_not_blank_or_a_whole_number(value: object) -> None:
    expected = type(value) is int or (type(value) is str and value.strip() != "")
    assert usable_id(value) == expected


@pytest.mark.parametrize("operation", ["all_folders", "all_users", "all_groups", "all_roles"])
def test_an_empty_listing_of_what_every_instance_has_is_unusable(operation: str) -> None:
    assert "empty list" in fault_in(OPERATIONS[operation], {}, {}, [])
    assert not fault_in(OPERATIONS[operation], {}, {"offset": 100, "limit": 100}, [])


@pytest.mark.parametrize("operation", ["all_boards", "all_scheduled_plans", "search_users", "search_folders"])
def test_an_empty_listing_of_other_objects_is_usable(operation: str) -> None:
    assert not fault_in(OPERATIONS[operation], {}, {}, [])
