"""``--show history`` and ``--show changes``: what differs among backups, without a call. Written as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from lrestore.cli import formats
from lrestore.cli.results import style_of_stdout
from lrestore.errors import UsageError
from lrestore.messages import Change, Deletion, ItemKey
from lrestore.ontology import content_type
from lrestore.report import text
from lrestore.report.changes import leaves
from lrestore.report.field_values import old_and_new, value
from lrestore.report.item_lines import Style, item_heading
from lrestore.settings import Settings, require_source
from lrestore.text.storable import to_json
from lrestore.text.terminal import plain, plain_json
from lrestore.text.words import counted
from lrestore.vault.backups.changes import BackupComparison, Changed
from lrestore.vault.backups.groups import BackupFiles, Grouped, listing_date
from lrestore.vault.backups.history import BackupStep, history_of
from lrestore.vault.backups.pair import pair
from lrestore.vault.backups.source import surveyed
from lrestore.vault.backups.versions import Actor

_STEPS = (
    *("spec", "date", "what", "name", "updated_at", "updated_by", "updated_by_name"),
    *("path", "old", "new", "reason", "files"),
)
_CHANGED = (
    *("change", "spec", "name", "updated_at", "updated_by", "updated_by_name"),
    *("fields", "parts_gone", "reason"),
)
_HELD = ("present", "made", "changed", "unchanged", "deleted", "unreadable")
_WIDTH = 13


def history(settings: Settings, argument: str, form: str, *, full: bool) -> Iterator[str]:
    """One object in each backup. Raises UsageError if it is in none of them, or if no object is named."""
    require_source(settings)
    word, equals, object_id = argument.partition("=")
    if not equals or not object_id:
        raise UsageError(f"history={argument}: name one object", hint="history=dashboard=42")
    key = ItemKey(content_type(word).name, object_id)
    found, warnings = _found(settings.source.paths)
    steps = _held_somewhere(key, history_of(key, found.backups, settings.run.max_item_bytes))
    if form == "json":
        return _json_list({"type": key.type, "id": key.id}, "versions", steps, lambda: {"warnings": warnings})
    if form == "csv":
        return formats.csv_lines(_STEPS, (row for step in steps for row in _step_rows(key, step)))
    return _history_text(key, steps, warnings, style_of_stdout(full=full))


def backup_changes(settings: Settings, argument: str, form: str, *, full: bool) -> Iterator[str]:
    """The objects that differ between two backups. Raises UsageError if the argument does not name two."""
    found, warnings = _found(settings.source.paths) if settings.source.paths else (Grouped(()), [])
    comparison = BackupComparison(*pair(argument, found), settings.run.max_item_bytes, warnings=warnings)
    items = comparison.run()
    if form == "json":
        head = {"from": _side(comparison.before), "to": _side(comparison.after)}
        return _json_list(head, "items", items, lambda: {"totals": _totals(comparison), "warnings": warnings})
    if form == "csv":
        return formats.csv_lines(_CHANGED, map(_changed_row, items))
    return _changes_text(comparison, items, style_of_stdout(full=full))


def _found(paths: Sequence[str]) -> tuple[Grouped, list[str]]:
    """The backups, and what cannot be looked into."""
    found, unreadable = surveyed(paths)
    warnings = [f"not looked into: {one.error.message}" for one in unreadable]
    warnings += [f"{copy} holds the same rows as {other}" for copy, other in found.copies]
    warnings += [f"{path} holds no object" for path in found.empty]
    return found, warnings


def _held_somewhere(key: ItemKey, steps: Iterator[BackupStep]) -> Iterator[BackupStep]:
    """The steps. Raises UsageError, before anything is printed, if no backup holds the object."""
    before: list[BackupStep] = []
    for step in steps:
        before.append(step)
        if step.what in _HELD:
            return chain(before, steps)
    raise UsageError(f"{key} is in none of {counted(len(before), 'backup')}", hint="--show source lists the newest one")


def _history_text(key: ItemKey, steps: Iterable[BackupStep], warnings: list[str], style: Style) -> Iterator[str]:
    yield f"{style.bold(plain(str(key)))}\n"
    count = held = changed = 0
    saved, name = "", ""
    for step in steps:
        count, held, changed = count + 1, held + (step.what in _HELD), changed + (step.what == "changed")
        tail = f": {plain(step.name)}" if step.name and step.name != name else ""
        tail += _updated(step.updated_at, step.updated_by) if step.updated_at != saved else ""
        tail += _deleted(step.deleted_by)
        tail += f"; {plain(step.reason)}" if step.reason else ""
        yield f"{step.date or 'no date':<20}  {step.what:<{_WIDTH}}  {plain(_files(step.files))}{tail}\n"
        yield from _details(step.changes, step.deletions, style)
        saved, name = step.updated_at or saved, step.name or name
    yield f"in {held} of {counted(count, 'backup')}, changed in {changed}\n"
    yield text.warnings(warnings, style)


def _changes_text(comparison: BackupComparison, items: Iterable[Changed], style: Style) -> Iterator[str]:
    for label, backup in (("from", comparison.before), ("to", comparison.after)):
        objects = counted(backup.objects, "object")
        yield f"{label:<4} {listing_date(backup.date)}  {plain(_files(backup.paths))} ({objects})\n"
    for item in items:
        number = len(item.changes) + len(item.deletions)
        tail = f": {counted(number, 'change')}" if number and not style.full else ""
        tail += f": {plain(item.reason)}" if item.reason else ""
        tail += _updated(item.updated_at, item.updated_by) + _deleted(item.deleted_by)
        yield item_heading(f"{item.change:<10} ", item.type, item.id, item.name) + tail + "\n"
        if style.full:
            yield from _details(item.changes, item.deletions, style)
    totals = _totals(comparison)
    yield ", ".join(f"{number} {word}" for word, number in totals.items()) + "\n"
    if totals["changed"] and not style.full:
        yield "-v lists the fields\n"
    yield text.warnings(comparison.warnings, style)


def _details(changes: Iterable[Change], deletions: Iterable[Deletion], style: Style) -> Iterator[str]:
    for change in (leaf for whole in changes for leaf in leaves(whole)):
        if change.old is None and isinstance(change.new, dict) and change.path.endswith("]"):
            shown = f" {value(change.new)}" if style.full else ""
            yield f"    new {plain(change.path)}{shown}\n"
            continue
        old, new = old_and_new(change.old, change.new)
        yield f"    {plain(change.path)}: {old} → {new}\n"
    for gone in deletions:
        yield "    gone " + item_heading("", gone.type, gone.id, gone.name) + "\n"


def _step_rows(key: ItemKey, step: BackupStep) -> Iterator[tuple[object, ...]]:
    """A row for each field that changed and each part that is gone; one row where there is none."""
    by = step.updated_by or Actor()
    head = (str(key), step.date, step.what, step.name, step.updated_at, by.id, by.name)
    tail = (step.reason, " ".join(step.files))
    found = [(change.path, to_json(change.old), to_json(change.new)) for change in step.changes]
    found += [(f"{gone.type} {gone.id}", to_json(gone.name), "") for gone in step.deletions]
    for fields in found or [("", "", "")]:
        yield (*head, *fields, *tail)


def _changed_row(item: Changed) -> tuple[object, ...]:
    by = item.updated_by or Actor()
    head = (item.change, f"{item.type}={item.id}", item.name, item.updated_at, by.id, by.name)
    return (*head, len(item.changes), len(item.deletions), item.reason)


def _totals(comparison: BackupComparison) -> dict[str, int]:
    words = ("made", "changed", "gone", "unchanged")
    found = {word: comparison.counts[word] for word in words}
    return found | ({"unreadable": number} if (number := comparison.counts["unreadable"]) else {})


def _side(backup: BackupFiles) -> dict[str, object]:
    return {"date": listing_date(backup.date), "files": backup.paths, "objects": backup.objects}


def _files(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _updated(updated_at: str, by: Actor | None) -> str:
    """``, updated 2026-11-20T09:00:00Z by Ada Admin (7)``; "" where neither is known."""
    if not updated_at:
        return ""
    return f", updated {updated_at[:19]}Z" + (f" by {_person(by)}" if by else "")


def _deleted(by: Actor | None) -> str:
    return f", deleted by {_person(by)}" if by else ""


def _person(by: Actor) -> str:
    if not by.name:
        return f"user {plain(by.id)}"
    return plain(by.name) + (f" ({plain(by.id)})" if by.id else "")


def _json_list(
    head: Mapping[str, object], name: str, items: Iterable[object], tail: Callable[[], Mapping[str, object]]
) -> Iterator[str]:
    """An object with a long list in it, one entry per line, written as the entries come."""
    yield "{\n" + "".join(f"  {_json(key)}: {_json(entry)},\n" for key, entry in head.items()) + f"  {_json(name)}: ["
    comma = ""
    for item in items:
        yield f"{comma}\n    {_json(item)}"
        comma = ","
    yield "\n  ]" + "".join(f",\n  {_json(key)}: {_json(entry)}" for key, entry in tail().items()) + "\n}\n"


def _json(thing: object) -> str:
    return plain_json(to_json(thing))
