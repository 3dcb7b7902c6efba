"""The next run removes the socket folder of a killed run, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import environment
from tests.waiting import HANG_S

KILLED = """
import os, signal, time
from lrestore.run.bulk.launch.launcher import Launcher
Launcher().start(time.sleep, (60,), "sleeper")
os.kill(os.getpid(), signal.SIGKILL)
"""
ENDS = """
import time
from lrestore.run.bulk.launch.launcher import Launcher
Launcher().start(time.sleep, (0,), "sleeper").join()
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder for temporary files with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def run(program: str, directory: Path) -> int:
    argv = [sys.executable, "-c", program]
    return subprocess.run(argv, env=environment(TMPDIR=str(directory)), timeout=HANG_S, check=False).returncode


def age(directory: Path) -> None:
    for lock in directory.glob("*/owner.lock"):
        os.utime(lock, (0, 0))


def test_the_next_run_removes_the_folder_of_a_killed_one(short: Path) -> None:
    assert run(KILLED, short) == -9
    assert [path.name.startswith("lrst-") for path in short.iterdir()] == [True]
    age(short)
    assert run(ENDS, short) == 0
    assert list(short.iterdir()) == []


def test_the_folder_of_a_living_run_stays(short: Path) -> None:
    program = (
        "from lrestore.run.bulk.launch.socket_folder import use_own_folder as u; import sys; u();"
        "print(1, flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=environment(TMPDIR=str(short)), stdin=pipe, stdout=pipe) as living:
        assert living.stdout and living.stdout.readline() == b"1\n"
        age(short)
        assert run(ENDS, short) == 0
        assert len(list(short.iterdir())) == 1
        assert living.stdin
        living.stdin.close()
    assert list(short.iterdir()) == []


def test_a_folder_for_temporary_files_with_a_long_path_keeps_no_process_from_starting(tmp_path: Path) -> None:
    """As some schedulers make for each of their jobs. A socket's path is limited to 107 bytes."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    assert run(ENDS, long) == 0
    assert list(long.iterdir()) == []
