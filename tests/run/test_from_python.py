"""A program that calls ``lrestore.restore`` and survives Ctrl-C has no process of the run left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes
from lrestore.state.lock import RunLock
from tests.cli.command import environment
from tests.crash.bulk import descendants
from tests.run.cli_harness import CliHarness
from tests.waiting import HANG_S

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=30, dashboards=8, tiles=4, filters=1, boards=0, plans=0)
PROGRAM = """
import lrestore, sys
try:
    lrestore.restore("c.toml", select=["look", "dashboard"])
except KeyboardInterrupt as error:
    kept = error  # as an interactive session does, and with it everything that the run had open
    print("interrupted", flush=True)
sys.stdin.read()
"""


def drifted(world: World) -> None:
    for look in list(world.table("look")):
        world.table("look").change(look["id"], {"title": f"drifted {look['id']}"})


@pytest.mark.slow
@pytest.mark.crash
def test_no_process_is_left_when_a_program_interrupts_a_run(tmp_path: Path) -> None:
    """Remaining processes went on restoring, and a second run could begin at the same time."""
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        harness.simulator.fault("hold", match={"method": "PATCH"})
        key = {
            "LOOKERSDK_CLIENT_ID": harness.simulator.client_id,
            "LOOKERSDK_CLIENT_SECRET": harness.simulator.client_secret,
        }
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env=environment(**key),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as program:
            assert program.stdout
            until_s = time.monotonic() + HANG_S
            while not workers(program.pid) and time.monotonic() < until_s:
                time.sleep(0.02)
            assert workers(program.pid)
            os.kill(program.pid, signal.SIGINT)
            harness.simulator.call("DELETE", "faults")
            assert program.stdout.readline() == b"interrupted\n"
            assert not workers(program.pid)
            with RunLock(tmp_path / "state.db"):
                pass
            program.kill()


def workers(pid: int) -> list[str]:
    """The names of the run's processes."""
    return [name for name in descendants(pid).values() if name.startswith("lrestore-")]


START = [
    *(f"launch.held:{number}" for number in (1, 2, 3)),
    *(f"launch.started:{number}" for number in (1, 2, 3)),
    *("run.state_open:1", "run.session_begun:1", "processes.writer_started:1", "coordinator.task_sent:1"),
]
"""Every point of the start of a run; the first process that is launched is the writer, the others are workers."""


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("point", START)
def test_an_interrupt_at_any_point_of_the_start_reaches_the_program(tmp_path: Path, point: str) -> None:
    """A process that was launched but not yet registered survived."""
    with CliHarness(tmp_path, sizes=SIZES) as harness:
        key = {
            "LOOKERSDK_CLIENT_ID": harness.simulator.client_id,
            "LOOKERSDK_CLIENT_SECRET": harness.simulator.client_secret,
        }
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env=environment(**key, LRESTORE_CRASH=point, LRESTORE_CRASH_HOW="SIGINT"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as program:
            assert program.stdout
            try:
                assert program.stdout.readline() == b"interrupted\n"
                assert not workers(program.pid)
                with RunLock(tmp_path / "state.db"):
                    pass
            finally:
                program.kill()


@pytest.mark.slow
def test_an_interrupt_that_a_callback_swallows_ends_the_run(tmp_path: Path) -> None:
    """Python drops an exception that a signal handler raises inside ``__del__`` or a weak reference's callback."""
    program = """
import os, signal
from lrestore.cli.signals import Interrupts

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

try:
    with Interrupts() as interrupts:
        Dropped()
        assert interrupts()
        print("stopped in order", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout == "stopped in order\ninterrupted\n", done.stderr
