"""Unique names: objects that hold another item's name are renamed temporarily, and no others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import Sizes
from lrestore.state.undo_log import read_undo
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.waiting import HANG_S, until_idle

PEOPLE = Sizes(users=3, groups=6, folders=8, depth=2, looks=0, dashboards=0, boards=0, plans=0, everything=True)
TYPES = ["group", "permission_set", "model_set", "role", "folder"]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, sizes=PEOPLE) as made:
        for type_name in TYPES:
            _three(made, type_name)
        made.backup.unlink()
        write_backup(made.world, made.backup, Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        yield made


def _three(instance: InstanceFixture, type_name: str) -> None:
    """Three new objects of each type: One, Two, Three."""
    above = {"parent_id": "1"} if type_name == "folder" else {}
    defaults = {"permission_set": {"permissions": ["see_looks"]}, "model_set": {"models": ["ecommerce"]}}
    role = {"permission_set_id": "900", "model_set_id": "900"} if type_name == "role" else {}
    for number, name in enumerate(("One", "Two", "Three")):
        fields = {"name": name, **above, **defaults.get(type_name, {}), **role}
        if type_name == "folder":
            fields |= {"created_at": "2024-01-01T00:00:00.000Z"}
        instance.edit(type_name, f"{900 + number}", **fields)


IDS = ("900", "901", "902")


def names(instance: InstanceFixture, type_name: str) -> list[str]:
    return [str(instance.world.table(type_name).records[one]["name"]) for one in IDS]


def rename(instance: InstanceFixture, type_name: str, *new: str) -> None:
    for object_id, name in zip(IDS, new, strict=True):
        instance.edit(type_name, object_id, name=name)


def restore(instance: InstanceFixture, type_name: str, *more: str) -> Ran:
    return instance.run("--select", f"{type_name}={','.join(IDS)}", "--yes", *more)


def aside(ran: Ran) -> list[str]:
    return [str((call.body or {}).get("name")) for call in ran.writes if "being restored" in str(call.body)]


@pytest.mark.parametrize("type_name", TYPES)
def test_two_that_swapped_names_get_them_back(instance: InstanceFixture, type_name: str) -> None:
    rename(instance, type_name, "Two", "One", "Three")
    planned = restore(instance, type_name, "--plan").all_good()
    assert sum("is temporarily renamed to" in warning for warning in planned.report["warnings"]) == 2
    assert planned.writes == []
    ran = restore(instance, type_name).all_good()
    assert names(instance, type_name) == ["One", "Two", "Three"]
    assert len(aside(ran)) == 2 and len(ran.writes) == 4
    assert restore(instance, type_name).all_good().writes == []


@pytest.mark.parametrize("type_name", TYPES)
def test_three_that_changed_names_in_a_circle_get_them_back(instance: InstanceFixture, type_name: str) -> None:
    rename(instance, type_name, "Two", "Three", "One")
    restore(instance, type_name).all_good()
    assert names(instance, type_name) == ["One", "Two", "Three"]
    assert restore(instance, type_name).all_good().writes == []


@pytest.mark.parametrize("type_name", TYPES)
def test_a_name_may_differ_in_case_alone(instance: InstanceFixture, type_name: str) -> None:
    rename(instance, type_name, "one", "TWO", "Three")
    ran = restore(instance, type_name).all_good()
    assert names(instance, type_name) == ["One", "Two", "Three"]
    assert aside(ran) == []


@pytest.mark.parametrize("type_name", TYPES)
def test_an_unselected_object_keeps_the_name_and_the_item_fails_with_the_reason(
    instance: InstanceFixture, type_name: str
) -> None:
    rename(instance, type_name, "Elsewhere", "Two", "Three")
    instance.edit(type_name, "950", **{**instance.world.table(type_name).records["902"], "id": "950", "name": "One"})
    ran = restore(instance, type_name)
    assert (ran.code, ran.letter()["id"]) == (1, "900")
    assert instance.world.table(type_name).records["950"]["name"] == "One"
    assert names(instance, type_name) == ["Elsewhere", "Two", "Three"]
    assert aside(ran) == []


@pytest.mark.parametrize("type_name", TYPES)
def test_an_object_with_its_backed_up_name_keeps_it(instance: InstanceFixture, type_name: str) -> None:
    """Two has its backed-up name, which another item of the run has in the backup too: neither is renamed."""
    rename(instance, type_name, "Two", "Two too", "Three")
    ran = restore(instance, type_name).all_good()
    assert names(instance, type_name) == ["One", "Two", "Three"]
    assert len(aside(ran)) == 1
    assert "Three" not in "".join(aside(ran))


@pytest.mark.parametrize("type_name", ["group", "folder"])
def test_an_object_that_is_not_restored_is_not_renamed(instance: InstanceFixture, type_name: str) -> None:
    rename(instance, type_name, "Two", "One", "Three")
    ran = instance.run("--select", f"{type_name}=900", "--yes")
    assert ran.code == 1 and aside(ran) == []
    assert names(instance, type_name) == ["Two", "One", "Three"]


def test_folder_names_conflict_only_within_one_parent(instance: InstanceFixture) -> None:
    rename(instance, "folder", "Elsewhere", "One", "Three")
    instance.edit("folder", "901", parent_id="902")
    ran = restore(instance, "folder").all_good()
    assert aside(ran) == []
    assert names(instance, "folder") == ["One", "Two", "Three"]
    assert instance.world.table("folder").records["901"]["parent_id"] == "1"


def test_a_copy_is_kept_before_a_temporary_rename(instance: InstanceFixture) -> None:
    rename(instance, "group", "Two", "One", "Three")
    restore(instance, "group").all_good()
    (folder,) = (instance.directory / "state.d").iterdir()
    kept = [entry.destination_id for entry in read_undo(folder) if entry.type == "group"]
    assert sorted(kept) == ["900", "901"]


def test_a_run_killed_between_the_renames_is_resumed_there(instance: InstanceFixture) -> None:
    rename(instance, "group", "Two", "Three", "One")
    selection = ["--select", f"group={','.join(IDS)}", "--yes"]
    held = instance.simulator.fault("hold", operation="update_group", after=1)
    with instance.start(*selection) as process:
        deadline_s = time.monotonic() + HANG_S
        while not held.fired:
            assert process.poll() is None and time.monotonic() < deadline_s
            time.sleep(0.005)
        process.kill()
    instance.simulator.simulation.faults.clear()
    # The rename that was under way takes effect.
    until_idle(instance.simulator)
    assert any("being restored" in name for name in names(instance, "group"))
    resumed = instance.process("--resume").all_good()
    assert resumed.total("updated") == 3
    assert names(instance, "group") == ["One", "Two", "Three"]
    assert instance.run(*selection).all_good().writes == []
