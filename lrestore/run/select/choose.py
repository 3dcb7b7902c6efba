"""Chooses the items of the backup for a run, and puts them in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from lrestore.errors import MissingItemError, UsageError
from lrestore.filters import Filters, matches, subtree
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.beside import COPIED
from lrestore.run.contents import Contents
from lrestore.run.items.dead_letter import failed
from lrestore.run.request import RunRequest
from lrestore.run.select.dependencies import referred_to
from lrestore.run.select.order import in_order
from lrestore.selection import Selection, parse_selection
from lrestore.vault.items import NO_EXTENT, Extent, IndexRow
from lrestore.vault.reader import Vault


@dataclass(frozen=True, slots=True)
class Chosen:
    """``keys`` in the order of restoring; ``missing`` are results for named ids that the backup lacks; ``selection`` is
    the parsed request; ``extent`` is how much of the backup that is.
    """

    keys: list[ItemKey]
    missing: list[ItemResult]
    selection: Selection
    contents: Contents
    extent: Extent = NO_EXTENT
    uncopied: Mapping[str, int] = field(default_factory=dict)
    """Selected items that cannot be copied beside the originals, by type: they are not among ``keys``."""

    def spelt(self, request: RunRequest) -> RunRequest:
        """The request with the content of selection files in place of their paths: a resume must not read them anew."""
        wanted, excluded = self.selection.wanted.specs(), self.selection.excluded.specs()
        return msgspec.structs.replace(request, select=wanted, exclude=excluded)


_LINKED = frozenset({"restore", "plan"})
"""Modes that ask what the items name: for these, the selection's own pass over the backup reads it."""
_CONTENT = frozenset({"folder", "look", "dashboard", "board", "lookml_model", "explore"})
"""Types that ``--with-dependencies=content`` follows."""


def parsed(request: RunRequest) -> Selection:
    """The selection of the request. Reads selection files, and nothing of a backup.

    Raises UsageError for a selection that cannot be understood, and for types that cannot be copied where copies are
    to be made.
    """
    include_deleted = request.filters.include_deleted
    selection = parse_selection(request.select, request.exclude, read_list, include_deleted=include_deleted)
    if request.beside is not None:
        _refuse_uncopied(selection)
    return selection


def choose(vault: Vault, request: RunRequest, selection: Selection | None = None) -> Chosen:
    """The items that the request selects. One pass over the types in question; single ids are looked up. ``selection``:
    the request's, if it is parsed already.

    Raises UsageError for a selection that cannot be understood, or that selects nothing.
    """
    include_deleted = request.filters.include_deleted
    selection = parsed(request) if selection is None else selection
    parents = _folder_parents(vault) if _needs_folders(selection, request.filters) else {}
    fits, contents, wanted = _fitting(vault, request.filters, parents), Contents(vault), _Wanted()
    named, there = set(selection.explicit_ids()), set[ItemKey]()
    for row, blob in _rows(vault, selection, request.filters):
        if row.key in named:
            there.add(row.key)
        if fits(row):
            wanted.add(row)
            if blob and request.mode in _LINKED:
                contents.keep(row.key, blob)
    if request.with_dependencies:
        follow = _CONTENT if request.content_only else CONTENT_TYPES.keys()
        _add_dependencies(vault, wanted, selection, follow, include_deleted=include_deleted)
        parents = parents or _folder_parents(vault)
    uncopied = {} if request.beside is None else wanted.without_all_but(COPIED)
    missing = _missing(vault, selection, there | named & wanted.keys.keys(), request.filters)
    if not wanted.keys and not missing:
        raise UsageError(
            "the selection is empty: no item of the backup matches", hint="--show source lists the backup's items"
        )
    return Chosen(in_order(wanted.keys, parents), missing, selection, contents, wanted.extent, uncopied)


class _Wanted:
    """The chosen items. Of their rows only the sums are kept: there may be hundreds of thousands."""

    def __init__(self) -> None:
        self.keys: dict[ItemKey, None] = {}
        self._bytes: Counter[str] = Counter()
        self._unreadable: Counter[str] = Counter()

    @property
    def extent(self) -> Extent:
        """How much of the backup the items are."""
        return Extent(self._bytes.total(), self._unreadable.total())

    def add(self, row: IndexRow) -> None:
        """Add an item, once."""
        if row.key not in self.keys:
            self.keys[row.key] = None
            self._bytes[row.key.type] += row.size_bytes
            self._unreadable[row.key.type] += bool(row.corrupt)

    def without_all_but(self, types: Collection[str]) -> Counter[str]:
        """Remove the items of other types; returns how many of each."""
        removed = Counter(key.type for key in self.keys if key.type not in types)
        if removed:
            self.keys = {key: None for key in self.keys if key.type not in removed}
            for name in removed:
                del self._bytes[name], self._unreadable[name]
        return removed


def items_to_list(vault: Vault, select: Sequence[str], exclude: Sequence[str], filters: Filters) -> frozenset[ItemKey]:
    """The items that a selection means, to be shown and not to be restored: none is an answer, too.

    Raises UsageError for a selection that cannot be understood.
    """
    selection = parse_selection(select, exclude, read_list, include_deleted=filters.include_deleted)
    parents = _folder_parents(vault) if filters.folder else {}
    fits = _fitting(vault, filters, parents)
    return frozenset(row.key for row, _ in _rows(vault, selection, filters) if fits(row))


def ordered(vault: Vault, keys: Sequence[ItemKey]) -> list[ItemKey]:
    """Chosen items in the order of a restore."""
    folders = any(key.type == "folder" for key in keys)
    return in_order(keys, _folder_parents(vault) if folders else {})


def extent_of(vault: Vault, keys: Iterable[ItemKey]) -> Extent:
    """How much of the backup these items are; each is looked up."""
    return Extent.of(row for key in keys if (row := vault.row(key)) is not None)


def _refuse_uncopied(selection: Selection) -> None:
    """Refuse, before the first call, types that are selected by name and cannot be copied. ``all`` leaves them out,
    with a warning.
    """
    named = {key.type for key in selection.explicit_ids()}
    other = sorted((named | (set() if selection.wanted.everything else selection.types() or set())) - COPIED)
    if other:
        raise UsageError(
            f"--copy-into copies looks and dashboards, not {', '.join(other)}",
            hint="select looks and dashboards: --select look --select dashboard",
        )


def read_list(path: str) -> str:
    """The text of a selection file. Raises UsageError naming it."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"selection file {path} cannot be read: {reason}") from error


def _rows(vault: Vault, selection: Selection, filters: Filters) -> Iterator[tuple[IndexRow, bytes]]:
    """Index rows of the selection: whole types by one pass, with their blobs; then single items by id. An item that is
    selected in both ways comes twice.
    """
    whole = selection.whole_types()
    if whole is None or whole:
        for row, blob in vault.rows_and_blobs(whole, include_deleted=filters.include_deleted):
            if selection.wants(row.key):
                yield row, blob
    if "explore" in selection.wanted.types:
        yield from ((row, b"") for row in vault.explores() if selection.wants(row.key))
    for key in selection.explicit_ids():
        single = vault.row(key)
        if single is not None and (filters.include_deleted or not single.deleted):
            yield single, b""


def _fitting(vault: Vault, filters: Filters, parents: Mapping[str, str]) -> Callable[[IndexRow], bool]:
    """Tells whether a row fits all filters. Raises UsageError for an unknown owner."""
    below = subtree(filters.folder, parents) if filters.folder else None
    owners = owner_ids(vault, filters.owner) if filters.owner else None
    return lambda row: matches(row, filters, below, owners)


def _missing(vault: Vault, selection: Selection, there: Collection[ItemKey], filters: Filters) -> list[ItemResult]:
    """A dead letter for each named id that the backup lacks, with a guess at what was meant. ``there``: those of the
    named items that it has.

    An item that is marked deleted has none if filters narrow the selection: it is just not selected.
    """
    narrowed = filters != Filters(include_deleted=filters.include_deleted)
    results = []
    for key in selection.explicit_ids():
        if key in there:
            continue
        row = vault.row(key)
        if row is not None:
            if narrowed:
                continue
            reason, hint = f"{key} is marked deleted in the backup", "add --include-deleted to restore it"
        else:
            others = [name for name in CONTENT_TYPES if name != key.type and vault.holds(ItemKey(name, key.id))]
            reason = f"{key} is not in the backup"
            hint = (
                f"the backup holds a {' and a '.join(others)} with that id"
                if others
                else "--show source lists the backup's items"
            )
            hint += f"; --show history={key} looks for it in the other backups" if vault.chosen else ""
        results.append(failed(MissingItemError(reason, hint=hint, key=key), key, row.name if row else ""))
    return results


def _needs_folders(selection: Selection, filters: Filters) -> bool:
    types = selection.types()
    return bool(filters.folder) or types is None or "folder" in types


def _folder_parents(vault: Vault) -> dict[str, str]:
    """Folder id → parent id."""
    rows = vault.index({"folder"}, include_deleted=True)
    return {row.key.id: row.folder_id for row in rows if row.folder_id}


def owner_ids(vault: Vault, owner: str) -> frozenset[str]:
    """The user ids that an owner given as id or e-mail address means. Raises UsageError for an unknown address."""
    if "@" not in owner:
        return frozenset({owner})
    users = vault.index({"user"}, include_deleted=True)
    found = {row.key.id for row in users if (row.email or "").casefold() == owner.casefold()}
    if not found:
        raise UsageError(
            f"--owner {owner}: the backup holds no user with this e-mail address", hint="give the user's id"
        )
    return frozenset(found)


def _add_dependencies(
    vault: Vault, wanted: _Wanted, excluded: Selection, follow: Collection[str], *, include_deleted: bool
) -> None:
    """Add, recursively, all items that the wanted ones refer to, if the backup holds them and they are not excluded.
    ``follow``: the types that are followed.

    FR-014: an item and all it depends on. Types that cannot be restored must exist in the destination.
    """
    seen, fresh = set(wanted.keys), list(wanted.keys)
    while fresh:
        named = referred_to(vault, fresh) - seen
        seen |= named
        able = (key for key in sorted(named) if key.type in follow and not excluded.excluded.holds(key))
        new = [row for key in able if (row := _in_backup(vault, key, include_deleted=include_deleted))]
        for row in new:
            wanted.add(row)
        fresh = [row.key for row in new]


def _in_backup(vault: Vault, key: ItemKey, *, include_deleted: bool) -> IndexRow | None:
    row = vault.row(key)
    return row if row is not None and (include_deleted or not row.deleted) else None
