"""An undo deletes objects that the session created, except those that other users use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.drift import SMALL_EDITS
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import undo
from tests.simulator.direct import Direct

WORLD = Sizes(users=5, groups=4, folders=6, depth=2, looks=6, dashboards=4, tiles=3, filters=2, boards=2, plans=2)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, world=make_world(WORLD)) as made:
        yield made


def made_anew(instance: InstanceFixture, kind: str, source_id: str, restored: Ran) -> str:
    """The id of the object that the session created."""
    found = [one for one in restored.report["items"] if (one["type"], one["id"]) == (kind, source_id)]
    assert found[0]["outcome"] == "created"
    return str(found[0]["destination_id"])


def delete(instance: InstanceFixture, kind: str, object_id: str) -> None:
    looker = Direct(instance.world)
    looker.delete(f"/{kind}s/{object_id}")
    assert looker.status in (200, 204)


def a_folder(instance: InstanceFixture) -> str:
    folders = instance.world.table("folder")
    return str(next(one["id"] for one in folders if one["parent_id"] == "1" and not one["is_personal"]))


def test_a_folder_into_which_another_person_has_put_something_is_kept(instance: InstanceFixture) -> None:
    folder = a_folder(instance)
    delete(instance, "folder", folder)
    restored = instance.run("--select", "folder", "--yes").all_good()
    anew = made_anew(instance, "folder", folder, restored)
    looker = Direct(instance.world)
    looker.post("/dashboards", {"title": "by hand", "folder_id": anew})
    assert looker.status == 200
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("folder").get(anew) is not None
    assert f"folder={anew}" in undone.out and "in use: dashboard=" in undone.out


def test_trashed_content_in_a_folder_counts_too(instance: InstanceFixture) -> None:
    folder = a_folder(instance)
    delete(instance, "folder", folder)
    restored = instance.run("--select", "folder", "--yes").all_good()
    anew = made_anew(instance, "folder", folder, restored)
    looker = Direct(instance.world)
    dashboard = looker.post("/dashboards", {"title": "by hand", "folder_id": anew})
    looker.patch(f"/dashboards/{dashboard['id']}", {"deleted": True})
    undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("folder").get(anew) is not None


def test_folders_that_nobody_uses_are_deleted_the_deepest_first(instance: InstanceFixture) -> None:
    folder = a_folder(instance)
    delete(instance, "folder", folder)
    restored = instance.run("--select", "folder", "--yes").all_good()
    anew = made_anew(instance, "folder", folder, restored)
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("folder").get(anew) is None
    assert f"deleted   folder={anew}" in undone.out
    assert f"up to {restored.total('created')} folders that the session created" in undone.err
    deleted = [gone["id"] for item in undone.report["items"] for gone in item["deletions"]]
    assert len(deleted) == restored.total("created") > 1
    assert [call.path for call in undone.writes][-1] == f"/folders/{anew}"


def test_a_folder_in_which_a_created_folder_is_kept_is_kept_too(instance: InstanceFixture) -> None:
    """Looker deletes a folder with all that is below it."""
    folder = a_folder(instance)
    delete(instance, "folder", folder)
    restored = instance.run("--select", "folder", "--yes").all_good()
    created = {one["destination_id"] for one in restored.report["items"] if one["outcome"] == "created"}
    anew = made_anew(instance, "folder", folder, restored)
    below = next(str(one["id"]) for one in instance.world.table("folder") if str(one["parent_id"]) == anew)
    assert below in created
    looker = Direct(instance.world)
    dashboard = looker.post("/dashboards", {"title": "by hand", "folder_id": below})
    planned = undo(instance, restored, "--undo-created", "delete", "--plan").all_good()
    assert planned.report["guards"]["foreseen"]["deletions"].get("folder", 0) == len(created) - 2
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert {one["destination_id"] for one in undone.report["items"] if one["outcome"] == "skipped"} == {anew, below}
    assert instance.world.table("dashboard").get(str(dashboard["id"])) is not None


def test_a_group_with_other_members_is_kept(instance: InstanceFixture) -> None:
    group = next(one["id"] for one in instance.world.table("group") if not one["include_by_default"])
    delete(instance, "group", group)
    restored = instance.run("--select", f"group={group}").all_good()
    anew = made_anew(instance, "group", group, restored)
    Direct(instance.world).post(f"/groups/{anew}/users", {"user_id": "2"})
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("group").get(anew) is not None
    assert "in use: user=2" in undone.out


def test_a_user_who_has_logged_in_is_kept(instance: InstanceFixture) -> None:
    delete(instance, "user", "3")
    restored = instance.run("--select", "user=3").all_good()
    anew = made_anew(instance, "user", "3", restored)
    record = instance.world.table("user").get(anew)
    assert record is not None
    login = {**(record["credentials_email"] or {"email": "x@example.com"}), "logged_in_at": "2026-11-28T01:00:00Z"}
    instance.edit("user", anew, credentials_email=login)
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("user").get(anew) is not None
    assert "in use: the user has logged in" in undone.out


def test_a_role_that_others_have_and_sets_that_another_role_uses_are_kept(tmp_path: Path) -> None:
    world = make_world(Sizes(users=3, groups=2, folders=1, looks=1, dashboards=0, boards=0, plans=0))
    looker = Direct(world)
    sets = {
        "permission_set": looker.post("/permission_sets", {"name": "Few", "permissions": ["see_looks"]})["id"],
        "model_set": looker.post("/model_sets", {"name": "None", "models": []})["id"],
    }
    own = {f"{name}_id": one for name, one in sets.items()}
    ids = {"role": looker.post("/roles", {"name": "Reader", **own})["id"], **sets}
    with InstanceFixture(tmp_path, world=world) as instance:
        for name, one in ids.items():
            delete(instance, name, one)
        selected = [word for name, one in ids.items() for word in ("--select", f"{name}={one}")]
        restored = instance.run(*selected).all_good()
        anew = {name: made_anew(instance, name, one, restored) for name, one in ids.items()}
        looker.put(f"/roles/{anew['role']}/users", ["2"])
        looker.put(f"/roles/{anew['role']}/groups", ["2"])
        used = {"permission_set_id": anew["permission_set"], "model_set_id": anew["model_set"]}
        by_hand = looker.post("/roles", {"name": "by hand", **used})["id"]
        undone = undo(instance, restored, "--undo-created", "delete").all_good()
        assert all(world.table(name).get(one) is not None for name, one in anew.items())
        reasons = {item["type"]: item["reason"] for item in undone.report["items"]}
        assert reasons["role"] == "kept because it is in use: user=2, group=2"
        for name in sets:
            assert f"role={by_hand}" in reasons[name]


def test_an_object_that_may_not_be_deleted_is_a_dead_letter(instance: InstanceFixture) -> None:
    """Looker answers 404 to a delete that it does not permit, and goes on showing the object."""
    delete(instance, "look", "2")
    restored = instance.run("--select", "look=2").all_good()
    anew = made_anew(instance, "look", "2", restored)
    instance.simulator.fault("status:404", operation="delete_look", times=1)
    undone = undo(instance, restored, "--undo-created", "delete")
    assert undone.code == 1 and undone.letter()["error_type"] == "NotFoundError"
    assert instance.world.table("look").get(anew) is not None
    undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("look").get(anew) is None


def test_mappings_of_what_was_deleted_are_closed_and_the_next_restore_makes_it_again(instance: InstanceFixture) -> None:
    delete(instance, "look", "2")
    restored = instance.run("--select", "look=2").all_good()
    anew = made_anew(instance, "look", "2", restored)
    undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("look").get(anew) is None
    again = instance.run("--select", "look=2").all_good()
    assert again.total("created") == 1


def test_created_objects_are_kept_where_that_is_asked_for(instance: InstanceFixture) -> None:
    delete(instance, "look", "2")
    restored = instance.run("--select", "look=2").all_good()
    undone = undo(instance, restored, "--undo-created", "keep").all_good()
    look = instance.world.table("look").get(made_anew(instance, "look", "2", restored))
    assert look is not None and not look["deleted"]
    assert undone.total("skipped") == 1 and undone.writes == []


def test_a_created_plan_that_is_kept_is_switched_off(instance: InstanceFixture) -> None:
    plan = next(one["id"] for one in instance.world.table("scheduled_plan") if one["enabled"])
    delete(instance, "scheduled_plan", plan)
    restored = instance.run("--select", f"scheduled_plan={plan}").all_good()
    undo(instance, restored).all_good()
    kept = instance.world.table("scheduled_plan").get(made_anew(instance, "scheduled_plan", plan, restored))
    assert kept is not None and kept["enabled"] is False


def test_a_created_dashboard_on_which_alerts_hang_is_not_deleted(instance: InstanceFixture) -> None:
    delete(instance, "dashboard", "2")
    restored = instance.run("--select", "dashboard=2").all_good()
    anew = made_anew(instance, "dashboard", "2", restored)
    tile = next(one for one in instance.world.table("dashboard_element").where("dashboard_id", anew) if one["query_id"])
    instance.edit("alert", "900", dashboard_element_id=tile["id"], owner_id="1")
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert instance.world.table("dashboard").get(anew) is not None
    assert "1 of its tiles have alerts" in undone.out


def test_a_session_is_undone_again_after_its_undo_was_undone(instance: InstanceFixture) -> None:
    (dashboard, *_) = instance.world.table("dashboard")
    for change in SMALL_EDITS:
        change(instance.world, dashboard)
    before = snapshots(instance.world)
    first = instance.run("--select", "dashboard").all_good()
    second = undo(instance, first).all_good()
    assert difference(before, snapshots(instance.world)) == {}
    undo(instance, second).all_good()
    assert difference(before, snapshots(instance.world)) != {}
    undo(instance, first).all_good()
    assert difference(before, snapshots(instance.world)) == {}


def test_copies_that_were_removed_are_a_clear_refusal(instance: InstanceFixture) -> None:
    instance.edit("look", "1", title="first")
    session = instance.run("--select", "look=1").all_good().report["session_id"]
    for shard in (instance.directory / "state.d" / session).iterdir():
        shard.unlink()
    refused = instance.run("--undo", session)
    assert refused.code == 3 and "copies" in refused.err and "removed" in refused.err and refused.calls == ()


def test_a_create_whose_end_is_unknown_is_named(instance: InstanceFixture) -> None:
    """The process is killed between a create and its answer, and the session is undone without being resumed."""
    instance.edit("look", "1", title="first")
    delete(instance, "look", "2")
    killed = instance.process("--select", "look=1,2", LRESTORE_CRASH="intent.acked:1")
    assert killed.code == -signal.SIGKILL
    (session,) = [str(row["id"]) for row in instance.rows("sessions")]
    undone = instance.run("--undo", session).all_good()
    look = instance.world.table("look").get("1")
    assert look is not None and look["title"] == "first"
    assert f"session {session} ended while it created look 2 of the backup" in undone.out
