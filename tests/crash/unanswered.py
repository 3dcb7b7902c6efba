"""Kills the only worker of a run when the instance has handled a create, and before anything of it is recorded."""

from __future__ import annotations

import subprocess
import time

from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.crash.bulk import kill
from tests.waiting import HANG_S


def with_a_death_after(instance: InstanceFixture, operation: str, nth: int, *argv: str) -> Ran:
    """Run the command to its end. Its worker dies after the n-th call of the operation, which no answer follows: in
    which order a run makes its calls depends on its pace.
    """
    rule = instance.simulator.fault("hang", handled=True, operation=operation, nth=nth)

    def strike(process: subprocess.Popen[str]) -> None:
        until_s = time.monotonic() + HANG_S
        while not rule.fired:
            assert process.poll() is None and time.monotonic() < until_s, f"no {operation} number {nth}"
            time.sleep(0.01)
        assert kill(process, "worker", min)

    ran = instance.process(*argv, meanwhile=strike, LRESTORE_RUN_WORKERS="1")
    instance.simulator.simulation.faults.clear()
    assert "died" in ran.err
    return ran
