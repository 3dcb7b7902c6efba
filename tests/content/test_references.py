"""Paths of the ontology, read from real shapes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.references import ExploreUse, explore_uses, field_uses, occurrences
from lrestore.json_types import JsonObject

DASHBOARD: JsonObject = {
    "folder_id": "5",
    "dashboard_elements": [
        {"look_id": None, "query": {"model": "shop", "view": "orders"}},
        {"look_id": "7", "query": None, "result_maker": {"query": {"model": "shop", "view": "hidden"}}},
        {"merge_result_id": "3", "result_maker": {"filterables": [{"model": "shop", "view": "users", "listen": []}]}},
        {"type": "text"},
    ],
    "dashboard_filters": [
        {"type": "field_filter", "model": "shop", "explore": "orders"},
        {"type": "date_filter", "model": None},
    ],
}


def test_occurrences_have_concrete_paths() -> None:
    (found,) = occurrences(DASHBOARD, "dashboard_elements[].look_id")
    assert (found.path, found.value) == ("dashboard_elements[1].look_id", "7")


def test_a_path_into_nothing_finds_nothing() -> None:
    assert not list(occurrences({"dashboard_elements": None}, "dashboard_elements[].look_id"))
    assert not list(occurrences({}, "a.b[].c"))
    assert not list(occurrences({"folder_id": ""}, "folder_id"))


def test_explores_of_tiles_filters_and_merged_queries_are_named_with_their_place() -> None:
    """A look's explore is the look's own business: it exists, or the look is missing."""
    assert list(explore_uses(DASHBOARD)) == [
        ExploreUse("dashboard_elements[0].query.view", "shop", "orders"),
        ExploreUse("dashboard_elements[2].result_maker.filterables[0].view", "shop", "users"),
        ExploreUse("dashboard_filters[0].explore", "shop", "orders"),
    ]


@given(st.lists(st.none() | st.text(min_size=1, max_size=3), max_size=5))
def test_every_value_in_a_list_is_found_once_at_its_index(values: list[str | None]) -> None:
    obj = {"parts": [{"ref": value} for value in values]}
    found = [(one.path, one.value) for one in occurrences(obj, "parts[].ref")]
    assert found == [(f"parts[{index}].ref", value) for index, value in enumerate(values) if value is not None]


def test_every_field_of_an_explore_is_named_with_its_place() -> None:
    query = {
        "model": "m",
        "view": "orders",
        "fields": ["orders.id", "orders.mine", "calc"],
        "pivots": ["orders.state"],
        "sorts": ["orders.id desc 0"],
        "filters": {"users.age": "3"},
        "dynamic_fields": '[{"measure":"orders.mine","based_on":"orders.id"}]',
    }
    dashboard = {
        "dashboard_elements": [
            {"query": query},
            {"look_id": "1", "query": query},
            {"result_maker": {"query": {"model": "m", "view": "v", "fields": ["v.a"]}}},
            {"type": "text"},
        ],
        "dashboard_filters": [
            {"type": "field_filter", "model": "m", "explore": "orders", "dimension": "orders.state"},
            {"type": "string_filter", "model": None, "explore": None, "dimension": None},
        ],
    }
    assert {(use.path, use.explore, use.field) for use in field_uses(dashboard)} == {
        ("dashboard_elements[0].query.fields[0]", "orders", "orders.id"),
        ("dashboard_elements[0].query.pivots[0]", "orders", "orders.state"),
        ("dashboard_elements[0].query.sorts[0]", "orders", "orders.id"),
        ("dashboard_elements[0].query.filters", "orders", "users.age"),
        ("dashboard_elements[2].result_maker.query.fields[0]", "v", "v.a"),
        ("dashboard_filters[0].dimension", "orders", "orders.state"),
    }
