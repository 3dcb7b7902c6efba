"""The rows of one backup file: the queries, and what a row says about itself without its content."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from lrestore.errors import VaultError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.vault import schema
from lrestore.vault.decode import Glance
from lrestore.vault.files import OpenFile, damaged
from lrestore.vault.items import IndexRow
from lrestore.vault.times import utc_iso

# typeof() and length() of a blob do not read it: an oversized one costs nothing until it is asked for.
_HEAD: Final = """
SELECT rowid, id, content_type, name, owner_id, owner_email, created_at, updated_at, synced_at,
       deleted_at IS NOT NULL, typeof(content_data),
       CASE typeof(content_data) WHEN 'blob' THEN length(content_data) ELSE -1 END,
       CASE WHEN typeof(content_size) = 'integer' THEN content_size ELSE -1 END, {folder_id}"""
_CONTENT: Final = 14
"""The place of the content, behind these columns."""


class RowHead(msgspec.Struct, frozen=True, gc=False):
    """A row without its content. ``file`` is where it lies, ``fault`` why its content is not worth reading."""

    file: OpenFile
    rowid: int
    id: str
    kind: schema.VaultType
    name: str
    owner_id: str | None
    email: str | None
    created_at: str
    updated_at: str
    synced_at: str
    deleted: bool
    size_bytes: int
    folder_id: str | None
    fault: str

    @property
    def plain_id(self) -> str:
        """The id without the type that one-worker backups put before it, once."""
        return self.id.removeprefix(self.kind.prefix)

    def index_row(
        self, true_id: str, seen: Glance | None = None, *, corrupt: str = "", deleted: bool | None = None
    ) -> IndexRow:
        """The reader's result. The content takes precedence over the row's columns."""
        seen = seen or Glance()
        owner_email = seen.email if self.kind.name == "user" else self.email
        return IndexRow(
            key=ItemKey(self.kind.name, true_id),
            name=display_name(self.kind, seen) or self.name,
            owner_id=seen.user_id or self.owner_id,
            email=owner_email,
            created_at=utc_iso(self.created_at),
            updated_at=utc_iso(self.updated_at),
            synced_at=self.synced_at,
            deleted=self.deleted if deleted is None else deleted,
            size_bytes=self.size_bytes,
            folder_id=seen.folder_id or seen.parent_id or self.folder_id,
            corrupt=corrupt,
        )


def display_name(kind: schema.VaultType, seen: Glance) -> str:
    """The content's own name; the row's column says ``Untitled 7`` for users and a dashboard's title for its plans."""
    if kind.name == "user":
        return seen.display_name or seen.email or ""
    titled = CONTENT_TYPES[kind.name].title_field == "title"
    return (seen.title if titled else seen.name) or ""


class Condition(NamedTuple):
    """Which rows are wanted: the text of a WHERE clause, and the values of its parameters."""

    where: str
    values: Mapping[str, object]


def live(kind: schema.VaultType) -> Condition:
    """The condition for all rows of a type that are not marked deleted, worded so that the partial index serves."""
    return Condition("content_type = :type AND deleted_at IS NULL", {"type": kind.number})


def deleted(kind: schema.VaultType) -> Condition:
    """The condition for all rows of a type that are marked deleted."""
    return Condition("content_type = :type AND deleted_at IS NOT NULL", {"type": kind.number})


def called(kind: schema.VaultType, true_id: str) -> Condition:
    """The condition for the rows of one object: one per way of writing its id, served by the primary key."""
    ids = {"plain": true_id, "composite": kind.prefix + true_id}
    return Condition("id IN (:plain, :composite) AND content_type = :type", {"type": kind.number, **ids})


def heads(file: OpenFile, condition: Condition) -> Iterator[RowHead]:
    """The rows that satisfy ``condition``, without content. Raises :class:`VaultError` if SQLite cannot read on."""
    return (head for head, _ in _found(file, condition, _columns(file)))


def with_content(file: OpenFile, condition: Condition, limit_bytes: int) -> Iterator[tuple[RowHead, bytes | None]]:
    """The rows that satisfy ``condition``, with the content of those that have no more than ``limit_bytes``.

    None: not read yet, see :func:`blob`. Raises :class:`VaultError` if SQLite cannot read on.
    """
    is_small = "typeof(content_data) = 'blob' AND length(content_data) <= :limit_bytes"
    columns = f"{_columns(file)}, CASE WHEN {is_small} THEN content_data END"
    return _found(file, Condition(condition.where, {**condition.values, "limit_bytes": limit_bytes}), columns)


def _found(file: OpenFile, condition: Condition, columns: str) -> Iterator[tuple[RowHead, bytes | None]]:
    """Rows with their content, if that is among the columns.

    ``folder_id`` lies behind the content: to read it SQLite follows all pages of a large blob, and gives up where one
    is damaged. The other rows must not be lost with that one: each is then read by itself.
    """
    where, values = condition
    done: set[int] = set()
    try:
        for row in fetch(file, f"{columns} FROM content_items WHERE {where}", values):
            done.add(row[0])
            yield _head(file, row), row[_CONTENT] if len(row) > _CONTENT else None
    except VaultError:
        rowids = f"SELECT rowid FROM content_items WHERE {where}"  # noqa: S608 (conditions of ours, values are bound)
        for (rowid,) in fetch(file, rowids, values):
            if rowid not in done:
                yield _head(file, _single(file, rowid)), None


def _columns(file: OpenFile) -> str:
    return _HEAD.format(folder_id="folder_id" if "folder_id" in file.columns else "NULL")


def _single(file: OpenFile, rowid: int) -> tuple[Any, ...]:
    """One row; of one whose content cannot be reached, what lies before that.

    Raises :class:`VaultError` if not even that can be read.
    """
    tail, values = "FROM content_items WHERE rowid = :rowid", {"rowid": rowid}
    try:
        found = list(fetch(file, f"{_columns(file)} {tail}", values))
    except VaultError:
        found = list(fetch(file, f"{_HEAD.format(folder_id='NULL')} {tail}", values))
    if not found:
        raise damaged(file.path, sqlite3.DatabaseError("an index refers to a missing row"))
    return found[0]


def sorted_ids(file: OpenFile, kind: schema.VaultType) -> Iterator[bytes]:
    """The ids of a type's rows without the type before them, in the order of their bytes: SQLite sorts them, on disk
    where they are many.
    """
    query = """
        SELECT DISTINCT CAST(CASE WHEN substr(id, 1, :length) = :prefix THEN substr(id, :length + 1) ELSE id END
                             AS BLOB)
        FROM content_items WHERE content_type = :type ORDER BY 1"""
    values = {"type": kind.number, "prefix": kind.prefix, "length": len(kind.prefix)}
    return (encoded for (encoded,) in fetch(file, query, values))


def live_counts(file: OpenFile) -> Iterator[tuple[str, int]]:
    """How many rows of each type are not marked deleted. The partial index of the types answers this alone."""
    query = "SELECT content_type, count(*) FROM content_items WHERE deleted_at IS NULL GROUP BY content_type"
    for number, count in fetch(file, query):
        if number in schema.TYPE_BY_NUMBER:
            yield schema.TYPE_BY_NUMBER[number].name, count


def lowest_ids(file: OpenFile, kind: schema.VaultType, count: int) -> Iterator[str]:
    """The ``count`` lowest ids of a type, as numbers are ordered, of rows that are not marked deleted."""
    query = """
        SELECT id FROM content_items WHERE content_type = :type AND deleted_at IS NULL
        ORDER BY length(id), id LIMIT :count"""
    values = {"type": kind.number, "count": count}
    return (_text(row_id).removeprefix(kind.prefix) for (row_id,) in fetch(file, query, values))


def blob(head: RowHead) -> bytes:
    """The row's content. Raises :class:`VaultError` if SQLite cannot read it."""
    query = "SELECT content_data FROM content_items WHERE rowid = :rowid"
    content: bytes = next(fetch(head.file, query, {"rowid": head.rowid}), (b"",))[0]
    return content


def fetch(file: OpenFile, query: str, values: Mapping[str, object] | None = None) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, one at a time. Raises :class:`VaultError` naming the file if SQLite cannot go on."""
    try:
        yield from file.connection.execute(query, values or {})
    except sqlite3.Error as error:
        raise damaged(file.path, error) from error


def _head(file: OpenFile, row: tuple[Any, ...]) -> RowHead:
    return RowHead(
        file=file,
        rowid=row[0],
        id=_text(row[1]),
        kind=schema.TYPE_BY_NUMBER[row[2]],
        name=_text(row[3]),
        owner_id=_text_or_none(row[4]),
        email=_text_or_none(row[5]),
        created_at=row[6],
        updated_at=row[7],
        synced_at=utc_iso(row[8]),
        deleted=bool(row[9]),
        size_bytes=max(row[11], 0),
        folder_id=_text_or_none(row[13]),
        fault=_fault(*row[10:13]),
    )


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _fault(storage: str, length: int, stated: int) -> str:
    if storage != "blob":
        return f"content_data is stored as {storage}, not as a blob"
    if length != stated:
        return f"the blob has {length} bytes, its row says {stated}"
    return ""
