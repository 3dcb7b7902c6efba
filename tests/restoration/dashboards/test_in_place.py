"""Only the differences of an existing dashboard are written."""

from __future__ import annotations

import json

import pytest

from lrestore.restoration.identify.proof import mapping_to
from tests.restoration.restore_fixture import RestoreFixture, writes

PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")


def drifted(setup: RestoreFixture) -> None:
    """Make one change of each kind to the dashboard."""
    dashboard = setup.dashboard("1")
    tile = dashboard["dashboard_elements"][0]
    place = dashboard["dashboard_layouts"][0]["dashboard_layout_components"][1]
    setup.call("update_dashboard", {"title": "Drifted", "description": "set since"}, dashboard_id="1")
    setup.call("update_dashboard_element", {"note_text": "set since"}, dashboard_element_id=tile["id"])
    setup.call(
        "update_dashboard_filter",
        {"default_value": "other"},
        dashboard_filter_id=dashboard["dashboard_filters"][0]["id"],
    )
    setup.call("update_dashboard_layout_component", {"row": 77}, dashboard_layout_component_id=place["id"])


def test_an_unchanged_dashboard_costs_one_read_and_no_write(setup: RestoreFixture) -> None:
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert setup.restore("dashboard=1").outcome == "unchanged"
    assert calls == {"dashboard": 1}


def test_a_drifted_dashboard_costs_one_read_and_one_write_per_thing_that_differs(setup: RestoreFixture) -> None:
    """FR-005, FR-007: updated in place, same id."""
    drifted(setup)
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {
        "update_dashboard": 1,
        "update_dashboard_element": 1,
        "update_dashboard_filter": 1,
        "update_dashboard_layout_component": 1,
    }
    assert calls["dashboard"] == 1
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_only_the_fields_that_differ_are_sent(setup: RestoreFixture) -> None:
    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    result = setup.restore("dashboard=1")
    assert [(change.path, change.old) for change in result.changes] == [("title", "Drifted")]


def test_a_field_that_was_null_is_set_back_to_null(setup: RestoreFixture) -> None:
    """B27: keys absent in the blob stood for null."""
    raw = setup.item("dashboard=1").raw
    absent = next(name for name in ("description", "refresh_interval", "background_color") if raw.get(name) is None)
    setup.call("update_dashboard", {absent: "5 minutes"}, dashboard_id="1")
    setup.restore("dashboard=1")
    assert setup.dashboard("1")[absent] is None


def test_tiles_that_exist_keep_their_ids(setup: RestoreFixture) -> None:
    """B1: restoring a dashboard must not delete and recreate its tiles."""
    before = set(setup.tiles("1"))
    for tile_id in before:
        setup.call("update_dashboard_element", {"title": f"renamed {tile_id}"}, dashboard_element_id=tile_id)
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert set(setup.tiles("1")) == before
    assert "create_dashboard_element" not in calls
    assert "delete_dashboard_element" not in calls


def test_tiles_match_by_id_under_a_mapping_to_the_same_id(setup: RestoreFixture) -> None:
    """A dashboard found by its slug is recorded under its unchanged id, so its tiles have kept theirs too."""
    setup.journal().map(mapping_to("dashboard", "1", "1", setup.dashboard("1")))
    before = set(setup.tiles("1"))
    for tile_id in before:
        body = {"title": f"renamed {tile_id}", "title_text": f"renamed {tile_id}", "note_text": "changed"}
        setup.call("update_dashboard_element", body, dashboard_element_id=tile_id)
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert set(setup.tiles("1")) == before
    assert "create_dashboard_element" not in calls


def test_a_deleted_tile_is_recreated_with_its_query_listeners_and_position(setup: RestoreFixture) -> None:
    backed_up = setup.item("dashboard=1").raw
    tile = next(one for one in backed_up["dashboard_elements"] if one["query_id"])
    setup.call("delete_dashboard_element", dashboard_element_id=tile["id"])
    setup.restore("dashboard=1")
    made = next(
        one for key, one in setup.tiles("1").items() if key not in {t["id"] for t in backed_up["dashboard_elements"]}
    )
    assert (made["title"], made["query_id"]) == (tile["title"], tile["query_id"])
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_the_new_id_of_a_tile_is_recorded(setup: RestoreFixture) -> None:
    """FR-008, FR-031: part ids are mapped, so that the next run finds the tile by it."""
    tile_id = setup.item("dashboard=1").raw["dashboard_elements"][0]["id"]
    setup.call("delete_dashboard_element", dashboard_element_id=tile_id)
    setup.restore("dashboard=1")
    made = setup.mapped("dashboard_element", tile_id)
    assert made in setup.tiles("1")
    setup.call("update_dashboard_element", {"title": "renamed", "note_text": "x"}, dashboard_element_id=str(made))
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard_element": 1}


def test_a_tile_that_the_backup_lacks_is_removed_and_named_in_the_plan(setup: RestoreFixture) -> None:
    extra = setup.call("create_dashboard_element", {"dashboard_id": "1", "type": "text", "title_text": "Extra"})
    plan = setup.plan("dashboard=1")
    assert [(one.type, one.id, one.name) for one in plan.parts.deletions] == [
        ("dashboard_element", extra["id"], "Extra")
    ]
    setup.restore("dashboard=1")
    assert extra["id"] not in setup.tiles("1")


def test_swapped_filter_names_are_swapped_back(setup: RestoreFixture) -> None:
    first, second = setup.dashboard("1")["dashboard_filters"][:2]
    for name, one in (("aside", first), (first["name"], second), (second["name"], first)):
        setup.call("update_dashboard_filter", {"name": name, "title": name}, dashboard_filter_id=one["id"])
    setup.restore("dashboard=1")
    live = {one["id"]: one["name"] for one in setup.dashboard("1")["dashboard_filters"]}
    assert (live[first["id"]], live[second["id"]]) == (first["name"], second["name"])


def test_another_filter_with_the_name_is_replaced(setup: RestoreFixture) -> None:
    lost = setup.dashboard("1")["dashboard_filters"][0]
    setup.call("delete_dashboard_filter", dashboard_filter_id=lost["id"])
    stranger = {"dashboard_id": "1", "name": "Other", "title": lost["title"], "type": "string_filter"}
    setup.call("create_dashboard_filter", stranger)
    setup.restore("dashboard=1")
    assert setup.restore("dashboard=1").outcome == "unchanged"
    assert lost["name"] in {one["name"] for one in setup.dashboard("1")["dashboard_filters"]}


@pytest.mark.parametrize("hidden", PARTS)
def test_parts_that_looker_does_not_show_are_left_alone(setup: RestoreFixture, hidden: str) -> None:
    """What the dashboard has is not known: nothing is created beside it, and nothing is deleted."""
    before = setup.dashboard("1")
    shown = json.dumps({**before, hidden: None})
    for operation in ("dashboard", "search_dashboards"):
        setup.simulator.fault(f"body:{shown if operation == 'dashboard' else f'[{shown}]'}", operation=operation)
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    result = setup.restore("dashboard=1")
    setup.simulator.simulation.faults.clear()
    assert writes(calls) == {} and not result.deletions
    assert any(f"Looker does not show the {hidden} of the live dashboard" in text for text in result.warnings)
    assert setup.dashboard("1") == before
