"""Alerts, absent lists, other objects under an old id and content that the backup lacks are not destroyed."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.errors import ValidationError, WrongInstanceError
from lrestore.messages import ItemKey
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes


def extra_tile(setup: RestoreFixture) -> str:
    made = setup.call("create_dashboard_element", {"dashboard_id": "1", "type": "text", "title_text": "Extra"})
    return str(made["id"])


def with_alert(setup: RestoreFixture, tile_id: str) -> None:
    alert = next(iter(setup.world.table("alert")))
    edit(setup.world, Edit(type="alert", id=alert["id"], set={"dashboard_element_id": tile_id}))


def test_a_tile_with_live_alerts_is_kept_with_a_warning(setup: RestoreFixture) -> None:
    """Deleting the tile would detach its alerts permanently."""
    tile_id = extra_tile(setup)
    with_alert(setup, tile_id)
    result = setup.restore("dashboard=1")
    assert tile_id in setup.tiles("1")
    assert any("alert" in warning and tile_id in warning for warning in result.warnings)
    assert setup.simulator.log.count("delete_dashboard_element") == 0


def test_a_tile_with_alerts_is_deleted_if_alert_loss_is_allowed(setup: RestoreFixture) -> None:
    tile_id = extra_tile(setup)
    with_alert(setup, tile_id)
    setup.restore("dashboard=1", Policy(allow_alert_loss=True))
    assert tile_id not in setup.tiles("1")


def test_extra_tiles_stay_with_keep_extra(setup: RestoreFixture) -> None:
    tile_id = extra_tile(setup)
    assert setup.restore("dashboard=1", Policy(keep_extra=True)).outcome == "unchanged"
    assert tile_id in setup.tiles("1")


@pytest.mark.parametrize("missing", ["dashboard_elements", "dashboard_filters", "dashboard_layouts"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_an_absent_list_is_not_an_empty_one(setup: RestoreFixture, missing: str, how: str) -> None:
    """A dashboard that was backed up without its tiles never loses its live ones."""
    item = setup.item("dashboard=1")
    if how == "absent":
        del item.raw[missing]
    else:
        item.raw[missing] = None
    result = ItemRestorer(setup.context()).restore(item).result
    assert not result.deletions
    assert any(missing in warning for warning in result.warnings)
    assert writes(setup.counted(lambda: ItemRestorer(setup.context()).restore(item))) == {}


def test_an_empty_list_is_one(setup: RestoreFixture) -> None:
    item = setup.item("dashboard=2")
    item.raw["dashboard_filters"] = []
    for tile in item.raw["dashboard_elements"]:
        tile["result_maker"] = None
    ItemRestorer(setup.context()).restore(item)
    assert setup.dashboard("2")["dashboard_filters"] == []


def test_another_object_under_the_old_id_is_never_written(setup: RestoreFixture) -> None:
    """B3: ids are reused after a rollback; ``created_at`` distinguishes the objects."""
    edit(setup.world, Edit(type="dashboard", id="1", set={"created_at": "2030-01-01T00:00:00.000Z", "slug": "another"}))
    edit(setup.world, Edit(type="dashboard", id="1", set={"title": "Somebody else's"}))
    plan = setup.plan("dashboard=1")
    assert plan.action == "created"
    assert any("belongs to another dashboard" in warning for warning in plan.warnings)
    result = setup.restore("dashboard=1")
    assert result.destination_id != "1"
    assert setup.dashboard("1")["title"] == "Somebody else's"


@pytest.mark.parametrize("kind", ["dashboard", "look"])
def test_another_object_with_the_id_is_not_matched_by_its_name_either(setup: RestoreFixture, kind: str) -> None:
    """It has the id, slug, title and folder of the old object, but is another one and is not written."""
    edit(setup.world, Edit(type=kind, id="1", set={"created_at": "2030-01-01T00:00:00.000Z"}))
    edit(setup.world, Edit(type=kind, id="1", set={"description": "Somebody else's"}))
    with pytest.raises(ValidationError, match="title is taken"):
        setup.restore(f"{kind}=1")
    record = setup.world.get(kind, "1")
    assert record is not None and record["description"] == "Somebody else's"
    assert {call.operation for call in setup.simulator.log.writes()} <= {f"create_{kind}"}


def test_a_folder_with_the_name_and_parent_counts_as_the_backed_up_one(setup: RestoreFixture) -> None:
    """Only name and parent of a folder can be written, so nothing is written."""
    folder = next(one for one in setup.world.table("folder") if one["parent_id"] == "1" and not one["is_personal"])
    edit(setup.world, Edit(type="folder", id=folder["id"], set={"created_at": "2030-01-01T00:00:00.000Z"}))
    result = setup.restore(f"folder={folder['id']}")
    assert (result.outcome, result.destination_id) == ("unchanged", folder["id"])
    assert setup.simulator.log.writes() == []


def test_another_instance_with_overlapping_ids_is_refused_before_any_write(setup: RestoreFixture) -> None:
    """B3: the whole destination is another instance."""
    for kind in ("dashboard", "folder", "look"):
        for record in list(setup.world.table(kind)):
            if record.get("created_at"):
                edit(setup.world, Edit(type=kind, id=record["id"], set={"created_at": "2031-01-01T00:00:00.000Z"}))
    with pytest.raises(WrongInstanceError, match="created at another time"):
        setup.context()
    assert setup.simulator.log.writes() == []


def test_a_failed_part_deletes_nothing(setup: RestoreFixture) -> None:
    """While a part could not be restored, nothing is deleted."""
    tile_id = extra_tile(setup)
    setup.call("update_dashboard_element", {"title": "renamed"}, dashboard_element_id=next(iter(setup.tiles("1"))))
    setup.simulator.fault("status:422", operation="update_dashboard_element")
    with pytest.raises(ValidationError):
        setup.restore("dashboard=1")
    assert tile_id in setup.tiles("1")


def test_built_in_objects_are_never_written(setup: RestoreFixture) -> None:
    for row in setup.vault.index({"role", "permission_set", "model_set", "folder", "group"}):
        raw = setup.vault.read(row.key).raw
        if raw.get("built_in") or raw.get("is_shared_root") or raw.get("include_by_default"):
            assert setup.restore(str(row.key)).outcome == "skipped"
    assert setup.simulator.log.writes() == []


def test_planning_only_reads(setup: RestoreFixture) -> None:
    setup.call("delete_dashboard", dashboard_id="1")
    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="2")
    before = len(setup.simulator.log.writes())
    for dashboard_id in ("1", "2"):
        setup.plan(f"dashboard={dashboard_id}")
    assert len(setup.simulator.log.writes()) == before


def test_a_copy_of_the_live_object_is_kept_before_it_is_written(setup: RestoreFixture) -> None:
    from lrestore.state.undo_folder import undo_directory
    from lrestore.state.undo_log import read_undo
    from tests.restoration.restore_fixture import SESSION

    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    setup.restore("dashboard=1")
    (entry,) = read_undo(undo_directory(setup.directory / "state.db", SESSION))
    assert (entry.type, entry.destination_id) == ("dashboard", "1")


def test_planning_never_creates_a_part_that_exists(setup: RestoreFixture) -> None:
    """Planning twice from the same facts gives the same plan."""
    context = setup.context()
    item: Any = setup.item("dashboard=1")
    live = as_dashboard(setup.dashboard("1"))
    plans = [
        DashboardPlanner(context, ItemKey("dashboard", "1"), item.raw, live, ids_hold=True).plan() for _ in range(2)
    ]
    assert plans[0].writes == plans[1].writes == []
