"""What is too large for the pipe to the writer: it lies in a file of the worker's own, and is fetched by its number."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lrestore.state.connection import state_errors
from lrestore.vault.sqlite_uri import sqlite_uri


class Aside:
    """Records put aside by one worker until they are confirmed. Nothing is made on disk before the first one.

    Methods raise StateError if the file cannot be written. Callers see to it that one thread at a time is in here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store: sqlite3.Connection | None = None

    def put(self, number: int, record: bytes) -> None:
        """Keep a record. A crash of the process does not lose it; its item is done again after a loss of power."""
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


def fetch(path: Path, number: int) -> bytes | None:
    """A record that was put aside; None if it is gone because it had been confirmed. Raises StateError."""
    with state_errors(path), closing(sqlite3.connect(sqlite_uri(path, "ro"), uri=True)) as store:
        row = store.execute("SELECT record FROM aside WHERE number = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])
