"""Groups, roles and sets: built-in ones are references and never written; the caller stays an admin."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes

OTHER = Judgement("other")


def restored(setup: RestoreFixture, key: str, judgement: Judgement | None = None, **values: Any) -> ItemResult:
    """Restore an item as if it had been backed up with these values."""
    item = setup.item(key)
    item.raw.update(values)
    return ItemRestorer(setup.context(judgement=judgement)).restore(item).result


@pytest.mark.parametrize("key", ["role=1", "permission_set=1", "model_set=1", "group=1"])
def test_built_in_objects_are_never_written(setup: RestoreFixture, key: str) -> None:
    kind, _, object_id = key.partition("=")
    edit(setup.world, Edit(type=kind, id=object_id, set={"name": "Drifted"}))
    calls = setup.counted(lambda: setup.restore(key))
    assert writes(calls) == {}


def test_a_role_in_another_instance_takes_the_sets_of_the_same_name(setup: RestoreFixture) -> None:
    """The built-in ones too: All is All, whatever its id."""
    item = setup.item("role=2")
    sets = {"permission_set": item.raw["permission_set"]["name"], "model_set": "All"}
    for kind in ("permission_set", "model_set"):
        aside = {row["id"]: row["name"] for row in setup.world.table(kind)}
        first, second = list(aside)[-2:]
        edit(setup.world, Edit(type=kind, id=first, set={"name": "Overflow"}))
        if sets[kind] == aside[first]:
            edit(setup.world, Edit(type=kind, id=second, set={"name": sets[kind]}))
    setup.call("delete_role", role_id="2")
    item.raw["model_set_id"] = "1"
    item.raw["model_set"] = setup.item("model_set=1").raw
    result = ItemRestorer(setup.context(judgement=OTHER)).restore(item).result
    live = setup.call("role", role_id=result.destination_id)
    assert live["permission_set"]["name"] == sets["permission_set"]
    assert live["model_set"]["name"] == "All"


def test_a_recreated_role_warns_of_data_that_backups_lack(setup: RestoreFixture) -> None:
    setup.call("delete_role", role_id="2")
    result = setup.restore("role=2")
    assert result.outcome == "created"
    assert any("groups that have a role" in warning for warning in result.warnings)


def test_a_recreated_group_warns_of_data_that_backups_lack(setup: RestoreFixture) -> None:
    setup.call("delete_group", group_id="2")
    result = setup.restore("group=2")
    assert result.outcome == "created"
    assert any("groups inside" in warning for warning in result.warnings)


def test_a_recreated_group_gets_its_users_back(setup: RestoreFixture) -> None:
    members = setup.world.edges["group_user"].rights("2")
    setup.call("delete_group", group_id="2")
    made = setup.restore("group=2").destination_id
    for user_id in members:
        setup.restore(f"user={user_id}")
    assert sorted(setup.world.edges["group_user"].rights(made)) == sorted(members)


def test_a_recreated_role_gets_its_users_back(setup: RestoreFixture) -> None:
    holders = setup.world.edges["role_user"].rights("3")
    assert holders
    setup.call("delete_role", role_id="3")
    made = setup.restore("role=3").destination_id
    for user_id in holders:
        setup.restore(f"user={user_id}")
    assert sorted(setup.world.edges["role_user"].rights(made)) == sorted(holders)


def test_can_add_to_content_metadata_is_restored(setup: RestoreFixture) -> None:
    edit(setup.world, Edit(type="group", id="2", set={"can_add_to_content_metadata": False}))
    setup.restore("group=2")
    assert setup.call("group", group_id="2")["can_add_to_content_metadata"] is True


@pytest.mark.parametrize("values", [{"externally_managed": True}, {"external_group_id": "ext"}])
def test_externally_managed_groups_are_skipped(setup: RestoreFixture, values: JsonObject) -> None:
    edit(setup.world, Edit(type="group", id="2", set={"name": "Drifted", **values}))
    assert restored(setup, "group=2").outcome == "skipped"
    assert restored(setup, "group=2", **values).outcome == "skipped"
    assert setup.call("group", group_id="2")["name"] == "Drifted"


def only_admin_by(setup: RestoreFixture, role_id: str, caller: str = "1") -> None:
    """The caller is an admin by this role's own permission set alone."""
    role = setup.world.table("role").records[role_id]
    permissions = ["access_data", "administer", "see_users"]
    edit(setup.world, Edit(type="permission_set", id=role["permission_set_id"], set={"permissions": permissions}))
    setup.world.edges["role_user"].replace_lefts(caller, [role_id])
    for group_id in setup.world.edges["group_user"].lefts(caller):
        setup.world.edges["group_user"].drop(group_id, caller)


def test_the_callers_only_admin_permission_set_keeps_its_rights(setup: RestoreFixture) -> None:
    only_admin_by(setup, "2")
    result = restored(setup, "permission_set=2", permissions=["access_data"])
    assert sorted(setup.call("permission_set", permission_set_id="2")["permissions"]) == ["access_data", "administer"]
    assert any("administer" in warning for warning in result.warnings)
    assert restored(setup, "permission_set=2", permissions=["access_data"]).outcome == "unchanged"


def test_a_permission_set_loses_admin_rights_if_the_caller_has_others(setup: RestoreFixture) -> None:
    only_admin_by(setup, "2")
    setup.world.edges["role_user"].add("1", "1")
    restored(setup, "permission_set=2", permissions=["access_data"])
    assert setup.call("permission_set", permission_set_id="2")["permissions"] == ["access_data"]


def test_the_callers_only_admin_role_keeps_its_rights(setup: RestoreFixture) -> None:
    only_admin_by(setup, "2")
    other = next(row["id"] for row in setup.world.table("permission_set") if "administer" not in row["permissions"])
    result = restored(setup, "role=2", permission_set_id=other, name="Renamed")
    live = setup.call("role", role_id="2")
    assert (live["permission_set"]["id"], live["name"]) == ("2", "Renamed")
    assert any("makes the calling user an admin" in warning for warning in result.warnings)
