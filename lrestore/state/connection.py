"""A connection to the state file: runs named statements, and turns errors of SQLite and the file system into
:class:`StateError`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from lrestore.errors import StateError
from lrestore.state.queries import QUERIES
from lrestore.text.storable import storable_values

Connect = Callable[..., sqlite3.Connection]
"""``sqlite3.connect``, or a replacement by which a test makes statements fail."""

_REASONS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free disk space, then continue with --resume"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make file and folder writable, or set [state] path elsewhere"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check that its folder exists and is writable"),
    sqlite3.SQLITE_PERM: ("access is denied", "make file and folder writable, or set [state] path elsewhere"),
    sqlite3.SQLITE_BUSY: ("another program holds a lock on it", "end that program and try again"),
    sqlite3.SQLITE_LOCKED: ("another program holds a lock on it", "end that program and try again"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "restore a copy of it, or move it away to start a new one"),
    sqlite3.SQLITE_NOTADB: ("it is damaged", "restore a copy of it, or move it away to start a new one"),
    sqlite3.SQLITE_IOERR: ("reading or writing it failed", "check the disk"),
}


_MISUSE = (sqlite3.ProgrammingError, sqlite3.InterfaceError)


class state_errors:  # noqa: N801 (used like a function)
    """Turn errors of the file into StateError. Errors of wrong use of sqlite3 are not changed.

    A class, because several statements of every item run inside: a generator takes three times as long.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, sqlite3.Error) and not isinstance(error, _MISUSE):
            raise _state_error(self._path, error) from error
        if isinstance(error, OSError):
            what = f"state file {self._path}: {error.strerror or error}"
            raise StateError(what, hint="see [state] path") from error


@contextmanager
def damaged_content(path: Path) -> Iterator[None]:
    """Turn what cannot be decoded into StateError: SQLite may find nothing wrong with a damaged file."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"{path} is damaged: {type(error).__name__}: {error}"
        raise StateError(message, hint="take the file from a copy of the state folder, if there is one") from error


def _state_error(path: Path, error: sqlite3.Error) -> StateError:
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason, hint = _REASONS.get(code, (str(error), None))
    return StateError(f"state file {path}: {reason}", hint=hint)


class StateFile:
    """An open state file. ``query`` is the name of a statement in ``queries.sql``. Each method may raise StateError."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def run(self, statement: str) -> None:
        """Run a statement that is not in ``queries.sql``, such as BEGIN."""
        with state_errors(self.path):
            self.connection.execute(statement)

    def execute(self, query: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        with state_errors(self.path):
            return self._execute(query, values)

    def row(self, query: str, values: Mapping[str, object]) -> sqlite3.Row | None:
        """The first row, or None."""
        with state_errors(self.path):
            found: sqlite3.Row | None = self._execute(query, values).fetchone()
            return found

    def rows(self, query: str, values: Mapping[str, object]) -> Iterator[sqlite3.Row]:
        """The rows, read while the caller iterates."""
        with state_errors(self.path):
            yield from self._execute(query, values)

    def close(self) -> None:
        with state_errors(self.path):
            self.connection.close()

    def _execute(self, query: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        try:
            return self.connection.execute(QUERIES[query], values)
        except UnicodeEncodeError:
            # Text with a lone surrogate (half of a character), which SQLite refuses.
            return self.connection.execute(QUERIES[query], storable_values(values))


def has_records(path: Path) -> bool:
    """Whether the file exists and is not empty; an empty file counts as none."""
    return path.exists() and path.stat().st_size > 0
