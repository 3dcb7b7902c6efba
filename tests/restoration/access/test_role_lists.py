"""Permission sets and model sets may name permissions and models that the destination lacks."""

from __future__ import annotations

from typing import Any

from lrestore.content.identity import Judgement
from lrestore.messages import ItemKey
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from lrestore.vault.items import IndexRow, VaultItem
from tests.restoration.restore_fixture import RestoreFixture

OTHER = Judgement("other")


def own_set(setup: RestoreFixture, type_name: str) -> Any:
    """A backed-up set that is not Looker's own."""
    found = (setup.vault.read(row.key) for row in setup.vault.index({type_name}))
    return next(item for item in found if not (item.raw.get("built_in") or item.raw.get("all_access")))


def forgotten(setup: RestoreFixture, permission: str) -> None:
    """Remove the permission from all sets: the release does not know it."""
    for row in setup.world.table("permission_set"):
        left = [name for name in row["permissions"] if name != permission]
        edit(setup.world, Edit(type="permission_set", id=row["id"], set={"permissions": left}))


def test_a_permission_that_looker_does_not_know_is_left_out_and_named(setup: RestoreFixture) -> None:
    item = own_set(setup, "permission_set")
    unknown = item.raw["permissions"][0]
    forgotten(setup, unknown)
    setup.call("update_permission_set", {"name": "Drifted"}, permission_set_id=item.key.id)
    result = setup.restore(str(item.key))
    assert any(repr(unknown) in warning for warning in result.warnings)
    live = setup.call("permission_set", permission_set_id=item.key.id)
    assert sorted(live["permissions"]) == sorted(name for name in item.raw["permissions"] if name != unknown)
    assert setup.restore(str(item.key)).outcome == "unchanged"


def test_looker_is_asked_for_its_permissions_only_if_the_set_differs(setup: RestoreFixture) -> None:
    item = own_set(setup, "permission_set")
    assert "all_permissions" not in setup.counted(lambda: setup.restore(str(item.key)))
    setup.call("update_permission_set", {"permissions": ["access_data"]}, permission_set_id=item.key.id)
    assert setup.counted(lambda: setup.restore(str(item.key)))["all_permissions"] == 1


def test_a_list_of_permissions_without_one_in_use_is_ignored(setup: RestoreFixture) -> None:
    """An incomplete list must not cause losses."""
    item = own_set(setup, "permission_set")
    setup.call("update_permission_set", {"permissions": ["access_data"]}, permission_set_id=item.key.id)
    context = setup.context()
    context.destination.live.definitions._known[("permissions",)] = frozenset({"access_data"})
    result = ItemRestorer(context).restore(item).result
    assert not result.warnings
    live = setup.call("permission_set", permission_set_id=item.key.id)
    assert sorted(live["permissions"]) == sorted(item.raw["permissions"])


def test_a_model_set_with_missing_models_is_restored_with_a_warning(setup: RestoreFixture) -> None:
    item = own_set(setup, "model_set")
    gone = item.raw["models"][0]
    edit(setup.world, Edit(type="lookml_model", id=gone, delete=True))
    setup.call("update_model_set", {"models": []}, model_set_id=item.key.id)
    result = setup.restore(str(item.key))
    assert any(gone in warning for warning in result.warnings)
    assert sorted(setup.call("model_set", model_set_id=item.key.id)["models"]) == sorted(item.raw["models"])


def test_built_in_sets_are_used_by_name_in_another_instance_and_never_written(setup: RestoreFixture) -> None:
    built_in = [row for row in setup.world.table("model_set") if row["built_in"] or row["all_access"]]
    role = setup.call("create_role", {"name": "Mine", **_ids(setup, built_in[0]["id"])})
    blob = {**setup.call("role", role_id=role["id"]), "name": "Theirs"}
    blob["model_set"] = {**blob["model_set"], "id": "9999"}
    key = ItemKey("role", "777")
    item = VaultItem(key, "Theirs", IndexRow(key=key, name="Theirs"), {**blob, "id": "777"}, b"")
    result = ItemRestorer(setup.context(judgement=OTHER)).restore(item).result
    made = setup.call("role", role_id=result.destination_id)
    assert made["model_set"]["id"] == built_in[0]["id"]
    written = {call.operation for call in setup.simulator.log.writes()}
    assert not {"create_model_set", "update_model_set"} & written


def _ids(setup: RestoreFixture, model_set_id: str) -> dict[str, str]:
    own = next(row for row in setup.world.table("permission_set") if not row["built_in"])
    return {"permission_set_id": own["id"], "model_set_id": model_set_id}
