"""Groups, roles and sets: built-in ones are references and never written; the caller stays an admin."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import Stage, writes

OTHER = Judgement("other")


def restored(stage: Stage, key: str, judgement: Judgement | None = None, **values: Any) -> ItemResult:
    """Restore an item as if it had been backed up with these values."""
    item = stage.item(key)
    item.raw.update(values)
    return ItemRestorer(stage.context(judgement=judgement)).restore(item).result


@pytest.mark.parametrize("key", ["role=1", "permission_set=1", "model_set=1", "group=1"])
def test_built_in_objects_are_never_written(stage: Stage, key: str) -> None:
    kind, _, object_id = key.partition("=")
    edit(stage.world, Edit(type=kind, id=object_id, set={"name": "Drifted"}))
    calls = stage.counted(lambda: stage.restore(key))
    assert writes(calls) == {}


def test_a_role_in_another_instance_takes_the_sets_of_the_same_name(stage: Stage) -> None:
    """The built-in ones too: All is All, whatever its id."""
    item = stage.item("role=2")
    sets = {"permission_set": item.raw["permission_set"]["name"], "model_set": "All"}
    for kind in ("permission_set", "model_set"):
        aside = {row["id"]: row["name"] for row in stage.world.table(kind)}
        first, second = list(aside)[-2:]
        edit(stage.world, Edit(type=kind, id=first, set={"name": "Overflow"}))
        if sets[kind] == aside[first]:
            edit(stage.world, Edit(type=kind, id=second, set={"name": sets[kind]}))
    stage.call("delete_role", role_id="2")
    item.raw["model_set_id"] = "1"
    item.raw["model_set"] = stage.item("model_set=1").raw
    result = ItemRestorer(stage.context(judgement=OTHER)).restore(item).result
    live = stage.call("role", role_id=result.destination_id)
    assert live["permission_set"]["name"] == sets["permission_set"]
    assert live["model_set"]["name"] == "All"


def test_a_recreated_role_warns_of_data_that_backups_lack(stage: Stage) -> None:
    stage.call("delete_role", role_id="2")
    result = stage.restore("role=2")
    assert result.outcome == "created"
    assert any("groups that have a role" in warning for warning in result.warnings)


def test_a_recreated_group_warns_of_data_that_backups_lack(stage: Stage) -> None:
    stage.call("delete_group", group_id="2")
    result = stage.restore("group=2")
    assert result.outcome == "created"
    assert any("groups inside" in warning for warning in result.warnings)


def test_a_recreated_group_gets_its_users_back(stage: Stage) -> None:
    members = stage.world.edges["group_user"].rights("2")
    stage.call("delete_group", group_id="2")
    made = stage.restore("group=2").destination_id
    for user_id in members:
        stage.restore(f"user={user_id}")
    assert sorted(stage.world.edges["group_user"].rights(made)) == sorted(members)


def test_a_recreated_role_gets_its_users_back(stage: Stage) -> None:
    holders = stage.world.edges["role_user"].rights("3")
    assert holders
    stage.call("delete_role", role_id="3")
    made = stage.restore("role=3").destination_id
    for user_id in holders:
        stage.restore(f"user={user_id}")
    assert sorted(stage.world.edges["role_user"].rights(made)) == sorted(holders)


def test_can_add_to_content_metadata_is_restored(stage: Stage) -> None:
    edit(stage.world, Edit(type="group", id="2", set={"can_add_to_content_metadata": False}))
    stage.restore("group=2")
    assert stage.call("group", group_id="2")["can_add_to_content_metadata"] is True


@pytest.mark.parametrize("values", [{"externally_managed": True}, {"external_group_id": "ext"}])
def test_externally_managed_groups_are_skipped(stage: Stage, values: JsonObject) -> None:
    edit(stage.world, Edit(type="group", id="2", set={"name": "Drifted", **values}))
    assert restored(stage, "group=2").outcome == "skipped"
    assert restored(stage, "group=2", **values).outcome == "skipped"
    assert stage.call("group", group_id="2")["name"] == "Drifted"


def only_admin_by(stage: Stage, role_id: str, caller: str = "1") -> None:
    """The caller is an admin by this role's own permission set alone."""
    role = stage.world.table("role").records[role_id]
    permissions = ["access_data", "administer", "see_users"]
    edit(stage.world, Edit(type="permission_set", id=role["permission_set_id"], set={"permissions": permissions}))
    stage.world.edges["role_user"].replace_lefts(caller, [role_id])
    for group_id in stage.world.edges["group_user"].lefts(caller):
        stage.world.edges["group_user"].drop(group_id, caller)


def test_the_callers_only_admin_permission_set_keeps_its_rights(stage: Stage) -> None:
    only_admin_by(stage, "2")
    result = restored(stage, "permission_set=2", permissions=["access_data"])
    assert sorted(stage.call("permission_set", permission_set_id="2")["permissions"]) == ["access_data", "administer"]
    assert any("administer" in warning for warning in result.warnings)
    assert restored(stage, "permission_set=2", permissions=["access_data"]).outcome == "unchanged"


def test_a_permission_set_loses_admin_rights_if_the_caller_has_others(stage: Stage) -> None:
    only_admin_by(stage, "2")
    stage.world.edges["role_user"].add("1", "1")
    restored(stage, "permission_set=2", permissions=["access_data"])
    assert stage.call("permission_set", permission_set_id="2")["permissions"] == ["access_data"]


def test_the_callers_only_admin_role_keeps_its_rights(stage: Stage) -> None:
    only_admin_by(stage, "2")
    other = next(row["id"] for row in stage.world.table("permission_set") if "administer" not in row["permissions"])
    result = restored(stage, "role=2", permission_set_id=other, name="Renamed")
    live = stage.call("role", role_id="2")
    assert (live["permission_set"]["id"], live["name"]) == ("2", "Renamed")
    assert any("makes the calling user an admin" in warning for warning in result.warnings)
