"""The plan of an undo can be saved and applied: an undo is a session whose backup are the copies of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import make_world
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import pictures
from tests.acceptance.test_undo_removals import WORLD, a_folder, delete
from tests.run.saved_plan.test_apply import SOME, items

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    """A drifted instance of all types."""
    with InstanceFixture(tmp_path, world=make_world(SOME)) as instance:
        drift_everywhere(instance.world)
        # What a restore creates goes to the trash when it is undone: not as before.
        instance.extra_environment["LRESTORE_RUN_IF_MISSING"] = "skip"
        yield instance


def test_a_saved_undo_takes_the_session_back_and_nothing_is_left_for_a_second_one(
    instance: InstanceFixture,
) -> None:
    before = snapshots(instance.world)
    session = instance.run("--select", "all").all_good().report["session_id"]
    plan = instance.run("--undo", session, "--plan-out", "p.json").all_good()
    assert plan.writes == [] and plan.total("updated") > 10
    undone = instance.run("--apply", "p.json").all_good()
    assert undone.total("updated") == plan.total("updated")
    assert difference(before, snapshots(instance.world)) == {}
    again = instance.run("--apply", "p.json").all_good()
    assert again.writes == [] and "everything is as planned already" in again.out


def test_what_was_edited_after_the_undo_was_planned_is_left_alone(instance: InstanceFixture) -> None:
    session = instance.run("--select", "all").all_good().report["session_id"]
    instance.run("--undo", session, "--plan-out", "p.json").all_good()
    look = next(one for one in items(instance, "update").values() if one["type"] == "look")
    instance.edit("look", look["id"], description="edited meanwhile")
    undone = instance.run("--apply", "p.json")
    assert (undone.letter()["type"], undone.letter()["id"]) == ("look", look["id"])
    assert instance.world.get("look", look["id"])["description"] == "edited meanwhile"  # type: ignore[index]


def test_an_undo_that_was_applied_and_killed_is_resumed(instance: InstanceFixture) -> None:
    before = snapshots(instance.world)
    session = instance.run("--select", "all").all_good().report["session_id"]
    instance.run("--undo", session, "--plan-out", "p.json").all_good()
    killed = instance.process("--apply", "p.json", LRESTORE_CRASH="coordinator.result_seen:5")
    assert killed.code == -9
    instance.run("--resume").all_good()
    assert difference(before, snapshots(instance.world)) == {}


@pytest.fixture
def created(tmp_path: Path) -> Iterator[InstanceFixture]:
    """A folder with all below it, and a user are gone: a restore creates them."""
    with InstanceFixture(tmp_path, world=make_world(WORLD)) as instance:
        above = a_folder(instance)
        below = {above, *(str(one["id"]) for one in instance.world.table("folder") if str(one["parent_id"]) == above)}
        for kind in ("dashboard", "look"):
            for one in [row for row in instance.world.table(kind) if str(row["folder_id"]) in below]:
                edit(instance.world, Edit(type=kind, id=str(one["id"]), delete=True))
        delete(instance, "folder", above)
        delete(instance, "user", "3")
        yield instance


DELETE = ("--undo-created", "delete")


def planned_removal(instance: InstanceFixture) -> Ran:
    """A restore, and the plan of its undo with all deletions."""
    session = instance.run("--select", "all", "--yes").all_good().report["session_id"]
    return instance.run("--undo", session, *DELETE, "--plan-out", "p.json").all_good()


def test_the_deletions_of_an_undo_can_be_planned_saved_killed_and_resumed(created: InstanceFixture) -> None:
    plan = planned_removal(created)
    deletions = plan.report["guards"]["foreseen"]["deletions"]
    assert plan.writes == [] and deletions["dashboard"] > 0 and deletions["folder"] > 1
    assert f"{deletions['folder']} folder" in plan.out
    assert created.process("--apply", "p.json", LRESTORE_CRASH="undo.kept:2").code == -9
    created.run("--resume").all_good()
    removed = [one for one in items(created, "update").values() if one.get("deletions")]
    assert [one["id"] for one in removed if created.world.get(one["type"], one["id"])] == []
    again = created.run("--apply", "p.json").all_good()
    assert again.writes == []


def test_what_was_edited_after_the_plan_is_not_deleted_nor_is_its_folder(created: InstanceFixture) -> None:
    planned_removal(created)
    edited = next(one for one in items(created, "update").values() if one["type"] == "dashboard" and one["deletions"])
    created.edit("dashboard", edited["id"], description="edited meanwhile")
    undone = created.run("--apply", "p.json")
    letters = {f"{one['type']}={one['id']}": one for one in undone.letters}
    assert {one["error_type"] for one in letters.values()} == {"ChangedSincePlanError"}
    live = created.world.get("dashboard", edited["id"])
    assert live is not None and {f"dashboard={edited['id']}", f"folder={live['folder_id']}"} <= letters.keys()
    assert created.world.get("folder", live["folder_id"]) is not None


def test_a_saved_undo_ends_as_a_direct_one_and_can_be_undone_as_well(tmp_path: Path) -> None:
    """An unchanged board shows a dashboard which the undo deletes: undone, it shows the one that is made again."""
    with InstanceFixture(tmp_path, world=make_world(SOME)) as instance:
        drift_everywhere(instance.world)
        delete_a_third(instance.world)
        first = instance.run("--select", "all", "--yes").all_good().report["session_id"]
        instance.run("--undo", first, *DELETE, "--yes").all_good()
        undone = pictures(instance.world)
        planned_removal(instance)
        restored = pictures(instance.world)
        saved = instance.run("--apply", "p.json", "--yes").all_good().report["session_id"]
        assert difference(undone, pictures(instance.world)) == {}
        instance.run("--undo", saved, *DELETE, "--yes").all_good()
        assert difference(restored, pictures(instance.world)) == {}
