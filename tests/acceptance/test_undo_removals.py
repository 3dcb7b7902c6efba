"""An undo deletes objects that the session created, except those that other users use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.drift import SMALL_EDITS
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import Arena, Ran
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import undo
from tests.simulator.direct import Direct

WORLD = Sizes(users=5, groups=4, folders=6, depth=2, looks=6, dashboards=4, tiles=3, filters=2, boards=2, plans=2)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Arena(tmp_path, world=make_world(WORLD)) as made:
        yield made


def made_anew(arena: Arena, kind: str, source_id: str, restored: Ran) -> str:
    """The id of the object that the session created."""
    found = [one for one in restored.report["items"] if (one["type"], one["id"]) == (kind, source_id)]
    assert found[0]["outcome"] == "created"
    return str(found[0]["destination_id"])


def delete(arena: Arena, kind: str, object_id: str) -> None:
    looker = Direct(arena.world)
    looker.delete(f"/{kind}s/{object_id}")
    assert looker.status in (200, 204)


def a_folder(arena: Arena) -> str:
    folders = arena.world.table("folder")
    return str(next(one["id"] for one in folders if one["parent_id"] == "1" and not one["is_personal"]))


def test_a_folder_into_which_another_person_has_put_something_is_kept(arena: Arena) -> None:
    folder = a_folder(arena)
    delete(arena, "folder", folder)
    restored = arena.run("--select", "folder", "--yes").all_good()
    anew = made_anew(arena, "folder", folder, restored)
    looker = Direct(arena.world)
    looker.post("/dashboards", {"title": "by hand", "folder_id": anew})
    assert looker.status == 200
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("folder").get(anew) is not None
    assert f"folder={anew}" in undone.out and "in use: dashboard=" in undone.out


def test_trashed_content_in_a_folder_counts_too(arena: Arena) -> None:
    folder = a_folder(arena)
    delete(arena, "folder", folder)
    restored = arena.run("--select", "folder", "--yes").all_good()
    anew = made_anew(arena, "folder", folder, restored)
    looker = Direct(arena.world)
    dashboard = looker.post("/dashboards", {"title": "by hand", "folder_id": anew})
    looker.patch(f"/dashboards/{dashboard['id']}", {"deleted": True})
    undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("folder").get(anew) is not None


def test_folders_that_nobody_uses_are_deleted_the_deepest_first(arena: Arena) -> None:
    folder = a_folder(arena)
    delete(arena, "folder", folder)
    restored = arena.run("--select", "folder", "--yes").all_good()
    anew = made_anew(arena, "folder", folder, restored)
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("folder").get(anew) is None
    assert f"deleted   folder={anew}" in undone.out
    assert f"up to {restored.total('created')} folders that the session created" in undone.err
    deleted = [gone["id"] for item in undone.report["items"] for gone in item["deletions"]]
    assert len(deleted) == restored.total("created") > 1
    assert [call.path for call in undone.writes][-1] == f"/folders/{anew}"


def test_a_folder_in_which_a_created_folder_is_kept_is_kept_too(arena: Arena) -> None:
    """Looker deletes a folder with all that is below it."""
    folder = a_folder(arena)
    delete(arena, "folder", folder)
    restored = arena.run("--select", "folder", "--yes").all_good()
    created = {one["destination_id"] for one in restored.report["items"] if one["outcome"] == "created"}
    anew = made_anew(arena, "folder", folder, restored)
    below = next(str(one["id"]) for one in arena.world.table("folder") if str(one["parent_id"]) == anew)
    assert below in created
    looker = Direct(arena.world)
    dashboard = looker.post("/dashboards", {"title": "by hand", "folder_id": below})
    planned = undo(arena, restored, "--undo-created", "delete", "--plan").all_good()
    assert planned.report["guards"]["foreseen"]["deletions"].get("folder", 0) == len(created) - 2
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert {one["destination_id"] for one in undone.report["items"] if one["outcome"] == "skipped"} == {anew, below}
    assert arena.world.table("dashboard").get(str(dashboard["id"])) is not None


def test_a_group_with_other_members_is_kept(arena: Arena) -> None:
    group = next(one["id"] for one in arena.world.table("group") if not one["include_by_default"])
    delete(arena, "group", group)
    restored = arena.run("--select", f"group={group}").all_good()
    anew = made_anew(arena, "group", group, restored)
    Direct(arena.world).post(f"/groups/{anew}/users", {"user_id": "2"})
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("group").get(anew) is not None
    assert "in use: user=2" in undone.out


def test_a_user_who_has_logged_in_is_kept(arena: Arena) -> None:
    delete(arena, "user", "3")
    restored = arena.run("--select", "user=3").all_good()
    anew = made_anew(arena, "user", "3", restored)
    record = arena.world.table("user").get(anew)
    assert record is not None
    login = {**(record["credentials_email"] or {"email": "x@example.com"}), "logged_in_at": "2026-11-28T01:00:00Z"}
    arena.edit("user", anew, credentials_email=login)
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("user").get(anew) is not None
    assert "in use: the user has logged in" in undone.out


def test_mappings_of_what_was_deleted_are_closed_and_the_next_restore_makes_it_again(arena: Arena) -> None:
    delete(arena, "look", "2")
    restored = arena.run("--select", "look=2").all_good()
    anew = made_anew(arena, "look", "2", restored)
    undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("look").get(anew) is None
    again = arena.run("--select", "look=2").all_good()
    assert again.total("created") == 1


def test_created_objects_are_kept_where_that_is_asked_for(arena: Arena) -> None:
    delete(arena, "look", "2")
    restored = arena.run("--select", "look=2").all_good()
    undone = undo(arena, restored, "--undo-created", "keep").all_good()
    look = arena.world.table("look").get(made_anew(arena, "look", "2", restored))
    assert look is not None and not look["deleted"]
    assert undone.total("skipped") == 1 and undone.writes == []


def test_a_created_plan_that_is_kept_is_switched_off(arena: Arena) -> None:
    plan = next(one["id"] for one in arena.world.table("scheduled_plan") if one["enabled"])
    delete(arena, "scheduled_plan", plan)
    restored = arena.run("--select", f"scheduled_plan={plan}").all_good()
    undo(arena, restored).all_good()
    kept = arena.world.table("scheduled_plan").get(made_anew(arena, "scheduled_plan", plan, restored))
    assert kept is not None and kept["enabled"] is False


def test_a_created_dashboard_on_which_alerts_hang_is_not_deleted(arena: Arena) -> None:
    delete(arena, "dashboard", "2")
    restored = arena.run("--select", "dashboard=2").all_good()
    anew = made_anew(arena, "dashboard", "2", restored)
    tile = next(one for one in arena.world.table("dashboard_element").where("dashboard_id", anew) if one["query_id"])
    arena.edit("alert", "900", dashboard_element_id=tile["id"], owner_id="1")
    undone = undo(arena, restored, "--undo-created", "delete").all_good()
    assert arena.world.table("dashboard").get(anew) is not None
    assert "1 of its tiles have alerts" in undone.out


def test_a_session_is_undone_again_after_its_undo_was_undone(arena: Arena) -> None:
    (dashboard, *_) = arena.world.table("dashboard")
    for change in SMALL_EDITS:
        change(arena.world, dashboard)
    before = snapshots(arena.world)
    first = arena.run("--select", "dashboard").all_good()
    second = undo(arena, first).all_good()
    assert difference(before, snapshots(arena.world)) == {}
    undo(arena, second).all_good()
    assert difference(before, snapshots(arena.world)) != {}
    undo(arena, first).all_good()
    assert difference(before, snapshots(arena.world)) == {}


def test_copies_that_were_removed_are_a_clear_refusal(arena: Arena) -> None:
    arena.edit("look", "1", title="first")
    session = arena.run("--select", "look=1").all_good().report["session_id"]
    for shard in (arena.directory / "state.d" / session).iterdir():
        shard.unlink()
    refused = arena.run("--undo", session)
    assert refused.code == 3 and "copies" in refused.err and "removed" in refused.err and refused.calls == ()


def test_a_create_whose_end_is_unknown_is_named(arena: Arena) -> None:
    """The process is killed between a create and its answer, and the session is undone without being resumed."""
    arena.edit("look", "1", title="first")
    delete(arena, "look", "2")
    killed = arena.process("--select", "look=1,2", LRESTORE_CRASH="intent.acked:1")
    assert killed.code == -signal.SIGKILL
    (session,) = [str(row["id"]) for row in arena.rows("sessions")]
    undone = arena.run("--undo", session).all_good()
    look = arena.world.table("look").get("1")
    assert look is not None and look["title"] == "first"
    assert f"session {session} ended while it created look 2 of the backup" in undone.out
