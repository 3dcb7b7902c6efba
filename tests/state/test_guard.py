"""The guard of the state file serves all threads of a process at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.errors import StateLostError
from lrestore.state.guard import Guard
from lrestore.state.undo_folder import undo_directory

THREADS = 6
ROUNDS = 60


@pytest.fixture(autouse=True)
def _eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_many_threads_may_check_while_the_first_undo_copy_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    for name in ("state.db", "state.db-wal", "state.db-shm", "state.db.lock"):
        (tmp_path / name).write_text("x")
    looks = 0
    for number in range(ROUNDS):
        guard = Guard(state, f"session-{number}")
        start = threading.Barrier(THREADS + 1)
        failures: list[Exception] = []

        def look(guard: Guard = guard, start: threading.Barrier = start, failures: list[Exception] = failures) -> None:
            start.wait()
            try:
                for _ in range(20):
                    assert guard.trouble() == ""
            except Exception as error:  # noqa: BLE001 (the test tells it)
                failures.append(error)

        threads = [threading.Thread(target=look) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        start.wait()
        undo_directory(state, f"session-{number}").mkdir(parents=True)
        for thread in threads:
            thread.join()
        assert not failures
        looks += 1
    assert looks == ROUNDS


def test_undo_copies_that_are_removed_are_noticed_and_stay_lost(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    state.write_text("x")
    guard, folder = Guard(state, "session"), undo_directory(state, "session")
    assert guard.trouble() == ""
    folder.mkdir(parents=True)
    assert guard.trouble() == ""
    folder.rename(tmp_path / "elsewhere")
    assert f"{folder} was removed" in guard.trouble()
    folder.mkdir()
    with pytest.raises(StateLostError, match="was removed"):
        guard.check()


def test_a_check_before_a_call_counts_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at the files takes a dozen system calls."""
    now_s = 100.0
    monkeypatch.setattr("lrestore.state.guard.time.monotonic", lambda: now_s)
    state = tmp_path / "state.db"
    for name in ("state.db", "state.db-wal", "state.db-shm", "state.db.lock"):
        (tmp_path / name).write_text("x")
    guard = Guard(state, "session")
    guard.check_before_call()
    state.unlink()
    guard.check_before_call()
    now_s += 0.03
    for _ in range(2):
        with pytest.raises(StateLostError, match="was removed while the run was using it"):
            guard.check_before_call()
