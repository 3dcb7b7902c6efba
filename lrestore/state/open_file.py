"""Opens the state file. A foreign file is never opened for writing: its header is checked first. A new file is created
under another name and moved into place when it is complete, so that a crash leaves either no state file or a complete
one.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lrestore.errors import StateError
from lrestore.state.connection import Connect, has_records, state_errors
from lrestore.state.migrations import (
    APPLICATION_ID,
    CURRENT,
    StateSchema,
    create,
    migrate,
    schema_version,
)
from lrestore.vault.sqlite_uri import sqlite_uri

PAGE_BYTES = 4096  # a group commit writes whole pages to the WAL, and most rows are far smaller than one
BUSY_TIMEOUT_S = 10.0  # other programs may read the file, and a backup of it may hold it for a moment
_LEAST_BYTES = 512  # the smallest page; https://www.sqlite.org/fileformat.html


def open_writable(
    path: Path, *, connect: Connect = sqlite3.connect, schema: StateSchema = CURRENT
) -> sqlite3.Connection:
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


def open_readonly(
    path: Path, *, connect: Connect = sqlite3.connect, schema: StateSchema = CURRENT
) -> sqlite3.Connection:
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


def _prepare(connection: sqlite3.Connection, path: Path, schema: StateSchema) -> None:
    connection.row_factory = sqlite3.Row
    if _known_version(connection, path, schema) < schema.version:
        migrate(connection, schema)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _known_version(connection: sqlite3.Connection, path: Path, schema: StateSchema) -> int:
    version = schema_version(connection)
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
        application_id = _application_id(path)
    except sqlite3.DatabaseError as error:
        if _code(error) != sqlite3.SQLITE_NOTADB:
            raise
        raise stranger from error
    if application_id != APPLICATION_ID:
        raise StateError(
            f"{path} is not lrestore's state file but another program's SQLite file; it was left untouched",
            hint="set [state] path to a separate file, never to the backup",
        )


def _application_id(path: Path) -> int:
    """The application id in the header. The file is read without its WAL first: nothing is made beside a foreign one.
    While a checkpoint is under way, or after one that was killed, the header counts pages that only the WAL holds.
    """
    try:
        return _read_application_id(sqlite_uri(path, "ro", immutable=True))
    except sqlite3.DatabaseError as error:
        if _code(error) != sqlite3.SQLITE_CORRUPT or not has_records(Path(f"{path}-wal")):
            raise
    return _read_application_id(sqlite_uri(path, "ro"))


def _read_application_id(uri: str) -> int:
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S)) as header:
        return int(header.execute("PRAGMA application_id").fetchone()[0])


def _code(error: sqlite3.DatabaseError) -> int:
    """The primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _make(path: Path, connect: Connect, schema: StateSchema) -> None:
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
