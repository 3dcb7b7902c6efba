"""An item that failed with an open create is settled when the session is resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from lrestore.state.read import StateReader
from tests.run.cli_harness import CliHarness

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=12, dashboards=1, tiles=1, filters=1, boards=0, plans=0)


def gone(world: World) -> None:
    for record in list(world.table("look")):
        edit(world, Edit(type="look", id=record["id"], delete=True))


@pytest.mark.slow
@pytest.mark.parametrize("selection", ["look", "look=1,2,3"], ids=["many", "a few"])
def test_open_intents_of_failed_items_are_settled_on_resume(tmp_path: Path, selection: str) -> None:
    """B5: the connection was lost at every try, and the created objects could not be read."""
    with CliHarness(tmp_path, sizes=SIZES, later=gone) as harness:
        harness.configure(max_retries=0)
        harness.simulator.fault("reset_before", match={"operation": "create_look"})
        code, said = harness.run("--select", selection, "--max-failures", "1")
        assert code == 4, said
        assert harness.totals()["failed"] and open_intents(harness)
        harness.simulator.call("DELETE", "faults")
        code, said = harness.run("--resume")
        assert code == 0, said
        assert (harness.totals()["failed"], open_intents(harness)) == (0, 0)
        looks = [one["title"] for one in harness.simulator.state()["look"]]
        assert len(looks) == len(set(looks))


def open_intents(harness: CliHarness) -> int:
    with StateReader.open(harness.directory / "state.db") as reader:
        return len(reader.open_intents())
