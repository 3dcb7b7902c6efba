"""The guard of the state file serves all threads of a process at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize("name", ["state.db", "state.db-wal", "state.db.lock"])
def test_a_file_that_is_removed_is_noticed_before_the_next_call(tmp_path: Path, name: str) -> None:
    guard = guarded(tmp_path)
    guard.check_before_call()
    (tmp_path / name).unlink()
    for _ in range(2):
        with pytest.raises(StateLostError, match="was removed while the run was using it"):
            guard.check_before_call()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(b""), "was cut short"),
        (lambda path: path.chmod(0o444), "was made read-only"),
        (lambda path: path.rename(path.with_name("moved")) and path.write_text("x"), "was replaced"),
    ],
)
def test_a_change_of_the_state_file_is_noticed_before_the_next_call(
    tmp_path: Path, change: Callable[[Path], object], said: str
) -> None:
    guard = guarded(tmp_path)
    guard.check_before_call()
    change(tmp_path / "state.db")
    with pytest.raises(StateLostError, match=said):
        guard.check_before_call()


def test_undo_copies_that_are_removed_are_noticed_before_the_next_call(tmp_path: Path) -> None:
    guard = guarded(tmp_path)
    undo_directory(tmp_path / "state.db", "session").mkdir(parents=True)
    assert guard.trouble() == ""
    guard.check_before_call()
    undo_directory(tmp_path / "state.db", "session").rmdir()
    with pytest.raises(StateLostError, match=r"(were|was) removed"):
        guard.check_before_call()


def test_what_a_glance_does_not_show_is_noticed_a_moment_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr("lrestore.state.guard.time.monotonic", lambda: now_s)
    guard = guarded(tmp_path)
    guard.check_before_call()
    (tmp_path / "state.db-shm").unlink()
    guard.check_before_call()
    now_s += 0.03
    with pytest.raises(StateLostError, match="was removed while the run was using it"):
        guard.check_before_call()


def guarded(folder: Path) -> Guard:
    """The guard of a state file and its log."""
    for name in ("state.db", "state.db-wal", "state.db-shm", "state.db.lock"):
        (folder / name).write_text("x")
    return Guard(folder / "state.db", "session")
