"""The report as Markdown, for a pull request, a ticket or a message: the verdict, deletions first, then the rest.

It has less than :data:`LIMIT` characters, however long the report is: each section gets a fair share, and says how many
of its entries are left out. Names and values are shown as text, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from lrestore.errors import remedy_of
from lrestore.messages import Change, Totals
from lrestore.report.causes import grouped_by_cause
from lrestore.report.changes import leaves, parts
from lrestore.report.field_values import excerpt, old_and_new
from lrestore.report.item_lines import since
from lrestore.report.model import Difference, Item, OnlyLive, Report
from lrestore.report.notices import by_reason, skipped_by_reason, warned
from lrestore.report.packed_items import Has, deleting, having
from lrestore.report.rehearsal import NotSimulated
from lrestore.report.rehearsal_text import rows as rehearsal_rows
from lrestore.text.markdown import markdown
from lrestore.text.words import counted, duration

LIMIT = 60_000
"""GitHub takes 65,536 characters in a comment."""
SUMMARY_BEGINS = b"# lrestore: "
"""The beginning of every summary."""
_FIELDS = 10
"""Number of fields of one object that are shown."""
_NAME = 120
_MODES = {"plan": "plan", "verify": "verification", "dry-run": "dry run", "rehearse": "rehearsal"}
_WOULD = frozenset({"plan", "verify", "rehearse"})


class Section:
    """A heading with entries: as many as may fit into a summary are made. ``what`` names one of those left out."""

    def __init__(self, title: str, what: str, count: int, entries: Iterable[str] = ()) -> None:
        self._head = f"\n## {title}\n\n"
        self._what = what
        self.count = count
        self._entries: list[str] = []
        self.size = len(self._head) + len(self._tail(count))
        """The room that it needs, or more than there is."""
        for entry in entries:
            if self.size > LIMIT:
                break
            self._entries.append(entry)
            self.size += len(entry)

    def text(self, room: int) -> str:
        """The section in ``room`` characters, as far as its heading allows."""
        room -= len(self._head) + len(self._tail(self.count))
        kept = 0
        for entry in self._entries:
            room -= len(entry)
            if room < 0:
                break
            kept += 1
        return self._head + "".join(self._entries[:kept]) + self._tail(self.count - kept)

    def _tail(self, left: int) -> str:
        return f"- … and {counted(left, f'more {self._what}')}\n" if left else ""


def markdown_summary(report: Report) -> str:
    """The summary, ending with a newline."""
    opening = SUMMARY_BEGINS.decode() + _verdict(report) + "\n\n" + "".join(_facts(report))
    closing = _table(report) + _calls(report)
    sections = [section for section in _sections(report) if section.count]
    room = LIMIT - len(opening) - len(closing) - 1
    shares = _shares([section.size for section in sections], room)
    middle = "".join(section.text(share) for section, share in zip(sections, shares, strict=True))
    return opening + middle + closing


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """Room for each section: what it needs, or a fair share of what the smaller ones leave."""
    granted = [0] * len(sizes)
    for rank, index in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        granted[index] = min(sizes[index], room // (len(sizes) - rank))
        room -= granted[index]
    return granted


def _verdict(report: Report) -> str:
    mode = _MODES.get(report.mode, "undo" if report.undoes else "restore")
    if report.status == "not-started":
        return f"{mode} not started"
    ended = {"stopped": " stopped early", "interrupted": " interrupted"}.get(report.status, "")
    deleted = sum(len(item.deletions) for item in having(report.items, Has.DELETIONS))
    counts = ", ".join([*_counts(report.totals, report.mode), *([counted(deleted, "deletion")] if deleted else [])])
    if report.verify is not None:
        only = f", {len(report.verify.only_live)} only in the destination" if report.verify.only_live else ""
        counts = f"{report.verify.equal} equal, {len(report.verify.different)} different{only}, {counts}"
    return f"{mode}{ended}, {counted(report.totals.selected, 'item')}: {counts}"


def _counts(totals: Totals, mode: str) -> Iterator[str]:
    would = "to be " if mode in _WOULD else ""
    yield f"{totals.created} {would}created"
    yield f"{totals.updated} {would}updated"
    for name in ("unchanged", "skipped", "failed", "pending"):
        count = getattr(totals, name)
        if count or name == "failed":
            yield f"{count} {name}"


def _facts(report: Report) -> Iterator[str]:
    there, source = report.destination, report.source
    release = f", Looker {there.looker_version}" if there.looker_version else ""
    yield f"- destination: {markdown(f'{there.name} ({there.base_url}){release}')}\n"
    if not report.undoes:
        yield f"- backup: {markdown(_cut(', '.join(source.paths), 400))}, instance {markdown(source.instance)}\n"
    yield f"- {duration(report.duration_s)} from {report.started_at}"
    yield f", session {markdown(report.session_id)}\n" if report.session_id else "\n"
    if report.undoes:
        yield f"- takes back session {markdown(report.undoes)}\n"
    if report.stopped_because:
        yield f"- stopped: {markdown(_cut(report.stopped_because, 400))}\n"
    if report.partial:
        yield f"- {report.partial} of the failed items only in part\n"
    if report.reason:
        yield f"- reason: {markdown(_cut(report.reason, 400))}\n"


def _sections(report: Report) -> Iterator[Section]:
    letters, verify, rehearsal = report.dead_letters, report.verify, report.rehearsal
    holders = deleting(report)
    yield Section("Deletions", "deletion", sum(len(holder.deletions) for holder in holders), _deletions(holders))
    yield Section("Failed", "failed item", len(letters), _failed(report))
    if verify is not None:
        yield Section("Different", "differing item", len(verify.different), map(_difference, verify.different))
        yield Section("Only in the destination", "object", len(verify.only_live), map(_only_live, verify.only_live))
    if rehearsal is not None:
        facts = [f"- {label}: {markdown(text)}\n" for label, text in rehearsal_rows(report)]
        yield Section("Rehearsal", "fact", len(facts), facts)
        problems = rehearsal.problems
        yield Section("Not simulated", "object", len(problems), map(_problem, problems))
    # With --verify the differences tell the same at length.
    yield from _written(report.items if report.mode != "verify" else (), "To be " if report.mode in _WOULD else "")
    skipped = skipped_by_reason(report.items)
    yield Section("Skipped", "skipped item", sum(map(len, skipped.values())), _skipped(skipped))
    yield Section("Items that the report does not list", "item", report.items_omitted)
    reasons = by_reason(report.warnings, warned(report))
    yield Section("Warnings", "warning", len(reasons), _warnings(reasons))


def _written(items: Sequence[Item], verb: str) -> Iterator[Section]:
    """The items that were updated, then those that were created; of each type together."""
    found: dict[str, dict[str, list[int]]] = {"updated": {}, "created": {}}
    for place, item in enumerate(items):
        if item.outcome in found and not _removed(item):
            found[item.outcome].setdefault(item.type, []).append(place)
    for outcome, by_type in found.items():
        listed = [place for of_type in by_type.values() for place in of_type]
        entries = (_item(items[place]) for place in listed)
        yield Section(f"{verb}{outcome}".capitalize(), f"{outcome} item", len(listed), entries)


def _deletions(holders: Iterable[Item | Difference]) -> Iterator[str]:
    """One entry per deletion, under its item."""
    for holder in holders:
        for number, gone in enumerate(holder.deletions):
            head = f"- {_titled(holder)}\n" if number == 0 else ""
            yield f"- {_titled(gone)}\n" if _removed(holder) else f"{head}  - {_titled(gone)}\n"


def _removed(holder: Item | Difference) -> bool:
    """Whether the object itself is deleted, and not parts of it: an undo does that."""
    live_id = holder.destination_id or holder.id
    return [(gone.type, gone.id) for gone in holder.deletions] == [(holder.type, live_id)]


def _failed(report: Report) -> Iterator[str]:
    """One entry per item, under its cause."""
    for group in grouped_by_cause(report.dead_letters):
        status = f" {group.status}" if group.status is not None else ""
        cause = markdown(_cut(group.cause, 400))
        remedy = markdown(remedy_of(group.error_type))
        items = counted(len(group.letters), "item")
        head = f"- {group.error_type}{status}, {items}: {cause}\n  - what to do: {remedy}\n"
        for number, letter in enumerate(group.letters):
            yield f"{head if number == 0 else ''}  - {_titled(letter)}\n"


def _item(item: Item) -> str:
    moved = item.destination_id and item.destination_id != item.id
    more = f" → {markdown(item.destination_id)}" if moved else ""
    if item.outcome == "created":
        brought = parts(item.changes)
        return f"- {_titled(item)}{more}{': ' + brought if brought else ''}\n"
    return f"- {_titled(item)}{more}{_after_colon(since(item.live))}\n" + "".join(_fields(item.changes))


def _problem(one: NotSimulated) -> str:
    return f"- {_titled(one)}: {markdown(_cut(one.message, 400))}\n"


def _difference(one: Difference) -> str:
    state = "not in the destination" if one.missing else since(one.live) or ("in the trash" if one.trashed else "")
    return f"- {_titled(one)}{_after_colon(state)}\n" + "".join(_fields(one.changes))


def _only_live(one: OnlyLive) -> str:
    return f"- {_titled(one)}{_after_colon(since(one.facts))}\n"


def _after_colon(text: str) -> str:
    return f": {markdown(text)}" if text else ""


def _fields(changes: Iterable[Change]) -> Iterator[str]:
    differing = [leaf for change in changes for leaf in leaves(change) if leaf.old != leaf.new]
    for leaf in differing[:_FIELDS]:
        old, new = old_and_new(leaf.old, leaf.new)
        yield f"  - {markdown(leaf.path)}: {markdown(old)} → {markdown(new)}\n"
    if len(differing) > _FIELDS:
        yield f"  - … and {counted(len(differing) - _FIELDS, 'more field')}\n"


def _skipped(reasons: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    for reason, items in reasons.items():
        for number, item in enumerate(items):
            head = f"- {counted(len(items), 'item')}: {markdown(_cut(reason, 400))}\n" if number == 0 else ""
            yield f"{head}  - {_titled(item)}\n"


def _warnings(reasons: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[str]:
    for reason, found in reasons.items():
        items = dict.fromkeys(item for item, _ in found if item)
        named = counted(len(items), "item") if len(items) > 1 else "".join(items)
        text = found[0][1] if len(found) == 1 else reason
        yield f"- {markdown(f'{named}: ' if named else '')}{markdown(_cut(text, 400))}\n"


def _table(report: Report) -> str:
    names = Totals.__struct_fields__
    rows = [*((markdown(name), totals) for name, totals in report.by_type.items()), ("total", report.totals)]
    lines = [f"| type | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    lines += [f"| {label} | {' | '.join(str(getattr(totals, name)) for name in names)} |" for label, totals in rows]
    return "\n## Totals\n\n" + "".join(f"{line}\n" for line in lines)


def _calls(report: Report) -> str:
    calls, by_class = report.api.calls, report.api.by_activity
    planned = report.plan
    if planned is not None:
        calls, by_class = planned.calls, planned.by_activity
    if not calls:
        return ""
    classes = ", ".join(f"{count} {markdown(name)}" for name, count in sorted(by_class.items()))
    writes = f"; {planned.writes} of them write" if planned is not None else ""
    return f"\nAPI calls{' of the restore' if planned is not None else ''}: {calls} ({classes}){writes}\n"


class _Titled(Protocol):
    """An object with its type, id and name."""

    @property
    def type(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def _titled(one: _Titled) -> str:
    return f"{markdown(f'{one.type}={one.id}')} {markdown(_cut(one.name, _NAME))}".rstrip()


def _cut(text: str, width: int) -> str:
    return excerpt(text, 0, width)
