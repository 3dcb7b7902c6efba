"""Request bodies, and the fields left out because the destination does not accept them."""

from __future__ import annotations

import pickle

import pytest

from lrestore.content.payload import Releases, left_out, wanted_object, wanted_part
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.specification import reduced
from lrestore.simulator.api.specification import swagger

OLD = "25.4.10"
BY_TABLE = Releases("26.12", OLD)
BY_SPECIFICATION = Releases("26.12", OLD, reduced(swagger(OLD)))
BOTH = pytest.mark.parametrize("known", [BY_TABLE, BY_SPECIFICATION], ids=["table", "specification"])

DASHBOARD: JsonObject = {
    "id": "1",
    "title": "Sales",
    "user_id": "7",
    "chat_enabled": False,
    "appearance": {"key_color": "red", "modern_vis2026": True},
    "dashboard_elements": [{"id": "3", "title": "A", "filter_id": "9"}, {"id": "4", "title": "B", "filter_id": None}],
    "dashboard_layouts": [{"id": "5", "label": None, "dashboard_layout_components": [{"row": 1, "deleted": False}]}],
}


@BOTH
def test_what_the_destination_does_not_know_is_in_no_body(known: Releases) -> None:
    body = wanted_object(DASHBOARD, "Dashboard", known)
    assert body["title"] == "Sales"
    assert not {"chat_enabled", "user_id", "preserve_desktop_layout"} & body.keys()
    assert body["appearance"] == {"key_color": "red"}
    assert wanted_part(DASHBOARD["dashboard_elements"][0], "DashboardElement", known) == {"title": "A"}


@BOTH
def test_what_is_left_out_is_named_once_each(known: Releases) -> None:
    """An owner is told of by itself; nulls and places that were not put away are no loss."""
    assert left_out(DASHBOARD, CONTENT_TYPES["dashboard"], known) == (
        "dashboard.appearance.modern_vis2026",
        "dashboard.chat_enabled",
        "dashboard_element.filter_id",
    )


def test_a_field_that_can_be_seen_and_not_written_is_named_as_such() -> None:
    put_away = {"id": "1", "dashboard_layouts": [{"dashboard_layout_components": [{"deleted": True}]}]}
    named = ("dashboard_layout_component.deleted (read-only there)",)
    assert left_out(put_away, CONTENT_TYPES["dashboard"], BY_SPECIFICATION) == named


def test_a_destination_that_knows_everything_loses_nothing() -> None:
    for known in (Releases("26.12"), Releases("26.12", "26.22.1"), Releases("26.12", "26.12.3", reduced(swagger()))):
        assert left_out(DASHBOARD, CONTENT_TYPES["dashboard"], known) == ()
        assert wanted_object(DASHBOARD, "Dashboard", known)["chat_enabled"] is False


def test_the_specification_has_the_last_word_over_the_table() -> None:
    """A field brought to an old release, and one taken from a new one."""
    document = swagger(OLD)
    document["definitions"]["Dashboard"]["properties"]["chat_enabled"] = {}
    del document["definitions"]["Dashboard"]["properties"]["crossfilter_enabled"]
    known = Releases("26.12", OLD, reduced(document))
    assert known.can_write("Dashboard", "chat_enabled")
    assert not known.can_write("Dashboard", "crossfilter_enabled") and BY_TABLE.can_write(
        "Dashboard", "crossfilter_enabled"
    )


def test_a_specification_without_marks_leaves_what_can_be_written_to_the_table() -> None:
    document = swagger(OLD)
    for definition in document["definitions"].values():
        for entry in definition["properties"].values():
            entry.pop("readOnly", None)
    known = Releases("26.12", OLD, reduced(document))
    assert not known.can_write("Dashboard", "user_id")
    assert not known.can_write("Dashboard", "chat_enabled")
    assert known.can_write("Dashboard", "title")


@BOTH
def test_what_is_known_reaches_other_processes(known: Releases) -> None:
    known.beyond("Dashboard")
    there = pickle.loads(pickle.dumps(known))
    assert there == known
    assert left_out(DASHBOARD, CONTENT_TYPES["dashboard"], there) == left_out(
        DASHBOARD, CONTENT_TYPES["dashboard"], known
    )
