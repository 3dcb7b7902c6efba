"""One process dies, or is told to end: the run goes on or ends in order, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.crash.bulk import PATIENCE_S, Bulk, Verdict, descendants, end, gone, kill, send
from tests.waiting import GONE_WITHIN_S, HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("victim", ["worker", "writer", "forkserver"])
def test_one_death_does_not_stop_the_run(bulk: Bulk, undisturbed: Verdict, victim: str) -> None:
    bulk.begin_anew()
    bulk.hold()
    process = bulk.restore()
    bulk.until_under_way(process)
    assert kill(process, victim, min)
    bulk.let_go()
    assert process.wait(HANG_S) == 0
    bulk.judge(undisturbed)


def test_no_process_survives_a_killed_coordinator(bulk: Bulk) -> None:
    bulk.begin_anew()
    bulk.hold()
    process = bulk.restore()
    bulk.until_under_way(process)
    family = set(descendants(process.pid))
    assert family
    process.send_signal(signal.SIGKILL)
    process.wait(HANG_S)
    assert gone(family, GONE_WITHIN_S)
    bulk.let_go()
    assert bulk.finish(process) == 0


def test_the_fork_server_does_not_survive_either(bulk: Bulk) -> None:
    """Not even while it is loading and looks at nothing: here it is stopped."""
    bulk.begin_anew()
    bulk.hold()
    process = bulk.restore()
    bulk.until_under_way(process)
    family = set(descendants(process.pid))
    assert send(process, "forkserver", min, signal.SIGSTOP)
    process.kill()
    process.wait(HANG_S)
    ended = gone(family, GONE_WITHIN_S)
    bulk.let_go()
    for pid in family:
        end(pid)
    assert ended


SLOW = {"LRESTORE_RUN_SETTLE_S": "5"}
"""For an instance that takes its time."""


def test_a_create_that_outlives_its_worker_is_not_made_twice(bulk: Bulk, undisturbed: Verdict) -> None:
    """Looker is still at work on it when the next worker looks: the tile is not there yet, and would be there twice."""
    bulk.begin_anew()
    bulk.simulator.fault("delay:2", match={"operation": "create_dashboard_element", "times": 3})
    process = bulk.restore(**SLOW)
    until_called(bulk, "create_dashboard_element")
    for pid, name in descendants(process.pid).items():
        if name.startswith("lrestore-w") and name[-1].isdigit():
            end(pid)
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def test_a_create_that_outlives_the_run_is_not_made_twice(bulk: Bulk, undisturbed: Verdict) -> None:
    bulk.begin_anew()
    bulk.simulator.fault("delay:2", match={"operation": "create_dashboard_element", "times": 3})
    process = bulk.restore(**SLOW)
    until_called(bulk, "create_dashboard_element")
    process.kill()
    assert bulk.finish(process, **SLOW) == 0
    bulk.judge(undisturbed)


def until_called(bulk: Bulk, operation: str) -> None:
    """Wait until the instance has such a call under way."""
    until_s = time.monotonic() + HANG_S
    while not any(call.get("operation") == operation for call in bulk.simulator.log()["calls"]):
        assert time.monotonic() < until_s
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_ends_the_run_in_order(bulk: Bulk, undisturbed: Verdict, number: signal.Signals, code: int) -> None:
    bulk.begin_anew()
    bulk.hold()
    process = bulk.restore()
    bulk.until_under_way(process)
    process.send_signal(number)
    bulk.let_go()
    assert process.wait(HANG_S) == code
    last = (bulk.directory / "stderr.txt").read_text(encoding="utf-8").strip().splitlines()[-1]
    assert last == "resume with: lrestore --config c.toml --resume"
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def test_a_signal_to_the_whole_group_kills_nobody(bulk: Bulk, undisturbed: Verdict) -> None:
    """As service managers send it: to every process of the run, the fork server included."""
    bulk.begin_anew()
    (bulk.directory / "stderr.txt").unlink(missing_ok=True)
    bulk.hold()
    process = bulk.restore()
    bulk.until_under_way(process)
    os.killpg(process.pid, signal.SIGTERM)
    bulk.let_go()
    assert process.wait(HANG_S) == 143
    assert "died" not in (bulk.directory / "stderr.txt").read_text(encoding="utf-8")
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def test_a_second_run_on_the_same_state_file_is_refused(bulk: Bulk) -> None:
    bulk.begin_anew()
    bulk.hold()
    first = bulk.restore()
    bulk.until_under_way(first)
    code = bulk.restore().wait(PATIENCE_S)
    bulk.let_go()
    assert first.wait(PATIENCE_S) == 0
    assert code == 3
    assert str(first.pid) in (bulk.directory / "stderr.txt").read_text(encoding="utf-8")
