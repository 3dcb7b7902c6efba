"""Writes of a session of a plan, an undo or a retry are no change by another person; an edit between is one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import make_world
from tests.acceptance.instance_fixture import SMALL, InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots

LOOKS = ("--select", "look=3,4", "--yes")
TITLES = ("update_look", 3)
"""The call that gives the second of two looks its own title: after a refusal, a temporary title, the first one's."""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstanceFixture]:
    """An instance with two looks in one folder."""
    world = make_world(replace(SMALL, groups=9))
    folder = world.get("look", "3")["folder_id"]  # type: ignore[index]
    edit(world, Edit(type="look", id="4", set={"folder_id": folder}))
    with InstanceFixture(tmp_path_factory.mktemp("swap"), world=world) as instance:
        instance.extra_environment["LRESTORE_RUN_MAX_RETRIES"] = "0"
        yield instance


@pytest.fixture
def swapped(instance: InstanceFixture, backed_up: World) -> InstanceFixture:
    """The titles of the two looks are swapped, and nothing was restored yet."""
    world = copy.deepcopy(backed_up)
    titles = [world.get("look", one)["title"] for one in "34"]  # type: ignore[index]
    for one, title in zip("43", titles, strict=True):
        edit(world, Edit(type="look", id=one, set={"title": title}))
    begin(instance, world)
    return instance


@pytest.fixture(scope="module")
def backed_up(instance: InstanceFixture) -> World:
    """The instance when it was backed up."""
    return copy.deepcopy(instance.world)


def begin(instance: InstanceFixture, world: World) -> None:
    """Give the instance this content, and forget all sessions."""
    instance.world = world
    instance.simulator.simulation.replace_world(world)
    instance.simulator.simulation.faults.clear()
    for leftover in instance.directory.glob("state.db*"):
        leftover.unlink()


def half_done(instance: InstanceFixture, *argv: str, call: tuple[str, int] = TITLES) -> Ran:
    """A run of which one call is refused."""
    operation, after = call
    rule = instance.simulator.fault("status:403", operation=operation, after=after, times=1)
    ran = instance.run(*argv)
    assert rule.fired == 1 and ran.code == 1, ran.err
    return ran


def applied_by_half(instance: InstanceFixture) -> Ran:
    """A plan was applied, and one look has its temporary title."""
    instance.run(*LOOKS[:-1], "--plan-out", "p.json").all_good()
    ran = half_done(instance, "--apply", "p.json", "--yes")
    assert " (being restored " in title_of(instance, ran.letter()["id"])
    return ran


def title_of(instance: InstanceFixture, look_id: str) -> str:
    """The title of a look in the instance."""
    look = instance.world.get("look", look_id)
    assert look is not None
    return str(look["title"])


@pytest.mark.parametrize("again", [("--retry-dead-letters",), ("--apply", "p.json")], ids=["retried", "applied again"])
def test_another_session_of_a_plan_carries_on_what_the_first_one_began(
    swapped: InstanceFixture, backed_up: World, again: tuple[str, ...]
) -> None:
    applied_by_half(swapped)
    swapped.run(*again, "--yes").all_good()
    assert snapshots(swapped.world) == snapshots(backed_up)


@pytest.mark.parametrize("again", [("--retry-dead-letters",), ("--apply", "p.json")], ids=["retried", "applied again"])
def test_what_was_edited_between_two_sessions_of_a_plan_is_left_alone(
    swapped: InstanceFixture, again: tuple[str, ...]
) -> None:
    look = applied_by_half(swapped).letter()["id"]
    swapped.edit("look", look, title="edited between")
    letter = swapped.run(*again, "--yes").letter()
    assert letter["error_type"] == "ChangedSincePlanError" and letter["errors"][0]["field"] == "title"
    assert title_of(swapped, look) == "edited between"


@pytest.mark.parametrize("more", [(), ("--skip-if-modified",)], ids=["", "skip if modified"])
def test_a_temporary_title_is_named_in_the_dead_letter_and_healed_by_a_retry(
    swapped: InstanceFixture, backed_up: World, more: tuple[str, ...]
) -> None:
    if more:
        for look in "34":
            swapped.edit("look", look, updated_at="2020-01-01T00:00:00.000+00:00")
    letter = half_done(swapped, *LOOKS, *more).letter()
    assert f"its name in Looker is {title_of(swapped, letter['id'])!r}" in letter["message"]
    again = half_done(swapped, "--retry-dead-letters", "--yes", call=("update_look", 0)).letter()
    assert f"its name in Looker is {title_of(swapped, letter['id'])!r}" in again["message"]
    swapped.run("--retry-dead-letters", "--yes").all_good()
    assert snapshots(swapped.world) == snapshots(backed_up)


def test_an_undo_that_failed_by_half_is_completed_by_a_retry(swapped: InstanceFixture) -> None:
    before = snapshots(swapped.world)
    session = swapped.run(*LOOKS).all_good().report["session_id"]
    failed = half_done(swapped, "--undo", session, "--yes")
    assert " (being restored " in title_of(swapped, failed.letter()["id"])
    swapped.run("--retry-dead-letters", "--yes").all_good()
    assert snapshots(swapped.world) == before


def test_the_temporary_name_of_a_group_is_named_and_healed(instance: InstanceFixture, backed_up: World) -> None:
    world = copy.deepcopy(backed_up)
    one, other = [row for row in world.table("group") if not row.get("include_by_default")][:2]
    names = one["name"], other["name"]
    for group, name in ((one, names[1]), (other, names[0])):
        edit(world, Edit(type="group", id=str(group["id"]), set={"name": name}))
    begin(instance, world)
    select = ("--select", f"group={one['id']},{other['id']}", "--yes")
    failed = [half_done(instance, *select, call=("update_group", 2)).letter()]
    live = instance.world.get("group", failed[0]["id"])
    assert live is not None and f"its name in Looker is {live['name']!r}" in failed[0]["message"]
    instance.run("--retry-dead-letters", "--yes").all_good()
    assert snapshots(instance.world) == snapshots(backed_up)


def other_groups(instance: InstanceFixture, backed_up: World) -> list[str]:
    """The instance as it was backed up; the groups that user 3 is not in."""
    world = copy.deepcopy(backed_up)
    has = world.edges["group_user"].lefts("3")
    begin(instance, world)
    return [str(row["id"]) for row in world.table("group") if str(row["id"]) not in has and can_be_joined(row)]


def can_be_joined(group: Record) -> bool:
    """Whether it is a group of which a user can be made a member."""
    return not (group.get("include_by_default") or group.get("externally_managed"))


def test_memberships_that_were_ended_by_half_are_ended_by_the_next_session(
    instance: InstanceFixture, backed_up: World
) -> None:
    for group in other_groups(instance, backed_up)[:2]:
        instance.world.edges["group_user"].add(group, "3")
    instance.run("--select", "user=3", "--plan-out", "p.json").all_good()
    half_done(instance, "--apply", "p.json", "--yes", call=("delete_group_user", 1))
    instance.run("--retry-dead-letters", "--yes").all_good()
    assert snapshots(instance.world) == snapshots(backed_up)


def test_a_membership_that_was_given_after_the_plan_is_not_taken_away(
    instance: InstanceFixture, backed_up: World
) -> None:
    planned, later = other_groups(instance, backed_up)[:2]
    instance.world.edges["group_user"].add(planned, "3")
    instance.run("--select", "user=3", "--plan-out", "p.json").all_good()
    instance.world.edges["group_user"].add(later, "3")
    letter = instance.run("--apply", "p.json", "--yes").letter()
    assert letter["error_type"] == "ChangedSincePlanError" and f"group {later} was joined since" in letter["message"]
    assert {planned, later} <= set(instance.world.edges["group_user"].lefts("3"))


def killed_in_its_second_pass(instance: InstanceFixture, *argv: str) -> str:
    """A run that is killed when one look has its temporary title; the id of that look."""
    assert instance.process(*argv, "--yes", LRESTORE_CRASH="undo.kept:4").code == -9
    (look,) = [one for one in "34" if " (being restored " in title_of(instance, one)]
    return look


def test_what_a_killed_application_had_begun_is_completed_unless_it_was_edited(
    swapped: InstanceFixture, backed_up: World
) -> None:
    swapped.run(*LOOKS[:-1], "--plan-out", "p.json").all_good()
    look = killed_in_its_second_pass(swapped, "--apply", "p.json")
    temporary = title_of(swapped, look)
    swapped.edit("look", look, title="edited between")
    letter = swapped.run("--resume").letter()
    assert letter["error_type"] == "ChangedSincePlanError" and title_of(swapped, look) == "edited between"
    swapped.edit("look", look, title=temporary)
    swapped.run("--retry-dead-letters", "--yes").all_good()
    assert snapshots(swapped.world) == snapshots(backed_up)


def test_what_a_killed_undo_had_begun_is_left_alone_if_it_was_edited(swapped: InstanceFixture) -> None:
    session = swapped.run(*LOOKS).all_good().report["session_id"]
    look = killed_in_its_second_pass(swapped, "--undo", session)
    swapped.edit("look", look, title="edited between")
    resumed = swapped.run("--resume").all_good()
    assert resumed.total("skipped") == 1 and f"changed since session {session}: title" in resumed.out
    assert title_of(swapped, look) == "edited between"
