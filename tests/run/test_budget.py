"""When a run has to stop although there is work left."""

from __future__ import annotations

import pytest

from lrestore.run.budget import Budget
from lrestore.run.request import RunRequest


@pytest.mark.parametrize(
    ("limit", "failures", "stops"),
    [("none", 1000, False), ("3", 2, False), ("3", 3, True), ("5%", 4, False), ("5%", 5, True), ("0%", 0, False)],
)
def test_failures_stop_a_run_at_a_number_or_a_share_of_the_selection(limit: str, failures: int, stops: bool) -> None:
    assert bool(Budget(100, max_failures=limit).spent(failures, calls=0)) is stops


def test_calls_stop_a_run_when_they_are_used_up() -> None:
    budget = Budget(10, max_calls=50)
    assert budget.spent(0, calls=49) == ""
    assert "--max-calls 50" in budget.spent(0, calls=50)


def test_time_stops_a_run() -> None:
    over = Budget.of(RunRequest(select=("all",), max_runtime_s=0.0), "none", 10)
    assert "--max-runtime" in over.spent(0, 0)
    assert Budget.of(RunRequest(select=("all",), max_runtime_s=3600.0), "none", 10).spent(0, 0) == ""
