"""Decisions after the death of a process: which item is tried alone and when, which one fails, when the run stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.crash_points import CRASH
from lrestore.messages import ItemKey
from lrestore.run.bulk.crash_policy import IN_A_ROW, POISON_DEATHS, CrashPolicy
from tests.run.cli_harness import CliHarness

ONE, OTHER = ItemKey("dashboard", "1"), ItemKey("dashboard", "2")


def test_an_item_with_an_open_create_is_tried_last() -> None:
    """Its worker waits for the open create; other items need not wait."""
    deaths = CrashPolicy()
    deaths.suspect(ONE, unanswered=True)
    deaths.suspect(OTHER, unanswered=False)
    assert deaths.next_suspect(idle=False) == OTHER
    assert deaths.next_suspect(idle=False) is None
    assert deaths.next_suspect(idle=True) == ONE
    assert deaths.next_suspect(idle=True) is None


def test_an_item_that_kills_workers_is_given_up() -> None:
    deaths = CrashPolicy()
    assert [deaths.blame(ONE) for _ in range(POISON_DEATHS)] == [False] * (POISON_DEATHS - 1) + [True]
    assert (deaths.over(ONE), deaths.over(OTHER)) == (POISON_DEATHS, 0)


def test_only_deaths_in_a_row_stop_a_run() -> None:
    deaths = CrashPolicy()
    for _ in range(IN_A_ROW - 1):
        assert not deaths.worker_ended_unborn() and not deaths.writer_died()
    deaths.worker_began()
    deaths.writer_wrote()
    for _ in range(IN_A_ROW - 1):
        assert not deaths.worker_ended_unborn() and not deaths.writer_died()
    assert deaths.worker_ended_unborn() and deaths.writer_died()


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize(
    ("point", "said"),
    [("worker.start", "workers in a row ended before they started work"), ("writer.start", "the writer died")],
)
def test_processes_that_never_start_stop_the_run_and_blame_no_item(tmp_path: Path, point: str, said: str) -> None:
    """Before, workers were started forever, and their items became dead letters."""
    with CliHarness(tmp_path) as harness:
        code, words = harness.run("--select", "all", **{CRASH: f"{point}:1"})
        assert (code, words.splitlines()[-1]) == (4, "resume with: lrestore --config c.toml --resume")
        assert said in words
        assert harness.totals()["failed"] == 0
        code, words = harness.run("--resume")
        assert code == 0, words
        assert harness.totals()["failed"] == 0
