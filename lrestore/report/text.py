"""The report as text. Every function returns text that ends with a newline, or "" if there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from lrestore.messages import Totals
from lrestore.report.item_lines import PLAIN, Style, _head, field_lines, item_lines
from lrestore.report.model import Item, PlanCost, Report
from lrestore.report.notices import by_reason
from lrestore.report.packed_items import Has, having
from lrestore.text.tables import fitted, numbered
from lrestore.text.terminal import plain
from lrestore.text.words import counted, duration

VERBS: Mapping[str, str] = {
    "created": "create",
    "updated": "update",
    "unchanged": "unchanged",
    "skipped": "skip",
    "removed": "delete",
}
"""The words of a plan for the outcomes of its items."""

_TO_DO = ("selected", "to create", "to update", "unchanged", "skipped", "failed", "pending")
COLUMNS: Mapping[str, Sequence[str]] = {"plan": _TO_DO, "verify": _TO_DO, "rehearse": _TO_DO}
"""Column heads of the counts, in the order of :class:`Totals`, for the modes that write nothing to the destination."""
_LISTED_COPIES = 50
"""Addresses of copies that are listed without ``-v``."""
_CANNOT: Mapping[str, str] = {"plan": "cannot be restored", "verify": "cannot be compared", "rehearse": "would fail"}
_IN_PART: Mapping[str, str] = {
    "plan": "can be restored in part",
    "verify": "can be compared in part",
    "rehearse": "would be restored in part",
}


def summary(report: Report, style: Style = PLAIN) -> str:
    """Items by type and outcome, duration, throughput, calls (FR-030)."""
    rows = [("", *COLUMNS.get(report.mode, Totals.__struct_fields__))]
    rows += [(type_name, *_cells(totals)) for type_name, totals in report.by_type.items()]
    if len(report.by_type) != 1:
        rows.append(("total", *_cells(report.totals)))
    speed = f"{report.throughput.items_per_s:.1f} items/s, {report.throughput.calls_per_s:.1f} calls/s"
    return _lines(
        *fitted(rows[0], rows[1:], range(1, len(rows[0])), style.width),
        "",
        f"{counted(report.totals.selected, 'item')}: {', '.join(_ended(report, style))}",
        *_enabled(report),
        *_applied(report),
        f"{duration(report.duration_s)}, {speed}, {_api(report)}",
    )


def _ended(report: Report, style: Style) -> Iterator[str]:
    """The number of items per outcome. A mode that writes nothing names what a restore would do."""
    totals, mode = report.totals, report.mode
    if mode in COLUMNS:
        yield f"{totals.created} would be created"
        yield f"{totals.updated} would be updated"
        yield f"{totals.unchanged} unchanged"
    else:
        yield f"{totals.succeeded} succeeded"
    if totals.skipped:
        yield f"{totals.skipped} skipped"
    failed = f"{totals.failed} {_CANNOT.get(mode, 'failed')}"
    if report.partial:
        failed += f" ({report.partial} of them {_IN_PART.get(mode, 'restored in part')})"
    yield style.bad(failed) if totals.failed else failed
    if totals.pending:
        yield style.warn(f"{totals.pending} pending, not attempted")


def _enabled(report: Report) -> list[str]:
    """The number of scheduled plans that are switched on: they send mail from now on."""
    plans = counted(report.enabled_plans, "enabled scheduled plan")
    verb = "would be restored" if report.mode in COLUMNS else "restored"
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
    lines = item_lines(report.items, VERBS, style)
    if report.items_omitted:
        lines.append(f"... and {counted(report.items_omitted, 'item')} more, not listed; none of them deletes anything")
    if report.totals.unchanged:
        lines.append(f"unchanged {counted(report.totals.unchanged, 'item')}")
    return _lines(*lines)


def plan_sum(planned: PlanCost, style: Style = PLAIN) -> str:
    """Calls by Looker's activity class and by operation."""
    classes = ", ".join(f"{count} {name}" for name, count in sorted(planned.by_activity.items()))
    deletions = counted(planned.deletions, "deletion")
    head = f"API calls: {planned.calls} ({classes or 'none'}); {planned.writes} of them write, "
    rows = [(f"  {operation}", str(count)) for operation, count in sorted(planned.by_operation.items())]
    return _lines(head + (style.bad(deletions) if planned.deletions else deletions), *numbered(rows))


def unproved_mappings(planned: PlanCost, style: Style = PLAIN) -> str:
    """The recorded mappings that do not count, one per line."""
    found = planned.unproved_mappings
    if not found:
        return ""
    head = style.warn(f"recorded mappings that no longer prove themselves: {len(found)}")
    return _lines(head, *(f"    {plain(one)}" for one in found))


def change_lines(items: Sequence[Item], style: Style = PLAIN) -> str:
    """The changes of each item, for a run of few items. Failed items are in :mod:`failures`."""
    return _lines(*item_lines(items, {}, style))


def deletion_lines(items: Iterable[Item], style: Style = PLAIN) -> str:
    """The deletions alone, each on its line, for a run of so many items that no list of them helps."""
    lines = []
    for item in items:
        if item.removed:
            lines.append(_head(item, "deleted", "", style))
        elif item.deletions:
            lines += [_head(item, item.outcome, "", style), *field_lines((), item.deletions, style)]
    return _lines(*lines)


def warnings(texts: Sequence[str], style: Style = PLAIN, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Warnings by reason: several items of one reason are one line, and are listed below it with ``-v``. ``names``: of
    items, as ``dashboard=42``.
    """
    lines = []
    for reason, found in by_reason(texts, names).items():
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
    copied = list(having(report.items, Has.URL))
    found = [(item.url, item.name, item.outcome == "failed") for item in copied]
    if not found:
        return ""
    shown = found if style.full else found[:_LISTED_COPIES]
    lines = [f"  {url}  {plain(name)}{' (incomplete)' if partial else ''}" for url, name, partial in shown]
    if len(shown) < len(found):
        lines.append(f"  ... and {counted(len(found) - len(shown), 'copy', 'copies')} more (-v lists them)")
    if report.guards is not None and any(item.outcome != "unchanged" for item in copied):
        command = report.guards.undo.partition(" --undo ")[0]
        undo = [report.guards.undo, *(f"{command} --undo {one}" for one in reversed(report.copied_before))]
        lines.append(f"compare them with the backup: {command} --resume {report.session_id} --verify")
        lines.append(f"take them away: {', then '.join(undo)}")
    return _lines(f"copies in folder {plain(report.copied_into)}:", *lines)


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
