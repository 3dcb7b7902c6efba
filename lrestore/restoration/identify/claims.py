"""Tells which live objects are known to be other items: they are never candidates, even if their name matches."""

from __future__ import annotations

from lrestore.content.identity import same_origin
from lrestore.content.shapes.boundary import as_user
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.restoration.backup import Backup
from lrestore.restoration.beside import COPIED
from lrestore.restoration.context import Context
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.users import same_person
from lrestore.restoration.journal import Records


def is_another_item(backup: Backup, records: Records, key: ItemKey, row: JsonObject) -> bool:
    """Whether the live object ``row`` is known to be another item than ``key``.

    In the same instance, an object whose id the backup holds is that item. In any instance, an object that is recorded
    as another item which the backup still holds is that one. If names are not unique, any recorded object is another
    one. A copy beside an original is no item: its record is looked up before any search by name.
    """
    entry = CONTENT_TYPES[key.type]
    other = ItemKey(key.type, str(row[entry.id_field]))
    if key.type in COPIED and _is_copy(records, key.type, row):
        return True
    if backup.copies(key):
        return False
    if entry.namesakes and claimants(backup, records, key.type, row) - {key.id}:
        return True
    if backup.same_instance and other != key and backup.source.holds(other):
        return True
    claiming = claimants(backup, records, key.type, row) - {key.id}
    return any(backup.source.holds(ItemKey(key.type, claimant)) for claimant in claiming)


def _is_copy(records: Records, type_name: str, row: JsonObject) -> bool:
    """Whether a session has made the live object as a copy beside an original."""
    return any(proves(type_name, recorded, row) for recorded in records.copied(type_name, str(row["id"])))


def claimants(backup: Backup, records: Records, type_name: str, row: JsonObject) -> set[str]:
    """The source ids of the items that are provably mapped to the live object ``row``."""
    live_id = str(row[CONTENT_TYPES[type_name].id_field])
    found = set()
    for source_id, recorded in records.recorded_as(type_name, live_id).items():
        verdict = proves(type_name, recorded, row)
        if verdict or (verdict is None and _goes_by(backup, ItemKey(type_name, source_id), row)):
            found.add(source_id)
    return found


def _goes_by(backup: Backup, key: ItemKey, row: JsonObject) -> bool:
    """Whether the live object has the backed-up name: the only proof of a mapping that an older version recorded."""
    backed_up = backup.raw(key)
    if backed_up is None:
        return False
    if key.type == "user":
        return same_person(as_user(backed_up), as_user(row))
    entry = CONTENT_TYPES[key.type]
    translated = {reference.path for reference in entry.references}
    names = [name for name in entry.natural_key if name not in translated]
    return all((backed_up.get(name) or None) == (row.get(name) or None) for name in names)


def other_than_its_name(type_name: str) -> bool:
    """Whether objects of a type have content besides their natural key. If not, any object of the same name is
    equivalent to the backed-up one.
    """
    entry = CONTENT_TYPES[type_name]
    return not fields.writable(entry.update_schema) <= set(entry.natural_key)


def still_has_id(context: Context, target: str, source_id: str) -> bool:
    """Whether an id still belongs to the object of the backup. Types without ``created_at`` are trusted, as the
    instance is the same.
    """
    if not CONTENT_TYPES[target].created_at:
        return True
    created_at = context.destination.live.created_at(target, source_id)
    return context.backup.may_be(ItemKey(target, source_id), created_at)


def is_another_of_that_name(context: Context, key: ItemKey, backed_up: JsonObject, row: JsonObject) -> bool:
    """Whether a live object of the same natural key is another all the same: known to be, or born at another time."""
    if context.backup.same_instance and str(row[CONTENT_TYPES[key.type].id_field]) == key.id:
        born_elsewhere = same_origin(backed_up.get("created_at"), row.get("created_at")) is False
        return born_elsewhere and other_than_its_name(key.type)
    return is_another_item(context.backup, context.records, key, row)


def is_in_trash(context: Context, key: ItemKey, backed_up: JsonObject) -> bool:
    """Whether the backed-up object still has its id, and lies in the trash."""
    if not context.backup.same_instance or not CONTENT_TYPES[key.type].trash:
        return False
    trashed = context.destination.live.trashed(key.type, key.id)
    return trashed is not None and same_origin(backed_up.get("created_at"), trashed.get("created_at")) is not False
