"""The one connection that writes the state file: transactions, and the proof that the file is still in place."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrestore.errors import StateLostError
from lrestore.state.connection import StateFile

_CHECKPOINT_EVERY = 100
"""Number of commits between two WAL checkpoints."""


class Transactions(StateFile):
    """The state file, open for writing. Threads may share it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        super().__init__(connection, path)
        self._lock = threading.RLock()
        self._depth = 0
        self.run("PRAGMA wal_autocheckpoint = 0")
        self._seen = self._content()
        self._commits = 0

    def close(self) -> None:
        with self._lock:
            super().close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction. Inside another one it is a savepoint: an error rolls back only this part."""
        with self._lock:
            level = self._depth
            self.run("BEGIN IMMEDIATE" if level == 0 else f"SAVEPOINT level_{level}")
            self._depth += 1
            try:
                yield
                if level == 0:
                    self._commit()
                else:
                    self.run(f"RELEASE level_{level}")
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
            raise StateLostError(f"state file {self.path} {how} while the run was using it")
        self.run("COMMIT")
        self._commits += 1
        if self._commits % _CHECKPOINT_EVERY == 0:
            self.run("PRAGMA wal_checkpoint(PASSIVE)")
            self._seen = self._content()

    def _content(self) -> tuple[int, int, int, int] | None:
        """Facts that change whenever the file changes."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _take_back(self, level: int, error: BaseException) -> None:
        """Roll back. SQLite may have done so already (disk full), or may be unable to: the first error is raised."""
        if not self.connection.in_transaction:
            return
        try:
            if level == 0:
                self.connection.execute("ROLLBACK")
            else:
                self.connection.execute(f"ROLLBACK TO level_{level}")
                self.connection.execute(f"RELEASE level_{level}")
        except sqlite3.Error as second:
            error.add_note(f"and it could not be rolled back: {second}")
