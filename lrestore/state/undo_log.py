"""The log beside the undo copies: which objects a session wrote, in which order, and what it wrote to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal, get_args

import msgspec

from lrestore.messages import Touch
from lrestore.ontology import CONTENT_TYPES, PARTS
from lrestore.state.connection import damaged_content, state_errors
from lrestore.vault.shard import ShardWriter
from lrestore.vault.sqlite_uri import sqlite_uri

UndoOperation = Literal["updated", "created", "deleted"]

_LOG = """
CREATE TABLE IF NOT EXISTS undo_log (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    type            TEXT NOT NULL,
    destination_id  TEXT NOT NULL,
    operation       TEXT NOT NULL CHECK (operation IN ('updated', 'created', 'deleted')),
    parent_type     TEXT NOT NULL,
    parent_id       TEXT NOT NULL,
    at              TEXT NOT NULL
)
"""
_BORN = """
CREATE TABLE IF NOT EXISTS undo_born (
    type            TEXT NOT NULL,
    destination_id  TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    PRIMARY KEY (type, destination_id)
)
"""
"""The ``created_at`` of an object: proves that the id still belongs to the same object."""
_LEFT = """
CREATE TABLE IF NOT EXISTS undo_left (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_type      TEXT NOT NULL,
    owner_id        TEXT NOT NULL,
    type            TEXT NOT NULL,
    id              TEXT NOT NULL,
    operation       TEXT NOT NULL CHECK (operation IN ('update', 'create', 'delete')),
    fields          BLOB NOT NULL
)
"""
"""The writes of the session, sent or about to be sent, to each object (the owner) and its parts.
``fields`` is msgpack.
"""
_MORE = """
CREATE TABLE IF NOT EXISTS undo_more (
    type            TEXT NOT NULL,
    destination_id  TEXT NOT NULL,
    fields          BLOB NOT NULL
)
"""
"""Fields that the first copy of an object lacks, such as parts that Looker hides while the object is in the trash."""

TABLES = (_LOG, _BORN, _LEFT, _MORE)
"""The statements that make the tables of a new shard."""

APPEND = """
INSERT INTO undo_log (type, destination_id, operation, parent_type, parent_id, at) VALUES (?, ?, ?, '', '', ?)
"""
APPEND_BORN = "INSERT OR IGNORE INTO undo_born (type, destination_id, created_at) VALUES (?, ?, ?)"
_APPEND_LEFT = "INSERT INTO undo_left (owner_type, owner_id, type, id, operation, fields) VALUES (?, ?, ?, ?, ?, ?)"
APPEND_MORE = "INSERT INTO undo_more (type, destination_id, fields) VALUES (?, ?, ?)"
_READ = "SELECT seq, type, destination_id, operation, parent_type, parent_id, at FROM undo_log ORDER BY seq"
_READ_BORN = "SELECT type, destination_id, created_at FROM undo_born"
_SHARDS = "undo-*.db"
_TYPES = frozenset({*CONTENT_TYPES, *PARTS})


class UndoEntry(msgspec.Struct, frozen=True):
    """One write of a session. To undo it, remove the object if it was ``created``, otherwise restore the copy in
    ``shard``.

    ``created_at`` is that of the object, "" if it has none. An object of that id with another one is another object.
    """

    seq: int
    type: str
    destination_id: str
    operation: UndoOperation
    parent_type: str
    parent_id: str
    at: str
    shard: Path
    created_at: str = ""


def append_touch(shard: ShardWriter, type_name: str, object_id: str, touch: Touch) -> None:
    row = (type_name, object_id, touch.type, touch.id, touch.operation, encode(touch.fields))
    shard.execute(_APPEND_LEFT, row)


def touch_of(type_name: str, part_id: str, operation: str, fields: bytes) -> Touch:
    """The write that a row of ``undo_left`` records. Raises msgspec.MsgspecError if the row is damaged."""
    found = {"type": type_name, "id": part_id, "operation": operation, "fields": msgspec.msgpack.decode(fields)}
    return msgspec.convert(found, Touch)


def encode(fields: Mapping[str, object]) -> bytes:
    return msgspec.msgpack.encode(fields)


def read_undo(directory: Path | str) -> list[UndoEntry]:
    """The writes of a session, one entry per object, in the order of the writes; [] if it wrote nothing.

    The first entry of an object counts, of any worker: two workers may have had the item, one after the other. Raises
    StateError if a shard cannot be read.
    """
    first: dict[tuple[str, str], UndoEntry] = {}
    for entry in sorted(_entries(Path(directory)), key=lambda entry: (entry.at, entry.shard.name, entry.seq)):
        first.setdefault((entry.type, entry.destination_id), entry)
    return list(first.values())


def _entries(directory: Path) -> Iterator[UndoEntry]:
    for path in sorted(directory.glob(_SHARDS)):
        # Not read-only: if a worker was killed while it created its shard, SQLite has to roll back first.
        with (
            state_errors(path),
            damaged_content(path),
            closing(sqlite3.connect(sqlite_uri(path, "rw"), uri=True)) as log,
        ):
            # A worker that died before its first record has left a shard without the table.
            if log.execute("SELECT 1 FROM sqlite_master WHERE name = 'undo_log'").fetchone():
                log.row_factory = sqlite3.Row
                born = _born(log)
                for row in log.execute(_READ):
                    if row["operation"] not in get_args(UndoOperation) or row["type"] not in _TYPES:
                        raise ValueError(f"unknown entry {row['operation']!r} of {row['type']!r}")
                    created_at = born.get((row["type"], row["destination_id"]), "")
                    yield UndoEntry(shard=path, **dict(row), created_at=created_at)


def _born(log: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """The ``created_at`` of the objects, by type and id; shards of older versions lack it."""
    if not log.execute("SELECT 1 FROM sqlite_master WHERE name = 'undo_born'").fetchone():
        return {}
    return {(row["type"], row["destination_id"]): row["created_at"] for row in log.execute(_READ_BORN)}
