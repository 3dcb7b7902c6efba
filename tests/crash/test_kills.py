"""Killed at any moment, with answers lost, a bulk run ends like an undisturbed one once it is resumed."""

from __future__ import annotations

import random
import time

import pytest

from tests.crash.bulk import Bulk, Verdict, kill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

VICTIMS = ("worker", "writer", "forkserver", "coordinator", "group")


def test_random_kills_with_lost_answers_lose_and_double_nothing(bulk: Bulk, undisturbed: Verdict, seed: int) -> None:
    """B4, B5, B21, FR-018, FR-024: the oracle is the undisturbed run, in content and in totals."""
    chance = random.Random(seed)
    bulk.begin_anew()
    for method in ("POST", "PATCH"):
        bulk.simulator.fault("reset_after", match={"method": method, "rate": 0.02})
    process = bulk.restore()
    for _ in range(chance.choice((1, 1, 2))):
        time.sleep(chance.uniform(0.7, 2.2))
        victim = chance.choice(VICTIMS)
        if process.poll() is None:
            kill(process, victim, chance.choice)
    bulk.finish(process)
    bulk.simulator.call("DELETE", "faults")
    bulk.judge(undisturbed)


def test_a_run_after_that_writes_nothing(bulk: Bulk, undisturbed: Verdict) -> None:
    bulk.begin_anew()
    process = bulk.restore()
    bulk.until_under_way(process)
    kill(process, "group", min)
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)
    assert bulk.writes_of(bulk.restore()) == 0
