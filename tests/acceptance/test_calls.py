"""The table of docs/calls.md says how many calls each case takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.calls import BOARD_ITEMS, counted, row
from tests.acceptance.instance_fixture import InstanceFixture

PAGE = Path(__file__).parents[2] / "docs" / "calls.md"


def test_each_case_takes_as_many_calls_as_the_documentation_says() -> None:
    told = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| a ")]
    ran = dict(counted())
    assert [row(name, one) for name, one in ran.items()] == told
    assert ran["a deleted board of 36 items"].operations["create_board_item"] == BOARD_ITEMS


@pytest.mark.parametrize("mode", [["--yes", "--workers", "2"], ["--plan"]])
def test_missing_looks_of_a_bulk_run_cost_few_reads(tmp_path: Path, mode: list[str]) -> None:
    """Without the index, each of them costs a read that answers 404, and two searches by its title."""
    sizes = Sizes(users=2, groups=1, folders=3, looks=80, dashboards=1, tiles=1, boards=0, plans=0)
    with InstanceFixture(tmp_path, sizes=sizes) as instance:
        for number in range(11, 71):
            instance.delete("look", str(number))
        # Lists that show no trash prove less: then each missing look costs a read.
        instance.edit("look", "71", deleted=True)
        ran = instance.run("--select", "look", *mode)
    assert ran.total("created") == 60
    assert len(ran.calls) - len(ran.writes) < (60 if mode == ["--plan"] else 50)
    assert ran.operations["all_looks"] in (1, 2), "once, and once more where looks were created meanwhile"


def test_unchanged_looks_of_a_bulk_run_cost_a_page_for_hundreds(tmp_path: Path) -> None:
    """With pages of a hundred they would take 12 searches, 8 more while little is known, and some at the end."""
    sizes = Sizes(users=1, groups=0, folders=3, looks=1200, dashboards=1, tiles=1, boards=0, plans=0)
    with InstanceFixture(tmp_path, sizes=sizes) as instance:
        ran = instance.run("--select", "look", "--yes").all_good()
        assert ran.total("unchanged") == 1200
        assert ran.operations["search_looks"] <= 17
        # A server that returns fewer rows than it is asked for, without saying so.
        instance.simulator.simulation.config.page_cap = 50
        ran = instance.run("--select", "look", "--verify").all_good()
    # One search for each page, one each time the cut may have moved, and what the run begins with.
    assert ran.operations["search_looks"] <= 1200 / 50 + 4
    assert ran.operations["look"] == 0
