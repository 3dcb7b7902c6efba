"""Groups in groups and roles of groups, which backups lack and lrestore reads from the source instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import RunningSimulator
from lrestore.simulator.world.world import Sizes, empty_world
from tests.acceptance.instance_fixture import Ran
from tests.restoration.migration_fixture import MigrationFixture

SIZES = Sizes(users=4, groups=6, folders=1, depth=1, looks=0, dashboards=0, boards=0, plans=0)
PEOPLE = ("user", "group", "role", "permission_set", "model_set")
NESTING = ("add_group_group", "delete_group_from_group", "set_role_groups")


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path, sizes=SIZES, into=empty_world()) as made:
        yield made


@pytest.fixture
def origin(migration: MigrationFixture) -> RunningSimulator:
    return migration.source_lives()


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


def same(migration: MigrationFixture) -> bool:
    return inside(migration.world) == inside(migration.source) and holders(migration.world) == holders(migration.source)


def with_group_edges(migration: MigrationFixture) -> tuple[str, str]:
    """The ids of a nested group of the other instance and of its parent."""
    pairs = [
        (group["id"], child)
        for group in migration.world.table("group")
        for child in migration.world.edges["group_group"].rights(group["id"])
    ]
    return pairs[0][1], pairs[0][0]


def apart(migration: MigrationFixture) -> tuple[str, str]:
    """The ids of two unrelated groups of the other instance."""
    edges = migration.world.edges["group_group"]
    ids = [group["id"] for group in migration.world.table("group") if not group["include_by_default"]]
    lone = [one for one in ids if not edges.rights(one) and not edges.lefts(one)]
    return lone[0], next(one for one in ids if one != lone[0])


def nesting_writes(ran: Ran) -> list[str]:
    return [call.operation for call in ran.writes if call.operation in NESTING]


def test_groups_in_groups_and_groups_of_roles_come_from_the_living_source(
    migration: MigrationFixture, origin: RunningSimulator
) -> None:
    assert inside(migration.source) and holders(migration.source)
    planned = migration.migrate(*PEOPLE, "--plan").all_good()
    ran = migration.migrate(*PEOPLE).all_good()
    assert same(migration)
    assert not any("groups inside" in text or "groups that have" in text for text in ran.report["warnings"])
    assert planned.total("created") == ran.total("created") and planned.writes == []
    assert {call.method for call in origin.log.calls if call.operation != "login"} == {"GET"}


def test_a_second_run_writes_nothing_and_asks_no_group_by_itself(
    migration: MigrationFixture, origin: RunningSimulator
) -> None:
    migration.migrate(*PEOPLE).all_good()
    again = migration.migrate(*PEOPLE).all_good()
    assert again.writes == []
    assert not again.operations["all_group_groups"] and not again.operations["role_groups"]
    assert migration.migrate(*PEOPLE, "--verify").all_good().report["verify"]["different"] == []


def test_a_single_group_is_nested_if_the_other_group_exists(
    migration: MigrationFixture, origin: RunningSimulator
) -> None:
    migration.migrate(*PEOPLE).all_good()
    child, parent = with_group_edges(migration)
    migration.world.edges["group_group"].drop(parent, child)
    name = migration.world.table("group").records[parent]["name"]
    (source_id,) = (group["id"] for group in migration.source.table("group") if group["name"] == name)
    verified = migration.migrate(f"group={source_id}", "--verify")
    assert verified.code == 1 and len(verified.report["verify"]["different"]) == 1
    ran = migration.migrate(f"group={source_id}").all_good()
    assert nesting_writes(ran) == ["add_group_group"]
    assert same(migration)


def test_without_the_source_nesting_is_unchanged_and_reported(migration: MigrationFixture) -> None:
    ran = migration.migrate(*PEOPLE).all_good()
    assert nesting_writes(ran) == [] and inside(migration.world) == set()
    assert any("groups inside a group" in text for text in ran.report["warnings"])
    assert any("groups that have a role" in text for text in ran.report["warnings"])


def drifted(migration: MigrationFixture) -> tuple[str, str]:
    """Add an extra nested group, and an extra role of a group."""
    migration.migrate(*PEOPLE).all_good()
    world = migration.world
    roles = [role for role in world.table("role") if role["name"] != "Admin"]
    child, parent = apart(migration)
    world.edges["group_group"].add(parent, child)
    role = next(one["id"] for one in roles if child not in world.edges["role_group"].rights(one["id"]))
    world.edges["role_group"].add(role, child)
    return child, role


def test_nesting_that_the_source_lacks_is_removed(migration: MigrationFixture, origin: RunningSimulator) -> None:
    drifted(migration)
    ran = migration.migrate(*PEOPLE).all_good()
    assert sorted(nesting_writes(ran)) == ["delete_group_from_group", "set_role_groups"]
    assert same(migration)


def test_keep_extra_keeps_extra_nesting(migration: MigrationFixture, origin: RunningSimulator) -> None:
    child, role = drifted(migration)
    assert migration.migrate(*PEOPLE, "--keep-extra").all_good().writes == []
    assert child in migration.world.edges["role_group"].rights(role)


def test_a_reversed_nesting_is_corrected_in_one_run(migration: MigrationFixture, origin: RunningSimulator) -> None:
    migration.migrate(*PEOPLE).all_good()
    child, parent = with_group_edges(migration)
    migration.world.edges["group_group"].drop(parent, child)
    migration.world.edges["group_group"].add(child, parent)
    migration.migrate(*PEOPLE).all_good()
    assert same(migration)


def test_a_lost_answer_nests_a_group_once(migration: MigrationFixture, origin: RunningSimulator) -> None:
    fault = migration.simulator.fault("reset_after", operation="add_group_group", times=1)
    migration.migrate(*PEOPLE).all_good()
    assert fault.fired == 1
    assert same(migration)


def test_a_refusal_fails_that_group_and_no_other(migration: MigrationFixture, origin: RunningSimulator) -> None:
    fault = migration.simulator.fault("status:422", operation="add_group_group", times=1)
    ran = migration.migrate(*PEOPLE)
    assert ran.code == 1 and fault.fired == 1
    assert ran.letter()["type"] == "group"
    assert len(inside(migration.world)) == len(inside(migration.source)) - 1
    migration.migrate(*PEOPLE).all_good()
    assert same(migration)


@pytest.mark.parametrize("status", [404, 500])
def test_without_the_listing_each_group_is_read(
    migration: MigrationFixture, origin: RunningSimulator, status: int
) -> None:
    """Of the source, whatever the reason."""
    migration.extra_environment["LRESTORE_RUN_MAX_RETRIES"] = "0"
    migration.simulator.fault("status:404", operation="search_groups_with_hierarchy")
    origin.fault(f"status:{status}", operation="search_groups_with_hierarchy")
    migration.migrate(*PEOPLE).all_good()
    assert same(migration)
    assert migration.migrate(*PEOPLE).all_good().writes == []


def test_a_group_that_is_in_no_backup_is_named(migration: MigrationFixture, origin: RunningSimulator) -> None:
    migration.migrate(*PEOPLE).all_good()
    late = migration.source.table("group").put(
        {**next(iter(migration.source.table("group"))), "id": "777", "name": "Late", "include_by_default": False}
    )
    parent = next(one["id"] for one in migration.source.table("group") if one["id"] not in ("1", late["id"]))
    migration.source.edges["group_group"].add(parent, late["id"])
    ran = migration.migrate(*PEOPLE).all_good()
    assert ran.writes == []
    assert any("group 777 of its groups is not in the destination" in text for text in ran.report["warnings"])


def test_removing_a_group_from_another_does_not_lock_out_the_caller(
    migration: MigrationFixture, origin: RunningSimulator
) -> None:
    migration.migrate(*PEOPLE).all_good()
    world, (caller, *_) = migration.world, migration.world.table("user")
    child, parent = apart(migration)
    world.edges["group_group"].add(parent, child)
    world.edges["group_user"].add(child, caller["id"])
    admin = next(role["id"] for role in world.table("role") if role["name"] == "Admin")
    world.edges["role_group"].add(admin, parent)
    ran = migration.migrate("group").all_good()
    assert nesting_writes(ran) == []
    assert any("lock out" in text for text in ran.report["warnings"])
    assert child in world.edges["group_group"].rights(parent)


def test_a_group_that_is_out_of_another_already_is_out_and_one_that_is_still_shown_in_it_fails(
    migration: MigrationFixture, origin: RunningSimulator
) -> None:
    """Looker answers 404 to the removal in both cases."""
    migration.migrate(*PEOPLE).all_good()
    edges, (child, parent) = migration.world.edges["group_group"], apart(migration)
    edges.add(parent, child)
    migration.simulator.fault("status:404", operation="delete_group_from_group")
    ran = migration.migrate("group")
    assert ran.code == 1 and ran.letter()["status"] == 404
    assert child in edges.rights(parent)
    migration.simulator.simulation.faults.clear()
    fault = migration.simulator.fault("status:404", handled=True, operation="delete_group_from_group")
    migration.migrate("group").all_good()
    assert fault.fired == 1 and same(migration)


def test_a_source_that_hides_its_groups_changes_nothing(migration: MigrationFixture, origin: RunningSimulator) -> None:
    migration.migrate(*PEOPLE).all_good()
    for operation in ("search_groups_with_hierarchy", "all_group_groups", "role_groups"):
        origin.fault("status:403", operation=operation)
    before = (inside(migration.world), holders(migration.world))
    assert migration.migrate(*PEOPLE).all_good().writes == []
    assert (inside(migration.world), holders(migration.world)) == before
