"""The list of items in the page: packed as small as possible, so that all items of a large run are in it.

The rows are JSON, compressed only if they are many: otherwise other programs can find the texts
in the page, too. The page's script unpacks them. Each text is shown as text, never as markup.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from lrestore.messages import Change
from lrestore.report.changes import leaves
from lrestore.report.field_values import old_and_new
from lrestore.report.item_lines import since
from lrestore.report.model import Difference, Item, Report
from lrestore.report.text import COLUMNS, VERBS
from lrestore.text.terminal import plain

ROOM = 3_500_000
"""Bytes for the list: the whole page stays under 5 MB."""
FIRST_ROWS = 200
"""Number of rows that can be read before the others are unpacked."""
_FIELDS = (40, 10, 3, 1, 0)
"""Numbers of changed fields that are listed of one item, most first; the JSON report has all."""
_NAME = 200
_REASON = 400
_PARTS = 40
_MARGIN = 0.95

Field = tuple[str, str, str]
"""Path, old value, new value."""
PageRow = tuple[str, str, str, str, str, str, Sequence[Field], Sequence[str]]
"""Type, id, name, word, id in the destination, further text, fields, deleted parts."""
Listed = tuple[str, str, str, str, str, str, Sequence[Field], Sequence[str], int]
"""The same with as many fields as are listed, and the number of the others."""


_ROW = msgspec.msgpack.Decoder(PageRow)


class PackedRows(msgspec.Struct, frozen=True):
    """``rows``: all of them, or the first, and in ``data`` the others as JSON, deflated, in base64. ``most``: fields of
    an item that are listed, at most. ``shortened``: items that have more; ``omitted``: items that are not listed.
    """

    rows: tuple[Listed, ...]
    data: str
    count: int
    most: int
    shortened: int = 0
    omitted: int = 0


def pack_rows(report: Report, room: int = ROOM) -> PackedRows:
    """The items that were, or would be, written or skipped, that differ, that failed, or that only Looker has. Causes
    of failures are told elsewhere on the page; here each item has its own reason, and what was restored of it.
    """
    rows = [msgspec.msgpack.encode(row) for row in _rows(report)]
    size = 2
    for listed in _listed(rows, _FIELDS[0]):
        size += len(msgspec.json.encode(listed)) + 1
        if size - 1 > room:
            return _deflated(report, rows, room)
    whole = tuple(_listed(rows, _FIELDS[0]))
    shortened = sum(row[8] > 0 for row in whole)
    return PackedRows(whole, "", len(rows), _FIELDS[0], shortened, report.items_omitted)


def _deflated(report: Report, rows: Sequence[bytes], room: int) -> PackedRows:
    """As many fields of each item as there is room for; if there is none, as many items."""
    for most in _FIELDS:
        first, data, size = _compressed(rows, most)
        if size <= room:
            break
    kept = len(rows)
    while size > room and kept:
        kept = int(kept * room / size * _MARGIN)
        first, data, size = _compressed(rows[:kept], most)
    shortened = sum(row[8] > 0 for row in _listed(rows[:kept], most))
    return PackedRows(first, data, kept, most, shortened, len(rows) - kept + report.items_omitted)


def _compressed(rows: Sequence[bytes], most: int) -> tuple[tuple[Listed, ...], str, int]:
    """The first rows, the others compressed, and the bytes of both."""
    first = tuple(_listed(rows[:FIRST_ROWS], most))
    others, compress = _listed(rows[FIRST_ROWS:], most), zlib.compressobj(9)
    pieces = [compress.compress(b"[")]
    for number, row in enumerate(others):
        pieces.append(compress.compress((b"," if number else b"") + msgspec.json.encode(row)))
    pieces += [compress.compress(b"]"), compress.flush()]
    data = base64.b64encode(b"".join(pieces)).decode()
    return first, data, len(msgspec.json.encode(first)) + len(data)


def _listed(rows: Sequence[bytes], most: int) -> Iterator[Listed]:
    """The rows, which are held encoded: a large run has tens of thousands."""
    for row in map(_ROW.decode, rows):
        yield *row[:6], row[6][:most], row[7], max(0, len(row[6]) - most)


def _rows(report: Report) -> Iterator[PageRow]:
    for alone in (False, True):
        for entry in report.entries:
            if _left_alone(entry) is alone:
                yield _row(entry, report.mode)
    for one in report.verify.only_live if report.verify is not None else ():
        yield one.type, plain(one.id), _name(one.name), "only in Looker", "", since(one.facts), (), ()


def _left_alone(entry: Item | Difference) -> bool:
    """These come last."""
    return isinstance(entry, Item) and entry.outcome in ("skipped", "unchanged")


def _row(entry: Item | Difference, mode: str) -> PageRow:
    fields = tuple(_fields(entry.changes))
    gone = tuple(f"{part.type}={plain(part.id)} {_name(part.name)}".rstrip() for part in entry.deletions)
    if len(gone) > _PARTS:
        gone = (*gone[:_PARTS], f"… and {len(gone) - _PARTS} more")
    moved = entry.destination_id if entry.destination_id != entry.id else ""
    more = _more(entry, done=mode == "restore")
    return entry.type, plain(entry.id), _name(entry.name), _word(entry, mode), plain(moved), more, fields, gone


def _word(entry: Item | Difference, mode: str) -> str:
    """The word for the outcome, or for the action that is planned."""
    if isinstance(entry, Difference):
        return "missing" if entry.missing else "different"
    return VERBS.get(entry.outcome, entry.outcome) if mode in COLUMNS else entry.outcome


def _name(name: str) -> str:
    return _short(name, _NAME)


def _short(text: str, most: int = _REASON) -> str:
    shown = plain(text)
    return f"{shown[:most]}…" if len(shown) > most else shown


def _more(entry: Item | Difference, *, done: bool) -> str:
    """The reason, and who had changed the live object."""
    said = [_short(entry.reason)] if isinstance(entry, Item) else [f"lacks {plain(one)}" for one in entry.lacks]
    facts = since(entry.live)
    if facts and done and isinstance(entry, Item) and entry.outcome == "updated":
        facts = f"was {facts}"
    return "; ".join(part for part in (*said, facts) if part)


def _fields(changes: Iterable[Change]) -> Iterator[Field]:
    for leaf in (leaf for change in changes for leaf in leaves(change) if leaf.old != leaf.new):
        yield plain(leaf.path), *old_and_new(leaf.old, leaf.new)
