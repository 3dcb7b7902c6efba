"""Limits that stop a run before its work is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.run.items.budget import Budget
from lrestore.run.request import RunRequest
from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from tests.run.cli_harness import CliHarness
from tests.sampling import every_value

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=30, dashboards=8, tiles=6, filters=1, boards=0, plans=0)


@pytest.mark.parametrize(
    ("limit", "failures", "stops"),
    [("none", 1000, False), ("3", 2, False), ("3", 3, True), ("5%", 4, False), ("5%", 5, True), ("0%", 0, False)],
)
def test_failures_stop_a_run_at_a_number_or_a_share_of_the_selection(limit: str, failures: int, stops: bool) -> None:
    assert bool(Budget(100, max_failures=limit).spent(failures, calls=0)) is stops


@pytest.mark.parametrize(
    ("limit", "failures", "before", "left"),
    [("none", 9, 0, None), ("3", 0, 0, 3), ("3", 2, 1, 0), ("5%", 1, 0, 4), ("1%", 0, 0, 1), ("0%", 0, 0, 1)],
)
def test_the_budget_counts_the_failures_left(limit: str, failures: int, before: int, left: int | None) -> None:
    assert Budget(100, max_failures=limit, failed_before=before).failures_left(failures) == left


@pytest.mark.slow
def test_no_more_items_fail_than_allowed(tmp_path: Path) -> None:
    """With many workers, dozens of items were in progress, and failed, before the first failure was known."""
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        harness.configure(workers=4)
        harness.simulator.fault("status:422", match={"operation": "update_look"})
        code, said = harness.run("--select", "look", "--max-failures", "3")
        assert code == 4 and "max_failures = 3" in said
        assert harness.totals()["failed"] == 3


@pytest.mark.parametrize("most", [2, 4])
def test_a_budget_too_small_for_the_opening_is_refused_before_any_call(tmp_path: Path, most: int) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        code, said = harness.run("--select", "look", "--max-calls", str(most))
        assert code == 2 and f"--max-calls {most} is too small" in said
        assert sum(harness.operations().values()) == 0


@pytest.mark.parametrize(("most", "mode"), every_value([5, 6, 7, 9], [(), ("--plan",), ("--verify",)]))
def test_the_opening_is_bounded_too(tmp_path: Path, most: int, mode: tuple[str, ...]) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        code, said = harness.run("--select", "look", "--select", "dashboard", "--max-calls", str(most), *mode)
        assert code in (2, 4) and "--max-calls" in said
        assert sum(harness.operations().values()) <= most


def test_a_run_stops_when_its_calls_are_used_up() -> None:
    budget = Budget(10, max_calls=50)
    assert budget.spent(0, calls=49) == ""
    assert "--max-calls 50" in budget.spent(0, calls=50)
    assert Budget(10, max_calls=50, calls_before=30).spent(0, calls=20)


def test_a_run_stops_when_its_time_is_up() -> None:
    over = Budget.of(RunRequest(select=("all",), max_runtime_s=0.0), "none", 10)
    assert "--max-runtime" in over.spent(0, 0)
    assert Budget.of(RunRequest(select=("all",), max_runtime_s=3600.0), "none", 10).spent(0, 0) == ""


def drifted(world: World) -> None:
    for kind in ("look", "dashboard"):
        for record in list(world.table(kind)):
            edit(world, Edit(type=kind, id=record["id"], set={"title": f"drifted {record['id']}"}))


@pytest.mark.slow
@pytest.mark.parametrize("selection", [("look", "dashboard"), ("dashboard=1,2,3,4",)], ids=["many", "a few"])
def test_no_more_calls_are_made_than_allowed(tmp_path: Path, selection: tuple[str, ...]) -> None:
    """Calls are licensed, so those of the preparation count too. Each start of a session has its own budget."""
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        code, said = harness.run(*(part for one in selection for part in ("--select", one)), "--max-calls", "14")
        assert code == 4 and "--max-calls" in said
        assert sum(harness.operations().values()) == harness.report()["api"]["calls"] == 14
        stopped = harness.totals()
        assert stopped["pending"] and harness.report()["status"] == "stopped"
        code, said = harness.run("--resume", "--max-calls", "1000")
        assert code == 0, said
        assert harness.totals()["selected"] == stopped["selected"]
        assert harness.totals()["pending"] == harness.totals()["failed"] == 0


@pytest.mark.slow
def test_the_last_progress_line_and_the_end_of_the_timeline_are_complete(tmp_path: Path) -> None:
    """FR-029: progress was shown only at intervals, without the end."""
    with CliHarness(tmp_path, sizes=SIZES) as harness:
        code, said = harness.run("--select", "all")
        assert code == 0, said
        total, skipped = harness.totals()["selected"], harness.totals()["skipped"]
        last = f"{total}/{total} items, ok {total - skipped}, skipped {skipped}, failed 0"
        assert skipped and [line for line in said.splitlines() if last in line]
        at_s, items, calls, limit = harness.report()["throughput"]["timeline"][-1]
        assert (items, at_s > 0, calls > 0, limit > 0) == (total, True, True, True)


@pytest.mark.slow
def test_a_budget_too_small_for_verifying_still_gives_a_report(tmp_path: Path) -> None:
    """Everything is restored and reported by then; --resume verifies."""
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        code, said = harness.run("--select", "dashboard=1", "--verify=after")
        assert code == 0, said
        needed = harness.report()["api"]["calls"]
    (tmp_path / "again").mkdir()
    with CliHarness(tmp_path / "again", sizes=SIZES, later=drifted) as harness:
        code, said = harness.run("--select", "dashboard=1", "--verify=after", "--max-calls", str(needed - 1))
        assert code == 4, said
        assert harness.totals()["updated"] == 1 and harness.report()["verify"] is None
        code, said = harness.run("--resume")
        assert code == 0, said
        assert harness.report()["verify"]["equal"] == 1
