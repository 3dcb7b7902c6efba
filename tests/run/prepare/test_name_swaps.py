"""Before the first item, conflicting objects are renamed temporarily; if that fails, the items report the conflict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture, Ran

GROUPS = Sizes(users=2, groups=4, folders=3, depth=1, looks=0, dashboards=0, boards=0, plans=0)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    """Two groups have swapped their names since the backup."""
    with InstanceFixture(tmp_path, sizes=GROUPS) as made:
        one, other = ids(made)
        first, second = name(made, one), name(made, other)
        made.edit("group", one, name=second)
        made.edit("group", other, name=first)
        yield made


def ids(instance: InstanceFixture) -> tuple[str, str]:
    one, other, *_ = [row["id"] for row in instance.world.table("group") if row["name"] != "All Users"]
    return one, other


def name(instance: InstanceFixture, group_id: str) -> str:
    return str(instance.world.table("group").records[group_id]["name"])


def renames(ran: Ran) -> list[str]:
    return [str(call.body["name"]) for call in ran.writes if call.operation == "update_group" and call.body]


def test_the_log_names_temporary_renames(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "group").all_good()
    for group_id in ids(instance):
        assert f"group={group_id}: renaming temporarily to " in ran.err
    assert len(renames(ran)) == 4
    assert all("being restored" in new for new in renames(ran)[:2])
    assert not any("being restored" in new for new in renames(ran)[2:])


def test_a_plan_counts_the_renames_and_makes_none(instance: InstanceFixture) -> None:
    planned = instance.run("--select", "group", "--plan").all_good()
    assert planned.writes == []
    reads = planned.report["api"]["calls"]
    assert planned.report["plan"]["calls"] == reads + 4
    assert instance.run("--select", "group").all_good().operations["update_group"] == 4


def test_a_refused_rename_is_reported_and_the_item_fails(instance: InstanceFixture) -> None:
    one, other = ids(instance)
    swapped = name(instance, one), name(instance, other)
    instance.simulator.fault("status:422", operation="update_group")
    ran = instance.run("--select", "group")
    assert "temporary rename failed" in ran.err
    assert ran.code == 1
    assert {letter["id"] for letter in ran.letters} == {one, other}
    assert (name(instance, one), name(instance, other)) == swapped


def test_a_type_that_cannot_be_listed_is_reported(instance: InstanceFixture) -> None:
    instance.simulator.fault("status:403", operation="all_groups")
    folder = next(row["id"] for row in instance.world.table("folder") if row["parent_id"] == "1")
    instance.edit("folder", folder, name="Renamed")
    ran = instance.run("--select", f"group={','.join(ids(instance))}", "--select", f"folder={folder}")
    assert ran.code == 1
    assert "cannot list groups to check for name conflicts" in ran.err
    assert {letter["id"] for letter in ran.letters} == set(ids(instance))
    assert ran.report["by_type"]["folder"]["updated"] == 1


def test_types_without_unique_names_cost_no_call(tmp_path: Path) -> None:
    with InstanceFixture(
        tmp_path, sizes=Sizes(users=2, groups=0, folders=2, depth=1, looks=0, dashboards=2, tiles=0)
    ) as instance:
        ran = instance.run("--select", "dashboard=1").all_good()
        assert not {"all_groups", "all_roles", "all_permission_sets", "all_model_sets"} & set(ran.operations)


def test_an_unreadable_item_causes_no_rename(instance: InstanceFixture) -> None:
    one, other = ids(instance)
    instance.spoil("group", one, b"\xc1")
    ran = instance.run("--select", "group")
    assert [letter["id"] for letter in ran.letters if letter["error_type"] == "CorruptItemError"] == [one]
    assert not any("being restored" in name(instance, group_id) for group_id in (one, other))
