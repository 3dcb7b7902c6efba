"""The undo journal: live objects as they were before a session wrote to them.

Each worker has a shard of its own in ``<state>.d/<session>/``, in the format of backups, so that ``--undo`` is a
restore from these shards. Besides the copies, a shard has the table ``undo_log``: the order of the writes, and the
objects that the session created (an undo removes them).

    keep copy, log line ─► commit, fsync ─► only now may the write go out

The first copy of an object in a session counts; a copy of a dashboard includes its tiles, filters and layouts. Objects
that Looker deletes together with another one, such as alerts on a deleted tile, are not included.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import same_origin
from lrestore.errors import NotRestorableError, StateError, StateLostError, VaultError
from lrestore.messages import ItemKey, Touch
from lrestore.ontology import CONTENT_TYPES, PARTS
from lrestore.state.connection import damaged_content, state_errors, sync_folder
from lrestore.state.group_commit import GroupCommit
from lrestore.text.storable import storable
from lrestore.vault.shard import ShardWriter
from lrestore.vault.sqlite_uri import sqlite_uri

Operation = Literal["updated", "created", "deleted"]

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
_APPEND = """
INSERT INTO undo_log (type, destination_id, operation, parent_type, parent_id, at) VALUES (?, ?, ?, ?, ?, ?)
"""
_APPEND_BORN = "INSERT OR IGNORE INTO undo_born (type, destination_id, created_at) VALUES (?, ?, ?)"
_APPEND_LEFT = "INSERT INTO undo_left (owner_type, owner_id, type, id, operation, fields) VALUES (?, ?, ?, ?, ?, ?)"
_APPEND_MORE = "INSERT INTO undo_more (type, destination_id, fields) VALUES (?, ?, ?)"
_READ = "SELECT seq, type, destination_id, operation, parent_type, parent_id, at FROM undo_log ORDER BY seq"
_READ_BORN = "SELECT type, destination_id, created_at FROM undo_born"

_COLUMNS = {"owner_id": "user_id", "created_at": "created_at", "updated_at": "updated_at", "folder_id": "folder_id"}
"""Columns of the backup's rows, and the fields of a live object that they are taken from."""

_SHARDS = "undo-*.db"
_TYPES = frozenset({*CONTENT_TYPES, *PARTS})
PLAN_COPY = "plan.json"
"""The copy of the plan that a session applies. It stays as long as the shards."""
_SESSION_FOLDER = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def make_directory(directory: Path) -> None:
    """Create the folder of a session, private and durable. Raises OSError."""
    for folder in (directory.parent, directory):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)


class UndoEntry(msgspec.Struct, frozen=True):
    """One write of a session. To undo it, remove the object if it was ``created``, otherwise restore the copy in
    ``shard``.

    ``created_at`` is that of the object, "" if it has none. An object of that id with another one is another object.
    """

    seq: int
    type: str
    destination_id: str
    operation: Operation
    parent_type: str
    parent_id: str
    at: str
    shard: Path
    created_at: str = ""


def state_folder(state_path: Path | str) -> Path:
    """The folder beside the state file: ``lrestore-state.db`` → ``lrestore-state.d``."""
    path = Path(state_path)
    return path.with_suffix(".d") if path.suffix == ".db" else path.with_name(f"{path.name}.d")


def undo_directory(state_path: Path | str, session_id: str) -> Path:
    """The folder of the shards of one session."""
    return state_folder(state_path) / session_id


@dataclass(frozen=True, slots=True)
class _Noted:
    """A record about one object. ``born``: its ``created_at``, "" if it has none."""

    operation: Operation
    born: str
    more: Mapping[str, object]
    touches: Sequence[Touch]
    parent: tuple[str, str] = ("", "")


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
        with self._lock, state_errors(self.path):
            if self._shard is not None:
                shard, self._shard = self._shard, None
                answers, self._answers = self._answers, []
                if answers:
                    with shard.batch():
                        for type_name, object_id, touch in answers:
                            _append_left(shard, type_name, object_id, touch)
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
        parent: tuple[str, str] = ("", ""),
        created_at: str = "",
        touches: Sequence[Touch] = (),
    ) -> None:
        """Record an object that this session created, and its fields; ``parent`` is (type, live id) of the object that
        it is a part of.
        """
        noted = _Noted("created", created_at, {}, touches, parent)
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
                shard.execute(_APPEND, (*known, noted.operation, *noted.parent, stamp(self._now())))
                shard.execute(_APPEND_BORN, (*known, noted.born))
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
                shard.execute(_APPEND_MORE, (*known, _encode(noted.more)))
            for touch in noted.touches:
                _append_left(shard, *known, touch)
            self._write_answers(shard)

        self._commits.durably(write)

    def _write_answers(self, shard: ShardWriter) -> None:
        with self._lock:
            answers, self._answers = self._answers, []
        for type_name, object_id, touch in answers:
            _append_left(shard, type_name, object_id, touch)

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
        with self._lock, state_errors(self.path), _for_the_state():
            if self._shard is None:
                make_directory(self.path.parent)
                # Copies of other workers of this session count too: after a resume, or the death of a worker.
                self._seen = {
                    (entry.type, entry.destination_id): entry.created_at for entry in read_undo(self.path.parent)
                }
                shard = ShardWriter(self.path)
                for table in (_LOG, _BORN, _LEFT, _MORE):
                    shard.execute(table)
                self._identity = _identity(self.path)
                self._shard = shard
            return self._shard


def _append_left(shard: ShardWriter, type_name: str, object_id: str, touch: Touch) -> None:
    row = (type_name, object_id, touch.type, touch.id, touch.operation, _encode(touch.fields))
    shard.execute(_APPEND_LEFT, row)


def touch_of(type_name: str, part_id: str, operation: str, fields: bytes) -> Touch:
    """The write that a row of ``undo_left`` records. Raises msgspec.MsgspecError if the row is damaged."""
    found = {"type": type_name, "id": part_id, "operation": operation, "fields": msgspec.msgpack.decode(fields)}
    return msgspec.convert(found, Touch)


def _encode(fields: Mapping[str, object]) -> bytes:
    return msgspec.msgpack.encode(fields)


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


def read_undo(directory: Path | str) -> list[UndoEntry]:
    """The writes of a session, one entry per object, in the order of the writes; [] if it wrote nothing.

    The first entry of an object counts, of any worker: two workers may have had the item, one after the other. Raises
    StateError if a shard cannot be read.
    """
    first: dict[tuple[str, str], UndoEntry] = {}
    for entry in sorted(_entries(Path(directory)), key=lambda entry: (entry.at, entry.shard.name, entry.seq)):
        first.setdefault((entry.type, entry.destination_id), entry)
    return list(first.values())


def clear_all_but_copies(directory: Path | str) -> None:
    """Remove the files that a run, or an earlier start of it that was killed, has put beside the shards of its session.

    A folder with other files in it would never be pruned. Raises StateError if a file cannot be removed.
    """
    folder = Path(directory)
    with state_errors(folder):
        for entry in list(folder.iterdir()) if folder.is_dir() else []:
            if not _stays(entry.name):
                entry.unlink(missing_ok=True)


def prune(state_path: Path | str, keep_days: int, now: datetime, unfinished: Collection[str]) -> list[str]:
    """Remove the undo shards of sessions that ended longer than ``keep_days`` ago, never those of ``unfinished`` ones.

    Only folders named like a session, with nothing but shards in them, are removed.
    Returns the ids of the sessions; raises StateError when one cannot be removed.
    """
    root = state_folder(state_path)
    before = (now - timedelta(days=keep_days)).timestamp()
    with state_errors(root):
        found = sorted(root.iterdir()) if root.is_dir() else []
        old = [entry for entry in found if entry.name not in unfinished and _is_session(entry) and _age(entry) < before]
        for entry in old:
            shutil.rmtree(entry)
    return [entry.name for entry in old]


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
                    if row["operation"] not in get_args(Operation) or row["type"] not in _TYPES:
                        raise ValueError(f"unknown entry {row['operation']!r} of {row['type']!r}")
                    created_at = born.get((row["type"], row["destination_id"]), "")
                    yield UndoEntry(shard=path, **dict(row), created_at=created_at)


def _born(log: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """The ``created_at`` of the objects, by type and id; shards of older versions lack it."""
    if not log.execute("SELECT 1 FROM sqlite_master WHERE name = 'undo_born'").fetchone():
        return {}
    return {(row["type"], row["destination_id"]): row["created_at"] for row in log.execute(_READ_BORN)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_session(entry: Path) -> bool:
    names = [file.name for file in entry.iterdir()] if entry.is_dir() and not entry.is_symlink() else [""]
    return _SESSION_FOLDER.fullmatch(entry.name) is not None and all(map(_stays, names))


def _stays(name: str) -> bool:
    """Whether a file in the folder of a session is kept when the session has ended."""
    return name.startswith("undo-") or name == PLAN_COPY


def _age(session_folder: Path) -> float:
    """The time of the last write in the folder, in seconds since the epoch."""
    return max(entry.stat().st_mtime for entry in (session_folder, *session_folder.iterdir()))
