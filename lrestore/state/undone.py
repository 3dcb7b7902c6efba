"""The tables beside the copies in the source file of an undo: the writes and the new objects of the undone session."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from lrestore.messages import ItemKey, Touch, UndoAction
from lrestore.state.connection import state_errors
from lrestore.state.undo_log import touch_of
from lrestore.vault.sqlite_uri import sqlite_uri

TABLES = (
    """CREATE TABLE undo_items (
    type TEXT NOT NULL, id TEXT NOT NULL, action TEXT NOT NULL, PRIMARY KEY (type, id))""",
    """CREATE TABLE undo_left (
    owner_type TEXT NOT NULL, owner_id TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, operation TEXT NOT NULL,
    fields BLOB NOT NULL)""",
    "CREATE INDEX undo_left_by_owner ON undo_left (owner_type, owner_id)",
    """CREATE TABLE undo_made (
    type TEXT NOT NULL, id TEXT NOT NULL, made_from TEXT NOT NULL, PRIMARY KEY (type, id))""",
    "CREATE TABLE undo_warnings (text TEXT NOT NULL)",
)

_ACTION = "SELECT action FROM undo_items WHERE type = ? AND id = ?"
_ACTIONS = "SELECT type, id FROM undo_items WHERE action = ? ORDER BY type, id"
_TOUCHES = "SELECT type, id, operation, fields FROM undo_left WHERE owner_type = ? AND owner_id = ? ORDER BY rowid"
_MADE = "SELECT made_from FROM undo_made WHERE type = ? AND id = ?"


class Undone:
    """Implements :class:`lrestore.restoration.ports.UndoneSession`. Threads may share it."""

    def __init__(self, source: Path, session_id: str, *, force: bool) -> None:
        """Open ``source``. Raises StateError if it cannot be read."""
        self.session_id = session_id
        self.force = force
        self._source = source
        self._lock = threading.Lock()
        with state_errors(source):
            self._connection = sqlite3.connect(sqlite_uri(source, "ro"), uri=True, check_same_thread=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def action(self, key: ItemKey) -> UndoAction:
        rows = self._rows(_ACTION, (key.type, key.id))
        return cast("UndoAction", rows[0][0]) if rows else "restore"

    def with_action(self, action: UndoAction) -> list[ItemKey]:
        """The objects that the undo treats with this action."""
        return [ItemKey(*row) for row in self._rows(_ACTIONS, (action,))]

    def warnings(self) -> list[str]:
        """Facts that are unknown about the undone session, and therefore not undone."""
        return [str(row[0]) for row in self._rows("SELECT text FROM undo_warnings ORDER BY rowid", ())]

    def touches(self, owner: ItemKey) -> Sequence[Touch]:
        rows = self._rows(_TOUCHES, (owner.type, owner.id))
        return [touch_of(*row) for row in rows]

    def made_from(self, type_name: str, live_id: str) -> str | None:
        rows = self._rows(_MADE, (type_name, live_id))
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock, state_errors(self._source), closing(self._connection.execute(query, values)) as found:
            return found.fetchall()
