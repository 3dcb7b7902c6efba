"""Groups in groups and roles of groups, which backups lack and lrestore reads from the source instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import RunningSimulator
from lrestore.simulator.world.world import Sizes, empty_world
from tests.acceptance.instance_fixture import Ran
from tests.restoration.migration_fixture import Crossing

SIZES = Sizes(users=4, groups=6, folders=1, depth=1, looks=0, dashboards=0, boards=0, plans=0)
PEOPLE = ("user", "group", "role", "permission_set", "model_set")
NESTING = ("add_group_group", "delete_group_from_group", "set_role_groups")


@pytest.fixture
def crossing(tmp_path: Path) -> Iterator[Crossing]:
    with Crossing(tmp_path, sizes=SIZES, into=empty_world()) as made:
        yield made


@pytest.fixture
def origin(crossing: Crossing) -> RunningSimulator:
    return crossing.source_lives()


def named(world: World, edges: str, kind: str) -> set[tuple[str, str]]:
    """The groups of each object of a kind, by names."""
    groups = world.table("group")
    return {
        (row["name"], groups.records[group_id]["name"])
        for row in world.table(kind)
        for group_id in world.edges[edges].rights(row["id"])
    }


def inside(world: World) -> set[tuple[str, str]]:
    return named(world, "group_group", "group")


def holders(world: World) -> set[tuple[str, str]]:
    return named(world, "role_group", "role")


def same(crossing: Crossing) -> bool:
    return inside(crossing.world) == inside(crossing.source) and holders(crossing.world) == holders(crossing.source)


def with_group_edges(crossing: Crossing) -> tuple[str, str]:
    """The ids of a nested group of the other instance and of its parent."""
    pairs = [
        (group["id"], child)
        for group in crossing.world.table("group")
        for child in crossing.world.edges["group_group"].rights(group["id"])
    ]
    return pairs[0][1], pairs[0][0]


def apart(crossing: Crossing) -> tuple[str, str]:
    """The ids of two unrelated groups of the other instance."""
    edges = crossing.world.edges["group_group"]
    ids = [group["id"] for group in crossing.world.table("group") if not group["include_by_default"]]
    lone = [one for one in ids if not edges.rights(one) and not edges.lefts(one)]
    return lone[0], next(one for one in ids if one != lone[0])


def nesting_writes(ran: Ran) -> list[str]:
    return [call.operation for call in ran.writes if call.operation in NESTING]


def test_groups_in_groups_and_groups_of_roles_come_from_the_living_source(
    crossing: Crossing, origin: RunningSimulator
) -> None:
    assert inside(crossing.source) and holders(crossing.source)
    planned = crossing.migrate(*PEOPLE, "--plan").all_good()
    ran = crossing.migrate(*PEOPLE).all_good()
    assert same(crossing)
    assert not any("groups inside" in text or "groups that have" in text for text in ran.report["warnings"])
    assert planned.total("created") == ran.total("created") and planned.writes == []
    assert {call.method for call in origin.log.calls if call.operation != "login"} == {"GET"}


def test_a_second_run_writes_nothing_and_asks_no_group_by_itself(crossing: Crossing, origin: RunningSimulator) -> None:
    crossing.migrate(*PEOPLE).all_good()
    again = crossing.migrate(*PEOPLE).all_good()
    assert again.writes == []
    assert not again.operations["all_group_groups"] and not again.operations["role_groups"]
    assert crossing.migrate(*PEOPLE, "--verify").all_good().report["verify"]["different"] == []


def test_a_single_group_is_nested_if_the_other_group_exists(crossing: Crossing, origin: RunningSimulator) -> None:
    crossing.migrate(*PEOPLE).all_good()
    child, parent = with_group_edges(crossing)
    crossing.world.edges["group_group"].drop(parent, child)
    name = crossing.world.table("group").records[parent]["name"]
    (source_id,) = (group["id"] for group in crossing.source.table("group") if group["name"] == name)
    verified = crossing.migrate(f"group={source_id}", "--verify")
    assert verified.code == 1 and len(verified.report["verify"]["different"]) == 1
    ran = crossing.migrate(f"group={source_id}").all_good()
    assert nesting_writes(ran) == ["add_group_group"]
    assert same(crossing)


def test_without_the_source_nesting_is_unchanged_and_reported(crossing: Crossing) -> None:
    ran = crossing.migrate(*PEOPLE).all_good()
    assert nesting_writes(ran) == [] and inside(crossing.world) == set()
    assert any("groups inside a group" in text for text in ran.report["warnings"])
    assert any("groups that have a role" in text for text in ran.report["warnings"])


def drifted(crossing: Crossing) -> tuple[str, str]:
    """Add an extra nested group, and an extra role of a group."""
    crossing.migrate(*PEOPLE).all_good()
    world = crossing.world
    roles = [role for role in world.table("role") if role["name"] != "Admin"]
    child, parent = apart(crossing)
    world.edges["group_group"].add(parent, child)
    role = next(one["id"] for one in roles if child not in world.edges["role_group"].rights(one["id"]))
    world.edges["role_group"].add(role, child)
    return child, role


def test_nesting_that_the_source_lacks_is_removed(crossing: Crossing, origin: RunningSimulator) -> None:
    drifted(crossing)
    ran = crossing.migrate(*PEOPLE).all_good()
    assert sorted(nesting_writes(ran)) == ["delete_group_from_group", "set_role_groups"]
    assert same(crossing)


def test_keep_extra_keeps_extra_nesting(crossing: Crossing, origin: RunningSimulator) -> None:
    child, role = drifted(crossing)
    assert crossing.migrate(*PEOPLE, "--keep-extra").all_good().writes == []
    assert child in crossing.world.edges["role_group"].rights(role)


def test_a_reversed_nesting_is_corrected_in_one_run(crossing: Crossing, origin: RunningSimulator) -> None:
    crossing.migrate(*PEOPLE).all_good()
    child, parent = with_group_edges(crossing)
    crossing.world.edges["group_group"].drop(parent, child)
    crossing.world.edges["group_group"].add(child, parent)
    crossing.migrate(*PEOPLE).all_good()
    assert same(crossing)


def test_a_lost_answer_nests_a_group_once(crossing: Crossing, origin: RunningSimulator) -> None:
    fault = crossing.simulator.fault("reset_after", operation="add_group_group", times=1)
    crossing.migrate(*PEOPLE).all_good()
    assert fault.fired == 1
    assert same(crossing)


def test_a_refusal_fails_that_group_and_no_other(crossing: Crossing, origin: RunningSimulator) -> None:
    fault = crossing.simulator.fault("status:422", operation="add_group_group", times=1)
    ran = crossing.migrate(*PEOPLE)
    assert ran.code == 1 and fault.fired == 1
    assert ran.letter()["type"] == "group"
    assert len(inside(crossing.world)) == len(inside(crossing.source)) - 1
    crossing.migrate(*PEOPLE).all_good()
    assert same(crossing)


def test_without_the_listing_each_group_is_read(crossing: Crossing, origin: RunningSimulator) -> None:
    for simulator in (crossing.simulator, origin):
        simulator.fault("status:404", operation="search_groups_with_hierarchy")
    crossing.migrate(*PEOPLE).all_good()
    assert same(crossing)
    assert crossing.migrate(*PEOPLE).all_good().writes == []


def test_a_group_that_is_in_no_backup_is_named(crossing: Crossing, origin: RunningSimulator) -> None:
    crossing.migrate(*PEOPLE).all_good()
    late = crossing.source.table("group").put(
        {**next(iter(crossing.source.table("group"))), "id": "777", "name": "Late", "include_by_default": False}
    )
    parent = next(one["id"] for one in crossing.source.table("group") if one["id"] not in ("1", late["id"]))
    crossing.source.edges["group_group"].add(parent, late["id"])
    ran = crossing.migrate(*PEOPLE).all_good()
    assert ran.writes == []
    assert any("group 777 of its groups is not in the destination" in text for text in ran.report["warnings"])


def test_removing_a_group_from_another_does_not_lock_out_the_caller(
    crossing: Crossing, origin: RunningSimulator
) -> None:
    crossing.migrate(*PEOPLE).all_good()
    world, (caller, *_) = crossing.world, crossing.world.table("user")
    child, parent = apart(crossing)
    world.edges["group_group"].add(parent, child)
    world.edges["group_user"].add(child, caller["id"])
    admin = next(role["id"] for role in world.table("role") if role["name"] == "Admin")
    world.edges["role_group"].add(admin, parent)
    ran = crossing.migrate("group").all_good()
    assert nesting_writes(ran) == []
    assert any("lock out" in text for text in ran.report["warnings"])
    assert child in world.edges["group_group"].rights(parent)


def test_a_source_that_hides_its_groups_changes_nothing(crossing: Crossing, origin: RunningSimulator) -> None:
    crossing.migrate(*PEOPLE).all_good()
    for operation in ("search_groups_with_hierarchy", "all_group_groups", "role_groups"):
        origin.fault("status:403", operation=operation)
    before = (inside(crossing.world), holders(crossing.world))
    assert crossing.migrate(*PEOPLE).all_good().writes == []
    assert (inside(crossing.world), holders(crossing.world)) == before
