"""Which live objects are known to be other items: they are no candidates, whatever they are called today."""

from __future__ import annotations

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.restoration.context import Context


def another_of_the_backup(context: Context, key: ItemKey, row: JsonObject) -> bool:
    """Whether the live object ``row`` is known to be another item than ``key``.

    In the same instance an object whose id the backup holds is that object. In any, an object that is recorded as
    another item which the backup still holds. Where names are not unique, any recorded object.
    """
    entry = CONTENT_TYPES[key.type]
    other = ItemKey(key.type, str(row[entry.id_field]))
    if entry.namesakes and context.journal.claimed(key, other.id):
        return True
    if context.same_instance and other != key and context.source.holds(other):
        return True
    claimants = context.journal.claimants(key.type, other.id) - {key.id}
    return any(context.source.holds(ItemKey(key.type, claimant)) for claimant in claimants)


def other_than_its_name(type_name: str) -> bool:
    """Whether objects of a type hold more than their natural key. If not, any object of the same name is as good as
    the backed-up one.
    """
    entry = CONTENT_TYPES[type_name]
    return not fields.writable(entry.update_schema) <= set(entry.natural_key)
