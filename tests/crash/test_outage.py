"""Looker fails now and then, or is gone: no dead letter comes of it, and a run that gave up goes on where it was."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.crash.bulk import Bulk, Verdict
from tests.waiting import HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


def test_transient_failures_make_no_dead_letters(bulk: Bulk, undisturbed: Verdict) -> None:
    """B17, B19, FR-019: one call in ten fails, in whatever transient way."""
    bulk.begin_anew()
    for fault in ("status:503", "status:429", "reset_before", "status:502"):
        bulk.simulator.fault(fault, match={"rate": 0.025})
    assert bulk.finish(bulk.restore()) == 0
    assert bulk.verdict().totals["failed"] == 0
    bulk.judge(undisturbed)


def test_an_outage_stops_the_run_and_resume_goes_on_where_it_was(bulk: Bulk, undisturbed: Verdict) -> None:
    """P2: what was on record stays there, nothing is a dead letter because of the outage."""
    config = bulk.directory / "c.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("give_up_after_s = 30", "give_up_after_s = 1"), encoding="utf-8")
    try:
        # A run that gets no processor for seconds sleeps through a short outage.
        runs = (through_an_outage(bulk, outage_s) for outage_s in (3, 12, 48, 192))
        process = next(run for run in runs if run.returncode != 0)
    finally:
        config.write_text(text, encoding="utf-8")
    assert process.returncode == 4
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def through_an_outage(bulk: Bulk, outage_s: float) -> subprocess.Popen[bytes]:
    """A run during which the instance accepts no connection for some time; it has ended, and the instance answers."""
    bulk.begin_anew()
    bulk.simulator.fault(f"refuse:{outage_s}", match={"method": "PATCH", "nth": 5})
    process = bulk.restore()
    process.wait(HANG_S)
    until_it_answers(bulk)
    bulk.let_go()
    return process


def test_a_signal_in_an_outage_is_not_kept_waiting_for_its_end(bulk: Bulk, undisturbed: Verdict) -> None:
    """It was, for as long as ``give_up_after_s``: longer than any service manager waits before it kills. Here the
    outage outlasts every patience of the test.
    """
    bulk.begin_anew()
    bulk.simulator.fault("status:503", match={"after": 60})
    process = bulk.restore(LRESTORE_RUN_GIVE_UP_AFTER_S=str(10 * HANG_S))
    until_refused(bulk, calls=8)
    process.send_signal(signal.SIGTERM)
    assert process.wait(HANG_S) == 143
    bulk.let_go()
    assert bulk.finish(process) == 0
    bulk.judge(undisturbed)


def until_it_answers(bulk: Bulk) -> None:
    """Wait until the instance listens again."""
    until_s = time.monotonic() + HANG_S
    while True:
        try:
            bulk.simulator.log()
        except OSError:
            assert time.monotonic() < until_s, "the instance does not answer any more"
            time.sleep(0.05)
        else:
            return


def until_refused(bulk: Bulk, calls: int) -> None:
    """Wait until the instance has refused so many calls: by then the run waits for the end of the outage."""
    until_s = time.monotonic() + HANG_S
    while bulk.simulator.log()["statuses"].get("503", 0) < calls:
        assert time.monotonic() < until_s, "the run makes no calls"
        time.sleep(0.02)
