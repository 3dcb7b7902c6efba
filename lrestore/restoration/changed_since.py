"""Checks whether an object was changed since the session that is being undone.

An undo may change a live value only if the session wrote it. A value equal to the first copy needs no write. So each
value that the undo would change is compared with the writes of the session: any other value was set by another person,
and the object is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from lrestore.content.canonical import field_types
from lrestore.content.destinations import DESTINATIONS, same_destinations
from lrestore.content.diff import equal
from lrestore.content.payload import objects_at
from lrestore.content.references import with_embedded_ids
from lrestore.json_types import JsonObject
from lrestore.messages import Change, ItemKey
from lrestore.ontology import CONTENT_TYPES, PARTS, fields
from lrestore.restoration.ports import RecordedWrites
from lrestore.restoration.stand_in_names import temporary_title
from lrestore.restoration.touches import LISTS
from lrestore.restoration.writes import Plan, Write

_ORDERS = frozenset({"section_order", "item_order"})
_TITLES = frozenset({"name", "title"})
"""Fields that the undo itself may have changed by now, so that another object takes its name back."""
_SECTION, _ITEM, _SECTION_ID = "board_section", "board_item", "board_section_id"
_SOURCES = frozenset({"query_id", "look_id", "merge_result_id"})


class WrittenValues:
    """The writes of the undone session, or of earlier ones, to one object. ``owner``: its type and the id that it had
    then; ``copied``: the first copy of it.
    """

    def __init__(self, undone: RecordedWrites, owner: ItemKey, copied: JsonObject) -> None:
        self.owner = owner
        self._undone = undone
        self._copied = copied
        self._touches = list(undone.touches(owner))

    @property
    def deleted(self) -> set[tuple[str, str]]:
        """Type and id of the objects that the session deleted."""
        return {(touch.type, touch.id) for touch in self._touches if touch.operation == "delete"}

    def values(self, type_name: str, ids: Iterable[str], name: str) -> list[object]:
        """Each value that the session gave a field of an object or part, whose ids are ``ids``."""
        return self.fields(type_name, ids).get(name, [])

    def copied(self, type_name: str, part_id: str) -> Mapping[str, object]:
        """The first copy of the object, or of a part of it."""
        if type_name == self.owner.type:
            return self._copied
        return live_part(self._copied, type_name, part_id) or {}

    def made_part(self, type_name: str, live: Mapping[str, object]) -> bool:
        """Whether the session made the part: it is on record as made, or is all that the session was about to make."""
        if self._undone.made_from(type_name, str(live.get("id"))) is not None:
            return True
        begun = [touch for touch in self._touches if touch.type == type_name and touch.operation == "create"]
        return any(_is_made_of(type_name, touch.fields, live) for touch in begun)

    def ids(self, type_name: str, live_id: str, source_id: str = "") -> set[str]:
        """The ids under which a part may be on record: its own, the one it was made from, the one that it had before it
        was made again.
        """
        made_from = self._undone.made_from(type_name, live_id)
        return {live_id, source_id, *([made_from] if made_from is not None else [])} - {""}

    @property
    def moved_parts(self) -> bool:
        """Whether parts were made, moved or deleted: then an order that Looker keeps has changed with them."""
        return any(
            touch.type in (_SECTION, _ITEM) and (touch.operation != "update" or _SECTION_ID in touch.fields)
            for touch in self._touches
        )

    def made_with(self, type_name: str, ids: Iterable[str]) -> set[str]:
        """The fields with which the session made an object or part."""
        known = {*ids}
        touches = [touch for touch in self._touches if touch.operation == "create" and touch.type == type_name]
        return {name for touch in touches if touch.id in known for name in touch.fields}

    def fields(self, type_name: str, ids: Iterable[str]) -> dict[str, list[object]]:
        """All values that the session gave to an object or part, by field. The object itself was created under the id
        that it has in the backup.
        """
        known, itself = {*ids, ""}, type_name == self.owner.type
        found: dict[str, list[object]] = {}
        for touch in self._touches:
            if touch.type == type_name and (itself or touch.id in known):
                for name, value in touch.fields.items():
                    found.setdefault(name, []).append(value)
        return found


def changed_fields(written: WrittenValues, live: JsonObject, own: Write | None, parts: Plan) -> list[str]:
    """Paths of what the undo would change and the session did not write; [] where all is as the session left it."""
    found: list[str] = []
    if own is not None and not own.creates:
        shown = with_embedded_ids(live, CONTENT_TYPES[written.owner.type].embedded_ids)
        found += _unexplained(written, own, shown, "")
    for write in parts.writes:
        found += _changed_part(written, write, live)
    for removal in parts.removals:
        gone = removal.deletion
        part = live_part(live, gone.type, gone.id) or {"id": gone.id}
        if written.made_part(gone.type, part):
            found += _edited_part(written, gone.type, part)
        else:
            found.append(f"{gone.type} {gone.id}")
        if gone.type == _SECTION:
            found += _other_items(written, gone.id, live, parts)
    return list(dict.fromkeys(found))


def _other_items(written: WrittenValues, section: str, live: JsonObject, parts: Plan) -> Iterator[str]:
    """The items that would be deleted with a section, and that the session did not make."""
    moved = {write.live_id for write in parts.writes if write.type == _ITEM and _SECTION_ID in write.body}
    for one in objects_at(live, PARTS[_ITEM].path):
        item_id = str(one.get("id"))
        if str(one.get(_SECTION_ID)) == section and item_id not in moved and not written.made_part(_ITEM, one):
            yield f"{_ITEM} {item_id}"


def edited_between(written: WrittenValues, live: JsonObject, own: Write | None, parts: Plan) -> list[str]:
    """Paths of what is about to be overwritten, and neither is as it was before the first of the ``written`` writes nor
    was written by them: another person has set it since. [] if there is none.

    A value that Looker sets by itself, such as the layout of a new dashboard, is on no record: it is no edit.
    """
    found: list[str] = []
    if own is not None and not own.creates:
        shown = with_embedded_ids(live, CONTENT_TYPES[written.owner.type].embedded_ids)
        found += _unexplained(written, own, shown, "", known_only=True)
    for write in parts.writes:
        if write.type in LISTS:
            found += [change.path for change in write.changes if _edited_list(written, write.type, change)]
        elif write.type in PARTS and not write.creates:
            part = live_part(live, write.type, write.live_id)
            # A part that is not there is made: whether that is planned is not asked here.
            found += _unexplained(written, write, part, write.path, known_only=True) if part is not None else []
    return list(dict.fromkeys(found))


def _edited_list(written: WrittenValues, type_name: str, change: Change) -> bool:
    """Whether a list lost or got an entry that none of the ``written`` writes took away or added."""
    before = written.copied(written.owner.type, written.owner.id).get(change.path)
    known = [one for one in (before, *written.values(type_name, (), change.path)) if isinstance(one, list)]
    if not isinstance(before, list) or not isinstance(change.old, list) or not isinstance(change.new, list):
        return False
    ever, now, wanted = {str(one) for row in known for one in row}, set(map(str, change.old)), set(map(str, change.new))
    return bool((now - wanted) - ever or (wanted - now) & set(map(str, before)))


def name_is_of_session(written: WrittenValues, live: JsonObject) -> bool:
    """Whether the live object has a name that the session gave it, or the name of the copy."""
    key, name = written.owner, live.get("name")
    return name in [*written.values(key.type, {key.id}, "name"), written.copied(key.type, key.id).get("name")]


def changed_creation(written: WrittenValues, live: JsonObject) -> list[str]:
    """The same for an object that the session made: paths of what is not as it was made."""
    key = written.owner
    entry = CONTENT_TYPES[key.type]
    shown = with_embedded_ids(live, entry.embedded_ids)
    found = [
        name for name in _other_fields(written.fields(key.type, [key.id]), shown, entry.model) if name != "deleted"
    ]
    for part in entry.parts:
        if part.type == "credentials_email":
            # Looker changes a login when the user logs in, and then the user is kept as one that is in use.
            continue
        for one in objects_at(live, part.path):
            ids = written.ids(part.type, str(one.get("id")))
            sent = written.fields(part.type, ids)
            if part.create is not None and not sent and not one.get("active") and not one.get("deleted"):
                found.append(f"{part.type} {one.get('id')}")
            found += _edited_part(written, part.type, one)
    return found


def _edited_part(written: WrittenValues, type_name: str, live: Mapping[str, object]) -> list[str]:
    """Paths of the fields in which a part that the session made, or wrote, is not as it left it."""
    part, live_id = PARTS[type_name], str(live.get("id"))
    sent = written.fields(type_name, written.ids(type_name, live_id))
    sent.pop(part.parent_field, None)
    return [f"{type_name} {live_id}.{name}" for name in _other_fields(sent, live, part.model)]


def _other_fields(sent: Mapping[str, list[object]], live: Mapping[str, object], model: str) -> list[str]:
    kinds = field_types(fields.sdk_model(model))
    return [
        name
        for name, values in sent.items()
        if name in live and name not in _ORDERS
        if not any(_may_be(name, value, live[name], kinds) for value in values)
    ]


def _changed_part(written: WrittenValues, write: Write, live: JsonObject) -> list[str]:
    if write.type in LISTS:
        return [
            change.path
            for change in write.changes
            if not any(_same_list(value, change.old) for value in written.values(write.type, (), change.path))
        ]
    if write.creates:
        deleted = written.deleted
        # Looker deletes the items of a section with it.
        section = written.copied(write.type, write.source_id).get(_SECTION_ID) if write.type == _ITEM else None
        gone = (write.type, write.source_id) in deleted or (section is not None and (_SECTION, str(section)) in deleted)
        return [] if gone or write.type in ("query", "merge_query") else [f"{write.path} (deleted)"]
    if write.operation == "create_user_credentials_email":
        removed = None in written.values(write.type, {write.live_id}, "email")
        return [] if removed else [f"{write.path} (deleted)"]
    if write.type in CONTENT_TYPES:
        return _unexplained(written, write, with_embedded_ids(live, CONTENT_TYPES[write.type].embedded_ids), write.path)
    return _unexplained(written, write, live_part(live, write.type, write.live_id) or {}, write.path)


def _unexplained(
    written: WrittenValues, write: Write, live: Mapping[str, object], path: str, *, known_only: bool = False
) -> list[str]:
    """Fields whose live values the session did not write. ``known_only``: no field of which it is unknown
    what it was before: Looker may have set it.
    """
    model = (PARTS if write.type in PARTS else CONTENT_TYPES)[write.type].model if write.type in _MODELLED else ""
    kinds = field_types(fields.sdk_model(model)) if model else {}
    ids = written.ids(write.type, write.live_id, write.source_id)
    copied = written.copied(write.type, write.source_id)
    found = []
    for name in write.body:
        # A value of the copy is no change: a reference may lead to another id, since its object was made again.
        values = [*written.values(write.type, ids, name), *([copied[name]] if name in copied else [])]
        if name in _ORDERS and (values or written.moved_parts):
            continue
        if name == "result_maker" and any(any(written.values(write.type, ids, one)) for one in _SOURCES):
            continue
        values += [temporary_title(str(value), write.live_id) for value in values if name in _TITLES]
        if known_only and name not in copied and name not in written.made_with(write.type, ids):
            continue
        if not any(_may_be(name, value, live.get(name), kinds) for value in values):
            found.append(f"{path}.{name}" if path else name)
    return found


def _may_be(name: str, written: object, live: object, kinds: Mapping[str, object]) -> bool:
    """Whether a live value is one that was written. Where the id of a new object was written, any id may be: the record
    has a mark or "" in its place.
    """
    unknown = isinstance(written, msgspec.msgpack.Ext) or (written == "" and name.endswith("_id"))
    if name == DESTINATIONS and same_destinations(written, live):
        return True
    return unknown or equal(name, written, live, kinds.get(name, Any))


_MODELLED = frozenset({*PARTS, *CONTENT_TYPES})


def _same_list(ours: object, theirs: object) -> bool:
    return isinstance(ours, list) and isinstance(theirs, list) and sorted(map(str, ours)) == sorted(map(str, theirs))


def _is_made_of(type_name: str, sent: Mapping[str, object], live: Mapping[str, object]) -> bool:
    part = PARTS[type_name]
    kinds = field_types(fields.sdk_model(part.model))
    shown = {name: value for name, value in sent.items() if name in live and name != part.parent_field}
    return bool(shown) and all(_may_be(name, value, live[name], kinds) for name, value in shown.items())


def live_part(live: Mapping[str, object], type_name: str, part_id: str) -> Mapping[str, object] | None:
    """The live part of that id, wherever the object holds it."""
    if type_name not in PARTS:
        return None
    if type_name == "credentials_email":
        # A user has one login by e-mail at most, and that has no id.
        login = live.get(type_name)
        return login if isinstance(login, Mapping) else None
    return next((one for one in objects_at(live, PARTS[type_name].path) if str(one.get("id")) == part_id), None)
