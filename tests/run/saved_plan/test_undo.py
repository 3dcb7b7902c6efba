"""The plan of an undo can be saved and applied: an undo is a session whose backup are the copies of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import make_world
from tests.acceptance.drifting import drift_everywhere
from tests.acceptance.instance_fixture import Arena
from tests.acceptance.snapshot import portraits
from tests.acceptance.test_all_types import difference
from tests.run.saved_plan.test_apply import SOME, items

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    """A drifted instance of all types."""
    with Arena(tmp_path, world=make_world(SOME)) as arena:
        drift_everywhere(arena.world)
        # What a restore creates goes to the trash when it is undone: not as before.
        arena.extra_environment["LRESTORE_RUN_IF_MISSING"] = "skip"
        yield arena


def test_a_saved_undo_takes_the_session_back_and_nothing_is_left_for_a_second_one(
    arena: Arena,
) -> None:
    before = portraits(arena.world)
    session = arena.run("--select", "all").all_good().report["session_id"]
    plan = arena.run("--undo", session, "--plan-out", "p.json").all_good()
    assert plan.writes == [] and plan.total("updated") > 10
    undone = arena.run("--apply", "p.json").all_good()
    assert undone.total("updated") == plan.total("updated")
    assert difference(before, portraits(arena.world)) == {}
    again = arena.run("--apply", "p.json").all_good()
    assert again.writes == [] and "everything is as planned already" in again.out


def test_what_was_edited_after_the_undo_was_planned_is_left_alone(arena: Arena) -> None:
    session = arena.run("--select", "all").all_good().report["session_id"]
    arena.run("--undo", session, "--plan-out", "p.json").all_good()
    look = next(one for one in items(arena, "update").values() if one["type"] == "look")
    arena.edit("look", look["id"], description="edited meanwhile")
    undone = arena.run("--apply", "p.json")
    assert (undone.letter()["type"], undone.letter()["id"]) == ("look", look["id"])
    assert arena.world.get("look", look["id"])["description"] == "edited meanwhile"  # type: ignore[index]


def test_an_undo_that_was_applied_and_killed_is_resumed(arena: Arena) -> None:
    before = portraits(arena.world)
    session = arena.run("--select", "all").all_good().report["session_id"]
    arena.run("--undo", session, "--plan-out", "p.json").all_good()
    killed = arena.process("--apply", "p.json", LRESTORE_CRASH="coordinator.result_seen:5")
    assert killed.code == -9
    arena.run("--resume").all_good()
    assert difference(before, portraits(arena.world)) == {}


def test_deletions_of_whole_objects_are_not_saved(arena: Arena) -> None:
    refused = arena.run("--undo", "x", "--undo-created", "delete", "--plan-out", "p.json")
    assert refused.code == 2 and "takes no --undo-created delete" in refused.err
