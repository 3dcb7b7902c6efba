"""Opening the state file: private, durable, never a foreign file; every error is a StateError that names the file."""

from __future__ import annotations

import gzip
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lrestore.errors import StateError
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter
from tests.state.builders import SESSION, noon, result, session

NOBODY = 65534


@contextmanager
def open_to_all() -> Iterator[Path]:
    """A folder in which permissions can be tried out (pytest's own are closed to other users)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@contextmanager
def without_privileges() -> Iterator[None]:
    """root may write everywhere, so run as the user ``nobody`` for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if before == 0:
            os.seteuid(before)


def test_the_file_is_private_durable_and_marked(writer: StateWriter, path: Path) -> None:
    writer.record_result(SESSION, result())
    for name in (path, Path(f"{path}-wal")):
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
    pragmas = {name: writer.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode",)}
    assert pragmas == {"journal_mode": "wal"}
    assert writer.connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert writer.connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert writer.connection.execute("PRAGMA application_id").fetchone()[0] == 0x6C727374


def test_creating_the_file_leaves_no_other_file(path: Path) -> None:
    StateWriter.open(path).close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_an_empty_file_becomes_a_state_file(path: Path) -> None:
    path.touch()
    with StateWriter.open(path, now=noon) as writer:
        writer.begin_session(session())


def test_a_missing_folder_is_named_and_not_created(tmp_path: Path) -> None:
    """A mistyped path must not silently start a new state file without the mappings."""
    with pytest.raises(StateError, match=r"folder of the state file does not exist: .*/typo"):
        StateWriter.open(tmp_path / "typo" / "state.db")
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("open_file", [StateWriter.open, StateReader.open])
def test_a_backup_is_refused_and_left_untouched(path: Path, open_file: type) -> None:
    """B25."""
    with closing(sqlite3.connect(path)) as backup:
        backup.execute("CREATE TABLE content_items (id TEXT)")
        backup.commit()
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"lrestore-state\.db is not lrestore's state file"):
        open_file(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content", [b"x", gzip.compress(b"SQLite format 3\x00", mtime=0), b"SQLite format 3\x00", b"\0" * 5000]
)
@pytest.mark.parametrize("open_file", [StateWriter.open, StateReader.open])
def test_a_file_that_is_not_sqlite_is_refused(path: Path, open_file: type, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StateError, match="not an SQLite database"):
        open_file(path)
    assert path.read_bytes() == content


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateError, match=r"lrestore-state\.db"):
        StateWriter.open(path)


def test_a_read_only_folder_is_named() -> None:
    with open_to_all() as folder:
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(StateError, match=str(folder)):
            StateWriter.open(folder / "state.db")


def test_a_read_only_file_is_named() -> None:
    with open_to_all() as folder:
        path = folder / "state.db"
        StateWriter.open(path).close()
        path.chmod(0o444)
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(StateError, match=r"state\.db: it is read-only"):
            StateWriter.open(path)


def test_a_file_in_a_read_only_folder_can_be_read() -> None:
    with open_to_all() as folder:
        path = folder / "state.db"
        with StateWriter.open(path, now=noon) as writer:
            writer.begin_session(session())
        path.chmod(0o444)
        folder.chmod(0o555)
        with without_privileges(), StateReader.open(path) as reader:
            assert reader.session().id == SESSION


def test_a_damaged_file_is_named(path: Path) -> None:
    with StateWriter.open(path, now=noon) as writer:
        writer.begin_session(session())
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with StateReader.open(path) as reader, pytest.raises(StateError, match=r"lrestore-state\.db: it is damaged"):
        reader.sessions()


def test_a_truncated_file_is_named(path: Path) -> None:
    with StateWriter.open(path, now=noon) as writer:
        writer.begin_session(session())
    os.truncate(path, 6000)
    with pytest.raises(StateError, match="it is damaged"), StateReader.open(path) as reader:
        reader.sessions()


def test_a_file_whose_checkpoint_was_killed_can_be_opened(path: Path) -> None:
    """The header has been written back from the WAL, the pages that it counts have not."""
    with StateWriter.open(path, now=noon):
        pass
    size, copy = path.stat().st_size, path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE large (text)")
        other.execute("INSERT INTO large VALUES (?)", ("x" * 500_000,))
        other.commit()
        copy.with_name("copy.db-wal").write_bytes(Path(f"{path}-wal").read_bytes())
        other.execute("PRAGMA wal_checkpoint(FULL)")
        copy.write_bytes(path.read_bytes()[:size])
    with StateReader.open(copy) as reader:
        assert reader.sessions() == []
    with StateWriter.open(copy, now=noon) as writer:
        writer.begin_session(session())


def test_a_full_disk_is_named_and_committed_records_are_kept(path: Path) -> None:
    """SQLite itself says "full" when a file may not grow beyond so many pages."""

    def tiny(*args: object, **options: object) -> sqlite3.Connection:
        connection = sqlite3.connect(*args, **options)  # type: ignore[call-overload]
        connection.execute("PRAGMA max_page_count = 60")
        assert isinstance(connection, sqlite3.Connection)
        return connection

    with StateWriter.open(path, now=noon, connect=tiny) as writer:
        writer.begin_session(session())
        writer.record_result(SESSION, result("created", "1"))
        with pytest.raises(StateError, match="the disk is full"):
            writer.record_result(SESSION, result("failed", "2"), b"x" * 1_000_000)
        assert set(writer.read.outcomes(SESSION).values()) == {"created"}


def test_a_path_that_looks_like_a_query_is_just_a_path(tmp_path: Path) -> None:
    path = tmp_path / "state?mode=rw#100%.db"
    with StateWriter.open(path, now=noon) as writer:
        writer.begin_session(session())
    with StateReader.open(path) as reader:
        assert reader.session().id == SESSION
