"""Looker shows the parts of trashed objects as deleted: they are compared after the undelete."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.content.shapes.dashboard import Dashboard, DashboardLayout
from lrestore.errors import NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.identify.parts import flags_count, flags_of_layouts_count, present
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes

PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")


def flagged(dashboard: JsonObject) -> JsonObject:
    """The dashboard with every part and component shown as deleted."""
    shown = {path: [{**part, "deleted": True} for part in dashboard[path]] for path in PARTS}
    for layout in shown["dashboard_layouts"]:
        places = layout["dashboard_layout_components"]
        layout["dashboard_layout_components"] = [{**place, "deleted": True} for place in places]
    return {**dashboard, **shown}


def test_a_trashed_dashboard_is_restored_with_one_write_and_one_layout(setup: RestoreFixture) -> None:
    before = setup.dashboard("1")
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    assert before["dashboard_layouts"]
    assert [one["deleted"] for one in setup.dashboard("1")["dashboard_layouts"]] == [True] * len(
        before["dashboard_layouts"]
    )
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard": 1}
    after = setup.dashboard("1")
    assert [one["id"] for one in after["dashboard_layouts"]] == [one["id"] for one in before["dashboard_layouts"]]
    assert after["dashboard_layouts"][0]["deleted"] is False
    assert writes(setup.counted(lambda: setup.restore("dashboard=1"))) == {}


def test_a_plan_of_a_trashed_dashboard_says_that_its_parts_are_compared_again(setup: RestoreFixture) -> None:
    tile = next(iter(setup.tiles("1")))
    setup.call("update_dashboard_element", {"note_text": "set since"}, dashboard_element_id=tile)
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    plan = setup.plan("dashboard=1")
    assert {change.path.rpartition(".")[2] for change in plan.changes} == {"deleted", "note_text"}
    assert any("compared again when it is out" in warning for warning in plan.all_warnings)
    assert plan.parts.calls()["dashboard"] == 1


def test_parts_deleted_before_the_trash_are_recreated_after_the_undelete(setup: RestoreFixture) -> None:
    gone = next(iter(setup.tiles("1")))
    setup.call("delete_dashboard_element", dashboard_element_id=gone)
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert (calls["update_dashboard"], calls["create_dashboard_element"]) == (1, 1)
    assert calls["create_dashboard_layout"] == 0
    assert setup.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ({"id": "1", "deleted": True}, "did not take it out when deleted was set to false"),
        ({"id": "1", "deleted": False}, "does not show its tiles: they are left alone"),
    ],
)
def test_a_dashboard_that_is_not_seen_whole_after_the_undelete_fails(
    setup: RestoreFixture, shown: JsonObject, message: str
) -> None:
    """Looker accepts the update, and shows the dashboard in the trash all the same, or without its parts."""
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    tiles = {tile["id"] for tile in setup.world.table("dashboard_element")}
    restorer = ItemRestorer(setup.context())
    item = setup.item("dashboard=1")
    plan = restorer.plan(item)
    assert plan.own is not None and plan.own.body == {"deleted": False}
    setup.simulator.fault(f"body:{json.dumps({**item.raw, **shown}, default=str)}", operation="update_dashboard")
    read = {**setup.dashboard("1"), **shown, "dashboard_layouts": None, "dashboard_elements": None}
    setup.simulator.fault(f"body:{json.dumps(read, default=str)}", operation="dashboard", after=1)
    with pytest.raises(NotRestorableError, match=message):
        restorer.restore(item)
    assert {tile["id"] for tile in setup.world.table("dashboard_element")} == tiles


def planned(setup: RestoreFixture, raw: JsonObject, live: JsonObject) -> DashboardPlan:
    """The plan for the parts of dashboard 1."""
    key = ItemKey("dashboard", "1")
    return DashboardPlanner(setup.context(), key, as_dashboard(raw), as_dashboard(live), ids_hold=True).plan()


@pytest.mark.parametrize("told_by", ["deleted", "its active layout"])
def test_deleted_flags_of_parts_of_a_trashed_dashboard_are_ignored(setup: RestoreFixture, told_by: str) -> None:
    """Tiles and filters may have the flag too, and an answer may lack the dashboard's flag."""
    item, shown = setup.item("dashboard=1"), setup.dashboard("1")
    live = {**flagged(shown), "deleted": told_by == "deleted"}
    plan = planned(setup, item.raw, live)
    assert plan.empty
    assert not plan.pending


def test_deleted_flags_in_the_backup_of_a_trashed_dashboard_are_ignored(setup: RestoreFixture) -> None:
    item = setup.item("dashboard=1")
    item.raw = {**flagged(item.raw), "deleted": True}
    live = setup.dashboard("1")
    plan = planned(setup, item.raw, live)
    assert plan.empty
    assert not plan.removals


def test_a_deleted_part_of_an_existing_dashboard_counts_as_missing() -> None:
    layouts: list[DashboardLayout] = [
        {"id": "1", "active": True, "deleted": False},
        {"id": "2", "active": False, "deleted": True},
    ]
    dashboard: Dashboard = {"deleted": False, "dashboard_layouts": layouts}
    assert flags_count(dashboard)
    assert [one["id"] for one in present(layouts, flags=flags_count(dashboard))] == ["1"]


def test_the_active_layout_never_counts_as_missing() -> None:
    layouts: list[DashboardLayout] = [
        {"id": "1", "active": True, "deleted": True},
        {"id": "2", "active": False, "deleted": True},
    ]
    assert not flags_of_layouts_count(layouts)
    assert present(layouts, flags=flags_of_layouts_count(layouts)) == layouts


def test_sections_of_a_trashed_board_are_not_created_twice(tmp_path: Any) -> None:
    from tests.restoration.restore_fixture import SMALL

    sizes = type(SMALL)(**{**{name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__}, "boards": 1})
    with RestoreFixture(tmp_path, sizes=sizes) as setup:
        shown = setup.call("board", board_id="1")
        moment = "2026-01-02T00:00:00.000Z"
        edit(setup.world, Edit(type="board", id="1", set={"deleted_at": moment}))
        plan = ItemRestorer(setup.context()).plan(setup.item("board=1"))
        assert shown["board_sections"]
        assert {change.path for change in plan.changes} == {"deleted_at"}
