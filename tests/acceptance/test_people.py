"""Users, groups, roles and sets by the command: drift put right, nothing twice, few calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture, Ran

PEOPLE = ("--select", "user", "--select", "group", "--select", "role", "--select", "permission_set")
WRITES = frozenset({"set_user_roles", "add_group_user", "delete_group_user"})
MANY = Sizes(users=120, groups=6, folders=3, depth=1, looks=2, dashboards=1, tiles=2, filters=1, boards=0, plans=0)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, sizes=MANY) as made:
        yield made


def snapshot(instance: InstanceFixture, user_id: str) -> dict[str, object]:
    world = instance.world
    user = world.table("user").records[user_id]
    groups = {world.table("group").records[one]["name"] for one in world.edges["group_user"].lefts(user_id)}
    roles = {world.table("role").records[one]["name"] for one in world.edges["role_user"].lefts(user_id)}
    names = ("first_name", "last_name", "email", "locale", "is_disabled")
    return {**{name: user[name] for name in names}, "groups": groups, "roles": roles}


def by_email(instance: InstanceFixture) -> dict[object, dict[str, object]]:
    found = [snapshot(instance, user["id"]) for user in instance.world.table("user")]
    return {one["email"]: one for one in found}


def drifted(instance: InstanceFixture) -> None:
    """Users, a group and a role deleted, names and lists changed."""
    world = instance.world
    for user_id in ("5", "6", "13"):
        world.edges["group_user"].forget(right=user_id)
        world.edges["role_user"].forget(right=user_id)
        instance.delete("user", user_id)
    for kind, key in (("group", "3"), ("role", "3")):
        instance.delete(kind, key)
        for name, edges in world.edges.items():
            if kind in name:
                edges.forget(**{("left" if name.startswith(kind) else "right"): key})
    instance.edit("user", "7", first_name="Drifted", is_disabled=True)
    instance.edit("group", "2", name="Drifted")
    world.edges["role_user"].replace_lefts("8", ["1", "2"])
    world.edges["group_user"].replace_lefts("9", ["4", "5"])


def unchanged(ran: Ran) -> None:
    assert ran.total("created") == ran.total("updated") == ran.total("failed") == 0
    assert ran.writes == []


def test_an_unchanged_crowd_costs_a_call_per_hundred(crowd: InstanceFixture) -> None:
    ran = crowd.run("--select", "user").all_good()
    unchanged(ran)
    assert ran.operations["search_users"] == 2, ran.operations


@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_drifted_crowd_is_put_right_and_then_left_alone(crowd: InstanceFixture, workers: str) -> None:
    before = by_email(crowd)
    drifted(crowd)
    ran = crowd.run(*PEOPLE, "--yes", "--verify=after", LRESTORE_RUN_WORKERS=workers).all_good()
    assert by_email(crowd) == before
    assert ran.report["verify"]["different"] == []
    unchanged(crowd.run(*PEOPLE, "--yes", LRESTORE_RUN_WORKERS=workers).all_good())


def test_a_plan_counts_the_calls_and_names_the_lists(crowd: InstanceFixture) -> None:
    crowd.world.edges["role_user"].replace_lefts("8", ["1", "2"])
    member = crowd.world.edges["group_user"].rights("4")[0]
    crowd.world.edges["group_user"].drop("4", member)
    crowd.world.edges["group_user"].add("5", next(iter(set("9") - set(crowd.world.edges["group_user"].rights("5")))))
    ran = crowd.run(*PEOPLE, "--plan").all_good()
    assert ran.writes == []
    assert "role_ids" in ran.out and "group_ids" in ran.out
    planned = {name: count for name, count in ran.report["plan"]["by_operation"].items() if name in WRITES}
    done = crowd.run(*PEOPLE, "--yes").all_good()
    assert Counter(call.operation for call in done.writes) == planned == dict.fromkeys(WRITES, 1)


def test_into_another_instance_users_go_by_address_and_nothing_is_made_twice(crowd: InstanceFixture) -> None:
    before = by_email(crowd)
    drifted(crowd)
    cross = {"LRESTORE_RUN_IDENTITY": "cross-instance"}
    ran = crowd.run(*PEOPLE, "--yes", "--verify=after", **cross).all_good()
    after = by_email(crowd)
    assert after.keys() == before.keys()
    assert ran.report["verify"]["different"] == []
    unchanged(crowd.run(*PEOPLE, "--yes", **cross).all_good())


def test_across_instances_a_crowd_is_found_in_one_listing(crowd: InstanceFixture) -> None:
    """One search for each would be a call for each; the second run goes by the recorded ids, a hundred at once."""
    cross = {"LRESTORE_RUN_IDENTITY": "cross-instance", "LRESTORE_RUN_WORKERS": "1"}
    first = crowd.run("--select", "user", "--yes", **cross).all_good()
    assert first.operations["search_users"] <= 12, first.operations
    second = crowd.run("--select", "user", "--yes", **cross).all_good()
    assert second.operations["search_users"] == 2, second.operations
    assert len([call for call in second.calls if call.operation == "user"]) <= 1
