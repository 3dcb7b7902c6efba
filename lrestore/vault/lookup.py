"""Which row is the object that was asked for, when there may be several, or one that lies under another id.

The rule, the same for listing and reading: of the rows whose id agrees with the id inside their content the newest
counts; one that cannot be decoded gives way to an older one that can. A row filed under another id than its own
("misfiled") is used only when no agreeing row can be.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from lrestore.errors import CorruptItemError, ItemError, OversizedItemError, VaultError
from lrestore.messages import ItemKey
from lrestore.vault import rows, schema
from lrestore.vault.decode import DecodedBlob, Depth, UnreadableError, skim
from lrestore.vault.files import OpenFile
from lrestore.vault.items import IndexRow
from lrestore.vault.rows import RowHead

_Row = tuple[RowHead, bytes | None]
"""A row, and its content if that has been read."""

SKIM_LIMIT_BYTES = schema.DEFAULT_MAX_ITEM_BYTES


class FoundRow(msgspec.Struct, frozen=True, gc=False):
    """The row that counts, with its content. ``deleted`` is the newest copy's word, even where an older one is used."""

    head: RowHead
    content: DecodedBlob
    blob: bytes
    deleted: bool
    warnings: tuple[str, ...] = ()

    def index_row(self) -> IndexRow:
        """The row without its content."""
        return self.head.index_row(self.content.true_id, self.content.seen, deleted=self.deleted)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row is there but cannot be used: ``reason`` for people, ``error`` to raise."""

    head: RowHead
    reason: str
    error: ItemError

    def index_row(self) -> IndexRow:
        """The row, with the reason if it is corrupt; an oversized one is not."""
        corrupt = "" if isinstance(self.error, OversizedItemError) else self.reason
        return self.head.index_row(self.head.plain_id, corrupt=corrupt)


@dataclass(frozen=True, slots=True)
class Census:
    """The number of ``rows`` by type, and the ids that more than one row claims: in several files, or in both ways of
    writing ids.
    """

    rows: Mapping[str, int]
    repeated: Mapping[str, set[str]]


class Finder:
    """Looks objects up in all files of a backup. Lookups are safe for several threads."""

    def __init__(self, files: Sequence[OpenFile]) -> None:
        self._files = files
        self._lock = threading.RLock()
        self._misfiled: dict[str, dict[str, list[RowHead]]] = {}

    def locate(self, key: ItemKey, depth: Depth, limit_bytes: int) -> FoundRow | Refused | None:
        """The row that counts for ``key``, None if there is none.

        Raises :class:`VaultError` if a file changed since it was opened.
        """
        kind = schema.VAULT_TYPES.get(key.type)
        if kind is None or not _storable(key.id):
            return None
        agreeing = self._best(self._called(kind, key.id, limit_bytes), key, depth, limit_bytes)
        if isinstance(agreeing, FoundRow) or (isinstance(agreeing, Refused) and agreeing.head.size_bytes > limit_bytes):
            return agreeing
        misfiled = [(head, None) for head in self._misfiled_as(kind, key.id)]
        elsewhere = self._best(misfiled, key, depth, limit_bytes)
        return elsewhere if isinstance(elsewhere, FoundRow) else agreeing or elsewhere

    def scan(
        self, kind: schema.VaultType, doubted: Container[str] = (), depth: Depth = skim
    ) -> Iterator[FoundRow | Refused]:
        """Every row of a type, those marked deleted last; ``depth`` applies to those whose ids are not ``doubted``.

        Raises :class:`VaultError` if a file changed since it was opened: perhaps only after its last row.
        """
        for condition in (rows.live(kind), rows.deleted(kind)):
            for file in self._files:
                for head, blob in rows.with_content(file, condition, SKIM_LIMIT_BYTES):
                    own_depth = skim if head.plain_id in doubted else depth
                    yield self.open(head, own_depth) if blob is None else self._opened(head, own_depth, blob)
                file.check_unchanged()

    def open(
        self, head: RowHead, depth: Depth, limit_bytes: int = SKIM_LIMIT_BYTES, blob: bytes | None = None
    ) -> FoundRow | Refused:
        """Decode one row, unless it is faulty or too large; without its ``blob``, read that first. Raises
        :class:`VaultError` if its file changed.
        """
        head.file.check_unchanged()
        if head.size_bytes > limit_bytes and not head.fault:
            return _oversized(head, limit_bytes)
        return self._opened(head, depth, blob)

    def _opened(self, head: RowHead, depth: Depth, blob: bytes | None = None) -> FoundRow | Refused:
        """Decode one row that is not too large; without its ``blob``, read that first."""
        if head.fault:
            return _corrupt(head, head.fault)
        try:
            if blob is None:
                with self._lock:
                    blob = rows.blob(head)
            return FoundRow(head, depth(head.kind, blob), blob, head.deleted)
        except VaultError as error:
            return _corrupt(head, error.message)
        except UnreadableError as error:
            return _corrupt(head, str(error))

    @cached_property
    def census(self) -> Census:
        """Count the rows, and find the ids that several of them claim. Reads no row."""
        once: dict[str, set[str]] = {name: set() for name in schema.VAULT_TYPES}
        twice: dict[str, set[str]] = {name: set() for name in schema.VAULT_TYPES}
        count: Counter[str] = Counter()
        for file in self._files:
            for row_id, number in rows.fetch(file, "SELECT id, content_type FROM content_items"):
                kind = schema.TYPE_BY_NUMBER.get(number)
                if kind is not None:
                    count[kind.name] += 1
                    plain = str(row_id).removeprefix(kind.prefix)
                    (twice if plain in once[kind.name] else once)[kind.name].add(plain)
        return Census(count, twice)

    def missed(self, kind: schema.VaultType, seen: int, counted: int) -> VaultError:
        """The error for a listing of ``kind`` with fewer rows than the file has."""
        files = ", ".join(file.path for file in self._files)
        return VaultError(
            f"{files}: the indexes do not agree: of {counted} rows of type {kind.name} {seen} were found",
            hint="the file is damaged: fetch it again, or repair a copy with `sqlite3 COPY REINDEX`",
        )

    def remember_misfiled(self, kind: schema.VaultType, misfiled: dict[str, list[RowHead]]) -> None:
        """Spare later lookups the search through the whole type."""
        self._misfiled[kind.name] = {
            true_id: sorted(heads, key=_age, reverse=True) for true_id, heads in misfiled.items()
        }

    def _called(self, kind: schema.VaultType, id: str, limit_bytes: int) -> list[_Row]:
        """The rows under this id, the newest first; in one query, because SQLite passes the content anyway to reach the
        column behind it.
        """
        condition = rows.called(kind, id)
        with self._lock:
            found = [
                row
                for file in self._files
                for row in rows.with_content(file, condition, limit_bytes)
                if row[0].plain_id == id
            ]
        return sorted(found, key=lambda row: _age(row[0]), reverse=True)

    def _misfiled_as(self, kind: schema.VaultType, id: str) -> list[RowHead]:
        with self._lock:
            if kind.name not in self._misfiled:
                self._search_misfiled(kind)
            return self._misfiled[kind.name].get(id, [])

    def _search_misfiled(self, kind: schema.VaultType) -> None:
        misfiled: dict[str, list[RowHead]] = {}
        for entry in self.scan(kind):
            if isinstance(entry, FoundRow) and entry.content.true_id != entry.head.plain_id:
                misfiled.setdefault(entry.content.true_id, []).append(entry.head)
        self.remember_misfiled(kind, misfiled)

    def _best(self, found: Sequence[_Row], key: ItemKey, depth: Depth, limit_bytes: int) -> FoundRow | Refused | None:
        refused: Refused | None = None
        for head, blob in found:
            entry = self.open(head, depth, limit_bytes, blob)
            if isinstance(entry, Refused):
                if isinstance(entry.error, OversizedItemError):
                    return refused or entry
                refused = refused or entry
            elif entry.content.true_id == key.id:
                return entry if refused is None else _instead(entry, refused)
        return refused


def _storable(text: str) -> bool:
    """SQLite holds no lone surrogates, which a command line can contain."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _age(head: RowHead) -> tuple[str, bool, int]:
    return head.synced_at, not head.deleted, head.rowid


def _instead(older: FoundRow, newest: Refused) -> FoundRow:
    key = ItemKey(newest.head.kind.name, newest.head.plain_id)
    warning = (
        f"{key}: the newest copy, of {newest.head.synced_at} in {newest.head.file.path}, is corrupt: {newest.reason};"
        f" the copy of {older.head.synced_at} in {older.head.file.path} is used"
    )
    return FoundRow(older.head, older.content, older.blob, newest.head.deleted, (warning,))


def _corrupt(head: RowHead, reason: str) -> Refused:
    key = ItemKey(head.kind.name, head.plain_id)
    error = CorruptItemError(
        f"{key} in {head.file.path} is corrupt: {reason}", hint="take it from another backup", key=key
    )
    return Refused(head, reason, error)


def _oversized(head: RowHead, limit_bytes: int) -> Refused:
    key = ItemKey(head.kind.name, head.plain_id)
    reason = f"{head.size_bytes} bytes, more than the {limit_bytes} that [run] max_item_bytes allows"
    error = OversizedItemError(
        f"{key} is too large: {reason}", hint="raise max_item_bytes, or restore it by hand", key=key
    )
    return Refused(head, reason, error)
