"""Before an object is written there is a durable copy of it: the first one of the session."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from lrestore.errors import NotRestorableError, StateError, StateLostError
from lrestore.messages import Touch
from lrestore.state.undo import UndoJournal
from lrestore.state.undo_folder import prune, state_folder, undo_directory
from lrestore.state.undo_log import read_undo
from tests.state.builders import NOON
from tests.waiting import HANG_S

LIVE: dict[str, object] = {
    "id": "42",
    "title": "As it was",
    "folder_id": "5",
    "created_at": "2024-03-05T06:07:08.000+00:00",
    "description": None,
    "dashboard_elements": [{"id": "7", "query": {"vis_config": {"x": [1, 2.5, None]}}}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return undo_directory(tmp_path / "lrestore-state.db", "20261123-104500-ab12")


class Clock:
    """Each reading is a second later."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def copies(path: Path) -> dict[str, object]:
    with closing(sqlite3.connect(path)) as shard:
        rows = shard.execute("SELECT id, content_data FROM content_items").fetchall()
    return {row[0]: msgspec.msgpack.decode(row[1]) for row in rows}


@pytest.fixture
def journal(folder: Path) -> Iterator[UndoJournal]:
    with UndoJournal(folder, now=Clock()) as opened:
        yield opened


def test_the_copy_equals_the_live_object_including_nulls(journal: UndoJournal) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    assert copies(journal.path) == {"42": LIVE}
    (entry,) = read_undo(journal.path.parent)
    assert (entry.type, entry.destination_id, entry.operation, entry.shard) == (
        "dashboard",
        "42",
        "updated",
        journal.path,
    )


def test_the_first_copy_of_a_session_is_kept(journal: UndoJournal) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    journal.before_update("dashboard", "42", "Sales", {**LIVE, "title": "half restored"})
    journal.before_delete("dashboard", "42", "Sales", {**LIVE, "title": "half restored"})
    assert copies(journal.path) == {"42": LIVE}
    assert len(read_undo(journal.path.parent)) == 1


def test_the_first_copy_is_kept_after_a_resume(journal: UndoJournal, folder: Path) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    journal.close()
    with UndoJournal(folder) as resumed:
        resumed.before_update("dashboard", "42", "Sales", {**LIVE, "title": "half restored"})
    assert copies(journal.path) == {"42": LIVE}


def test_a_worker_that_replaces_a_dead_one_keeps_its_copy(journal: UndoJournal, folder: Path) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    with UndoJournal(folder, worker=1) as other:
        other.before_update("dashboard", "42", "Sales", {**LIVE, "title": "half restored"})
        other.before_update("look", "1", "L", {"id": "1", "title": "L"})
    assert set(copies(other.path)) == {"1"}


def test_the_earlier_copy_of_two_workers_counts(folder: Path) -> None:
    clock = Clock()
    with UndoJournal(folder, worker=0, now=clock) as first, UndoJournal(folder, worker=1, now=clock) as second:
        for journal in (first, second):
            journal.created("folder", f"f{journal.path.stem}")
        second.before_update("dashboard", "42", "Sales", LIVE)
        first.before_update("dashboard", "42", "Sales", {**LIVE, "title": "half restored"})
    entries = {entry.destination_id: entry for entry in read_undo(folder)}
    assert entries["42"].shard == second.path


def test_a_created_object_is_recorded_without_a_copy(journal: UndoJournal) -> None:
    journal.created("dashboard", "900")
    journal.before_update("dashboard", "900", "Sales", LIVE)
    assert copies(journal.path) == {}
    assert [(entry.type, entry.operation) for entry in read_undo(journal.path.parent)] == [("dashboard", "created")]


def test_a_deleted_object_is_kept_too(journal: UndoJournal) -> None:
    journal.before_delete("look", "1", "L", {"id": "1", "title": "L"})
    assert [entry.operation for entry in read_undo(journal.path.parent)] == ["deleted"]
    assert set(copies(journal.path)) == {"1"}


def test_a_session_that_writes_nothing_leaves_nothing(journal: UndoJournal, folder: Path) -> None:
    journal.close()
    assert not folder.parent.exists()
    assert read_undo(folder) == []


def test_shards_and_folders_are_private(journal: UndoJournal, folder: Path) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    assert list(folder.iterdir())
    for name in folder.iterdir():
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
    for place in (folder, folder.parent):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_threads_of_a_worker_share_its_shard(journal: UndoJournal) -> None:
    def keep(first: int) -> None:
        for number in range(first, first + 10):
            journal.before_update("look", str(number), "L", {"id": str(number), "title": "L"})

    threads = [threading.Thread(target=keep, args=(first,)) for first in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_undo(journal.path.parent)) == len(copies(journal.path)) == 20


def test_copies_survive_kill_9(folder: Path) -> None:
    script = (
        "import sys; from lrestore.state.undo import UndoJournal\n"
        "UndoJournal(sys.argv[1]).before_update('look', '1', 'L', {'id': '1', 'title': 'L'})\n"
        "print('kept', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "kept\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=HANG_S)
    (entry,) = read_undo(folder)
    assert copies(entry.shard) == {"1": {"id": "1", "title": "L"}}


def test_a_copy_without_its_log_row_is_taken_again(journal: UndoJournal, folder: Path) -> None:
    """Killed between copy and log row: the write was not sent, so the live object is unchanged."""
    journal.before_update("dashboard", "42", "Sales", LIVE)
    journal.close()
    with closing(sqlite3.connect(journal.path)) as shard:
        shard.execute("DELETE FROM undo_log")
        shard.commit()
    with UndoJournal(folder) as resumed:
        resumed.before_update("dashboard", "42", "Sales", LIVE)
    assert len(read_undo(folder)) == 1


def test_an_object_that_cannot_be_kept_is_not_written(journal: UndoJournal) -> None:
    with pytest.raises(NotRestorableError, match="it is not written") as caught:
        journal.before_update("dashboard", "42", "Sales", {"id": "42", "vis": 2**70})
    assert str(caught.value.key) == "dashboard=42"
    assert read_undo(journal.path.parent) == []


def test_an_unwritable_folder_for_copies_is_named(tmp_path: Path) -> None:
    (tmp_path / "lrestore-state.d").write_text("a file where the folder should be")
    journal = UndoJournal(tmp_path / "lrestore-state.d" / "20261123-104500-ab12")
    with pytest.raises(StateError, match=r"lrestore-state\.d"):
        journal.before_update("look", "1", "L", {"id": "1", "title": "L"})


def test_a_damaged_shard_is_named(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "undo-0.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StateError, match=r"undo-0\.db: it is damaged"):
        read_undo(folder)


def test_an_entry_that_no_version_writes_is_damage(journal: UndoJournal, folder: Path) -> None:
    journal.created("look", "1")
    with closing(sqlite3.connect(journal.path)) as shard, shard:
        shard.execute("UPDATE undo_log SET type = 'burnt'")
    with pytest.raises(StateError, match=r"undo-0\.db.*burnt"):
        read_undo(folder)


def test_a_shard_of_an_older_version_tells_no_creation_times(journal: UndoJournal, folder: Path) -> None:
    journal.created("look", "1", created_at="2026-01-01T00:00:00Z")
    assert [entry.created_at for entry in read_undo(folder)] == ["2026-01-01T00:00:00Z"]
    with closing(sqlite3.connect(journal.path)) as shard, shard:
        shard.execute("DROP TABLE undo_born")
    assert [entry.created_at for entry in read_undo(folder)] == [""]


def test_copies_that_are_removed_stop_the_write_that_was_to_follow(journal: UndoJournal, folder: Path) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    folder.rename(folder.with_name("elsewhere"))
    for _ in range(2):
        with pytest.raises(StateLostError, match="were removed while the run was using them"):
            journal.before_update("dashboard", "43", "Sales", {**LIVE, "id": "43"})


def test_another_object_of_the_same_id_is_not_written(journal: UndoJournal) -> None:
    journal.before_update("dashboard", "42", "Sales", LIVE)
    with pytest.raises(NotRestorableError, match="is not the object that this session copied"):
        journal.before_update("dashboard", "42", "Sales", {**LIVE, "created_at": "2026-03-05T06:07:08.000+00:00"})


@pytest.mark.parametrize(
    ("state", "folder_name"),
    [("lrestore-state.db", "lrestore-state.d"), ("prod.state", "prod.state.d"), ("state", "state.d")],
)
def test_the_folder_lies_beside_the_state_file(state: str, folder_name: str) -> None:
    assert state_folder(Path("x") / state) == Path("x") / folder_name


def test_old_copies_are_removed_but_never_those_of_unfinished_sessions(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    state = tmp_path / "lrestore-state.db"
    for name in ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260103-000000-cccc"):
        with UndoJournal(undo_directory(state, name)) as journal:
            journal.created("look", "1")
    strange = undo_directory(state, "20260104-000000-dddd")
    strange.mkdir()
    (strange / "notes.txt").write_text("mine")
    (state_folder(state) / "not-a-session").mkdir()

    assert prune(state, 30, now, set()) == []
    removed = prune(state, 30, now + timedelta(days=31), {"20260102-000000-bbbb"})

    assert removed == ["20260101-000000-aaaa", "20260103-000000-cccc"]
    assert sorted(entry.name for entry in state_folder(state).iterdir()) == [
        "20260102-000000-bbbb",
        "20260104-000000-dddd",
        "not-a-session",
    ]


def test_without_a_folder_there_is_nothing_to_remove(tmp_path: Path) -> None:
    assert prune(tmp_path / "none.db", 30, NOON, set()) == []


def test_a_shard_that_cannot_be_created_is_a_state_error(folder: Path) -> None:
    (folder / "undo-0.db").mkdir(parents=True)
    with UndoJournal(folder) as journal, pytest.raises(StateError, match=r"undo-0\.db"):
        journal.before_update("look", "1", "L", {"id": "1", "title": "L"})


def test_a_full_disk_stops_the_write_that_was_to_follow(journal: UndoJournal) -> None:
    """SQLite itself says "full" when a file may not grow beyond so many pages."""
    journal.before_update("look", "1", "L", {"id": "1", "title": "L"})
    assert journal._shard is not None
    journal._shard._connection.execute("PRAGMA max_page_count = 30")
    with pytest.raises(StateError, match="cannot store undo copies, so nothing is written"):
        journal.before_update("look", "2", "L", {"id": "2", "title": "x" * 1_000_000})
    assert [entry.destination_id for entry in read_undo(journal.path.parent)] == ["1"]


def test_answers_that_a_full_disk_does_not_take_are_a_warning(
    journal: UndoJournal, caplog: pytest.LogCaptureFixture
) -> None:
    """All that a write waited for is on disk: the work that is done is not given up for them."""
    journal.before_update("look", "1", "L", {"id": "1", "title": "L"})
    assert journal._shard is not None
    journal._shard._connection.execute("PRAGMA max_page_count = 30")
    journal.answered("look", "1", Touch("look", "1", "update", {"title": "x" * 1_000_000}))
    journal.close()
    assert "could not record Looker's last answers" in caplog.text
    assert [entry.destination_id for entry in read_undo(journal.path.parent)] == ["1"]


HALF_WRITTEN = """
import os, signal, sqlite3, sys
shard = sqlite3.connect(sys.argv[1], isolation_level=None)
shard.execute("PRAGMA cache_size = 1")
shard.execute("CREATE TABLE something (content)")
shard.execute("BEGIN IMMEDIATE")
for _ in range(300):
    shard.execute("INSERT INTO something VALUES (?)", (os.urandom(2000),))
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A shard without a write-ahead log, with a transaction that is partly on disk."""


def test_a_shard_of_a_worker_killed_during_its_creation_is_harmless(folder: Path) -> None:
    folder.mkdir(parents=True)
    shard = folder / "undo-7.db"
    subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(shard)], check=False)
    assert Path(f"{shard}-journal").stat().st_size, "nothing is left to be rolled back"
    with UndoJournal(folder, worker=1) as journal:
        journal.before_update("dashboard", "42", "As it was", LIVE)
    assert [(entry.type, entry.destination_id) for entry in read_undo(folder)] == [("dashboard", "42")]
    with UndoJournal(folder, worker=7) as journal:
        journal.before_update("look", "1", "Another", LIVE)
    assert len(read_undo(folder)) == 2


def test_folders_with_copies_survive_a_power_loss(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite syncs the files in the folder of a session; lrestore must sync the folder itself."""
    synced: set[int] = set()
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    with UndoJournal(folder) as undo:
        undo.before_update("dashboard", "42", "As it was", LIVE)
    assert {folder.parent.stat().st_ino, folder.parent.parent.stat().st_ino} <= synced
