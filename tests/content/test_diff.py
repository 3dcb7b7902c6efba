"""The differ: equal things compare equal by whatever road they came, and different ones never do."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from looker_sdk.sdk.api40 import models

from lrestore.content.canonical import canonical_object
from lrestore.content.diff import changes, differing, listeners, same
from lrestore.json_types import JsonObject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


def test_an_equal_object_differs_in_nothing() -> None:
    live = {"title": "Sales", "hidden": False, "description": None}
    assert differing({"title": "Sales", "hidden": False, "description": None}, live, models.Dashboard) == {}


def test_only_the_differing_fields_are_sent() -> None:
    wanted = {"title": "Sales", "hidden": False}
    assert differing(wanted, {"title": "Sales 2", "hidden": False}, models.Dashboard) == {"title": "Sales"}


def test_a_field_that_was_null_in_the_backup_is_set_back_to_null() -> None:
    """B27: an update that leaves out what was null keeps what somebody set since."""
    assert differing({"description": None}, {"description": "new"}, models.Dashboard) == {"description": None}


def test_a_missing_live_field_equals_null_but_not_empty_text() -> None:
    assert differing({"description": None}, {}, models.Dashboard) == {}
    assert differing({"description": ""}, {}, models.Dashboard) == {"description": ""}


def test_ids_that_an_answer_gives_as_numbers_equal_those_the_backup_holds_as_text() -> None:
    assert differing({"folder_id": "7"}, {"folder_id": 7}, models.Dashboard) == {}


def test_nulls_of_nested_objects_mean_unset_but_nulls_of_free_form_maps_are_content() -> None:
    wanted = {"appearance": {"page_side_margins": 20, "page_background_color": None}}
    assert differing(wanted, {"appearance": {"page_side_margins": 20}}, models.Dashboard) == {}
    assert differing({"ui_config": {"type": None}}, {"ui_config": {}}, models.DashboardFilter) != {}


def test_listeners_are_compared_without_order_and_silent_entries_count_for_nothing() -> None:
    pair, other = {"dashboard_filter_name": "Region", "field": "a.r"}, {"dashboard_filter_name": "Date", "field": "a.d"}
    ours = [{"model": "m", "view": "v", "name": "", "listen": [pair, other]}]
    theirs = [
        {"model": "m", "view": "v", "name": None, "listen": [other, pair]},
        {"model": "m", "view": "x", "listen": []},
    ]
    assert listeners(ours) == listeners(theirs)
    assert listeners(ours) != listeners([{"model": "m", "view": "v", "listen": [pair]}])


def test_permissions_are_a_set() -> None:
    wanted = {"permissions": ["explore", "develop"]}
    assert differing(wanted, {"permissions": ["develop", "explore"]}, models.PermissionSet) == {}
    assert differing(wanted, {"permissions": ["develop"]}, models.PermissionSet) == wanted


def test_changes_name_the_path_and_both_values() -> None:
    (change,) = changes({"title": "Sales"}, {"title": "Old"}, "dashboard_elements[3].")
    assert (change.path, change.old, change.new) == ("dashboard_elements[3].title", "Old", "Sales")


@given(JSON)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@given(JSON, JSON)
def test_sameness_is_symmetric(left: Any, right: Any) -> None:
    assert same(left, right) == same(right, left)


@given(st.integers(0, 1))
def test_a_boolean_is_not_a_number(number: int) -> None:
    assert not same(bool(number), number)


@given(st.dictionaries(st.sampled_from(["title", "description", "slug", "hidden"]), st.none() | st.text(max_size=5)))
def test_nothing_differs_any_more_once_the_difference_is_applied(wanted: JsonObject) -> None:
    live: JsonObject = {"title": "x", "hidden": True}
    live.update(differing(wanted, live, models.Dashboard))
    assert differing(wanted, live, models.Dashboard) == {}


def test_the_one_form_is_its_own_form() -> None:
    once = canonical_object({"id": 7, "created_at": "2024-01-02T03:04:05+02:00", "title": None}, models.Dashboard)
    assert once == {"id": "7", "created_at": "2024-01-02T01:04:05.000Z"}
    assert canonical_object(once, models.Dashboard) == once


def test_what_the_backups_sdk_did_not_know_of_a_nested_object_stays() -> None:
    """No write while the rest agrees; and a write does not take it away."""
    model = models.Dashboard
    live = {"appearance": {"key_color": "red", "modern_vis2026": True, "tile_shadow": None}}
    assert differing({"appearance": {"key_color": "red"}}, live, model) == {}
    changed = differing({"appearance": {"key_color": "blue"}}, live, model)
    assert changed == {"appearance": {"key_color": "blue", "modern_vis2026": True}}
    assert differing({"appearance": {"key_color": "red", "modern_vis2026": False}}, live, model) != {}
