"""Tabs that the backup lacks: they are deleted in the same run, but never with a tile that stays."""

from __future__ import annotations

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture


def extra_tab(setup: RestoreFixture, *, active: bool = False) -> str:
    """Add a tab to the dashboard, without tiles."""
    made = setup.call("create_dashboard_layout", {"dashboard_id": "1", "type": "newspaper", "active": active})
    for component in setup.world.table("dashboard_layout_component").where("dashboard_layout_id", made["id"]):
        setup.world.table("dashboard_layout_component").remove(component["id"])
    return str(made["id"])


def tabs(setup: RestoreFixture) -> dict[str, bool]:
    """The live tabs by id, and whether they are active."""
    return {str(one["id"]): one["active"] for one in setup.dashboard("1")["dashboard_layouts"]}


def test_an_extra_tab_that_is_active_is_deleted_in_the_same_run(setup: RestoreFixture) -> None:
    before = tabs(setup)
    tab = extra_tab(setup, active=True)
    result = setup.restore("dashboard=1")
    assert [(one.type, one.id) for one in result.deletions] == [("dashboard_layout", tab)]
    assert tabs(setup) == before
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_a_tile_goes_back_to_its_tab_before_the_extra_tab_is_deleted(setup: RestoreFixture) -> None:
    """A tab that is deleted can take along the tiles that have no other place."""
    before = setup.dashboard("1")
    tile_id = before["dashboard_elements"][0]["id"]
    tab = extra_tab(setup)
    setup.call("update_dashboard_element", {"dashboard_layout_id": tab}, dashboard_element_id=tile_id)
    setup.restore("dashboard=1")
    after = setup.dashboard("1")
    assert list(setup.tiles("1")) == [str(one["id"]) for one in before["dashboard_elements"]]
    assert places(after) == places(before)
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_an_extra_tab_stays_with_a_tile_that_has_alerts(setup: RestoreFixture) -> None:
    tab = extra_tab(setup)
    tile = {"dashboard_id": "1", "type": "text", "title_text": "Watched", "dashboard_layout_id": tab}
    tile_id = str(setup.call("create_dashboard_element", tile)["id"])
    alert = next(iter(setup.world.table("alert")))
    edit(setup.world, Edit(type="alert", id=alert["id"], set={"dashboard_element_id": tile_id}))
    result = setup.restore("dashboard=1")
    assert tile_id in setup.tiles("1")
    assert tab in tabs(setup)
    assert any(f"(id {tab})" in warning and f"(id {tile_id})" in warning for warning in result.warnings)
    setup.restore("dashboard=1", Policy(allow_alert_loss=True))
    assert tab not in tabs(setup)


def planned(setup: RestoreFixture, raw: JsonObject, live: JsonObject) -> DashboardPlan:
    """The plan for the parts of dashboard 1."""
    key = ItemKey("dashboard", "1")
    return DashboardPlanner(setup.context(), key, as_dashboard(raw), as_dashboard(live), ids_hold=True).plan()


def test_a_tab_that_the_backup_lacks_is_no_reason_to_send_null(setup: RestoreFixture) -> None:
    """A tile may still name a tab that was deleted, and a dashboard may be backed up without its tabs."""
    raw, live = setup.item("dashboard=1").raw, setup.dashboard("1")
    named = {**raw, "dashboard_elements": [{**one, "dashboard_layout_id": "999"} for one in raw["dashboard_elements"]]}
    without = {name: value for name, value in named.items() if name != "dashboard_layouts"}
    assert planned(setup, named, live).empty
    assert planned(setup, without, live).empty


def test_a_tile_that_is_put_on_a_tab_is_placed_there_afterwards(setup: RestoreFixture) -> None:
    """Looker may give the tile another component, though it had one on that tab."""
    raw, live = setup.item("dashboard=1").raw, setup.dashboard("1")
    tab = str(raw["dashboard_layouts"][0]["id"])
    asked = {**raw, "dashboard_elements": [{**one, "dashboard_layout_id": tab} for one in raw["dashboard_elements"]]}
    elsewhere = [{**one, "dashboard_layout_id": None} for one in live["dashboard_elements"]]
    plan = planned(setup, asked, {**live, "dashboard_elements": elsewhere})
    assert [write.body for write in plan.writes] == [{"dashboard_layout_id": tab}] * len(elsewhere)
    assert {one.element for one in plan.pending} == {str(one["id"]) for one in elsewhere}


def places(dashboard: dict[str, object]) -> object:
    """The positions of all tiles, by tab."""
    layouts: list[dict[str, list[dict[str, object]]]] = dashboard["dashboard_layouts"]  # type: ignore[assignment]
    shown = ("dashboard_element_id", "row", "column", "width", "height")
    return [
        sorted(str([one[name] for name in shown]) for one in each["dashboard_layout_components"]) for each in layouts
    ]
