"""Writes of earlier processes: those of this session, and those of the sessions that it carries on.

A saved plan that is applied again, an undo that is made again, and a retry of dead letters are new sessions that carry
on what former ones began. A value that such a session wrote is no change by another person.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from lrestore.content.identity import same_origin
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, Touch
from lrestore.restoration.journal import Records
from lrestore.restoration.ports import EarlierWrites
from lrestore.run.request import RunRequest
from lrestore.state.connection import has_records
from lrestore.state.copies import UndoCopies
from lrestore.state.read import StateReader
from lrestore.state.undo_folder import undo_directory
from lrestore.state.undo_log import UndoEntry, read_undo


def former_sessions(state: Path, session_id: str, request: RunRequest, destination: str) -> tuple[str, ...]:
    """The ids of the sessions that a session carries on, oldest first: those that applied the same plan or undid the
    same session, and those whose dead letters it retries. Raises StateError if the state file cannot be read.
    """
    if not has_records(state) or not (request.applies or request.undo or request.parent):
        return ()
    with StateReader.open(state) as reader:
        known = {one.id: one for one in reader.sessions() if one.destination == destination and one.id != session_id}
    retried, above = set(), "" if request.undo else request.parent
    while above in known and above not in retried:
        retried.add(above)
        above = known[above].parent_id
    purpose = _purpose(msgspec.to_builtins(request))
    same = {one.id for one in known.values() if purpose is not None and _purpose(one.selection) == purpose}
    return tuple(one for one in known if one in retried | same)


def _purpose(selection: Mapping[str, object]) -> tuple[str, object] | None:
    """The plan that a session applies, or the session that it undoes; None if it is neither."""
    for name, field in (("applies", "digest"), ("undo", "session")):
        found = selection.get(name)
        if isinstance(found, dict):
            return name, found.get(field)
    return None


class _Folder(NamedTuple):
    """The copies of one session."""

    entries: dict[tuple[str, str], UndoEntry]
    copies: UndoCopies

    @classmethod
    def opened(cls, folder: Path) -> _Folder:
        # Read before the copies are opened: it repairs a shard whose worker was killed while it wrote.
        entries = {(one.type, one.destination_id): one for one in read_undo(folder)}
        return cls(entries, UndoCopies(folder))

    def has(self, owner: ItemKey, created_at: object) -> bool:
        """Whether the session has copied, made or deleted the object."""
        entry = self.entries.get((owner.type, owner.id))
        return entry is not None and same_origin(entry.created_at, created_at) is not False

    def copy(self, owner: ItemKey) -> JsonObject:
        """The object before the session; {} if the session made it, or has no copy of it."""
        entry = self.entries.get((owner.type, owner.id))
        return self.copies.copy(entry) if entry is not None and entry.operation != "created" else {}


class FormerSessions:
    """The copies of sessions that have ended. Threads may share it. Every method may raise StateError."""

    def __init__(self, state: Path | str, session_ids: Sequence[str]) -> None:
        self._state = Path(state)
        self._ids = session_ids
        self._lock = threading.Lock()
        self._opened: list[_Folder] | None = None
        self._reader: StateReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            for folder in self._opened or ():
                folder.copies.close()
            if self._reader is not None:
                self._reader.close()
            self._opened, self._reader = None, None

    @property
    def folders(self) -> list[Path]:
        """The folders of the copies, of the oldest session first."""
        return [undo_directory(self._state, one) for one in self._ids]

    def begun(self, key: ItemKey) -> bool:
        """Whether one of the sessions has begun to create the item."""
        if not self._ids:
            return False
        with self._lock:
            self._reader = self._reader or StateReader.open(self._state)
            return any(self._reader.begun(one, key) for one in self._ids)

    def of(self, owner: ItemKey, created_at: object) -> EarlierWrites | None:
        """The writes of all the sessions to one live object; None if they have no record of it."""
        if not self._ids:
            return None
        with self._lock:
            self._opened = [_Folder.opened(one) for one in self.folders] if self._opened is None else self._opened
            return _joined((one for one in self._opened if one.has(owner, created_at)), owner)


def _joined(folders: Iterator[_Folder], owner: ItemKey) -> EarlierWrites | None:
    touches: list[Touch] = []
    copied: JsonObject | None = None
    for folder in folders:
        touches += folder.copies.written_to(owner)
        copied = folder.copy(owner) if copied is None else copied
    return None if copied is None else EarlierWrites(tuple(touches), copied)


class Earlier:
    """Implements :class:`lrestore.restoration.ports.Earlier` for one session. ``folder`` holds its own copies."""

    def __init__(self, records: Records, folder: Path, former: FormerSessions) -> None:
        self._records = records
        self._folder = folder
        self._former = former

    def of(self, key: ItemKey, live_id: str, created_at: object) -> EarlierWrites | None:
        owner = ItemKey(key.type, live_id)
        kept = self._records.kept(key, live_id, created_at)
        before, own = self._former.of(owner, created_at), self._own(owner, created_at) if kept else None
        if before is not None or own is not None:
            found = [one for one in (before, own) if one is not None]
            return EarlierWrites(tuple(touch for one in found for touch in one.noted), found[0].copied)
        # Killed between the answer to a create and the record of it: nothing tells what was written.
        begun = kept or self._records.begun(key) or self._former.begun(key)
        return EarlierWrites((), {}) if begun else None

    def _own(self, owner: ItemKey, created_at: object) -> EarlierWrites | None:
        """Read each time: other processes of the session go on writing. Few items were under way when one died."""
        folder = _Folder.opened(self._folder)
        with folder.copies:
            return _joined(iter([folder] if folder.has(owner, created_at) else []), owner)
