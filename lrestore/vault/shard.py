"""Writing files in LookerVault's own format: undo copies, the demo's backup, tests.

What the writer returns from has reached the disk: :meth:`ShardWriter.put` commits with ``synchronous = FULL`` before it
returns, unless inside :meth:`ShardWriter.batch`, which commits once at its end.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from lrestore.errors import VaultError
from lrestore.vault import schema
from lrestore.vault.sqlite_uri import sqlite_uri
from lrestore.vault.times import as_column

_PUT = """
INSERT INTO content_items (id, content_type, name, owner_id, owner_email, created_at, updated_at, synced_at, deleted_at,
                           content_size, content_data, folder_id)
VALUES (:id, :content_type, :name, :owner_id, NULL, :created_at, :updated_at, :synced_at, :deleted_at,
        :content_size, :content_data, :folder_id)
ON CONFLICT (id, content_type) DO UPDATE SET
    name = excluded.name, owner_id = excluded.owner_id, created_at = excluded.created_at,
    updated_at = excluded.updated_at, synced_at = excluded.synced_at, deleted_at = excluded.deleted_at,
    content_size = excluded.content_size, content_data = excluded.content_data, folder_id = excluded.folder_id
"""

WrittenTime = datetime | str | None


class ShardWriter:
    """One file in the format of schema version 4, made if it is missing, appended to if it is there.

    Safe for several threads of one process. Only the owner may read the file: it holds content of a production Looker.
    Raises :class:`VaultError` if the file cannot be made or written.
    """

    def __init__(self, path: str | os.PathLike[str], page_size_bytes: int = schema.PAGE_SIZE_BYTES) -> None:
        """``page_size_bytes`` is that of a new file."""
        self.path = Path(path)
        self._page_size_bytes = page_size_bytes
        self._lock = threading.RLock()
        self._batching = False
        self._encode = msgspec.msgpack.Encoder().encode
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _create(self.path)
            connection = sqlite3.connect(
                sqlite_uri(self.path, "rw"), uri=True, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, self._page_size_bytes)
            except BaseException:
                connection.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise VaultError(
                f"{self.path}: cannot be written: {error}",
                hint="check the path, its permissions and the free disk space",
            ) from error
        return connection

    def put(  # noqa: PLR0913 (the columns of a row, by name)
        self,
        type: str,
        id: str,
        name: str,
        obj: Mapping[str, object],
        *,
        owner_id: str | int | None = None,
        created_at: WrittenTime = None,
        updated_at: WrittenTime = None,
        synced_at: WrittenTime = None,
        folder_id: str | None = None,
        deleted_at: WrittenTime = None,
    ) -> None:
        """Store ``obj`` as the content of ``type``/``id``, in place of what is stored under that key.

        Datetimes in ``obj`` that know their offset become msgpack timestamps, as in LookerVault's own files. Raises
        :class:`ValueError` for an unknown type or an empty id, :class:`VaultError` if the disk refuses.
        """
        blob = self._encode(obj)
        row = {
            "id": id,
            "content_type": _number(type, id),
            "name": name,
            "owner_id": owner_id if owner_id is None or str(owner_id).isdecimal() else None,
            "created_at": as_column(created_at),
            "updated_at": as_column(updated_at),
            "synced_at": as_column(synced_at),
            "deleted_at": None if deleted_at is None else as_column(deleted_at),
            "content_size": len(blob),
            "content_data": blob,
            "folder_id": folder_id,
        }
        self.execute(_PUT, row)

    def holds(self, type: str, id: str) -> bool:
        """Is there a row for this key? A second copy of the same object would replace the first."""
        with self._lock:
            query = "SELECT 1 FROM content_items WHERE id = ? AND content_type = ?"
            return self._connection.execute(query, (id, _number(type, id))).fetchone() is not None

    @contextmanager
    def batch(self) -> Iterator[Self]:
        """Everything put inside is committed together at the end, or not at all if the block raises."""
        with self._lock:
            self.execute("BEGIN IMMEDIATE")
            self._batching = True
            try:
                yield self
                self.execute("COMMIT")
            except BaseException:
                # Where the disk is full SQLite has done it already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._batching = False

    def close(self) -> None:
        """Close the file; no ``-wal`` stays beside it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, statement: str, values: Mapping[str, object] | Sequence[object] = ()) -> None:
        """Run a statement, perhaps on a table of the caller's own, in the :meth:`batch` that is open."""
        with self._lock:
            try:
                self._connection.execute(statement, values)
            except sqlite3.Error as error:
                raise VaultError(
                    f"{self.path}: cannot be written: {error}", hint="check the free disk space"
                ) from error


def _create(path: Path) -> None:
    """Create an empty private file, unless it is there. A file that is there must not be opened here: to close any
    descriptor of a file releases all POSIX locks of the process on it, and SQLite relies on these
    (https://www.sqlite.org/howtocorrupt.html, section 2.2). Another thread may be reading it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _number(type: str, id: str) -> int:
    if type not in schema.VAULT_TYPES:
        raise ValueError(f"there is no content type {type!r}")
    if not id:
        raise ValueError(f"a {type} without an id cannot be stored")
    return schema.VAULT_TYPES[type].number


def _prepare(connection: sqlite3.Connection, page_size_bytes: int) -> None:
    connection.execute(f"PRAGMA page_size = {page_size_bytes}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema.ddl():
        connection.execute(statement)
    connection.execute(
        "INSERT OR IGNORE INTO schema_version VALUES (?, ?, 'written by lrestore')",
        (schema.VERSION, datetime.now(UTC).isoformat()),
    )
    connection.execute("COMMIT")
