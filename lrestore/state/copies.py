"""Reads the copies of a session from all its shards: first copies, additions to them, and recorded writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, Touch
from lrestore.ontology import CONTENT_TYPES
from lrestore.state.connection import damaged_content, state_errors
from lrestore.state.undo_log import UndoEntry, touch_of
from lrestore.vault.sqlite_uri import sqlite_uri

_LEFT = "SELECT owner_type, owner_id, type, id, operation, fields FROM undo_left ORDER BY seq"
_LEFT_OF = "SELECT owner_type, owner_id, rowid FROM undo_left ORDER BY rowid"
_MORE_OF = "SELECT type, destination_id, rowid FROM undo_more ORDER BY rowid"
_OWN = "SELECT type, id, operation, fields FROM undo_left WHERE rowid = ?"
_MORE = "SELECT fields FROM undo_more WHERE rowid = ?"
_COPY = "SELECT content_data FROM content_items WHERE content_type = ? AND id = ?"


def with_text_ids(value: Any) -> Any:
    """A live object with ids as texts, as backups have them: releases before 22 answered with numbers."""
    if isinstance(value, dict):
        return {
            name: _texts(entry) if name == "id" or name.endswith(("_id", "_ids")) else with_text_ids(entry)
            for name, entry in value.items()
        }
    return [with_text_ids(entry) for entry in value] if isinstance(value, list) else value


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(entry) for entry in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Places = dict[tuple[str, str], list[tuple[Path, int]]]
"""Shards and rows of each object, by its type and id."""


class UndoCopies:
    """The shards of one session, open for reading. Threads may share it if they take turns. Every method may raise
    StateError.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._open = {path: self._connected(path) for path in sorted(folder.glob("undo-*.db"))}
        self._places: dict[str, _Places] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def _connected(self, path: Path) -> sqlite3.Connection:
        with state_errors(path):
            return self._stack.enter_context(
                closing(sqlite3.connect(sqlite_uri(path, "ro"), uri=True, check_same_thread=False))
            )

    def written(self) -> Iterator[tuple[Any, ...]]:
        """The writes of the session as rows of ``undo_left``: owner, part, operation, fields (msgpack)."""
        return (row for _, row in self._rows(_LEFT, "undo_left"))

    def copy(self, entry: UndoEntry) -> JsonObject:
        """The first copy, completed by later copies of fields that it lacks or that the trash hid."""
        with state_errors(entry.shard), damaged_content(entry.shard):
            return self._copy(entry)

    def _copy(self, entry: UndoEntry) -> JsonObject:
        number = CONTENT_TYPES[entry.type].vault_number
        row = self._open[entry.shard].execute(_COPY, (number, entry.destination_id)).fetchone()
        raw: JsonObject = with_text_ids(msgspec.msgpack.decode(row[0], type=dict[str, Any]))
        trashed = bool(raw.get("deleted") or raw.get("deleted_at"))
        for (fields,) in self._of(ItemKey(entry.type, entry.destination_id), _MORE, _MORE_OF, "undo_more"):
            for name, value in with_text_ids(msgspec.msgpack.decode(fields, type=dict[str, Any])).items():
                if raw.get(name) is None or (trashed and not raw[name]):
                    raw[name] = value
        direct = raw.pop("direct_role_ids", None)
        return raw if direct is None else {**raw, "role_ids": direct}

    def written_to(self, owner: ItemKey) -> list[Touch]:
        """The writes of the session to one object and its parts, in order."""
        with damaged_content(self._folder):
            return [touch_of(*row) for row in self._of(owner, _OWN, _LEFT_OF, "undo_left")]

    def sent(self, key: ItemKey) -> JsonObject:
        """The fields that an object was created with; {} if they are not recorded."""
        found: JsonObject = {}
        for touch in self.written_to(key):
            if touch.type == key.type:
                found |= touch.fields
        return found

    def _of(self, owner: ItemKey, query: str, places: str, table: str) -> Iterator[tuple[Any, ...]]:
        """The rows about one object. Shards have no index on it, because each write would have to update that: the
        first question reads the places of all objects.
        """
        if table not in self._places:
            found: _Places = {}
            for path, (type_name, object_id, row) in self._rows(places, table):
                found.setdefault((type_name, object_id), []).append((path, row))
            self._places[table] = found
        for path, row in self._places[table].get((owner.type, owner.id), ()):
            with state_errors(path), damaged_content(path):
                yield from self._open[path].execute(query, (row,))

    def _rows(self, query: str, table: str) -> Iterator[tuple[Path, tuple[Any, ...]]]:
        """Rows of all shards, each with its shard; shards of older versions lack the table and yield none."""
        for path, connection in self._open.items():
            with state_errors(path), damaged_content(path):
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                    yield from ((path, row) for row in connection.execute(query))
