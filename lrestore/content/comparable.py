"""The fields of an object that are its content: counters, times that change by themselves and read-only facts are none.

One walk for all comparisons of an object with itself at another time: the digest of a saved plan, the versions of an
object in several backups. Places of parts are named by id: ``dashboard_elements[17]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lrestore.content.canonical import canonical, field_types
from lrestore.content.diff import listeners
from lrestore.content.references import with_embedded_ids
from lrestore.json_types import JsonObject
from lrestore.ontology import fields
from lrestore.ontology.schema import ContentType

EMPTY_VALUES: tuple[Any, ...] = (None, [], {}, "")
"""Values that one read shows and another leaves out."""
_EMBEDDED = frozenset({"query", "look"})
"""Other objects that are shown inside, with counters of their own: their ids tell which they are."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The content of the object itself (``place`` and ``type`` are ""), or of one part. ``shown``: as it is stored."""

    place: str
    type: str
    shown: Mapping[str, Any]
    values: JsonObject


def portions(entry: ContentType, obj: JsonObject) -> Iterator[Portion]:
    """The object's own content, then that of each part; fields that hold nothing are left out."""
    own = {entry.id_field, "created_at", *(fields.writable(entry.update_schema) if entry.update_schema else ())}
    parts = {part.path.partition("[]")[0] for part in entry.parts}
    seen = with_embedded_ids(obj, entry.embedded_ids)
    names = (own | set(entry.embedded_ids)) - set(entry.ignored) - parts - _EMBEDDED
    yield Portion("", "", obj, dict(_fields(seen, entry.model, names)))
    for part in entry.parts:
        compared = {"id", *fields.writable(part.model)} - _EMBEDDED
        for place, one in _each(obj, part.path.split("[].")):
            yield Portion(place, part.type, one, dict(_fields(one, part.model, compared)))


def _fields(obj: Mapping[str, Any], model: str, names: set[str]) -> Iterator[tuple[str, Any]]:
    kinds = field_types(fields.sdk_model(model))
    for name in sorted(names & kinds.keys() | (names & obj.keys())):
        value = canonical(obj.get(name), kinds.get(name, Any))
        if name == "result_maker" and isinstance(value, dict):
            value = _own_facts(value)
        if value not in EMPTY_VALUES:
            yield name, value


def _own_facts(result_maker: JsonObject) -> JsonObject:
    """A result maker without what follows from the query, and with its listeners in one order."""
    facts = {name: value for name, value in result_maker.items() if name not in _EMBEDDED and value not in EMPTY_VALUES}
    return {**facts, "filterables": listeners(facts.get("filterables"))}


def _each(obj: Mapping[str, Any], path: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts under a path such as ``dashboard_layouts[].dashboard_layout_components``, each with its place."""
    name, *below = path
    found = obj.get(name)
    if isinstance(found, Mapping):
        yield name, found
        return
    for one in found if isinstance(found, list) else ():
        place = f"{name}[{one.get('id')}]"
        if not below:
            yield place, one
        else:
            yield from ((f"{place}.{inner}", part) for inner, part in _each(one, below))
