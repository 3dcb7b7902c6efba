"""The one connection that writes the state file: transactions, and the proof that the file is still in place."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from collections.abc import Mapping as Values
from contextlib import contextmanager
from pathlib import Path

from lrestore.errors import StateLostError
from lrestore.state.connection import state_errors
from lrestore.state.queries import QUERIES
from lrestore.text.storable import storable_values

_CHECKPOINT_EVERY = 100
"""Number of commits between two WAL checkpoints."""


class Transactions:
    """Threads may share it. Every method may raise StateError."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        with state_errors(path):
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._seen = self._content()
        self._commits = 0

    def close(self) -> None:
        with self._lock, state_errors(self._path):
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction. Inside another one it is a savepoint: an error rolls back only this part."""
        with self._lock:
            level = self._depth
            self._run("BEGIN IMMEDIATE" if level == 0 else f"SAVEPOINT level_{level}")
            self._depth += 1
            try:
                yield
                if level == 0:
                    self._commit()
                else:
                    self._run(f"RELEASE level_{level}")
            except BaseException as error:
                self._take_back(level, error)
                raise
            finally:
                self._depth -= 1

    def _commit(self) -> None:
        """Commit, unless the file was replaced, or another program has written to it without SQLite.

        With a WAL, SQLite writes to the file itself only in checkpoints, and only this method makes them.
        """
        now = self._content()
        if now != self._seen:
            how = "was removed" if now is None else "was replaced or changed by another program"
            raise StateLostError(f"state file {self._path} {how} while the run was using it")
        self._run("COMMIT")
        self._commits += 1
        if self._commits % _CHECKPOINT_EVERY == 0:
            self._run("PRAGMA wal_checkpoint(PASSIVE)")
            self._seen = self._content()

    def _content(self) -> tuple[int, int, int, int] | None:
        """Facts that change whenever the file changes."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _take_back(self, level: int, error: BaseException) -> None:
        """Roll back. SQLite may have done so already (disk full), or may be unable to: the first error is raised."""
        if not self._connection.in_transaction:
            return
        try:
            if level == 0:
                self._connection.execute("ROLLBACK")
            else:
                self._connection.execute(f"ROLLBACK TO level_{level}")
                self._connection.execute(f"RELEASE level_{level}")
        except sqlite3.Error as second:
            error.add_note(f"and it could not be rolled back: {second}")

    def _execute(self, query: str, values: Values[str, object]) -> sqlite3.Cursor:
        with state_errors(self._path):
            return self._connection.execute(QUERIES[query], storable_values(values))

    def _run(self, statement: str) -> None:
        with state_errors(self._path):
            self._connection.execute(statement)
