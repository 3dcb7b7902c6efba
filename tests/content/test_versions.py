"""Changes between two versions of an object."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lrestore.content.versions import differences
from lrestore.json_types import JsonObject
from lrestore.messages import Change, Deletion

DASHBOARD: JsonObject = {
    "id": "42",
    "title": "Sales",
    "description": None,
    "view_count": 3,
    "updated_at": "2026-11-01T00:00:00Z",
    "dashboard_elements": [
        {"id": "7", "title": "Tile", "query_id": "77", "query": {"id": "77", "model": "m", "fields": ["a"], "can": {}}},
        {"id": "8", "type": "text", "body_text": "Hello"},
    ],
    "dashboard_layouts": [{"id": "1", "dashboard_layout_components": [{"id": "5", "row": 0, "column": 0}]}],
}


def _after(**changed: Any) -> JsonObject:
    return {**copy.deepcopy(DASHBOARD), **changed}


def test_counters_and_empty_values_are_no_change() -> None:
    now = _after(view_count=9, updated_at="2026-11-02T00:00:00Z", favorite_count=1, description="", last_viewed_at="x")
    del now["title"]
    assert differences("dashboard", DASHBOARD, _after(view_count=9, description="", can={"show": True})) == ((), ())
    assert differences("dashboard", DASHBOARD, now) == ((Change("title", "Sales", None),), ())


def test_fields_of_parts_are_told_by_the_id_of_the_part() -> None:
    now = _after(description="New")
    now["dashboard_elements"][1]["body_text"] = "Good bye"
    now["dashboard_layouts"][0]["dashboard_layout_components"][0]["row"] = 4
    assert differences("dashboard", DASHBOARD, now)[0] == (
        Change("description", None, "New"),
        Change("dashboard_elements[8].body_text", "Hello", "Good bye"),
        Change("dashboard_layouts[1].dashboard_layout_components[5].row", 0, 4),
    )


def test_parts_that_are_new_or_gone_are_one_change_each_and_their_order_is_none() -> None:
    now = _after(dashboard_elements=[DASHBOARD["dashboard_elements"][1], {"id": "9", "title": "Third"}])
    changes, gone = differences("dashboard", DASHBOARD, now)
    assert changes == (Change("dashboard_elements[9]", None, {"id": "9", "title": "Third"}),)
    assert gone == (Deletion("dashboard_element", "7", "Tile"),)
    turned = _after(dashboard_elements=DASHBOARD["dashboard_elements"][::-1], view_count=4)
    assert differences("dashboard", DASHBOARD, turned) == ((), ())


def test_an_edited_query_is_told_by_its_fields() -> None:
    now = _after()
    now["dashboard_elements"][0] |= {"query_id": "78", "query": {"id": "78", "model": "m", "fields": ["a", "b"]}}
    assert differences("dashboard", DASHBOARD, now)[0] == (
        Change("dashboard_elements[7].query.fields", ["a"], ["a", "b"]),
    )
    now["dashboard_elements"][0]["query"] = {"id": "78", "model": "m", "fields": ["a"]}
    assert differences("dashboard", DASHBOARD, now) == ((), ()), "the same question under another id"


@pytest.mark.parametrize(
    ("type", "before", "after", "path"),
    [
        ("user", {"id": "1", "role_ids": ["2"]}, {"id": "1", "role_ids": ["2", "3"]}, "role_ids"),
        ("user", {"id": "1", "role_ids": ["2", "3"]}, {"id": "1", "role_ids": ["3", "2"]}, None),
        ("permission_set", {"id": "1", "permissions": ["a", "b"]}, {"id": "1", "permissions": ["b", "a"]}, None),
        (
            "role",
            {"id": "1", "permission_set": {"id": "4"}},
            {"id": "1", "permission_set": {"id": "5"}},
            "permission_set_id",
        ),
        ("look", {"id": "1", "query_id": "4"}, {"id": "1", "query_id": "5"}, "query_id"),
        ("lookml_model", {"name": "m", "project_name": "a"}, {"name": "m", "project_name": "b"}, "project_name"),
        ("explore", {"id": "m::e", "name": "e", "label": "a"}, {"id": "m::e", "name": "e", "label": "b"}, "label"),
        ("group", {"id": "1", "name": "G", "user_count": 3}, {"id": "1", "name": "G", "user_count": 4}, None),
        ("scheduled_plan", {"id": "1", "next_run_at": "a"}, {"id": "1", "next_run_at": "b"}, None),
    ],
)
def test_each_type_has_its_own_content(type: str, before: JsonObject, after: JsonObject, path: str | None) -> None:
    changes, gone = differences(type, before, after)
    assert [change.path for change in changes] == ([path] if path else []) and not gone
