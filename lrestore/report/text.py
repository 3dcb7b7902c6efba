"""The report as text. Every function returns text that ends with a newline, or "" if there is nothing to show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lrestore.messages import CHANGED_SINCE, Change, Deletion, LiveFacts, Totals
from lrestore.report.changes import leaves, parts
from lrestore.report.field_values import old_and_new
from lrestore.report.model import Item, Plan, Report
from lrestore.report.notices import by_reason
from lrestore.text.tables import numbered
from lrestore.text.terminal import columns, cut, plain
from lrestore.text.words import counted

ACTIONS: Mapping[str, str] = {
    "created": "create",
    "updated": "update",
    "unchanged": "unchanged",
    "skipped": "skip",
    "removed": "delete",
}
"""The words of a plan for the outcomes of its items."""

_TO_DO = ("selected", "to create", "to update", "unchanged", "skipped", "failed", "pending")
_COLUMNS: Mapping[str, Sequence[str]] = {"plan": _TO_DO, "verify": _TO_DO, "rehearse": _TO_DO}
"""Column heads of the counts, in the order of :class:`Totals`, for the modes that write nothing to the destination."""
_LISTED_COPIES = 50
"""Addresses of copies that are listed without ``-v``."""
_PAINT = re.compile(r"\x1b\[\d+m")
_CANNOT: Mapping[str, str] = {"plan": "cannot be restored", "verify": "cannot be compared", "rehearse": "would fail"}


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


def summary(report: Report, style: Style = PLAIN) -> str:
    """Items by type and outcome, duration, throughput, calls (FR-030)."""
    rows = [("", *_COLUMNS.get(report.mode, Totals.__struct_fields__))]
    rows += [(type_name, *_cells(totals)) for type_name, totals in report.by_type.items()]
    if len(report.by_type) != 1:
        rows.append(("total", *_cells(report.totals)))
    speed = f"{report.throughput.items_per_s:.1f} items/s, {report.throughput.calls_per_s:.1f} calls/s"
    return _lines(
        *numbered(rows),
        "",
        f"{counted(report.totals.selected, 'item')}: {', '.join(_ended(report.totals, report.mode, style))}",
        *_enabled(report),
        *_applied(report),
        f"{duration(report.duration_s)}, {speed}, {_api(report)}",
    )


def _ended(totals: Totals, mode: str, style: Style) -> Iterator[str]:
    """The number of items per outcome. A mode that writes nothing names what a restore would do."""
    if mode in _COLUMNS:
        yield f"{totals.created} would be created"
        yield f"{totals.updated} would be updated"
        yield f"{totals.unchanged} unchanged"
    else:
        yield f"{totals.succeeded} succeeded"
    if totals.skipped:
        yield f"{totals.skipped} skipped"
    failed = f"{totals.failed} {_CANNOT.get(mode, 'failed')}"
    yield style.bad(failed) if totals.failed else failed
    if totals.pending:
        yield style.warn(f"{totals.pending} pending, not attempted")


def _enabled(report: Report) -> list[str]:
    """The number of scheduled plans that are switched on: they send mail from now on."""
    plans = counted(report.enabled_plans, "enabled scheduled plan")
    verb = "would be restored" if report.mode in _COLUMNS else "restored"
    return [f"{plans} {verb}"] if report.enabled_plans else []


def _applied(report: Report) -> list[str]:
    """Which plan was carried out, and whether there was anything left to do."""
    if report.applies is None:
        return []
    file, totals = plain(report.applies.file), report.totals
    if totals.created or totals.updated or totals.pending:
        return [f"carried out the plan {file}"]
    rest = "all else" if totals.failed else "everything"
    return [f"{rest} is as planned already in {file}: nothing was written"]


def plan(report: Report, style: Style = PLAIN) -> str:
    """A plan: per item the action, each field old → new and each deletion."""
    lines = _items(report.items, ACTIONS, style)
    if report.items_omitted:
        lines.append(f"... and {counted(report.items_omitted, 'item')} more, not listed; none of them deletes anything")
    if report.totals.unchanged:
        lines.append(f"unchanged {counted(report.totals.unchanged, 'item')}")
    return _lines(*lines)


def plan_sum(planned: Plan, style: Style = PLAIN) -> str:
    """Calls by Looker's activity class and by operation."""
    classes = ", ".join(f"{count} {name}" for name, count in sorted(planned.by_activity.items()))
    deletions = counted(planned.deletions, "deletion")
    head = f"API calls: {planned.calls} ({classes or 'none'}); {planned.writes} of them write, "
    rows = [(f"  {operation}", str(count)) for operation, count in sorted(planned.by_operation.items())]
    return _lines(head + (style.bad(deletions) if planned.deletions else deletions), *numbered(rows))


def unproved_mappings(planned: Plan, style: Style = PLAIN) -> str:
    """The recorded mappings that do not count, one per line."""
    found = planned.unproved_mappings
    if not found:
        return ""
    head = style.warn(f"recorded mappings that no longer prove themselves: {len(found)}")
    return _lines(head, *(f"    {plain(one)}" for one in found))


def changed(items: Iterable[Item], style: Style = PLAIN) -> str:
    """The changes of each item, for a run of few items. Failed items are in :mod:`failures`."""
    return _lines(*_items(items, {}, style))


def deleted(items: Iterable[Item], style: Style = PLAIN) -> str:
    """The deletions alone, each on its line, for a run of so many items that no list of them helps."""
    lines = []
    for item in items:
        if item.removed:
            lines.append(_head(item, "deleted", "", style))
        elif item.deletions:
            lines += [_head(item, item.outcome, "", style), *details((), item.deletions, style)]
    return _lines(*lines)


def warnings(texts: Sequence[str], style: Style = PLAIN) -> str:
    """Warnings by reason: several items of one reason are one line, and are listed below it with ``-v``."""
    lines = []
    for reason, found in by_reason(texts).items():
        if len(found) == 1:
            ((item, text),) = found
            lines.append(f"{style.warn('warning')}: {plain(f'{item}: {text}' if item else text)}")
            continue
        more = "" if style.full else " (-v lists them)"
        items = dict.fromkeys(item for item, _ in found)
        lines.append(f"{style.warn('warning')}: {counted(len(items), 'item')}: {plain(reason)}{more}")
        if style.full:
            lines += [f"    {plain(item)}" for item in items]
    return _lines(*lines)


def copies(report: Report, style: Style = PLAIN) -> str:
    """The addresses of the copies that were made beside the originals, "" where none were."""
    found = [(item.url, item.name, item.outcome == "failed") for item in report.items if item.url]
    if not found:
        return ""
    shown = found if style.full else found[:_LISTED_COPIES]
    lines = [f"  {url}  {plain(name)}{' (incomplete)' if partial else ''}" for url, name, partial in shown]
    if len(shown) < len(found):
        lines.append(f"  ... and {counted(len(found) - len(shown), 'copy', 'copies')} more (-v lists them)")
    if report.guards is not None and any(item.url and item.outcome != "unchanged" for item in report.items):
        command = report.guards.undo.partition(" --undo ")[0]
        undo = [report.guards.undo, *(f"{command} --undo {one}" for one in reversed(report.copied_before))]
        lines.append(f"compare them with the backup: {command} --resume {report.session_id} --verify")
        lines.append(f"take them away: {', then '.join(undo)}")
    return _lines(f"copies in folder {plain(report.copied_into)}:", *lines)


def duration(seconds: float) -> str:
    """``0.42 s``, ``12.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _items(items: Iterable[Item], words: Mapping[str, str], style: Style) -> list[str]:
    """The action on each item; items that are skipped for the same reason are one line without ``-v``."""
    lines: list[str] = []
    skipped: dict[str, list[Item]] = {}
    for item in items:
        if item.outcome == "skipped" and not style.full:
            skipped.setdefault(item.reason, []).append(item)
        elif item.removed:
            lines.append(style.bad(_head(item, words.get("removed", "deleted"), "", style)))
        elif item.outcome != "failed":
            lines += _item(item, words.get(item.outcome, item.outcome), style)
    word = words.get("skipped", "skipped")
    for reason, of_reason in skipped.items():
        if len(of_reason) == 1:
            lines += _item(of_reason[0], word, style)
        else:
            types = Counter(item.type for item in of_reason)
            named = ", ".join(counted(count, type_name) for type_name, count in types.items())
            listed = reason.startswith(CHANGED_SINCE)
            lines.append(f"{word:<9} {named}: {plain(reason)}" + ("" if listed else " (-v lists them)"))
            # What another person changed is named, however many there are.
            lines += [f"    {_title(item.type, item.id, item.name)}" for item in of_reason if listed]
    return lines


def _item(item: Item, word: str, style: Style) -> list[str]:
    """A created object is told by its parts: its fields are news only with ``-v``."""
    if item.outcome == "created" and not style.full:
        return [_head(item, word, parts(item.changes), style), *details((), item.deletions, style)]
    return [_head(item, word, "", style), *details(item.changes, item.deletions, style)]


def _head(item: Item, word: str, more: str, style: Style) -> str:
    """Action and item; then the live id if it is another, the reason, and ``more``. The title makes room for them."""
    moved = item.destination_id and item.destination_id != item.id
    tail = f" → {plain(item.destination_id)}" if moved else ""
    before = f"was {since(item.live)}" if word == "updated" and since(item.live) else since(item.live)
    said = "; ".join(part for part in (plain(item.reason), more, before) if part)
    tail += f": {said}" if said else ""
    room = replace(style, width=max(style.width - columns(tail), 1)) if style.width else style
    return titled(f"{word:<9} ", item.type, item.id, item.name, room) + tail


def details(changes: Iterable[Change], deletions: Iterable[Deletion], style: Style) -> list[str]:
    """Each changed field, old → new, and each deletion."""
    lines = []
    for change in (leaf for whole in changes for leaf in leaves(whole)):
        old, new = old_and_new(change.old, change.new)
        lines.append(f"    {plain(change.path)}: {style.bad(old)} → {style.good(new)}")
    lines += [f"    {style.bad('delete')} {_title(gone.type, gone.id, gone.name)}" for gone in deletions]
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


def titled(lead: str, type_name: str, object_id: str, name: str, style: Style = PLAIN) -> str:
    """``lead``, then ``TYPE=ID NAME``, the name cut so that the line fits the terminal."""
    line = f"{lead}{type_name}={plain(object_id)}"
    if not name:
        return line
    room = style.width - columns(_PAINT.sub("", line)) - 1 if style.width else None
    return f"{line} {plain(name) if room is None else cut(plain(name), room)}"


def _title(type_name: str, object_id: str, name: str) -> str:
    return titled("", type_name, object_id, name)


def _api(report: Report) -> str:
    parts = [counted(report.api.calls, "call")]
    if report.api.retries:
        parts.append(counted(report.api.retries, "retry", "retries"))
    if report.api.rate_limited:
        times = "once" if report.api.rate_limited == 1 else f"{report.api.rate_limited} times"
        parts.append(f"rate-limited {times}")
    return ", ".join(parts)


def _cells(totals: Totals) -> tuple[str, ...]:
    return tuple(str(getattr(totals, name)) for name in Totals.__struct_fields__)


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
