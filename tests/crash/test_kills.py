"""Killed at any moment, with answers lost, a bulk run ends like an undisturbed one once it is resumed."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

import pytest

from tests.crash.bulk import Bulk, Verdict, descendants, gone, kill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(300)]

VICTIMS = ("worker", "writer", "coordinator", "group")


def until_under_way(bulk: Bulk, process: object) -> None:
    """Wait until the instance has seen the first write of the run."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        operations: Counter[str] = Counter(bulk.simulator.log()["operations"])
        if operations["update_dashboard"] or operations["create_dashboard"] or operations["update_look"]:
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing was written by {process}")


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
    until_under_way(bulk, process)
    kill(process, "group", min)
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)
    assert bulk.writes_of(bulk.restore()) == 0


@pytest.mark.parametrize("victim", ["worker", "writer"])
def test_one_death_does_not_stop_the_run(bulk: Bulk, undisturbed: Verdict, victim: str) -> None:
    bulk.begin_anew()
    bulk.simulator.configure(latency_ms=30)
    process = bulk.restore()
    until_under_way(bulk, process)
    assert kill(process, victim, min)
    code = process.wait(60)
    bulk.simulator.configure(latency_ms=0)
    assert code == 0
    bulk.judge(undisturbed)


def test_no_process_survives_a_killed_coordinator(bulk: Bulk) -> None:
    bulk.begin_anew()
    bulk.simulator.configure(latency_ms=50)
    process = bulk.restore()
    until_under_way(bulk, process)
    family = set(descendants(process.pid))
    assert family
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert gone(family, 2.0)
    bulk.simulator.configure(latency_ms=0)
    assert bulk.finish(process) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_in_order(bulk: Bulk, undisturbed: Verdict, number: signal.Signals, code: int) -> None:
    bulk.begin_anew()
    bulk.simulator.configure(latency_ms=50)
    process = bulk.restore()
    until_under_way(bulk, process)
    process.send_signal(number)
    ended = process.wait(30)
    bulk.simulator.configure(latency_ms=0)
    assert ended == code
    last = (bulk.directory / "stderr.txt").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert last == "go on with: lrestore --config c.toml --resume"
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def test_transient_failures_make_no_dead_letters(bulk: Bulk, undisturbed: Verdict) -> None:
    """B17, B19, FR-019: one call in ten fails, in whatever transient way."""
    bulk.begin_anew()
    for fault in ("status:503", "status:429", "reset_before", "status:502"):
        bulk.simulator.fault(fault, match={"rate": 0.025})
    assert bulk.finish(bulk.restore()) == 0
    assert bulk.verdict().totals["failed"] == 0
    bulk.judge(undisturbed)


def test_a_second_run_on_the_same_state_file_is_refused(bulk: Bulk) -> None:
    bulk.begin_anew()
    bulk.simulator.configure(latency_ms=50)
    first = bulk.restore()
    until_under_way(bulk, first)
    second = bulk.restore()
    code = second.wait(30)
    bulk.simulator.configure(latency_ms=0)
    assert first.wait(60) == 0
    assert code == 3
    assert str(first.pid) in (bulk.directory / "stderr.txt").read_text(encoding="utf-8")


def test_an_outage_stops_the_run_and_resume_goes_on_where_it_was(bulk: Bulk, undisturbed: Verdict) -> None:
    """P2: what was on record stays there, nothing is a dead letter because of the outage."""
    bulk.begin_anew()
    config = bulk.directory / "c.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("give_up_after_s = 30", "give_up_after_s = 1"), encoding="utf-8")
    bulk.simulator.configure(latency_ms=20)
    process = bulk.restore()
    until_under_way(bulk, process)
    bulk.simulator.fault("refuse:8", match={"method": "PATCH", "times": 1})
    code = process.wait(60)
    config.write_text(text, encoding="utf-8")
    assert code == 4
    time.sleep(8)
    bulk.simulator.call("DELETE", "faults")
    bulk.simulator.configure(latency_ms=0)
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)
