"""Types without parts: updated in place, created once, taken out of the trash."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES, OPERATIONS
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import Stage, writes

RENAMED = [
    ("look", {"title": "Drifted", "description": "x"}),
    ("folder", {"name": "Drifted"}),
    ("group", {"name": "Drifted"}),
    ("permission_set", {"permissions": ["access_data"]}),
    ("model_set", {"name": "Drifted"}),
    ("role", {"name": "Drifted"}),
    ("lookml_model", {"unlimited_db_connections": True, "allowed_db_connection_names": []}),
]


def usual(stage: Stage, type_name: str) -> Any:
    """An item of the type that is not built in; for folders, an empty one."""
    for row in stage.vault.index({type_name}):
        if stage.plan(str(row.key)).action == "unchanged":
            if type_name == "folder" and stage.world.table("folder").where("parent_id", row.key.id):
                continue
            return stage.vault.read(row.key)
    raise AssertionError(f"no usual {type_name}")


def deleted(stage: Stage, item: Any) -> None:
    """Delete the object permanently. The API cannot delete a set that roles use, but a rollback can."""
    if item.key.type in ("permission_set", "model_set"):
        edit(stage.world, Edit(type=item.key.type, id=item.key.id, delete=True))
        return
    operation = OPERATIONS[CONTENT_TYPES[item.key.type].delete or ""]
    parameter = operation.path[operation.path.index("{") + 1 : operation.path.index("}")]
    stage.call(operation.id, **{parameter: item.key.id})


@pytest.mark.parametrize(("type_name", "drift"), RENAMED)
def test_a_drifted_object_is_updated_in_place_with_one_write(stage: Stage, type_name: str, drift: JsonObject) -> None:
    item = usual(stage, type_name)
    edit(stage.world, Edit(type=type_name, id=item.key.id, set=drift))
    calls = stage.counted(lambda: stage.restore(str(item.key)))
    assert writes(calls) == {CONTENT_TYPES[type_name].update: 1}
    assert stage.restore(str(item.key)).outcome == "unchanged"


@pytest.mark.parametrize("type_name", [name for name, _ in RENAMED])
def test_a_deleted_object_is_recreated_once(stage: Stage, type_name: str) -> None:
    """B4: four groups became eight."""
    item = usual(stage, type_name)
    deleted(stage, item)
    first = stage.restore(str(item.key))
    assert first.outcome == "created"
    calls = stage.counted(lambda: stage.restore(str(item.key)))
    assert writes(calls) == {}


@pytest.mark.parametrize("type_name", [name for name, _ in RENAMED if name != "lookml_model"])
def test_a_lost_answer_is_adopted_for_every_type(stage: Stage, type_name: str) -> None:
    item = usual(stage, type_name)
    deleted(stage, item)
    count = len(stage.world.table(type_name))
    create = CONTENT_TYPES[type_name].create
    assert create is not None
    fault = stage.simulator.fault("reset_after", operation=OPERATIONS[create].id, times=1)
    assert stage.restore(str(item.key)).outcome == "created"
    assert fault.fired == 1
    assert len(stage.world.table(type_name)) == count + 1


def test_a_trashed_look_keeps_its_id(stage: Stage) -> None:
    item = usual(stage, "look")
    stage.call("update_look", {"deleted": True}, look_id=item.key.id)
    assert stage.restore(str(item.key)).destination_id == item.key.id
    assert stage.call("look", look_id=item.key.id)["deleted"] is False


def test_a_look_is_restored_by_its_query_id_in_the_same_instance(stage: Stage) -> None:
    """B11: a backup's look has no query, and Looker never deletes one."""
    item = usual(stage, "look")
    deleted(stage, item)
    result = stage.restore(str(item.key))
    assert stage.call("look", look_id=result.destination_id)["query_id"] == item.raw["query_id"]


def test_a_renamed_group_is_found_by_its_id_and_a_namesake_is_left_alone(stage: Stage) -> None:
    item = usual(stage, "group")
    stage.call("update_group", {"name": "Renamed"}, group_id=item.key.id)
    namesake = stage.call("create_group", {"name": f"{item.raw['name']} 2"})
    stage.restore(str(item.key))
    assert stage.call("group", group_id=item.key.id)["name"] == item.raw["name"]
    assert stage.call("group", group_id=namesake["id"])["name"] == f"{item.raw['name']} 2"


def test_across_instances_names_decide_and_ids_are_ignored(stage: Stage) -> None:
    """B12: ids of the source are neither sent nor used for matching."""
    item = usual(stage, "group")
    other = Judgement("other")
    edit(stage.world, Edit(type="group", id=item.key.id, set={"name": "Somebody else's"}))
    result = stage.restore(str(item.key), judgement=other)
    assert result.outcome == "created"
    assert result.destination_id != item.key.id
    assert stage.restore(str(item.key), judgement=other).outcome == "unchanged"
    assert stage.call("group", group_id=item.key.id)["name"] == "Somebody else's"


def test_a_trashed_look_comes_back_although_a_namesake_has_its_title(stage: Stage) -> None:
    item = usual(stage, "look")
    stage.call("update_look", {"title": "Renamed", "deleted": True}, look_id=item.key.id)
    body = {name: item.raw[name] for name in ("title", "folder_id", "query_id")}
    namesake = stage.call("create_look", body)
    plan = stage.plan(str(item.key))
    assert (plan.live_id, plan.match.how) == (item.key.id, "id")
    assert namesake["id"] != item.key.id
