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
from tests.restoration.restore_fixture import SMALL, RestoreFixture, incomplete, writes


def made_again(setup: RestoreFixture, kind: str, object_id: str, **fields: Any) -> str:
    """Delete an object permanently and create one with the same fields, which gets another id."""
    record = dict(setup.world.get(kind, object_id) or {})
    users = setup.world.edges["group_user"].rights(object_id) if kind == "group" else []
    edit(setup.world, Edit(type=kind, id=object_id, delete=True))
    born = {"created_at": "2026-03-01T00:00:00.000Z"} if "created_at" in record else {}
    again = edit(setup.world, Edit(type=kind, set={**record, **born, **fields}, id=setup.world.new_id(kind)))
    assert again is not None
    for user in users:
        setup.world.edges["group_user"].add(str(again["id"]), user)
    return str(again["id"])


def members(setup: RestoreFixture, user_id: str) -> list[str]:
    return sorted(setup.world.edges["group_user"].lefts(user_id))


def a_member(setup: RestoreFixture) -> tuple[str, str]:
    """A user and one of its backed-up groups."""
    for user in setup.world.table("user"):
        for group in setup.item(f"user={user['id']}").raw["group_ids"]:
            if str(group) != "1" and str(user["id"]) != "1":
                return str(user["id"]), str(group)
    raise AssertionError("nobody is in a group")


def a_holder(setup: RestoreFixture) -> tuple[str, str]:
    """A user and one of its backed-up roles."""
    for user in setup.world.table("user"):
        for role in setup.item(f"user={user['id']}").raw["role_ids"]:
            if str(user["id"]) != "1":
                return str(user["id"]), str(role)
    raise AssertionError("nobody has a role")


def test_a_membership_in_a_group_that_was_made_again_stays(setup: RestoreFixture) -> None:
    user, group = a_member(setup)
    new = made_again(setup, "group", group)
    assert new in members(setup, user)
    assert setup.restore(f"user={user}").outcome == "unchanged"
    assert new in members(setup, user)


def test_a_membership_in_a_group_that_was_made_again_comes_back(setup: RestoreFixture) -> None:
    user, group = a_member(setup)
    new = made_again(setup, "group", group)
    setup.world.edges["group_user"].replace_lefts(user, [])
    setup.restore(f"user={user}")
    assert new in members(setup, user)


def test_a_role_that_was_made_again_stays_with_its_users(setup: RestoreFixture) -> None:
    user, role = a_holder(setup)
    new = made_again(setup, "role", role)
    setup.world.edges["role_user"].replace_lefts(user, [new])
    assert setup.restore(f"user={user}").outcome == "unchanged"
    assert setup.world.edges["role_user"].lefts(user) == [new]


@pytest.mark.parametrize(("kind", "edge"), [("group", "group_user"), ("role", "role_user")])
def test_a_possible_unresolved_reference_is_not_removed(setup: RestoreFixture, kind: str, edge: str) -> None:
    user, source_id = a_member(setup) if kind == "group" else a_holder(setup)
    new = made_again(setup, kind, source_id, name="Under another name")
    setup.world.edges[edge].replace_lefts(user, [new])
    result = incomplete(lambda: setup.restore(f"user={user}"))
    assert new in setup.world.edges[edge].lefts(user)
    assert any(f"keeping {kind} {new}" in warning for warning in result.warnings)


def test_an_object_known_as_another_is_removed_though_a_reference_is_unresolved(setup: RestoreFixture) -> None:
    item = setup.item("user=2")
    item.raw.update(group_ids=["3", "77"])
    setup.world.edges["group_user"].replace_lefts("2", ["2", "3"])
    incomplete(lambda: ItemRestorer(setup.context()).restore(item))
    assert members(setup, "2") == ["3"]


@pytest.mark.parametrize("name", ["group_ids", "role_ids"])
def test_nothing_is_removed_while_a_reference_is_still_to_be_restored(setup: RestoreFixture, name: str) -> None:
    kind = name.removesuffix("_ids")
    edge = f"{kind}_user"
    extra = edit(setup.world, Edit(type=kind, id=setup.world.new_id(kind), set={"name": "Made since"}))
    assert extra is not None
    setup.world.edges[edge].replace_lefts("2", [extra["id"]])
    item = setup.item("user=2")
    item.raw.update({name: ["55"]})
    half = ItemRestorer(setup.context()).restore(item, {ItemKey(kind, "55")})
    assert half.needs_second_pass
    assert extra["id"] in setup.world.edges[edge].lefts("2")


def test_content_goes_to_a_folder_that_was_made_again(setup: RestoreFixture) -> None:
    dashboard = setup.item("dashboard=1")
    folder = folder_of(setup, dashboard.raw)
    new = made_again(setup, "folder", folder)
    edit(setup.world, Edit(type="dashboard", id="1", set={"folder_id": new, "title": "Changed"}))
    setup.restore("dashboard=1")
    live = setup.dashboard("1")
    assert (live["title"], live["folder"]["id"]) == (dashboard.raw["title"], new)


def folder_of(setup: RestoreFixture, raw: Record) -> str:
    """The folder of the content: an ordinary folder without subfolders, which would be deleted too."""
    folder = str(raw["folder_id"])
    held = setup.item(f"folder={folder}").raw
    assert not held.get("is_personal") and not held.get("is_shared_root")
    return folder


def test_a_folder_two_levels_up_may_have_been_made_again(setup: RestoreFixture) -> None:
    """The path is matched by names from the first folder that has kept its id."""
    deep = next(
        row
        for row in setup.world.table("folder")
        if (above := setup.world.get("folder", str(row["parent_id"] or ""))) is not None
        and not (above.get("is_shared_root") or above.get("is_users_root") or above.get("is_personal"))
    )
    new_above = made_again(setup, "folder", str(deep["parent_id"]))
    new = made_again(setup, "folder", str(deep["id"]), parent_id=new_above)
    item = setup.item("dashboard=1")
    item.raw["folder_id"] = str(deep["id"])
    ItemRestorer(setup.context()).restore(item)
    assert setup.dashboard("1")["folder"]["id"] == new


def test_a_folder_that_the_backup_knows_as_another_is_not_taken_for_one_that_is_gone(setup: RestoreFixture) -> None:
    """It was renamed to the other's name later: its content belongs to other users."""
    gone = folder_of(setup, setup.item("dashboard=1").raw)
    record = dict(setup.world.get("folder", gone) or {})
    other = next(
        str(row["id"])
        for row in setup.world.table("folder")
        if str(row["id"]) != gone
        and not row.get("is_personal")
        and row.get("parent_id")
        and row["id"].isdecimal()
        and str(row["id"]) != str(record["parent_id"])
        and not row.get("is_users_root")
    )
    edit(setup.world, Edit(type="folder", id=gone, delete=True))
    edit(setup.world, Edit(type="folder", id=other, set={"name": record["name"], "parent_id": record["parent_id"]}))
    setup.call("delete_dashboard", dashboard_id="1")
    with pytest.raises(DependencyError, match=f"folder={gone}"):
        setup.restore("dashboard=1")


def test_a_tile_shows_a_look_that_was_made_again(setup: RestoreFixture) -> None:
    tile = next(tile for tile in setup.item("dashboard=1").raw["dashboard_elements"] if tile["look_id"])
    new = made_again(setup, "look", str(tile["look_id"]))
    setup.call("delete_dashboard_element", dashboard_element_id=str(tile["id"]))
    setup.restore("dashboard=1")
    assert new in {str(one["look_id"]) for one in setup.tiles("1").values()}


def test_a_look_in_the_trash_is_not_replaced_by_its_namesake(setup: RestoreFixture) -> None:
    """It keeps its id in the trash and after the undelete."""
    tile = next(tile for tile in setup.item("dashboard=1").raw["dashboard_elements"] if tile["look_id"])
    look = dict(setup.world.get("look", str(tile["look_id"])) or {})
    edit(setup.world, Edit(type="look", id=look["id"], set={"deleted": True, "deleted_at": "2026-02-01T00:00:00.000Z"}))
    edit(setup.world, Edit(type="look", set={**look, "created_at": "2026-03-01T00:00:00.000Z"}, id="777"))
    setup.call("delete_dashboard", dashboard_id="1")
    with pytest.raises(IncompleteError, match=f"look={look['id']}"):
        setup.restore("dashboard=1")


def test_a_role_gets_the_sets_that_were_made_again(setup: RestoreFixture) -> None:
    role = next(row for row in setup.world.table("role") if row["permission_set_id"] not in ("1", None))
    raw = setup.item(f"role={role['id']}").raw
    new = made_again(setup, "permission_set", str(raw["permission_set"]["id"]))
    edit(setup.world, Edit(type="role", id=role["id"], set={"permission_set_id": new}))
    calls = writes(setup.counted(lambda: setup.restore(f"role={role['id']}")))
    assert calls == {}


def test_content_stays_with_an_owner_who_was_made_again(setup: RestoreFixture) -> None:
    raw = setup.item("dashboard=1").raw
    owner = str(raw["user_id"])
    new = made_again(setup, "user", owner)
    edit(setup.world, Edit(type="dashboard", id="1", set={"user_id": new, "title": "Changed"}))
    result = setup.restore("dashboard=1")
    assert str(setup.dashboard("1")["user_id"]) == new
    assert not any("owner" in warning for warning in result.warnings)


def test_a_board_shows_a_dashboard_that_was_made_again(tmp_path: Path) -> None:
    """The live item of the new dashboard matches the backed-up one: it is neither removed nor doubled."""
    sizes = dataclasses.replace(SMALL, boards=1)
    with RestoreFixture(tmp_path, sizes=sizes) as setup:
        board = setup.item("board=1").raw
        pin = next(one for part in board["board_sections"] for one in part["board_items"] if one["dashboard_id"])
        new = made_again(setup, "dashboard", str(pin["dashboard_id"]))
        record = dict(setup.world.get("board_item", str(pin["id"])) or {})
        edit(setup.world, Edit(type="board_item", id=record["id"], delete=True))
        edit(setup.world, Edit(type="board_item", set={**record, "dashboard_id": new}, id="777"))
        calls = writes(setup.counted(lambda: setup.restore("board=1")))
        assert not {"create_board_item", "delete_board_item"} & calls.keys()


@pytest.mark.parametrize("target", ["dashboard", "look"])
def test_a_plan_that_was_made_again_for_content_that_was_made_again_is_the_same(tmp_path: Path, target: str) -> None:
    sizes = dataclasses.replace(SMALL, plans=12)
    with RestoreFixture(tmp_path, sizes=sizes) as setup:
        plan = next(row for row in setup.world.table("scheduled_plan") if row[f"{target}_id"])
        new_target = made_again(setup, target, str(plan[f"{target}_id"]))
        new = made_again(setup, "scheduled_plan", str(plan["id"]), **{f"{target}_id": new_target})
        result = setup.restore(f"scheduled_plan={plan['id']}")
        assert (result.outcome, result.destination_id) == ("unchanged", new)
