"""The changes of a session, field by field, read from its own copies alone, without call and backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lrestore.content.shapes.tile import tile_name
from lrestore.json_types import JsonObject
from lrestore.messages import Change, Deletion, ItemKey, Outcome, Touch
from lrestore.ontology import CONTENT_TYPES, PARTS
from lrestore.report.model import Item
from lrestore.restoration.changed_since import live_part
from lrestore.state.copies import UndoCopies
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession
from lrestore.state.undo_log import read_undo


def changes_of(state: StateReader, session: RestorationSession, folder: Path) -> Iterator[Item]:
    """One item per object that the session wrote, in the order of the writes; ``id`` is that in the destination.

    Where a field was written more than once, the last value counts. Raises StateError if a copy cannot be read.
    """
    recorded = state.made(session.id)
    made = {(one.type, one.id) for one in recorded if not one.part}
    new_parts = {(one.type, one.id) for one in recorded if one.part}
    named = {(result.key.type, result.destination_id): result.name for result in state.results(session.id)}
    with UndoCopies(folder) as copies:
        for entry in read_undo(folder):
            key = ItemKey(entry.type, entry.destination_id)
            created = entry.operation == "created" or (key.type, key.id) in made
            copied = {} if created else copies.copy(entry)
            title = copied.get(CONTENT_TYPES[key.type].title_field)
            name = str(title or named.get((key.type, key.id)) or "")
            # An update of a new part is what Looker answered about it, or its place.
            touches = [
                one
                for one in copies.written_to(key)
                if one.operation != "update" or (one.type, one.id) not in new_parts
            ]
            changes, deletions = tuple(_changes(key, touches, copied)), tuple(_deletions(touches, copied))
            if created or changes or deletions:
                outcome: Outcome = "created" if created else "updated"
                yield Item(key.type, key.id, name, outcome, key.id, changes=changes, deletions=deletions)


def _changes(key: ItemKey, touches: list[Touch], copied: JsonObject) -> Iterator[Change]:
    """Compare the last values with the copy. A part that was made is one change, from nothing to its content."""
    last: dict[tuple[str, str], dict[str, object]] = {}
    for touch in touches:
        if touch.operation == "update" and touch.type not in CONTENT_TYPES:
            last.setdefault((touch.type, touch.id), {}).update(touch.fields)
        elif touch.type == key.type:
            last.setdefault(("", ""), {}).update(touch.fields)
        elif touch.operation == "create":
            yield Change(_part_path(touch.type, touch.id, touch.fields, new=True), None, _shown(touch.fields))
    for (type_name, part_id), fields in last.items():
        before = _before(copied, type_name, part_id)
        path = f"{_part_path(type_name, part_id, before)}." if type_name in PARTS else ""
        for name, value in fields.items():
            if before.get(name) != value:
                yield Change(path + name, before.get(name), _shown(value))


def _before(copied: JsonObject, type_name: str, part_id: str) -> Mapping[str, Any]:
    return (live_part(copied, type_name, part_id) or {}) if type_name in PARTS else copied


def _part_path(type_name: str, part_id: str, shown: Mapping[str, Any], *, new: bool = False) -> str:
    title = shown.get("title") or shown.get("title_text") or shown.get("name") or shown.get("label") or ""
    named = f" {str(title)!r}" if title else ""
    return f"new {type_name}{named}" if new else f"{type_name} {part_id}{named}"


def _shown(value: Any) -> Any:
    """A value as JSON can show it."""
    if isinstance(value, dict):
        return {name: _shown(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_shown(entry) for entry in value]
    return "(the id of an object of this session)" if isinstance(value, msgspec.msgpack.Ext) else value


def _deletions(touches: list[Touch], copied: JsonObject) -> Iterator[Deletion]:
    for touch in touches:
        if touch.operation == "delete":
            shown = live_part(copied, touch.type, touch.id) if touch.type in PARTS else copied
            yield Deletion(touch.type, touch.id, _name_of(touch.type, shown or {}))


def _name_of(type_name: str, shown: Mapping[str, Any]) -> str:
    """The name that a plan gives the same object or part."""
    if shown and type_name == "dashboard_element":
        return tile_name(shown)
    return str(shown.get("title") or shown.get("name") or "")
