"""Records too large for the pipe to the writer: stored in a file of the worker, and fetched by their number."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lrestore.state.connection import state_errors
from lrestore.vault.sqlite_uri import sqlite_uri


class Overflow:
    """Large records of one worker, kept until they are confirmed. The file is created with the first one.

    Methods raise StateError if the file cannot be written. Not thread-safe: callers hold a lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store: sqlite3.Connection | None = None

    def put(self, number: int, record: bytes) -> None:
        """Store a record. It survives a crash of the process; after a power loss its item is restored again."""
        with state_errors(self.path):
            if self._store is None:
                self._store = sqlite3.connect(
                    sqlite_uri(self.path, "rwc"), uri=True, isolation_level=None, check_same_thread=False
                )
                self._store.execute("PRAGMA journal_mode = WAL")
                self._store.execute(
                    "CREATE TABLE IF NOT EXISTS aside (number INTEGER PRIMARY KEY, record BLOB NOT NULL)"
                )
            self._store.execute("INSERT OR REPLACE INTO aside VALUES (?, ?)", (number, record))

    def forget(self, number: int) -> None:
        """Everything up to ``number`` is confirmed."""
        if self._store is not None:
            with state_errors(self.path):
                self._store.execute("DELETE FROM aside WHERE number <= ?", (number,))

    def close(self) -> None:
        """Close the file; what is not confirmed stays in it."""
        if self._store is not None:
            with state_errors(self.path):
                self._store.close()
            self._store = None


def stored_record(path: Path, number: int) -> bytes | None:
    """A stored record; None if it was confirmed and deleted. Raises StateError."""
    with state_errors(path), closing(sqlite3.connect(sqlite_uri(path, "ro"), uri=True)) as store:
        row = store.execute("SELECT record FROM aside WHERE number = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])
