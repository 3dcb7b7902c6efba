"""The record in a file: complete after every kill -9, without dead holders, and refused if it is another file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from multiprocess.connection import wait

from lrestore.crash_points import rearm
from lrestore.errors import StateError
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.run.limiter.controller import Controller
from lrestore.run.limiter.file import MEMBERS, FileCell
from lrestore.run.limiter.processes import started_at
from lrestore.run.limiter.state import RECORD
from tests.run.children import WITHIN_S, children, kill
from tests.run.limiter.limiter_world import shared

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
CONFIG = LimiterConfig(max_in_flight=4, start_in_flight=4, start_per_second=1e6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limiter"


@pytest.fixture
def cell(path: Path) -> FileCell:
    return FileCell.create(path, CONFIG, Controller(CONFIG).begin(1.0))


def take_and_hang(path: Path, calls: int) -> None:
    limiter = SharedLimiter.attach(path)

    def hang() -> None:
        limiter.acquire()
        threading.Event().wait()

    for _ in range(calls):
        threading.Thread(target=hang).start()


def die_at_pass(path: Path, number: int) -> None:
    os.environ["LRESTORE_CRASH"] = f"limiter.lock_held:{number}"
    rearm()
    limiter = SharedLimiter.attach(path)
    while True:
        limiter.acquire()
        limiter.report(200, 0.1, None)


def test_processes_share_the_record(path: Path, cell: FileCell) -> None:
    other = FileCell(path)
    with cell.lock:
        state, _ = cell.load()
        state.limit = 123.0
        cell.save(state, 0)
    with other.lock:
        assert other.load() == (state, 0)
    assert other.config == CONFIG


def test_a_half_written_record_is_not_seen(path: Path, cell: FileCell) -> None:
    """A kill in the middle of an update: the copy that is in use is never the one that is written."""
    with cell.lock:
        before, _ = cell.load()
    data = path.read_bytes()
    in_use = data[4096]
    with path.open("r+b") as file:
        file.seek(4160 + 1024 * (1 - in_use))
        file.write(b"\xff" * (RECORD.size // 2))
    with cell.lock:
        assert cell.load() == (before, 0)
        before.limit = 7.0
        cell.save(before, 0)
        assert cell.load() == (before, 0)


@pytest.mark.crash
@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_process_that_dies_with_the_lock_does_not_block_others(path: Path, number: int) -> None:
    """kill -9 between the two halves of an update: lock free, record whole, the update not made."""
    with shared(path, CONFIG) as limiter, children(die_at_pass, [(path, number)]) as (child,):
        child.join(WITHIN_S)
        assert child.exitcode == -9
        assert limiter.snapshot().granted == number // 2, "two updates a call, the last one not made"
        limiter.acquire()
        limiter.report(200, 0.1, None)
        assert limiter.snapshot().in_flight == 0


@pytest.mark.crash
def test_the_places_of_a_killed_process_are_freed(path: Path) -> None:
    """This holds before its parent has reaped it: a zombie holds no place."""
    with shared(path, CONFIG) as limiter, children(take_and_hang, [(path, 4)]) as (child,):
        while limiter.snapshot().in_flight < 4:
            assert child.is_alive()
        kill(child)
        limiter.acquire()
        assert limiter.snapshot().in_flight == 1


def test_a_later_process_with_the_same_id_is_another_process(cell: FileCell) -> None:
    """Process ids are reused; the start time distinguishes a process from an earlier one."""
    with cell.lock:
        state, _ = cell.load()
        cell.save(state, 3)
        assert cell.load() == (state, 3)
        cell._starts[0] += 1
        assert cell.reclaim() == 1
        assert cell.load() == (state, 0)


def test_living_and_dead_processes_are_distinguished() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert started_at(child.pid) == 0, "a zombie"
    child.wait()
    assert started_at(child.pid) == 0, "nobody"
    assert 0 < started_at(os.getppid()) <= started_at(os.getpid())


def test_leaving_frees_the_places(path: Path, cell: FileCell) -> None:
    other = FileCell(path)
    with other.lock:
        state, _ = other.load()
        other.save(state, 2)
    other.close()
    other.close()
    with cell.lock:
        assert cell.load() == (state, 0)


def test_more_processes_than_there_are_places_are_refused(path: Path) -> None:
    cells = [FileCell.create(path, CONFIG, Controller(CONFIG).begin(1.0))]
    cells += [FileCell(path) for _ in range(MEMBERS)]
    state, _ = cells[0].load()
    for cell in cells[:-1]:
        with cell.lock:
            cell.save(state, 1)
    with cells[-1].lock, pytest.raises(StateError, match="use fewer workers"):
        cells[-1].save(state, 1)
    for cell in cells:
        cell.close()


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(StateError, match=f"{path}: No such file"):
        SharedLimiter.attach(path)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"x" * 12272])
def test_another_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StateError, match="not a limiter file, or one of another version"):
        SharedLimiter.attach(path)


def test_a_folder_that_does_not_exist_is_named(path: Path) -> None:
    with pytest.raises(StateError, match="No such file"):
        shared(path / "limiter", CONFIG)


def test_the_file_of_an_earlier_run_is_replaced_and_its_orphans_keep_the_old_one(path: Path) -> None:
    orphan = shared(path, CONFIG)
    with shared(path, CONFIG) as limiter:
        orphan.acquire()
        assert limiter.snapshot().in_flight == 0
    orphan.close()


def test_the_file_is_private(path: Path, cell: FileCell) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_of_one_process_exclude_each_other(path: Path, cell: FileCell) -> None:
    """POSIX locks do not exclude threads: they belong to the process."""

    def add() -> None:
        for _ in range(300):
            with cell.lock:
                state, _ = cell.load()
                state.granted += 1
                cell.save(state, 0)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with cell.lock:
        assert cell.load()[0].granted == 1200


def count(path: Path, times: int) -> None:
    cell = FileCell(path)
    for _ in range(times):
        with cell.lock:
            state, _ = cell.load()
            state.granted += 1
            cell.save(state, 0)


def test_processes_exclude_each_other(path: Path, cell: FileCell) -> None:
    with children(count, [(path, 2000)] * 4) as running:
        for child in running:
            assert wait([child.sentinel], WITHIN_S)
    with cell.lock:
        assert cell.load()[0].granted == 8000
