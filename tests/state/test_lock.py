"""One run per state file, and no lock that outlives its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.errors import LockHeldError, StateError
from lrestore.state.lock import RunLock
from tests.waiting import HANG_S

HOLD = """
import sys
from lrestore.state.lock import RunLock
with RunLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock; returns once it does."""
    command = [sys.executable, "-c", HOLD, str(path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def end(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate(timeout=HANG_S)


def test_a_second_run_is_refused_and_the_holder_of_the_lock_is_named(path: Path) -> None:
    holder = start_holder(path)
    try:
        with pytest.raises(LockHeldError, match=rf"lrestore-state\.db: process {holder.pid} on "):
            RunLock(path).acquire()
    finally:
        end(holder)


def test_the_death_of_the_holder_frees_the_lock(path: Path) -> None:
    holder = start_holder(path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(timeout=HANG_S)
    with RunLock(path):
        assert f"process {os.getpid()} " in Path(f"{path}.lock").read_text()


def test_a_second_name_of_the_same_file_is_the_same_lock(path: Path) -> None:
    path.touch()
    link = path.with_name("link.db")
    link.symlink_to(path)
    with RunLock(path), pytest.raises(LockHeldError):
        RunLock(link).acquire()


def test_one_process_cannot_take_the_lock_twice_and_does_not_lose_it_by_trying(path: Path) -> None:
    with RunLock(path):
        with pytest.raises(LockHeldError, match=str(os.getpid())):
            RunLock(path).acquire()
        other = subprocess.run(
            [sys.executable, "-c", HOLD, str(path)], input="", capture_output=True, text=True, check=False
        )
        assert "LockHeldError" in other.stderr


def test_a_released_lock_can_be_taken_again(path: Path) -> None:
    for _ in range(2):
        with RunLock(path) as lock:
            pass
        lock.release()


def test_the_lock_file_is_private(path: Path) -> None:
    with RunLock(path) as lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600


def test_an_unwritable_folder_for_the_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nowhere"):
        RunLock(tmp_path / "nowhere" / "state.db").acquire()
