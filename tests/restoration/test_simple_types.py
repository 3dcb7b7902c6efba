"""Types without parts: updated in place, created once, taken out of the trash."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES, OPERATIONS
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes

RENAMED = [
    ("look", {"title": "Drifted", "description": "x"}),
    ("folder", {"name": "Drifted"}),
    ("group", {"name": "Drifted"}),
    ("permission_set", {"permissions": ["access_data"]}),
    ("model_set", {"name": "Drifted"}),
    ("role", {"name": "Drifted"}),
    ("lookml_model", {"unlimited_db_connections": True, "allowed_db_connection_names": []}),
]


def usual(setup: RestoreFixture, type_name: str) -> Any:
    """An item of the type that is not built in; for folders, an empty one."""
    for row in setup.vault.index({type_name}):
        if setup.plan(str(row.key)).action == "unchanged":
            if type_name == "folder" and setup.world.table("folder").where("parent_id", row.key.id):
                continue
            return setup.vault.read(row.key)
    raise AssertionError(f"no usual {type_name}")


def deleted(setup: RestoreFixture, item: Any) -> None:
    """Delete the object permanently. The API cannot delete a set that roles use, but a rollback can."""
    if item.key.type in ("permission_set", "model_set"):
        edit(setup.world, Edit(type=item.key.type, id=item.key.id, delete=True))
        return
    operation = OPERATIONS[CONTENT_TYPES[item.key.type].delete or ""]
    parameter = operation.path[operation.path.index("{") + 1 : operation.path.index("}")]
    setup.call(operation.id, **{parameter: item.key.id})


@pytest.mark.parametrize(("type_name", "drift"), RENAMED)
def test_a_drifted_object_is_updated_in_place_with_one_write(
    setup: RestoreFixture, type_name: str, drift: JsonObject
) -> None:
    item = usual(setup, type_name)
    edit(setup.world, Edit(type=type_name, id=item.key.id, set=drift))
    calls = setup.counted(lambda: setup.restore(str(item.key)))
    assert writes(calls) == {CONTENT_TYPES[type_name].update: 1}
    assert setup.restore(str(item.key)).outcome == "unchanged"


@pytest.mark.parametrize("type_name", [name for name, _ in RENAMED])
def test_a_deleted_object_is_recreated_once(setup: RestoreFixture, type_name: str) -> None:
    """B4: four groups became eight."""
    item = usual(setup, type_name)
    deleted(setup, item)
    first = setup.restore(str(item.key))
    assert first.outcome == "created"
    calls = setup.counted(lambda: setup.restore(str(item.key)))
    assert writes(calls) == {}


@pytest.mark.parametrize("type_name", [name for name, _ in RENAMED if name != "lookml_model"])
def test_a_lost_answer_is_adopted_for_every_type(setup: RestoreFixture, type_name: str) -> None:
    item = usual(setup, type_name)
    deleted(setup, item)
    count = len(setup.world.table(type_name))
    create = CONTENT_TYPES[type_name].create
    assert create is not None
    fault = setup.simulator.fault("reset_after", operation=OPERATIONS[create].id, times=1)
    assert setup.restore(str(item.key)).outcome == "created"
    assert fault.fired == 1
    assert len(setup.world.table(type_name)) == count + 1


def test_a_trashed_look_keeps_its_id(setup: RestoreFixture) -> None:
    item = usual(setup, "look")
    setup.call("update_look", {"deleted": True}, look_id=item.key.id)
    assert setup.restore(str(item.key)).destination_id == item.key.id
    assert setup.call("look", look_id=item.key.id)["deleted"] is False


def test_a_look_is_restored_by_its_query_id_in_the_same_instance(setup: RestoreFixture) -> None:
    """B11: a backup's look has no query, and Looker never deletes one."""
    item = usual(setup, "look")
    deleted(setup, item)
    result = setup.restore(str(item.key))
    assert setup.call("look", look_id=result.destination_id)["query_id"] == item.raw["query_id"]


def test_a_renamed_group_is_found_by_its_id_and_a_namesake_is_left_alone(setup: RestoreFixture) -> None:
    item = usual(setup, "group")
    setup.call("update_group", {"name": "Renamed"}, group_id=item.key.id)
    namesake = setup.call("create_group", {"name": f"{item.raw['name']} 2"})
    setup.restore(str(item.key))
    assert setup.call("group", group_id=item.key.id)["name"] == item.raw["name"]
    assert setup.call("group", group_id=namesake["id"])["name"] == f"{item.raw['name']} 2"


def test_across_instances_names_decide_and_ids_are_ignored(setup: RestoreFixture) -> None:
    """B12: ids of the source are neither sent nor used for matching."""
    item = usual(setup, "group")
    other = Judgement("other")
    edit(setup.world, Edit(type="group", id=item.key.id, set={"name": "Somebody else's"}))
    result = setup.restore(str(item.key), judgement=other)
    assert result.outcome == "created"
    assert result.destination_id != item.key.id
    assert setup.restore(str(item.key), judgement=other).outcome == "unchanged"
    assert setup.call("group", group_id=item.key.id)["name"] == "Somebody else's"


def test_a_trashed_look_comes_back_although_a_namesake_has_its_title(setup: RestoreFixture) -> None:
    item = usual(setup, "look")
    setup.call("update_look", {"title": "Renamed", "deleted": True}, look_id=item.key.id)
    body = {name: item.raw[name] for name in ("title", "folder_id", "query_id")}
    namesake = setup.call("create_look", body)
    plan = setup.plan(str(item.key))
    assert (plan.live_id, plan.match.how) == (item.key.id, "id")
    assert namesake["id"] != item.key.id
