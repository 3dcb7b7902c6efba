"""References lead to a recreated object, which has the same natural key and another id."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from lrestore.errors import DependencyError, IncompleteError
from lrestore.messages import ItemKey
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.core.store import Record
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SMALL, Stage, incomplete, writes


def made_again(stage: Stage, kind: str, object_id: str, **fields: Any) -> str:
    """Delete an object permanently and create one with the same fields, which gets another id."""
    record = dict(stage.world.get(kind, object_id) or {})
    users = stage.world.edges["group_user"].rights(object_id) if kind == "group" else []
    edit(stage.world, Edit(type=kind, id=object_id, delete=True))
    born = {"created_at": "2026-03-01T00:00:00.000Z"} if "created_at" in record else {}
    again = edit(stage.world, Edit(type=kind, set={**record, **born, **fields}, id=stage.world.new_id(kind)))
    assert again is not None
    for user in users:
        stage.world.edges["group_user"].add(str(again["id"]), user)
    return str(again["id"])


def members(stage: Stage, user_id: str) -> list[str]:
    return sorted(stage.world.edges["group_user"].lefts(user_id))


def a_member(stage: Stage) -> tuple[str, str]:
    """A user and one of its backed-up groups."""
    for user in stage.world.table("user"):
        for group in stage.item(f"user={user['id']}").raw["group_ids"]:
            if str(group) != "1" and str(user["id"]) != "1":
                return str(user["id"]), str(group)
    raise AssertionError("nobody is in a group")


def a_holder(stage: Stage) -> tuple[str, str]:
    """A user and one of its backed-up roles."""
    for user in stage.world.table("user"):
        for role in stage.item(f"user={user['id']}").raw["role_ids"]:
            if str(user["id"]) != "1":
                return str(user["id"]), str(role)
    raise AssertionError("nobody has a role")


def test_a_membership_in_a_group_that_was_made_again_stays(stage: Stage) -> None:
    user, group = a_member(stage)
    new = made_again(stage, "group", group)
    assert new in members(stage, user)
    assert stage.restore(f"user={user}").outcome == "unchanged"
    assert new in members(stage, user)


def test_a_membership_in_a_group_that_was_made_again_comes_back(stage: Stage) -> None:
    user, group = a_member(stage)
    new = made_again(stage, "group", group)
    stage.world.edges["group_user"].replace_lefts(user, [])
    stage.restore(f"user={user}")
    assert new in members(stage, user)


def test_a_role_that_was_made_again_stays_with_its_users(stage: Stage) -> None:
    user, role = a_holder(stage)
    new = made_again(stage, "role", role)
    stage.world.edges["role_user"].replace_lefts(user, [new])
    assert stage.restore(f"user={user}").outcome == "unchanged"
    assert stage.world.edges["role_user"].lefts(user) == [new]


@pytest.mark.parametrize(("kind", "edge"), [("group", "group_user"), ("role", "role_user")])
def test_a_possible_unresolved_reference_is_not_removed(stage: Stage, kind: str, edge: str) -> None:
    user, source_id = a_member(stage) if kind == "group" else a_holder(stage)
    new = made_again(stage, kind, source_id, name="Under another name")
    stage.world.edges[edge].replace_lefts(user, [new])
    result = incomplete(lambda: stage.restore(f"user={user}"))
    assert new in stage.world.edges[edge].lefts(user)
    assert any(f"keeping {kind} {new}" in warning for warning in result.warnings)


def test_an_object_known_as_another_is_removed_though_a_reference_is_unresolved(stage: Stage) -> None:
    item = stage.item("user=2")
    item.raw.update(group_ids=["3", "77"])
    stage.world.edges["group_user"].replace_lefts("2", ["2", "3"])
    incomplete(lambda: ItemRestorer(stage.context()).restore(item))
    assert members(stage, "2") == ["3"]


@pytest.mark.parametrize("name", ["group_ids", "role_ids"])
def test_nothing_is_removed_while_a_reference_is_still_to_be_restored(stage: Stage, name: str) -> None:
    kind = name.removesuffix("_ids")
    edge = f"{kind}_user"
    extra = edit(stage.world, Edit(type=kind, id=stage.world.new_id(kind), set={"name": "Made since"}))
    assert extra is not None
    stage.world.edges[edge].replace_lefts("2", [extra["id"]])
    item = stage.item("user=2")
    item.raw.update({name: ["55"]})
    half = ItemRestorer(stage.context()).restore(item, {ItemKey(kind, "55")})
    assert half.needs_second_pass
    assert extra["id"] in stage.world.edges[edge].lefts("2")


def test_content_goes_to_a_folder_that_was_made_again(stage: Stage) -> None:
    dashboard = stage.item("dashboard=1")
    folder = folder_of(stage, dashboard.raw)
    new = made_again(stage, "folder", folder)
    edit(stage.world, Edit(type="dashboard", id="1", set={"folder_id": new, "title": "Changed"}))
    stage.restore("dashboard=1")
    live = stage.dashboard("1")
    assert (live["title"], live["folder"]["id"]) == (dashboard.raw["title"], new)


def folder_of(stage: Stage, raw: Record) -> str:
    """The folder of the content: an ordinary folder without subfolders, which would be deleted too."""
    folder = str(raw["folder_id"])
    held = stage.item(f"folder={folder}").raw
    assert not held.get("is_personal") and not held.get("is_shared_root")
    return folder


def test_a_folder_two_levels_up_may_have_been_made_again(stage: Stage) -> None:
    """The path is matched by names from the first folder that has kept its id."""
    deep = next(
        row
        for row in stage.world.table("folder")
        if (above := stage.world.get("folder", str(row["parent_id"] or ""))) is not None
        and not (above.get("is_shared_root") or above.get("is_users_root") or above.get("is_personal"))
    )
    new_above = made_again(stage, "folder", str(deep["parent_id"]))
    new = made_again(stage, "folder", str(deep["id"]), parent_id=new_above)
    item = stage.item("dashboard=1")
    item.raw["folder_id"] = str(deep["id"])
    ItemRestorer(stage.context()).restore(item)
    assert stage.dashboard("1")["folder"]["id"] == new


def test_a_folder_that_the_backup_knows_as_another_is_not_taken_for_one_that_is_gone(stage: Stage) -> None:
    """It was renamed to the other's name later: its content belongs to other users."""
    gone = folder_of(stage, stage.item("dashboard=1").raw)
    record = dict(stage.world.get("folder", gone) or {})
    other = next(
        str(row["id"])
        for row in stage.world.table("folder")
        if str(row["id"]) != gone
        and not row.get("is_personal")
        and row.get("parent_id")
        and row["id"].isdecimal()
        and str(row["id"]) != str(record["parent_id"])
        and not row.get("is_users_root")
    )
    edit(stage.world, Edit(type="folder", id=gone, delete=True))
    edit(stage.world, Edit(type="folder", id=other, set={"name": record["name"], "parent_id": record["parent_id"]}))
    stage.call("delete_dashboard", dashboard_id="1")
    with pytest.raises(DependencyError, match=f"folder={gone}"):
        stage.restore("dashboard=1")


def test_a_tile_shows_a_look_that_was_made_again(stage: Stage) -> None:
    tile = next(tile for tile in stage.item("dashboard=1").raw["dashboard_elements"] if tile["look_id"])
    new = made_again(stage, "look", str(tile["look_id"]))
    stage.call("delete_dashboard_element", dashboard_element_id=str(tile["id"]))
    stage.restore("dashboard=1")
    assert new in {str(one["look_id"]) for one in stage.tiles("1").values()}


def test_a_look_in_the_trash_is_not_replaced_by_its_namesake(stage: Stage) -> None:
    """It keeps its id in the trash and after the undelete."""
    tile = next(tile for tile in stage.item("dashboard=1").raw["dashboard_elements"] if tile["look_id"])
    look = dict(stage.world.get("look", str(tile["look_id"])) or {})
    edit(stage.world, Edit(type="look", id=look["id"], set={"deleted": True, "deleted_at": "2026-02-01T00:00:00.000Z"}))
    edit(stage.world, Edit(type="look", set={**look, "created_at": "2026-03-01T00:00:00.000Z"}, id="777"))
    stage.call("delete_dashboard", dashboard_id="1")
    with pytest.raises(IncompleteError, match=f"look={look['id']}"):
        stage.restore("dashboard=1")


def test_a_role_gets_the_sets_that_were_made_again(stage: Stage) -> None:
    role = next(row for row in stage.world.table("role") if row["permission_set_id"] not in ("1", None))
    raw = stage.item(f"role={role['id']}").raw
    new = made_again(stage, "permission_set", str(raw["permission_set"]["id"]))
    edit(stage.world, Edit(type="role", id=role["id"], set={"permission_set_id": new}))
    calls = writes(stage.counted(lambda: stage.restore(f"role={role['id']}")))
    assert calls == {}


def test_content_stays_with_an_owner_who_was_made_again(stage: Stage) -> None:
    raw = stage.item("dashboard=1").raw
    owner = str(raw["user_id"])
    new = made_again(stage, "user", owner)
    edit(stage.world, Edit(type="dashboard", id="1", set={"user_id": new, "title": "Changed"}))
    result = stage.restore("dashboard=1")
    assert str(stage.dashboard("1")["user_id"]) == new
    assert not any("owner" in warning for warning in result.warnings)


def test_a_board_shows_a_dashboard_that_was_made_again(tmp_path: Path) -> None:
    """The live item of the new dashboard matches the backed-up one: it is neither removed nor doubled."""
    sizes = dataclasses.replace(SMALL, boards=1)
    with Stage(tmp_path, sizes=sizes) as stage:
        board = stage.item("board=1").raw
        pin = next(one for part in board["board_sections"] for one in part["board_items"] if one["dashboard_id"])
        new = made_again(stage, "dashboard", str(pin["dashboard_id"]))
        record = dict(stage.world.get("board_item", str(pin["id"])) or {})
        edit(stage.world, Edit(type="board_item", id=record["id"], delete=True))
        edit(stage.world, Edit(type="board_item", set={**record, "dashboard_id": new}, id="777"))
        calls = writes(stage.counted(lambda: stage.restore("board=1")))
        assert not {"create_board_item", "delete_board_item"} & calls.keys()


@pytest.mark.parametrize("target", ["dashboard", "look"])
def test_a_plan_that_was_made_again_for_content_that_was_made_again_is_the_same(tmp_path: Path, target: str) -> None:
    sizes = dataclasses.replace(SMALL, plans=12)
    with Stage(tmp_path, sizes=sizes) as stage:
        plan = next(row for row in stage.world.table("scheduled_plan") if row[f"{target}_id"])
        new_target = made_again(stage, target, str(plan[f"{target}_id"]))
        new = made_again(stage, "scheduled_plan", str(plan["id"]), **{f"{target}_id": new_target})
        result = stage.restore(f"scheduled_plan={plan['id']}")
        assert (result.outcome, result.destination_id) == ("unchanged", new)
