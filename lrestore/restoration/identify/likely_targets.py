"""The objects that an item's references probably lead to, without a call: to read them together."""

from __future__ import annotations

from lrestore.content.references import occurrences
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.backup import Backup
from lrestore.restoration.journal import Records


def likely_targets(backup: Backup, records: Records, type_name: str, raw: JsonObject, target: str) -> list[str]:
    """The live ids of the objects of type ``target`` to which an item refers: as recorded, else in the same instance
    its own ids. Nothing of that is proved.
    """
    found = []
    for reference in CONTENT_TYPES[type_name].references:
        if reference.target != target or reference.kind == "text":
            continue
        for named in occurrences(raw, reference.path):
            recorded = records.recorded(target, named.value)
            if recorded is not None:
                found.append(recorded.destination_id)
            elif backup.same_instance and not backup.copies(ItemKey(target, named.value)):
                found.append(named.value)
    return found
