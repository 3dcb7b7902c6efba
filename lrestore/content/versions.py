"""Two versions of one object, from two backups: the differences in content, field by field. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.content.canonical import canonical, field_types
from lrestore.content.comparable import EMPTY_VALUES, Portion, portions
from lrestore.content.diff import LISTS_WITHOUT_ORDER, same
from lrestore.json_types import JsonObject
from lrestore.messages import Change, Deletion
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.ontology.schema import ContentType

COUNTERS = frozenset(
    {"view_count", "favorite_count", "usage_count", "last_viewed_at", "last_accessed_at", "updated_at"}
)
"""Fields that change without any edit: two versions that differ in these alone are equal."""
_MEMBERSHIPS = ("role_ids", "group_ids")
"""Fields of a user that are compared although other calls write them."""


def differences(
    type_name: str, before: JsonObject, after: JsonObject
) -> tuple[tuple[Change, ...], tuple[Deletion, ...]]:
    """The fields that differ, old → new, and the parts that are gone. A new part is one change: null → its fields."""
    if _equal_but_counters(before, after):
        return (), ()
    entry = CONTENT_TYPES[type_name]
    old, new = _by_place(entry, before), _by_place(entry, after)
    changes: list[Change] = []
    for place, portion in new.items():
        if place in old:
            changes += _changed(place, old[place].values, portion.values)
        else:
            changes.append(Change(place, None, portion.values))
    gone = (portion for place, portion in old.items() if place not in new)
    return tuple(changes), tuple(Deletion(one.type, str(one.shown.get("id") or ""), _title(one.shown)) for one in gone)


def _equal_but_counters(before: JsonObject, after: JsonObject) -> bool:
    """Most objects are, and comparing plain values is quicker than bringing them into one form."""
    names = (before.keys() | after.keys()) - COUNTERS
    return all(same(before.get(name), after.get(name)) for name in names)


def _by_place(entry: ContentType, obj: JsonObject) -> dict[str, Portion]:
    found = {portion.place: portion for portion in portions(entry, obj)}
    own = found[""].values
    if not entry.update_schema:
        own |= _all_fields(entry, obj)
    own |= {name: sorted(obj[name]) for name in _MEMBERSHIPS if isinstance(obj.get(name), list) and obj[name]}
    for portion in found.values():
        _show_query(portion)
    return found


def _all_fields(entry: ContentType, obj: JsonObject) -> JsonObject:
    """The fields of an object that Looker lets no one update."""
    kinds = field_types(fields.sdk_model(entry.model))
    found = {name: canonical(obj.get(name), kind) for name, kind in kinds.items() if name not in ("can", "url")}
    return {name: value for name, value in found.items() if value not in EMPTY_VALUES}


def _show_query(portion: Portion) -> None:
    """Show the content of a tile's query instead of its id: queries never change, an edited tile has another."""
    query = portion.shown.get("query") or (portion.shown.get("result_maker") or {}).get("query")
    if portion.values.get("query_id") and isinstance(query, Mapping):
        del portion.values["query_id"]
        kinds = field_types(fields.sdk_model("Query"))
        asked = ((name, canonical(query.get(name), kinds.get(name, Any))) for name in fields.writable("Query"))
        portion.values.update({f"query.{name}": value for name, value in sorted(asked) if value not in EMPTY_VALUES})


def _changed(place: str, old: JsonObject, new: JsonObject) -> list[Change]:
    prefix = f"{place}." if place else ""
    return [
        Change(prefix + name, old.get(name), new.get(name))
        for name in dict.fromkeys((*new, *old))
        if not _same(name, old.get(name), new.get(name))
    ]


def _same(name: str, old: Any, new: Any) -> bool:
    if name in LISTS_WITHOUT_ORDER and isinstance(old, list) and isinstance(new, list):
        return sorted(map(str, old)) == sorted(map(str, new))
    return same(old, new)


def _title(part: Mapping[str, Any]) -> str:
    return str(part.get("title") or part.get("title_text") or part.get("name") or part.get("label") or "")
