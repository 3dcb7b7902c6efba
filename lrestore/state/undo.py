"""The undo journal: live objects as they were before a session wrote to them.

Each worker has a shard of its own in ``<state>.d/<session>/``, in the format of backups, so that ``--undo`` is a
restore from these shards. Besides the copies, a shard has the table ``undo_log``: the order of the writes, and the
objects that the session created (an undo removes them).

    keep copy, log line ─► commit, fsync ─► only now may the write go out

The first copy of an object in a session counts; a copy of a dashboard includes its tiles, filters and layouts. Objects
that Looker deletes together with another one, such as alerts on a deleted tile, are not included.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import same_origin
from lrestore.errors import NotRestorableError, StateError, StateLostError, VaultError
from lrestore.messages import ItemKey, Touch
from lrestore.state.connection import state_errors
from lrestore.state.group_commit import GroupCommit
from lrestore.state.undo_folder import make_directory
from lrestore.state.undo_log import (
    APPEND,
    APPEND_BORN,
    APPEND_MORE,
    TABLES,
    UndoOperation,
    append_touch,
    encode,
    read_undo,
)
from lrestore.text.storable import storable
from lrestore.vault.shard import ShardWriter

log = logging.getLogger(__name__)

_PAGE_SIZE_BYTES = 4096
"""A commit writes each page that it changes as a whole, and a copy changes ten: with LookerVault's pages of 16 KB, a
commit costs a third more.
"""
_COLUMNS = {"owner_id": "user_id", "created_at": "created_at", "updated_at": "updated_at", "folder_id": "folder_id"}
"""Columns of the backup's rows, and the fields of a live object that they are taken from."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A record about one object. ``born``: its ``created_at``, "" if it has none."""

    operation: UndoOperation
    born: str
    more: Mapping[str, object]
    touches: Sequence[Touch]


class UndoJournal:
    """One worker's copies of one session. Threads may share it, and share commits. The file is created with the first
    copy.

    Every method returns only when its data is durable. Otherwise it raises StateError, or NotRestorableError for an
    object that the format cannot hold: then the write must not be sent.
    """

    def __init__(self, directory: Path | str, worker: int = 0, *, now: Callable[[], datetime] = utc_now) -> None:
        self.path = Path(directory) / f"undo-{worker}.db"
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], str] = {}
        self._uncommitted: list[tuple[str, str]] = []
        self._answers: list[tuple[str, str, Touch]] = []
        self._shard: ShardWriter | None = None
        self._identity: tuple[int, int] | None = None
        self._commits = GroupCommit(self._transaction, (NotRestorableError,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Answers that cannot be stored any more are a warning: all that a write waited for is."""
        with self._lock, state_errors(self.path):
            if self._shard is not None:
                shard, self._shard = self._shard, None
                answers, self._answers = self._answers, []
                try:
                    _write_last(shard, answers)
                finally:
                    shard.close()

    def before_update(
        self,
        type_name: str,
        object_id: str,
        name: str,
        live: dict[str, object],
        more: Mapping[str, object] | None = None,
        touches: Sequence[Touch] = (),
    ) -> None:
        """Keep ``live``, unless this session has kept or made the object already, and note what is about to be written.

        ``more`` are facts that ``live`` does not show: they are kept also where there is a first copy without them.
        """
        key, born = ItemKey(type_name, object_id), _text(live.get("created_at")) or ""
        noted = _Noted("updated", born, more or {}, touches)
        self._once(key, noted, lambda shard: self._put(shard, key, name, {**live, **(more or {})}))

    def before_delete(self, type_name: str, object_id: str, name: str, live: dict[str, object]) -> None:
        """Keep an object that is about to be deleted."""
        key, born = ItemKey(type_name, object_id), _text(live.get("created_at")) or ""
        noted = _Noted("deleted", born, {}, (Touch(type_name, object_id, "delete"),))
        self._once(key, noted, lambda shard: self._put(shard, key, name, live))

    def created(
        self,
        type_name: str,
        object_id: str,
        created_at: str = "",
        touches: Sequence[Touch] = (),
    ) -> None:
        """Record an object that this session created, and its fields."""
        noted = _Noted("created", created_at, {}, touches)
        self._once(ItemKey(type_name, object_id), noted, lambda shard: None)

    def answered(self, type_name: str, object_id: str, touch: Touch) -> None:
        """Record Looker's answer to a write. It is durable with the next copy, or when this journal is closed. If it is
        lost, an undo is more careful.
        """
        with self._lock:
            self._answers.append((type_name, object_id, touch))

    def _once(self, key: ItemKey, noted: _Noted, copy: Callable[[ShardWriter], None]) -> None:
        """Store the copy and record the operation, in one transaction, unless this was done for the object before."""
        shard, known = self._open(), (key.type, key.id)

        def write() -> None:
            if known not in self._seen:
                copy(shard)
                shard.execute(APPEND, (*known, noted.operation, stamp(self._now())))
                shard.execute(APPEND_BORN, (*known, noted.born))
                self._seen[known] = noted.born
                self._uncommitted.append(known)
            elif same_origin(self._seen[known], noted.born) is False:
                raise NotRestorableError(
                    f"{key.type} {key.id} of the destination is not the object that this session copied: "
                    "it is not written",
                    hint="start a new session, which makes its own copies",
                    key=key,
                )
            elif noted.more:
                shard.execute(APPEND_MORE, (*known, encode(noted.more)))
            for touch in noted.touches:
                append_touch(shard, *known, touch)
            self._write_answers(shard)

        self._commits.durably(write)

    def _write_answers(self, shard: ShardWriter) -> None:
        with self._lock:
            answers, self._answers = self._answers, []
        for type_name, object_id, touch in answers:
            append_touch(shard, type_name, object_id, touch)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with state_errors(self.path), _for_the_state(), self._open().batch():
                yield
                self._expect_in_place()
        except BaseException:
            for key in self._uncommitted:
                self._seen.pop(key, None)
            raise
        finally:
            self._uncommitted.clear()

    def _expect_in_place(self) -> None:
        if _identity(self.path) != self._identity:
            raise StateLostError(f"the undo copies in {self.path} were removed while the run was using them")

    def _put(self, shard: ShardWriter, key: ItemKey, name: str, live: dict[str, object]) -> None:
        columns = {column: _text(live.get(field)) for column, field in _COLUMNS.items()}
        try:
            shard.put(key.type, key.id, storable(name), live, synced_at=self._now(), **columns)
        except (OverflowError, TypeError, UnicodeEncodeError) as error:
            message = f"cannot store an undo copy of the live object, so it is not written: {error}"
            raise NotRestorableError(message, key=key) from error

    def _open(self) -> ShardWriter:
        return self._shard or self._begin()

    def _begin(self) -> ShardWriter:
        with self._lock, state_errors(self.path), _for_the_state():
            if self._shard is None:
                make_directory(self.path.parent)
                # Copies of other workers of this session count too: after a resume, or the death of a worker.
                self._seen = {
                    (entry.type, entry.destination_id): entry.created_at for entry in read_undo(self.path.parent)
                }
                shard = ShardWriter(self.path, _PAGE_SIZE_BYTES)
                for table in TABLES:
                    shard.execute(table)
                self._identity = _identity(self.path)
                self._shard = shard
            return self._shard


def _write_last(shard: ShardWriter, answers: Sequence[tuple[str, str, Touch]]) -> None:
    if not answers:
        return
    try:
        with shard.batch():
            for type_name, object_id, touch in answers:
                append_touch(shard, type_name, object_id, touch)
    except VaultError as error:
        log.warning(
            "could not record Looker's last answers for an undo: %s; what Looker has stored in another form than "
            "it was sent in will count as changed by another person",
            error,
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _for_the_state() -> Iterator[None]:
    """Turn a VaultError of a shard into a StateError: shards belong to the state, although they have a
    backup's format.
    """
    try:
        yield
    except VaultError as error:
        message = f"cannot store undo copies, so nothing is written: {error.message}"
        raise StateError(message, hint=error.hint) from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
