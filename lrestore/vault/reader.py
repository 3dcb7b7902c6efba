"""The backup as one source, whatever files it is made of."""

from __future__ import annotations

import heapq
import weakref
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from lrestore.errors import MissingItemError, VaultError
from lrestore.messages import ItemKey
from lrestore.vault import backup_warnings as doubts
from lrestore.vault import explores, fingerprint, index, names, rows, schema, summary
from lrestore.vault import foreign_mappings as mappings
from lrestore.vault import source_release as release
from lrestore.vault.decode import decode, skim
from lrestore.vault.files import OpenFile, expand, open_file
from lrestore.vault.foreign_mappings import ForeignMapping
from lrestore.vault.items import IndexRow, VaultItem
from lrestore.vault.lookup import Finder, FoundRow, Refused
from lrestore.vault.private_copies import PrivateCopies
from lrestore.vault.rows import display_name
from lrestore.vault.survey import Survey, survey

Shape = TypeVar("Shape", bound=msgspec.Struct)

_LOOKED_UP = 100
"""Number of objects up to which each is looked up, instead of all of its type being read."""


class _Homes(msgspec.Struct):
    """The field of a user that names its personal folder."""

    personal_folder_id: str | int | None = None


class Vault:
    """A LookerVault backup, open for reading. Its files are never written to, nor is anything left beside them.

    Use :meth:`open`, as a context manager or with :meth:`close`. Reading is safe for several threads of one process;
    another process opens the backup itself, with :meth:`reopen` of :attr:`opened`: nothing is decompressed twice.
    """

    def __init__(
        self, files: Sequence[OpenFile], resources: ExitStack, chosen: str = "", chosen_warnings: Sequence[str] = ()
    ) -> None:
        self.chosen = chosen
        """Why these files, of all that the settings name; "" where there was nothing to choose."""
        self._chosen_warnings = tuple(chosen_warnings)
        self._files = tuple(files)
        self._finder = Finder(self._files)
        self._names: dict[str, names.Namesakes] = {}
        self._release_floor = ""
        self._close = weakref.finalize(self, resources.close)

    @classmethod
    def open(cls, paths: Sequence[str], *, chosen: str = "", chosen_warnings: Sequence[str] = ()) -> Self:
        """Open files and globs as one backup; gzip-compressed ones are unpacked into a private temporary copy.

        ``chosen`` and ``chosen_warnings`` come from :mod:`lrestore.vault.backups`, which opens the one that counts.
        Raises :class:`VaultError`, naming the file, for whatever is not a readable LookerVault file.
        """
        with ExitStack() as resources:
            copies = PrivateCopies()
            resources.callback(copies.close)
            files: list[OpenFile] = []
            for path in expand(paths):
                file = open_file(path, copies)
                resources.callback(file.connection.close)
                files.append(file)
            return cls(files, resources.pop_all(), chosen, chosen_warnings)

    @classmethod
    def reopen(cls, opened: Sequence[tuple[str, str]]) -> Self:
        """Open what another process has open: its :attr:`opened`. Errors name the files as the user knows them."""
        with ExitStack() as resources:
            copies = PrivateCopies()
            resources.callback(copies.close)
            files: list[OpenFile] = []
            for shown, real_path in opened:
                file = open_file(Path(real_path), copies)
                resources.callback(file.connection.close)
                files.append(replace(file, path=shown))
            return cls(files, resources.pop_all())

    def close(self) -> None:
        """Close the files and remove private copies. Does nothing the second time."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, as the user knows them."""
        return tuple(file.path for file in self._files)

    @property
    def opened(self) -> tuple[tuple[str, str], ...]:
        """Each file as the user knows it, and what SQLite reads: the same, or the private copy of a compressed one,
        which lives until :meth:`close`."""
        return tuple((file.path, file.real_path) for file in self._files)

    @cached_property
    def _surveys(self) -> list[Survey]:
        return [survey(file) for file in self._files]

    @cached_property
    def warnings(self) -> list[str]:
        """Warnings about an incomplete or doubtful backup that need no decoded content."""
        return [*self._chosen_warnings, *doubts.of_files(self._files, self._surveys, self._finder.census.repeated)]

    def fingerprint(self) -> str:
        """Identifies the content: the same for a copy, a compressed copy, or another order of the same files."""
        return fingerprint.of_digests(found.digest for found in self._surveys)

    def index(
        self, types: Collection[str] | None = None, *, include_deleted: bool = False, deep: bool = False
    ) -> Iterator[IndexRow]:
        """One row per object of ``types`` (all if None), in the order of the type numbers; corrupt ones included.

        With ``deep`` each blob is decoded whole, so that ``corrupt`` is final; otherwise :meth:`read` may still find a
        fault deep inside a blob that looked fine. Raises :class:`VaultError` if a file cannot be read on.
        """
        kinds = [kind for kind in schema.VAULT_TYPES.values() if types is None or kind.name in types]
        for entry in index.index_rows(self._finder, kinds, decode if deep else skim):
            row = entry.index_row()
            if include_deleted or not row.deleted:
                yield row

    def rows_and_blobs(
        self, types: Collection[str] | None = None, *, include_deleted: bool = False
    ) -> Iterator[tuple[IndexRow, bytes]]:
        """As :meth:`index`, with the blobs: empty for a row that cannot be used. Each is read once."""
        kinds = [kind for kind in schema.VAULT_TYPES.values() if types is None or kind.name in types]
        for entry in index.index_rows(self._finder, kinds, skim):
            row = entry.index_row()
            if include_deleted or not row.deleted:
                yield row, entry.blob if isinstance(entry, FoundRow) else b""

    def row_counts(self) -> Counter[str]:
        """How many rows there are of each type, those marked deleted among them. Reads an index alone."""
        return Counter(self._finder.census.rows)

    def surely_live(self) -> Counter[str]:
        """How many live objects of each type there are at least. Reads an index alone: of rows that share an id, none
        may be live in the end.
        """
        rows_of_type: Counter[str] = Counter()
        for file in self._files:
            rows_of_type.update(dict(rows.live_counts(file)))
        doubted = Counter({name: len(self._files) * 2 * len(ids) for name, ids in self._finder.census.repeated.items()})
        return rows_of_type - doubted

    def lowest_ids(self, type_name: str, count: int) -> list[str]:
        """The ids of some rows of a type that are not marked deleted, the lowest ones. Reads no content."""
        kind = schema.VAULT_TYPES[type_name]
        found = {one for file in self._files for one in rows.lowest_ids(file, kind, count)}
        return sorted(found, key=lambda one: (len(one), one))[:count]

    def read(self, key: ItemKey, *, max_item_bytes: int = schema.DEFAULT_MAX_ITEM_BYTES) -> VaultItem:
        """The object ``key``, decoded. Objects that the backup marks deleted are read too.

        Raises :class:`MissingItemError`, :class:`CorruptItemError` or :class:`OversizedItemError` (nothing was loaded),
        each with its ``key``; :class:`VaultError` if the file was changed since it was opened.
        """
        entry = self._finder.locate(key, decode, max_item_bytes)
        if entry is None:
            item = explores.find_explore(self._finder, key)
            if item is not None:
                return item
            raise MissingItemError(f"{key} is not in the backup", hint="--show source lists its content", key=key)
        if isinstance(entry, Refused):
            raise entry.error
        content = entry.content
        name = display_name(entry.head.kind, content.seen) or entry.head.name
        return VaultItem(key, name, entry.index_row(), content.raw, entry.blob, entry.warnings)

    def row(self, key: ItemKey) -> IndexRow | None:
        """The index row of one object, corrupt or marked deleted as it may be; None if the backup has none."""
        entry = self._finder.locate(key, skim, schema.DEFAULT_MAX_ITEM_BYTES)
        if entry is not None:
            return entry.index_row()
        item = explores.find_explore(self._finder, key)
        return None if item is None else item.row

    def sorted_ids(self, type_name: str) -> Iterator[bytes]:
        """The ids under which the rows of a type are stored, in UTF-8, ascending; one that is stored twice comes twice.

        Two backups can be merged by them, without keeping ids in memory.
        """
        return heapq.merge(*(rows.sorted_ids(file, schema.VAULT_TYPES[type_name]) for file in self._files))

    def explores(self) -> Iterator[IndexRow]:
        """The explores that the models of the backup name; see :mod:`lrestore.vault.explores`."""
        return (item.row for item in explores.named_explores(self._finder))

    def name_of(self, key: ItemKey) -> str:
        """The name of an object that may be unreadable, for messages; "" if the backup has no such object, or none can
        be read from it any more: the next read of an item says why.
        """
        try:
            row = self.row(key)
        except VaultError:
            return ""
        return row.name if row else ""

    def holds(self, key: ItemKey) -> bool:
        """Whether the backup has an object under this key, readable or not."""
        return self.row(key) is not None

    def contents(self, type_name: str, shape: type[Shape]) -> Iterator[tuple[ItemKey, Shape]]:
        """The live, readable objects of a type, each decoded into ``shape``: a Struct of the fields that are of
        interest.

        An object that does not fit the shape is left out: :meth:`read` has the last word on it.
        """
        for entry, content in self._decoded(
            index.index_rows(self._finder, [schema.VAULT_TYPES[type_name]], skim), shape
        ):
            if not entry.deleted:
                yield entry.index_row().key, content
        if type_name == explores.TYPE:
            yield from ((item.key, msgspec.convert(item.raw, shape)) for item in explores.named_explores(self._finder))

    def scan(self, type_name: str, shape: type[Shape], only: Collection[str]) -> Iterator[tuple[ItemKey, Shape, bytes]]:
        """As :meth:`contents`, with the blobs, those marked deleted too: at least the objects with the ids ``only``."""
        if len(only) <= _LOOKED_UP:
            keys = (ItemKey(type_name, one) for one in only)
            limit = schema.DEFAULT_MAX_ITEM_BYTES
            entries: Iterator[FoundRow | Refused | None] = (self._finder.locate(key, skim, limit) for key in keys)
        else:
            entries = index.index_rows(self._finder, [schema.VAULT_TYPES[type_name]], skim)
        for entry, content in self._decoded(entries, shape):
            yield entry.index_row().key, content, entry.blob

    @staticmethod
    def _decoded(entries: Iterable[FoundRow | Refused | None], shape: type[Shape]) -> Iterator[tuple[FoundRow, Shape]]:
        decoder = msgspec.msgpack.Decoder(shape)
        for entry in entries:
            if isinstance(entry, FoundRow):
                try:
                    yield entry, decoder.decode(entry.blob)
                except (ValueError, RecursionError):
                    continue

    @cached_property
    def personal_folders(self) -> dict[str, str]:
        """The id of each user's personal folder → the user's id: asked for once, then kept."""
        found = self.contents("user", _Homes)
        return {str(user.personal_folder_id): key.id for key, user in found if user.personal_folder_id is not None}

    def namesakes(self, key: ItemKey) -> tuple[str, ...]:
        """The ids of the live items of the same type and name, where names need not be unique; its own among them.

        Read once per type, then kept.
        """
        if key.type not in names.FIELDS:
            return ()
        if key.type not in self._names:
            self._names[key.type] = names.Namesakes(key.type, self.contents(key.type, names.NameFields))
        return self._names[key.type].of(key.id)

    def synced_to(self) -> datetime | None:
        """When the newest row was taken from Looker; None for an empty backup."""
        newest = max((found.newest for found in self._surveys), default="")
        return datetime.fromisoformat(newest) if newest else None

    def summary(self, wanted: Container[ItemKey] | None = None) -> summary.SourceSummary:
        """Everything that ``--show source`` tells, of all items or of the wanted ones; decodes every blob."""
        found = summary.of_vault(self._finder, self._files, self.warnings, wanted)
        found.chosen = self.chosen or msgspec.UNSET
        return found

    def release_floor(self) -> str:
        """The lowest release of Looker that can have made this backup, judged from the fields in a sample of it."""
        if not self._release_floor:
            self._release_floor = release.floor(self._finder, self._files)
        return self._release_floor

    def mappings(self) -> Iterator[ForeignMapping]:
        """The id mappings that LookerVault recorded in the files, if any."""
        return mappings.of_files(self._files)
