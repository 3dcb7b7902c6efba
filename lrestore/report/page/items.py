"""The list of items in the page: packed as small as possible, so that thousands of them open at once.

Each text is shown as text by the page's script, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from lrestore.messages import Change
from lrestore.report.changes import leaves
from lrestore.report.field_values import old_and_new
from lrestore.report.item_lines import since
from lrestore.report.model import Difference, Item, Report
from lrestore.text.terminal import plain

ROOM = 3_500_000
"""Bytes for the list: the whole page stays under 5 MB."""
_FIELDS = 40
"""So many changed fields of one item are listed; the JSON report lists all."""
_NAME = 200
_OVERHEAD = 40

Field = tuple[str, str, str]
"""Path, old value, new value."""
Row = tuple[str, str, str, str, str, str, Sequence[Field], int]
"""Type, id, name, word, id in the destination, further text, fields, number of fields that are left out."""


class Packed(msgspec.Struct, frozen=True):
    """``rows`` that fit; of ``bare`` rows the fields are left out, and ``omitted`` items altogether."""

    rows: tuple[Row, ...]
    bare: int = 0
    omitted: int = 0


def packed(report: Report, room: int = ROOM) -> Packed:
    """The items that were, or would be, written or skipped, or that differ. Failed ones are told by cause."""
    rows: list[Row] = []
    bare = omitted = 0
    for row in _rows(report.entries):
        size = _size(row)
        if size > room and row[6]:
            row = (*row[:6], (), row[7] + len(row[6]))  # noqa: PLW2901 (a smaller form of the same)
            size = _size(row)
            bare += 1
        if size > room:
            omitted += 1
            continue
        room -= size
        rows.append(row)
    return Packed(tuple(rows), bare, omitted + report.items_omitted)


def _rows(entries: Iterable[Item | Difference]) -> Iterator[Row]:
    for entry in entries:
        if isinstance(entry, Item) and entry.outcome == "failed":
            continue
        told = [leaf for change in entry.changes for leaf in leaves(change) if leaf.old != leaf.new]
        fields = tuple(_field(leaf) for leaf in told[:_FIELDS])
        name = plain(entry.name)
        name = f"{name[:_NAME]}…" if len(name) > _NAME else name
        moved = entry.destination_id if entry.destination_id != entry.id else ""
        word = entry.outcome if isinstance(entry, Item) else "missing" if entry.missing else "different"
        yield entry.type, plain(entry.id), name, word, plain(moved), _more(entry), fields, len(told) - len(fields)


def _more(entry: Item | Difference) -> str:
    """The reason, and who has changed the live object."""
    said = [plain(entry.reason)] if isinstance(entry, Item) else [f"lacks {plain(one)}" for one in entry.lacks]
    return "; ".join(part for part in (*said, since(entry.live)) if part)


def _field(leaf: Change) -> Field:
    old, new = old_and_new(leaf.old, leaf.new)
    return plain(leaf.path), old, new


def _size(row: Row) -> int:
    texts = (*row[:6], *(text for field in row[6] for text in field))
    return _OVERHEAD + sum(len(text.encode("utf-8", "replace")) + 4 for text in texts)
