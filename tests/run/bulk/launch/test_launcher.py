"""Child processes are started even if the fork server is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from multiprocess import forkserver

from lrestore.run.bulk.launch.launcher import Launcher, start_fork_server
from tests.cli.command import environment
from tests.waiting import HANG_S

WITHIN_S = HANG_S


@pytest.mark.crash
def test_a_process_is_started_right_after_the_fork_server_was_killed() -> None:
    """The killed fork server still exists for a moment and refuses connections."""
    launcher = Launcher()
    for _ in range(3):
        process = launcher.start(time.sleep, (0,), "first")
        process.join(WITHIN_S)
        assert process.exitcode == 0
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        os.kill(server, signal.SIGKILL)
        process = launcher.start(time.sleep, (0,), "second")
        process.join(WITHIN_S)
        assert process.exitcode == 0


def test_the_fork_server_starts_with_blocked_signals_and_the_program_keeps_its_mask() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    process = Launcher().start(time.sleep, (60,), "sleeper")
    try:
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
        assert process.pid
        os.kill(process.pid, signal.SIGTERM)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        blocked = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk"))
        assert blocked & (1 << (signal.SIGTERM - 1)) and blocked & (1 << (signal.SIGINT - 1))
        assert process.is_alive()
    finally:
        process.kill()
        process.join(WITHIN_S)


def test_the_fork_server_started_in_advance_is_used() -> None:
    start_fork_server()
    ahead = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    process = Launcher().start(time.sleep, (0,), "first")
    process.join(WITHIN_S)
    assert ahead and process.exitcode == 0
    assert forkserver._forkserver._forkserver_pid == ahead  # type: ignore[attr-defined]


def test_a_fork_server_without_coordinator_ends_before_it_loads_anything() -> None:
    """The coordinator was killed while the interpreter of the fork server was starting."""
    program = "import lrestore.run.bulk.launch.fork_server; print('loads on')"
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    argv = [sys.executable, "-c", program]
    environ = environment(_LRESTORE_COORDINATOR=str(gone.pid))
    done = subprocess.run(argv, env=environ, stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")


def test_the_fork_server_knows_its_coordinator_and_its_children_do_not() -> None:
    process = Launcher().start(time.sleep, (60,), "sleeper")
    try:
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        told = Path(f"/proc/{server}/environ").read_bytes().split(b"\0")
        assert f"_LRESTORE_COORDINATOR={os.getpid()}".encode() in told
        assert "_LRESTORE_COORDINATOR" not in os.environ
    finally:
        process.kill()
        process.join(WITHIN_S)
