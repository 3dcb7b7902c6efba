"""Listing a backup: one row per object, in one pass over each type, without keeping content or rows in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrestore.messages import ItemKey
from lrestore.vault import schema
from lrestore.vault.decode import Depth
from lrestore.vault.lookup import SKIM_LIMIT_BYTES, Finder, FoundRow, Refused
from lrestore.vault.rows import RowHead


def index_rows(finder: Finder, kinds: Sequence[schema.VaultType], depth: Depth) -> Iterator[FoundRow | Refused]:
    """The row that counts of every object of these types. Raises :class:`VaultError` if a file cannot be read on."""
    for kind in kinds:
        yield from _of_kind(finder, kind, depth)


def _of_kind(finder: Finder, kind: schema.VaultType, depth: Depth) -> Iterator[FoundRow | Refused]:
    """Rows without doubt come at once; repeated, misfiled and corrupt ones are looked up at the end.

    The census comes from another index than the scan: where a lost page has emptied one of them, the numbers differ.
    """
    repeated = finder.census.repeated[kind.name]
    misfiled: dict[str, list[RowHead]] = {}
    corrupt: set[str] = set()
    seen = 0
    for seen, entry in enumerate(finder.scan(kind, repeated, depth), start=1):  # noqa: B007 (counted to the last)
        head = entry.head
        plain_id = head.plain_id
        if isinstance(entry, FoundRow) and entry.content.true_id != plain_id:
            misfiled.setdefault(entry.content.true_id, []).append(head)
        elif plain_id in repeated:
            continue
        elif isinstance(entry, Refused) and head.size_bytes <= SKIM_LIMIT_BYTES:
            corrupt.add(plain_id)
        else:
            yield entry
    if seen != (counted := finder.census.rows.get(kind.name, 0)):
        raise finder.missed(kind, seen, counted)
    finder.remember_misfiled(kind, misfiled)
    for true_id in sorted(repeated | corrupt | misfiled.keys()):
        best = finder.locate(ItemKey(kind.name, true_id), depth, SKIM_LIMIT_BYTES)
        came_already = best is not None and best.head.plain_id == true_id and true_id not in repeated | corrupt
        if best is not None and not came_already:
            yield best
