"""Changes of several objects that depend on each other are undone together, and the undo too."""

from __future__ import annotations

from pathlib import Path

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import undo
from tests.restoration.migration_fixture import SOURCE, MigrationFixture

WITH_PLANS = Sizes(users=3, groups=2, folders=4, depth=2, looks=3, dashboards=3, tiles=3, filters=1, boards=0, plans=2)


def groups_of(world: World) -> list[Record]:
    """The groups that people made."""
    return [row for row in world.table("group") if not row.get("include_by_default")]


def nesting(world: World) -> set[tuple[str, str]]:
    """Names of groups, and of the groups that are in them."""
    names = {str(row["id"]): str(row["name"]) for row in world.table("group")}
    inside = world.edges["group_group"].rights
    return {(names[above], names[one]) for above in names for one in inside(above) if one in names}


def test_nesting_that_was_changed_together_with_swapped_names_is_undone(tmp_path: Path) -> None:
    """Backups hold no nesting: it comes from the living source, and in an undo from the copies."""
    source = make_world(SOURCE)
    first, second, third = (str(row["id"]) for row in groups_of(source)[:3])
    source.edges["group_group"].add(first, second)
    with MigrationFixture(tmp_path, source=source) as instance:
        instance.source_lives()
        instance.migrate("group").all_good()
        one, two, three = (instance.new_id("group", group) for group in (first, second, third))
        names = [str(instance.world.get("group", group)["name"]) for group in (one, two)]  # type: ignore[index]
        for group, name in zip((two, one), names, strict=True):
            instance.edit("group", group, name=name)
        edges = instance.world.edges["group_group"]
        edges.drop(one, two)
        edges.add(one, three)
        before, drifted = snapshots(instance.world), nesting(instance.world)
        restored = instance.migrate("group").all_good()
        as_restored, nested = snapshots(instance.world), nesting(instance.world)
        assert nested == nesting(source) and nested != drifted
        undone = undo(instance, restored).all_good()
        assert difference(before, snapshots(instance.world)) == {} and nesting(instance.world) == drifted
        undo(instance, undone).all_good()
        assert difference(as_restored, snapshots(instance.world)) == {} and nesting(instance.world) == nested


def sent_tabs(world: World) -> list[str]:
    """The labels of the tabs that plan 1 sends; an id that leads nowhere is told."""
    plan = world.get("scheduled_plan", "1")
    assert plan is not None
    tabs = [world.get("dashboard_layout", tab) or {"label": f"no tab {tab}"} for tab in plan["tab_ids"] or ()]
    return [str(tab["label"]) for tab in tabs]


def test_a_plan_that_sends_a_tab_which_was_made_again_sends_the_new_one(tmp_path: Path) -> None:
    """The restore deletes the tab that the plan sent, and makes another again; the undo does the same the other way."""
    world = make_world(WITH_PLANS)
    first = world.table("dashboard_layout").where("dashboard_id", "1")[0]
    edit(world, Edit(type="dashboard_layout", id=str(first["id"]), set={"label": "One"}))
    world.table("dashboard_layout").put({**first, "id": "901", "label": "Two", "order": 1, "active": False})
    edit(world, Edit(type="scheduled_plan", id="1", set={"dashboard_id": "1", "look_id": None, "tab_ids": ["901"]}))
    with InstanceFixture(tmp_path, world=world) as instance:
        # LookerVault's release may not know the field.
        instance.back_up("scheduled_plan", "1", {**instance.blob("scheduled_plan", "1"), "tab_ids": ["901"]})
        edit(instance.world, Edit(type="dashboard_layout", id="901", delete=True))
        third = {**first, "id": "902", "label": "Three", "order": 1, "active": False}
        instance.world.table("dashboard_layout").put(third)
        edit(instance.world, Edit(type="scheduled_plan", id="1", set={"tab_ids": ["902"]}))
        restored = instance.run("--select", "dashboard=1", "--select", "scheduled_plan=1", "--yes").all_good()
        assert sent_tabs(instance.world) == ["Two"]
        undone = undo(instance, restored).all_good()
        assert sent_tabs(instance.world) == ["Three"]
        (tab,) = [str(row["id"]) for row in instance.world.table("dashboard_layout") if row["label"] == "Three"]
        told = f"its dashboard_layout 902 ('Three') had been deleted, and is made again: its id is {tab}"
        assert any(told in warning for warning in undone.report["warnings"])
        undo(instance, undone).all_good()
        assert sent_tabs(instance.world) == ["Two"]
