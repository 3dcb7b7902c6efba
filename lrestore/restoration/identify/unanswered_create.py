"""Objects of a type in which names need not be unique: which one has an unanswered create made?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from lrestore.content.diff import differing
from lrestore.content.links import without_targets
from lrestore.errors import AmbiguousMatchError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.restoration.context import Context
from lrestore.restoration.identify.claims import is_another_item
from lrestore.restoration.writes import Write

_TELLING: Mapping[str, tuple[str, ...]] = {
    "board": ("title", "description"),
    "scheduled_plan": (
        *("name", "user_id", "dashboard_id", "look_id", "lookml_dashboard_id", "query_id"),
        *("crontab", "datagroup", "filters_string", "enabled"),
    ),
}
"""Fields in which the object agrees with what was sent."""


def watch(context: Context, key: ItemKey, write: Write) -> Callable[[], JsonObject | None]:
    """Remember what is there before a create; what is given finds the object that it has made if no answer comes.

    Not later: another item of this process, in the same doubt, may read the listing anew meanwhile.
    """
    before = frozenset(str(row["id"]) for row in context.destination.live.find(key.type, _names(key, write)))
    return partial(_left_behind, context, key, write, before)


def _names(key: ItemKey, write: Write) -> dict[str, str]:
    """The fields of the natural key that are sent."""
    return {
        name: str(write.body[name]) for name in CONTENT_TYPES[key.type].natural_key if write.body.get(name) is not None
    }


def _left_behind(context: Context, key: ItemKey, write: Write, before: frozenset[str]) -> JsonObject | None:
    """The object that an unanswered create has made: it is new, is no other item, and holds the values that were sent.

    Raises AmbiguousMatchError where several objects are like that.
    """
    entry = CONTENT_TYPES[key.type]
    sent = {name: write.body[name] for name in _TELLING[key.type] if name in write.body}
    model = fields.sdk_model(entry.model)
    new = [
        row
        for row in context.destination.live.find_now(key.type, _names(key, write))
        if str(row["id"]) not in before and not is_another_item(context.backup, context.records, key, row)
    ]
    found = [row for row in new if not differing(sent, row, model)]
    # An earlier try may have sent other links: it knew fewer of their targets.
    found = found or [row for row in new if not differing(without_targets(sent), without_targets(row), model)]
    return _sole(key, found)


def sole_new(context: Context, key: ItemKey, found: list[JsonObject]) -> JsonObject | None:
    """The object that an unanswered create has made, among those with its natural key (``found``): it is not in the
    trash and not known as another item.

    Raises AmbiguousMatchError if there are several.
    """
    backup, records = context.backup, context.records
    new = [row for row in found if not row.get("deleted") and not is_another_item(backup, records, key, row)]
    return _sole(key, new)


def _sole(key: ItemKey, found: list[JsonObject]) -> JsonObject | None:
    if len(found) > 1:
        id_field = CONTENT_TYPES[key.type].id_field
        raise AmbiguousMatchError(
            f"{key}: its create got no usable answer, and several new objects fit: "
            f"ids {', '.join(str(row[id_field]) for row in found)}",
            hint="delete the ones that are not needed",
            key=key,
        )
    return found[0] if found else None
