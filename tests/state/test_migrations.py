"""A newer file is refused; an older one is migrated to the current version, completely or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lrestore.errors import StateError
from lrestore.state.migrations import APPLICATION_ID, CURRENT, StateSchema, create
from lrestore.state.open_file import open_readonly, open_writable
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter

OLDER = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, mode TEXT NOT NULL);
CREATE TABLE results (session_id TEXT NOT NULL REFERENCES sessions (id), item TEXT NOT NULL);
INSERT INTO sessions VALUES ('s1', 'restore');
INSERT INTO results VALUES ('s1', 'dashboard=42');
"""
REBUILD_SESSIONS = """
CREATE TABLE sessions_new (id TEXT PRIMARY KEY, mode TEXT NOT NULL, host TEXT NOT NULL DEFAULT '');
INSERT INTO sessions_new (id, mode) SELECT id, mode FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_new RENAME TO sessions;
"""
ADD_USER = "ALTER TABLE sessions ADD COLUMN user TEXT NOT NULL DEFAULT 'nobody';"
NEWER = StateSchema("", (REBUILD_SESSIONS, ADD_USER))

FROZEN = sorted((Path(__file__).parent / "schemas").glob("v*.sql"))


def older_file(path: Path, version: int = 1) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{OLDER}PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};")


def shape(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")]
    return {
        name: [tuple(row) for row in connection.execute(f"SELECT * FROM pragma_table_info('{name}')")]
        or [tuple(row) for row in connection.execute(f"SELECT * FROM pragma_index_info('{name}')")]
        for name in names
    }


@pytest.mark.parametrize("open_file", [StateWriter.open, StateReader.open])
def test_a_file_of_a_newer_lrestore_is_refused_and_left_untouched(path: Path, open_file: type) -> None:
    older_file(path, version=CURRENT.version + 1)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"lrestore-state\.db was made by a newer lrestore"):
        open_file(path)
    assert path.read_bytes() == before


def test_a_file_with_the_application_id_but_without_version_is_damaged(path: Path) -> None:
    older_file(path, version=0)
    with pytest.raises(StateError, match="damaged"):
        StateWriter.open(path)


@pytest.mark.parametrize("open_file", [open_writable, open_readonly])
def test_an_older_file_is_migrated_through_all_steps_and_keeps_its_rows(path: Path, open_file: type) -> None:
    older_file(path)
    with closing(open_file(path, schema=NEWER)) as connection:
        assert tuple(connection.execute("SELECT id, mode, host, user FROM sessions").fetchone()) == (
            "s1",
            "restore",
            "",
            "nobody",
        )
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 3
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_file_between_versions_runs_only_the_missing_steps(path: Path) -> None:
    older_file(path, version=2)
    with closing(open_writable(path, schema=NEWER)) as connection:
        columns = [row["name"] for row in connection.execute("SELECT name FROM pragma_table_info('sessions')")]
    assert columns == ["id", "mode", "user"]


def test_a_migration_that_fails_leaves_the_old_file(path: Path) -> None:
    older_file(path)
    broken = StateSchema("", (REBUILD_SESSIONS, "ALTER TABLE nowhere ADD COLUMN x TEXT;"))
    with pytest.raises(StateError, match="nowhere"):
        open_writable(path, schema=broken)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        assert connection.execute("SELECT * FROM sessions").fetchall() == [("s1", "restore")]


def test_every_released_version_has_its_frozen_schema() -> None:
    assert [file.stem for file in FROZEN] == [f"v{number + 1}" for number in range(CURRENT.version)]


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda file: str(file.stem))
def test_every_released_version_migrates_to_the_current_one(path: Path, frozen: Path) -> None:
    """This also detects a change of schema.sql without a step: the newest frozen schema must be the current one."""
    version = int(frozen.stem.removeprefix("v"))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"{frozen.read_text('utf-8')}PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};"
        )
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh, closing(open_writable(path)) as migrated:
        create(fresh, CURRENT)
        assert shape(migrated) == shape(fresh)
