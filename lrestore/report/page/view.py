"""The content of the page, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from lrestore.errors import remedy_of
from lrestore.messages import Totals
from lrestore.report import guards, rehearsal_text
from lrestore.report.causes import grouped_by_cause
from lrestore.report.item_lines import since
from lrestore.report.model import Item, OnlyLive, Report, ReportedSource
from lrestore.report.notices import by_reason, skipped_by_reason, warned
from lrestore.report.packed_items import Has, deleting, having
from lrestore.report.page.items import PackedRows, pack_rows
from lrestore.report.page.next_steps import next_steps
from lrestore.report.page.plot import Plot, plot
from lrestore.report.text import COLUMNS
from lrestore.text.words import counted, duration

_NAMED = 200
"""Items of one cause, reason or warning that are named; the JSON report names all."""
_PARTS = 5_000
"""About so many deletions are listed apart."""
_WOULD = frozenset({"plan", "verify", "rehearse", "dry-run"})
_DELETIONS = {
    "verify": "Only in Looker: a restore would delete them",
    "plan": "Would be deleted",
    "rehearse": "Would be deleted",
}
_MODES = {"plan": "Plan", "verify": "Verification", "dry-run": "Dry run", "rehearse": "Rehearsal"}


class ItemGroup(msgspec.Struct, frozen=True):
    """Items of one cause: ``named`` of them by name, ``more`` by number; a single one in the title. ``facts``: further
    lines.
    """

    title: str
    count: int
    facts: tuple[tuple[str, str], ...]
    named: tuple[str, ...]
    more: int = 0


class Deleted(msgspec.Struct, frozen=True):
    """The parts that an item lost, or would lose."""

    item: str
    parts: tuple[str, ...]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page. ``tone`` is *good*, *warn* or *bad*."""

    title: str
    verdict: str
    tone: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    totals: tuple[tuple[str, tuple[int, ...]], ...]
    deletions_title: str
    deletions: tuple[Deleted, ...]
    deletions_more: int
    failed: tuple[ItemGroup, ...]
    copies_title: str
    copies: tuple[tuple[str, str], ...]
    copies_more: int
    only_live: tuple[str, ...]
    only_live_more: int
    ignored: tuple[ItemGroup, ...]
    skipped: tuple[ItemGroup, ...]
    warnings: tuple[ItemGroup, ...]
    items: PackedRows
    plot: Plot | None
    calls: tuple[tuple[str, int], ...]
    operations: tuple[tuple[str, int], ...]
    calls_text: str
    next_steps: tuple[tuple[str, str], ...]
    guards: tuple[tuple[str, str], ...]
    rehearsal: tuple[tuple[str, str], ...]


def view_of(report: Report) -> View:
    """The page for a report."""
    verdict, tone = verdict_of(report)
    name = _MODES.get(report.mode, "Undo" if report.undoes else "Copy" if report.copied_into else "Restore")
    planned = report.plan
    by_class = planned.by_activity if planned is not None else report.api.by_activity
    by_operation = planned.by_operation if planned is not None else report.api.by_operation
    count = planned.calls if planned is not None else report.api.calls
    deletions = tuple(_deletions(report))
    copied = list(having(report.items, Has.URL))
    only_live = report.verify.only_live if report.verify is not None else ()
    return View(
        title=f"{name} {report.session_id}".strip(),
        verdict=verdict,
        tone=tone,
        facts=tuple(_facts(report)),
        columns=tuple(COLUMNS.get(report.mode, Totals.__struct_fields__)),
        totals=tuple(totals_rows(report)),
        deletions_title=_DELETIONS.get(report.mode, "Deletions"),
        deletions=deletions,
        deletions_more=len(deleting(report)) - len(deletions),
        failed=tuple(_failed(report)),
        copies_title=f"Copies in folder {report.copied_into}",
        copies=tuple((item.name, item.url) for item in copied[:_NAMED]),
        copies_more=max(0, len(copied) - _NAMED),
        only_live=tuple(map(_only_live, only_live[:_NAMED])),
        only_live_more=max(0, len(only_live) - _NAMED),
        ignored=tuple(_ignored(report)),
        skipped=tuple(_skipped(report.items)),
        warnings=tuple(_warnings(report)),
        items=pack_rows(report),
        plot=plot(report.throughput),
        calls=_most_first(by_class),
        operations=_most_first(by_operation),
        calls_text=f"{counted(count, 'call')}{' that the restore would take' if planned is not None else ''}, "
        f"{counted(report.api.retries, 'retry', 'retries')}, {report.api.rate_limited} refused for their rate",
        next_steps=tuple(next_steps(report)),
        guards=tuple(guards.lines(report.guards)) if report.guards is not None else (),
        rehearsal=tuple(rehearsal_text.rows(report)) if report.rehearsal is not None else (),
    )


def verdict_of(report: Report) -> tuple[str, str]:
    """One sentence, and how it should look."""
    totals, items = report.totals, counted(report.totals.selected, "item")
    if report.status == "not-started":
        return "The run did not start. Nothing was written.", "bad"
    if report.verify is not None and report.mode == "verify":
        return _verified(report, items)
    ended = {"stopped": "The run stopped early", "interrupted": "The run was interrupted"}.get(report.status)
    if ended is not None:
        because = f", because {report.stopped_because}" if report.stopped_because else ""
        told = f"{ended}{because}: {totals.pending} of {items} were not attempted, {totals.failed} failed"
        return f"{told}{_partly(report)}.", "bad"
    if report.mode in _WOULD:
        would = [
            f"{totals.created} would be created",
            f"{totals.updated} updated",
            f"{totals.unchanged} left unchanged",
        ]
        would += [f"{totals.skipped} skipped by rule"] if totals.skipped else []
        would += [f"{totals.failed} cannot be restored{_partly(report)}"] if totals.failed else []
        return (
            f"Of {items}, {', '.join(would)}{_deleted(report)}. Looker was not changed.",
            "bad" if totals.failed else "good",
        )
    if totals.failed:
        text = f"{totals.failed} of {items} could not be restored completely{_partly(report)}"
        return f"{text}; {totals.succeeded} succeeded{_deleted(report)}.", "bad"
    done = f"{items} of session {report.undoes} taken back" if report.undoes else f"{items} done"
    text = f"{done}: {totals.created} created, {totals.updated} updated, {totals.unchanged} unchanged"
    text += f", {totals.skipped} skipped by rule" if totals.skipped else ""
    warned = f"; {counted(len(by_reason(report.warnings)), 'warning')}" if report.warnings else ""
    return f"{text}{_deleted(report)}{warned}.", "warn" if report.warnings else "good"


def _partly(report: Report) -> str:
    return f" ({report.partial} of them in part)" if report.partial else ""


def _deleted(report: Report) -> str:
    """Deletions belong to the verdict."""
    count = sum(len(item.deletions) for item in having(report.items, Has.DELETIONS))
    return f"; {counted(count, 'deletion')}" if count else ""


def _verified(report: Report, items: str) -> tuple[str, str]:
    verify = report.verify
    if verify is None:
        raise ValueError("a verification has a result")
    if not verify.drifted and not report.totals.failed:
        return f"Looker is as in the backup: {verify.equal} of {items} compared are equal.", "good"
    missing = sum(one.missing for one in verify.different)
    trashed = sum(one.trashed for one in verify.different)
    kinds = [f"{missing} missing"] if missing else []
    kinds += [f"{trashed} in the trash"] if trashed else []
    parts = [
        f"{len(verify.different)} {'differs' if len(verify.different) == 1 else 'differ'}"
        + (f" ({', '.join(kinds)})" if kinds else "")
    ]
    parts += [f"{report.totals.skipped} are skipped by rule"] if report.totals.skipped else []
    parts += [f"{len(verify.only_live)} are only in Looker"] if verify.only_live else []
    parts += [f"{report.totals.failed} could not be compared"] if report.totals.failed else []
    return f"Looker is not as in the backup: of {items}, {', '.join(parts)}.", "bad"


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    there, source = report.destination, report.source
    release = f", Looker {there.looker_version}" if there.looker_version else ""
    address = f" ({there.base_url})" if there.base_url != there.name else ""
    yield "Destination", f"{there.name}{address}{release}"
    if not report.undoes:
        yield from _backup(source)
    yield "Run", f"{report.started_at} to {report.ended_at} ({duration(report.duration_s)})"
    by = [report.by.looker_user, "@".join(part for part in (report.by.os_user, report.by.host) if part)]
    if any(by):
        yield "By", ", ".join(part for part in by if part)
    if report.reason:
        yield "Reason", report.reason
    if report.undoes:
        yield "Takes back", f"session {report.undoes}"
    if report.by.command:
        yield "Command", report.by.command


def _backup(source: ReportedSource) -> Iterator[tuple[str, str]]:
    yield "Backup", ", ".join(source.paths) + (f", instance {source.instance}" if source.instance else "")
    if source.age:
        yield "Age of the backup", source.age
    if source.fingerprint:
        yield "Fingerprint", source.fingerprint


def totals_rows(report: Report) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, totals in (*report.by_type.items(), ("total", report.totals)):
        yield name, tuple(getattr(totals, column) for column in Totals.__struct_fields__)


def _deletions(report: Report) -> Iterator[Deleted]:
    """All of them, but for a run that deletes thousands: the list of items has those that have no room here."""
    parts_left = _PARTS
    for holder in deleting(report):
        if parts_left <= 0:
            return
        parts = tuple(_titled(gone.type, gone.id, gone.name) for gone in holder.deletions)
        parts_left -= len(parts)
        yield Deleted(_titled(holder.type, holder.id, holder.name), parts)


def _failed(report: Report) -> Iterator[ItemGroup]:
    for group in grouped_by_cause(report.dead_letters):
        status = f" {group.status}" if group.status is not None else ""
        first, last = group.period
        facts = [
            ("Error", f"{group.error_type}{status}"),
            ("Failed at", first if first == last else f"{first} to {last}"),
            ("What to do", remedy_of(group.error_type)),
        ]
        named = [_titled(letter.type, letter.id, letter.name) for letter in group.letters]
        yield _grouped(group.cause, named, facts)


def _grouped(title: str, named: Sequence[str], facts: Sequence[tuple[str, str]] = ()) -> ItemGroup:
    """A group of one item has its name in the title."""
    if len(named) == 1:
        return ItemGroup(f"{named[0]}: {title}", 1, tuple(facts), ())
    return ItemGroup(title, len(named), tuple(facts), tuple(named[:_NAMED]), max(0, len(named) - _NAMED))


def _only_live(one: OnlyLive) -> str:
    changed = since(one.facts)
    return _titled(one.type, one.id, one.name) + (f": {changed}" if changed else "")


def _ignored(report: Report) -> Iterator[ItemGroup]:
    found: dict[str, list[str]] = {}
    for one in report.verify.ignored if report.verify is not None else ():
        for change in one.changes:
            found.setdefault(f"{one.type}.{change.path}", []).append(_titled(one.type, one.id, one.name))
    yield from (_grouped(path, named) for path, named in found.items())


def _skipped(items: Sequence[Item]) -> Iterator[ItemGroup]:
    for reason, skipped in skipped_by_reason(items).items():
        yield _grouped(reason, [_titled(item.type, item.id, item.name) for item in skipped])


def _warnings(report: Report) -> Iterator[ItemGroup]:
    for reason, found in by_reason(report.warnings, warned(report)).items():
        named = [item for item, _ in found if item]
        yield _grouped(found[0][1] if len(found) == 1 else reason, list(dict.fromkeys(named)))


def _most_first(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _titled(type_name: str, object_id: str, name: str) -> str:
    return f"{type_name}={object_id} {name}".rstrip()
