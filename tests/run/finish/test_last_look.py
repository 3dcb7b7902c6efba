"""A session settles every open create before it ends, and names every duplicate."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from lrestore.state.read import StateReader
from tests.run.cli_harness import CliHarness

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=3, dashboards=1, tiles=1, filters=1, boards=1, plans=0)


def gone(world: World, kind: str = "look") -> None:
    for record in list(world.table(kind)):
        edit(world, Edit(type=kind, id=record["id"], delete=True))


def open_intents(harness: CliHarness) -> int:
    with StateReader.open(harness.directory / "state.db") as reader:
        return len(reader.open_intents())


def searches(harness: CliHarness) -> int:
    """The number of searches for a look before it is created."""
    harness.run("--select", "look=1", "--plan")
    return harness.operations()["search_looks"]


@pytest.mark.slow
def test_a_create_that_did_not_happen_is_not_left_open(tmp_path: Path) -> None:
    """The items fail, and the finished session reports each as failed, not as unknown."""
    with CliHarness(tmp_path, sizes=SIZES, later=gone) as harness:
        harness.configure(max_retries=0)
        harness.simulator.fault("reset_before", match={"operation": "create_look"})
        code, said = harness.run("--select", "look")
        assert code == 1, said
        assert (harness.status(), harness.totals()["failed"], open_intents(harness)) == ("finished", 3, 0)


@pytest.mark.slow
def test_an_object_of_a_failed_item_is_recorded(tmp_path: Path) -> None:
    """No search succeeded when its item was restored."""
    with CliHarness(tmp_path, sizes=SIZES, later=gone) as harness:
        harness.configure(max_retries=0)
        harness.simulator.fault("reset_after", match={"operation": "create_look", "times": 1})
        harness.simulator.fault(
            "status:500", match={"operation": "search_looks", "after": searches(harness), "times": 1}
        )
        code, said = harness.run("--select", "look=1")
        assert code == 1, said
        assert open_intents(harness) == 0
        (look,) = (one for one in harness.simulator.state()["look"] if not one["deleted"])
        with StateReader.open(tmp_path / "state.db") as reader:
            assert [one.destination_id for one in reader.mappings("look")] == [str(look["id"])]


@pytest.mark.slow
def test_an_object_that_cannot_be_looked_for_is_named_in_the_dead_letter(tmp_path: Path) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=gone) as harness:
        harness.configure(max_retries=0)
        harness.simulator.fault("reset_after", match={"operation": "create_look", "times": 1})
        harness.simulator.fault("status:500", match={"operation": "search_looks", "after": searches(harness)})
        code, said = harness.run("--select", "look=1")
        assert code == 1, said
        (letter,) = harness.report()["dead_letters"]
        assert "it is unknown whether Looker has created it" in letter["message"]


@pytest.mark.slow
def test_duplicates_are_reported_with_both_ids_and_nothing_is_deleted(tmp_path: Path) -> None:
    """The setting claims that this instance ends all calls at once, but it does not."""
    with CliHarness(tmp_path, sizes=SIZES, later=partial(gone, kind="board")) as harness:
        harness.configure(settle_s=0.1)
        harness.simulator.fault("late:3", match={"operation": "create_board", "times": 1})
        harness.simulator.fault("delay:4", match={"operation": "create_board", "times": 1})
        code, said = harness.run("--select", "board=1")
        assert code == 0, said
        ids = {str(one["id"]) for one in harness.simulator.state()["board"]}
        assert len(ids) == 2
        (warning,) = (one for one in harness.report()["warnings"] if "more than once" in one)
        assert all(f"id {one}" in warning for one in ids)
