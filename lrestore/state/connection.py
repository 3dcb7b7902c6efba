"""Opens the state file, and turns errors of SQLite and the file system into :class:`StateError`.

A foreign file is never opened for writing: its header is checked first. A new file is created under another name and
moved into place when it is complete, so that a crash leaves either no state file or a complete one.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType

from lrestore.errors import StateError
from lrestore.state.migrations import (
    APPLICATION_ID,
    CURRENT,
    Schema,
    create,
    migrate,
    version_of,
)
from lrestore.vault.sqlite_uri import sqlite_uri

Connect = Callable[..., sqlite3.Connection]
"""``sqlite3.connect``, or a replacement by which a test makes statements fail."""

PAGE_BYTES = 4096  # a group commit writes whole pages to the WAL, and most rows are far smaller than one
BUSY_TIMEOUT_S = 10.0  # other programs may read the file, and a backup of it may hold it for a moment
_LEAST_BYTES = 512  # the smallest page; https://www.sqlite.org/fileformat.html

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
        told = f"{path} is damaged: {type(error).__name__}: {error}"
        raise StateError(told, hint="take the file from a copy of the state folder, if there is one") from error


def _state_error(path: Path, error: sqlite3.Error) -> StateError:
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason, hint = _REASONS.get(code, (str(error), None))
    return StateError(f"state file {path}: {reason}", hint=hint)


def has_records(path: Path) -> bool:
    """Whether the file exists and is not empty; an empty file counts as none."""
    return path.exists() and path.stat().st_size > 0


def open_writable(path: Path, *, connect: Connect = sqlite3.connect, schema: Schema = CURRENT) -> sqlite3.Connection:
    """Open the state file for writing; create it (0600) if it is missing or empty, migrate it if it is older.

    Raises StateError if the folder is missing, if the file is not a state file, was made by a newer lrestore, or cannot
    be written.
    """
    with state_errors(path):
        if not path.parent.is_dir():
            raise StateError(f"the folder of the state file does not exist: {path.parent}", hint="create it first")
        if not has_records(path):
            _make(path, connect, schema)
        _refuse_strangers(path)
        connection = _connect(sqlite_uri(path, "rw"), connect)
        with closing_on_error(connection):
            _prepare(connection, path, schema)
        return connection


def open_readonly(path: Path, *, connect: Connect = sqlite3.connect, schema: Schema = CURRENT) -> sqlite3.Connection:
    """Open the state file for reading only. An older one is migrated first, because the statements need today's tables.

    Raises StateError if there is none, or this lrestore cannot read it.
    """
    with state_errors(path):
        if not has_records(path):
            raise StateError(f"nothing is recorded yet: there is no state file {path}")
        _refuse_strangers(path)
        connection = _connect_readonly(path, connect)
        with closing_on_error(connection):
            version = _known_version(connection, path, schema)
        if version < schema.version:
            connection.close()
            open_writable(path, connect=connect, schema=schema).close()
            connection = _connect_readonly(path, connect)
        connection.row_factory = sqlite3.Row
        return connection


@contextmanager
def closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _connect_readonly(path: Path, connect: Connect) -> sqlite3.Connection:
    # Reading a WAL file needs its -shm file beside it. If that cannot be created (a read-only folder) and there is no
    # WAL, the file itself is complete.
    immutable = not os.access(path.parent, os.W_OK, effective_ids=True) and not Path(f"{path}-wal").exists()
    return _connect(sqlite_uri(path, "ro", immutable=immutable), connect)


def _connect(uri: str, connect: Connect) -> sqlite3.Connection:
    return connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    connection.row_factory = sqlite3.Row
    if _known_version(connection, path, schema) < schema.version:
        migrate(connection, schema)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _known_version(connection: sqlite3.Connection, path: Path, schema: Schema) -> int:
    version = version_of(connection)
    if version > schema.version:
        raise StateError(
            f"state file {path} was made by a newer lrestore (schema version {version}, this one has {schema.version})",
            hint="upgrade lrestore, or set [state] path to another file",
        )
    if version < 1:
        raise StateError(f"state file {path}: it is damaged (version {version})")
    return version


def _refuse_strangers(path: Path) -> None:
    """Refuse foreign files. SQLite reads the header: to open and close the file by other means would release the locks
    of this process, and with them its log (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    stranger = StateError(f"{path} is not a state file: it is not an SQLite database", hint="see [state] path")
    if path.stat().st_size < _LEAST_BYTES:
        raise stranger
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as header:
            (application_id,) = header.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        raise stranger from error
    if application_id != APPLICATION_ID:
        raise StateError(
            f"{path} is not lrestore's state file but another program's SQLite file; it was left untouched",
            hint="set [state] path to a separate file, never to the backup",
        )


def _make(path: Path, connect: Connect, schema: Schema) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # mkstemp: 0600
    os.close(descriptor)
    fresh = Path(name)
    try:
        with closing(_connect(sqlite_uri(fresh, "rw"), connect)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            create(connection, schema)
            connection.execute("PRAGMA journal_mode = WAL")
        fresh.replace(path)
        sync_folder(path.parent)
    finally:
        for leftover in (fresh, Path(f"{name}-wal"), Path(f"{name}-shm"), Path(f"{name}-journal")):
            leftover.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make new entries of a folder survive a power loss. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
