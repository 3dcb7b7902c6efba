"""Paths of the ontology, read from real shapes."""

from __future__ import annotations

import typing
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.canonical import field_types
from lrestore.content.references import ExploreUse, explore_uses, field_uses, occurrences
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES, fields

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
    assert list(explore_uses("dashboard", DASHBOARD)) == [
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
    assert {(use.path, use.explore, use.field) for use in field_uses("dashboard", dashboard)} == {
        ("dashboard_elements[0].query.fields[0]", "orders", "orders.id"),
        ("dashboard_elements[0].query.pivots[0]", "orders", "orders.state"),
        ("dashboard_elements[0].query.sorts[0]", "orders", "orders.id"),
        ("dashboard_elements[0].query.filters", "orders", "users.age"),
        ("dashboard_elements[2].result_maker.query.fields[0]", "v", "v.a"),
        ("dashboard_filters[0].dimension", "orders", "orders.state"),
    }


def values_of(hint: object) -> st.SearchStrategy[Any]:
    """Values such as the SDK's converter lets through for a field of this kind: objects and lists in little detail."""
    inner = typing.get_args(hint)
    if isinstance(hint, type) and attrs.has(hint):
        return st.just({})
    if inner:
        return st.lists(values_of(inner[-1]), max_size=2)
    return st.sampled_from(["", "?Region=APAC", "3"]) if hint is str else st.none()


def shared_fields() -> dict[str, set[str]]:
    """Fields that mean different things in different types and parts, as the SDK declares them: name → types."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for type_name, entry in CONTENT_TYPES.items():
        for model in (entry.model, *(part.model for part in entry.parts)):
            for name, hint in field_types(fields.sdk_model(model)).items():
                kinds.setdefault(name, {}).setdefault(repr(hint), set()).add(type_name)
    return {name: set().union(*by_hint.values()) for name, by_hint in kinds.items() if len(by_hint) > 1}


def test_the_fields_that_share_a_name_are_known() -> None:
    """One more, in a later SDK, needs a decision: code that reads it by name alone must know the type."""
    assert set(shared_fields()) == {"created_at", "dashboard_filters", "model"}


@pytest.mark.parametrize("type_name", sorted(CONTENT_TYPES))
@given(data=st.data())
def test_no_walker_takes_a_field_of_one_type_for_that_of_another(type_name: str, data: st.DataObject) -> None:
    """``dashboard_filters`` of a dashboard are its filters, of a scheduled plan a text."""
    hints = field_types(fields.sdk_model(CONTENT_TYPES[type_name].model))
    obj = {name: data.draw(values_of(hints[name])) for name in sorted(shared_fields()) if name in hints}
    foreign = {"dashboard_elements": "x", "dashboard_filters": "?a=b", "query": "select 1"}
    obj |= {name: value for name, value in foreign.items() if name not in hints}
    assert not [*explore_uses(type_name, obj), *field_uses(type_name, obj)]
