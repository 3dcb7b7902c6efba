"""Lines of text about single items: the action, the title, each changed field, and when the live object was changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from lrestore.messages import CHANGED_SINCE, Change, Deletion, LiveFacts
from lrestore.report.changes import leaves, new_parts, part_path, parts
from lrestore.report.field_values import old_and_new
from lrestore.report.model import Difference, Item, OnlyLive
from lrestore.report.notices import skipped_by_reason
from lrestore.text.terminal import columns, cut, plain
from lrestore.text.words import counted

_Entry = TypeVar("_Entry", Item, Difference, OnlyLive)
_PAINT = re.compile(r"\x1b\[\d+m")


@dataclass(frozen=True, slots=True)
class Style:
    """Colours, only on a terminal. Titles are cut to its ``width`` (0: not cut). ``full``: list all items and fields
    (``-v``).
    """

    ansi: bool = False
    width: int = 0
    full: bool = False

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def bad(self, text: str) -> str:
        return self._paint("31", text)

    def good(self, text: str) -> str:
        return self._paint("32", text)

    def warn(self, text: str) -> str:
        return self._paint("33", text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.ansi else text


PLAIN = Style()


def item_lines(items: Sequence[Item], words: Mapping[str, str], style: Style) -> list[str]:
    """The action on each item, by type; without ``-v`` items that are skipped for the same reason are one line."""
    skipped = {} if style.full else skipped_by_reason(items)
    listed = [item for item in items if item.outcome != "failed" and (style.full or item.outcome != "skipped")]
    lines = []
    for head, of_type in by_type(listed, style):
        lines += head
        for item in of_type:
            if item.removed:
                lines.append(style.bad(_head(item, words.get("removed", "deleted"), "", style)))
            else:
                lines += _item(item, words.get(item.outcome, item.outcome), style)
    word = words.get("skipped", "skipped")
    for reason, of_reason in skipped.items():
        if len(of_reason) == 1:
            lines += _item(of_reason[0], word, style)
            continue
        types = Counter(item.type for item in of_reason)
        named = ", ".join(counted(count, type_name) for type_name, count in types.items())
        changed_since = reason.startswith(CHANGED_SINCE)
        lines.append(f"{word:<9} {named}: {plain(reason)}" + ("" if changed_since else " (-v lists them)"))
        # Objects that another person has changed are all named.
        lines += [f"    {title(item.type, item.id, item.name)}" for item in of_reason if changed_since]
    return lines


def by_type(entries: Iterable[_Entry], style: Style) -> Iterator[tuple[list[str], list[_Entry]]]:
    """The entries of each type together, in the order of the first of each type; with a line above each type, if there
    are several.
    """
    found: dict[str, list[_Entry]] = {}
    for entry in entries:
        found.setdefault(entry.type, []).append(entry)
    for type_name, of_type in found.items():
        yield [style.bold(f"{type_name} ({len(of_type)})")] if len(found) > 1 else [], of_type


def _item(item: Item, word: str, style: Style) -> list[str]:
    """The lines of one item. A created object is summed up by its parts; ``-v`` lists its fields."""
    if item.outcome == "created" and not style.full:
        return [_head(item, word, parts(item.changes), style), *field_lines((), item.deletions, style)]
    return [_head(item, word, "", style), *field_lines(item.changes, item.deletions, style)]


def _head(item: Item, word: str, more: str, style: Style) -> str:
    """Action and item; then the live id if it is another, the reason, and ``more``. The title makes room for them."""
    moved = item.destination_id and item.destination_id != item.id
    tail = f" → {plain(item.destination_id)}" if moved else ""
    before = f"was {since(item.live)}" if word == "updated" and since(item.live) else since(item.live)
    said = "; ".join(part for part in (plain(item.reason), more, before) if part)
    tail += f": {said}" if said else ""
    room = replace(style, width=max(style.width - columns(tail), 1)) if style.width else style
    return item_heading(f"{word:<9} ", item.type, item.id, item.name, room) + tail


def field_lines(changes: Iterable[Change], deletions: Iterable[Deletion], style: Style) -> list[str]:
    """Each changed field, old → new, and each deletion. A line announces each part that the object gets."""
    lines = []
    listed = list(changes)
    announced = new_parts(listed)
    for change in (leaf for whole in listed for leaf in leaves(whole)):
        if part := announced.pop(part_path(change.path), ""):
            lines.append(f"    {style.good(plain(part))}")
        old, new = old_and_new(change.old, change.new)
        lines.append(f"    {plain(change.path)}: {style.bad(old)} → {style.good(new)}")
    lines += [f"    {style.bad('delete')} {title(gone.type, gone.id, gone.name)}" for gone in deletions]
    return lines


def since(live: LiveFacts | None) -> str:
    """``changed 2026-11-20 by Ada Admin``, ``in the trash since 2026-11-21, deleted by Ada Admin``; "" if Looker shows
    neither.
    """
    if live is None:
        return ""
    if live.deleted_at is not None or live.deleted_by is not None:
        when = f" since {_day(live.deleted_at)}" if live.deleted_at is not None else ""
        return f"in the trash{when}" + (f", deleted by {plain(live.deleted_by)}" if live.deleted_by else "")
    if live.updated_at is None and live.updated_by is None:
        return ""
    when = f" {_day(live.updated_at)}" if live.updated_at is not None else ""
    return f"changed{when}" + (f" by {plain(live.updated_by)}" if live.updated_by else "")


def _day(moment: str) -> str:
    return plain(moment.partition("T")[0])


def item_heading(lead: str, type_name: str, object_id: str, name: str, style: Style = PLAIN) -> str:
    """``lead``, then ``TYPE=ID NAME``, the name cut so that the line fits the terminal."""
    line = f"{lead}{type_name}={plain(object_id)}"
    if not name:
        return line
    room = style.width - columns(_PAINT.sub("", line)) - 1 if style.width else None
    return f"{line} {plain(name) if room is None else cut(plain(name), room)}"


def title(type_name: str, object_id: str, name: str) -> str:
    return item_heading("", type_name, object_id, name)
