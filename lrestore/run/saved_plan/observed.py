"""The digest of a live object: of the fields that a restore compares, its own and its parts'.

It leaves out counters and times that change by themselves, read-only facts, and the memberships of users and groups.
Other items of the same plan may change memberships (a role that is given to a group); a changed membership shows in the
writes that it needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from lrestore.content.canonical import canonical, field_types
from lrestore.content.diff import listeners
from lrestore.content.embedded_ids import with_embedded_ids
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.ontology.schema import ContentType
from lrestore.run.saved_plan.model import Observed

_FIELD_DIGITS = 12
_NOTHING: tuple[Any, ...] = (None, [], {}, "")
"""Values that one read shows and another leaves out."""
_EMBEDDED = frozenset({"query", "look"})
"""Other objects that are shown inside, with counters of their own: their ids tell which they are."""


def observed(type_name: str, live: JsonObject) -> Observed:
    """The digests of the fields of ``live``."""
    entry = CONTENT_TYPES[type_name]
    found = {path: _digest(value)[:_FIELD_DIGITS] for path, value in _values(entry, live)}
    return Observed(_digest(sorted(found.items())), found)


def changed(before: Observed, now: Observed) -> list[str]:
    """The paths of the fields that differ."""
    if before.digest == now.digest:
        return []
    paths = dict.fromkeys((*before.fields, *now.fields))
    return [path for path in paths if before.fields.get(path) != now.fields.get(path)]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _values(entry: ContentType, live: JsonObject) -> Iterator[tuple[str, Any]]:
    own = {entry.id_field, "created_at", *(fields.writable(entry.update_schema) if entry.update_schema else ())}
    parts = {part.path.partition("[]")[0] for part in entry.parts}
    seen = with_embedded_ids(live, entry.embedded_ids)
    names = (own | set(entry.embedded_ids)) - set(entry.ignored) - parts - _EMBEDDED
    yield from _fields(seen, entry.model, names, "")
    for part in entry.parts:
        compared = {"id", *fields.writable(part.model)} - _EMBEDDED
        for place, one in _each(live, part.path.split("[].")):
            yield from _fields(one, part.model, compared, f"{place}.")


def _fields(live: Mapping[str, Any], model: str, names: set[str], prefix: str) -> Iterator[tuple[str, Any]]:
    kinds = field_types(fields.sdk_model(model))
    for name in sorted(names & kinds.keys() | (names & live.keys())):
        value = canonical(live.get(name), kinds.get(name, Any))
        if name == "result_maker" and isinstance(value, dict):
            value = _own_facts(value)
        if value not in _NOTHING:
            yield f"{prefix}{name}", value


def _own_facts(result_maker: JsonObject) -> JsonObject:
    """A result maker without what follows from the query, and with its listeners in one order."""
    facts = {name: value for name, value in result_maker.items() if name not in _EMBEDDED and value not in _NOTHING}
    return {**facts, "filterables": listeners(facts.get("filterables"))}


def _each(live: Mapping[str, Any], path: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts under a path such as ``dashboard_layouts[].dashboard_layout_components``, each with its place."""
    name, *below = path
    found = live.get(name)
    if isinstance(found, Mapping):
        yield name, found
        return
    for one in found if isinstance(found, list) else ():
        place = f"{name}[{one.get('id')}]"
        if not below:
            yield place, one
        else:
            yield from ((f"{place}.{inner}", part) for inner, part in _each(one, below))
