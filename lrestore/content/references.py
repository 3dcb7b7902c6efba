"""Where objects name other objects: reading and rewriting the paths of the ontology. Pure functions.

Some ids Looker shows only inside embedded objects: ``permission_set_id`` is the id in ``permission_set``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a name: the concrete path (``dashboard_elements[3].look_id``) and what stands there."""

    path: str
    value: str


def occurrences(obj: Mapping[str, Any], path: str) -> Iterator[Occurrence]:
    """Every value at an ontology path of ``obj``; nulls, absent keys and empty strings name nothing."""
    yield from _walk(obj, path.split("."), "")


def entries(obj: Mapping[str, Any], path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The objects of the lists at an ontology path (``board_sections[].board_items``), each with its concrete path."""
    head, below, rest = path.partition("[].")
    listed = obj.get(head)
    found = [
        (f"{head}[{index}]", entry)
        for index, entry in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(entry, Mapping)
    ]
    if not below:
        return found
    return [(f"{outer}.{inner}", part) for outer, entry in found for inner, part in entries(entry, rest)]


def _walk(node: Any, steps: list[str], where: str) -> Iterator[Occurrence]:
    if not steps:
        if isinstance(node, str | int) and not isinstance(node, bool) and node != "":
            yield Occurrence(where, str(node))
        return
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    if not isinstance(node, Mapping) or node.get(name) is None:
        return
    here = f"{where}.{name}" if where else name
    if step.endswith("[]"):
        for index, entry in enumerate(node[name] if isinstance(node[name], list) else ()):
            yield from _walk(entry, rest, f"{here}[{index}]")
    else:
        yield from _walk(node[name], rest, here)


@dataclass(frozen=True, slots=True)
class ExploreUse:
    """A place that needs a LookML explore; ``explore`` is "" where only the model is named."""

    path: str
    model: str
    explore: str


def explore_uses(type_name: str, obj: Mapping[str, Any]) -> list[ExploreUse]:
    """Every model and explore that an object needs: its own query, queries of tiles, filters, sources of merged ones.

    POST /queries answers 404 for a model or explore that is not there, so they are named before anything is written.
    """
    found = _query_use(_own_query(type_name, obj), "query")
    for path, tile in _parts(type_name, obj, "dashboard_element"):
        found += _tile_uses(tile, path)
    for path, entry in _parts(type_name, obj, "dashboard_filter"):
        if entry.get("model") and entry.get("type") == "field_filter":
            found.append(ExploreUse(f"{path}.explore", entry["model"], entry.get("explore") or ""))
    return found


def _own_query(type_name: str, obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The query that an object of this type shows itself; of other types a field of that name is something else."""
    query = obj.get("query") if CONTENT_TYPES[type_name].asks else None
    return query if isinstance(query, Mapping) else None


def _parts(type_name: str, obj: Mapping[str, Any], part_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts of one kind, each with its concrete path; none of a type that has no such parts, whatever its fields
    are called.
    """
    for part in CONTENT_TYPES[type_name].parts:
        if part.type == part_type:
            yield from entries(obj, part.path)


def _tile_uses(tile: Mapping[str, Any], path: str) -> list[ExploreUse]:
    maker = tile.get("result_maker") or {}
    if tile.get("look_id"):
        return []
    if tile.get("query"):
        return _query_use(tile["query"], f"{path}.query")
    if maker.get("query"):
        return _query_use(maker["query"], f"{path}.result_maker.query")
    sources = maker.get("filterables") if tile.get("merge_result_id") else None
    return [
        ExploreUse(f"{path}.result_maker.filterables[{number}].view", entry["model"], entry.get("view") or "")
        for number, entry in enumerate(sources or ())
        if entry.get("model")
    ]


def _query_use(query: Mapping[str, Any] | None, path: str) -> list[ExploreUse]:
    return [ExploreUse(f"{path}.view", query["model"], query.get("view") or "")] if query and query.get("model") else []


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A place that names a field of a LookML explore, as ``view.field``."""

    path: str
    model: str
    explore: str
    field: str


def field_uses(type_name: str, obj: Mapping[str, Any]) -> Iterator[FieldUse]:
    """Every field of an explore that an object names: in queries, and as the dimension of a filter.

    Fields that a query defines itself (custom fields, table calculations) have no view, or stand in its
    ``dynamic_fields``.
    """
    for path, query in _queries(type_name, obj):
        own = _defined(query)
        for place, name in _names(query):
            if "." in name and name not in own:
                yield FieldUse(f"{path}.{place}", str(query.get("model")), str(query.get("view")), name)
    for path, entry in _parts(type_name, obj, "dashboard_filter"):
        if entry.get("type") == "field_filter" and all(entry.get(name) for name in ("model", "explore", "dimension")):
            yield FieldUse(f"{path}.dimension", entry["model"], entry["explore"], entry["dimension"])


def _defined(query: Mapping[str, Any]) -> set[str]:
    """The names that a query gives to custom fields and table calculations; ``dynamic_fields`` is JSON text."""
    try:
        entries = msgspec.json.decode(query.get("dynamic_fields") or "[]")
    except msgspec.MsgspecError:
        return set()
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(row[kind]) for row in rows for kind in ("dimension", "measure", "table_calculation") if row.get(kind)}


def _queries(type_name: str, obj: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The queries that a restore may have to make, with their paths; a tile that shows a look has none of its own."""
    own = _own_query(type_name, obj)
    if own:
        yield "query", own
    for path, tile in _parts(type_name, obj, "dashboard_element"):
        maker = tile.get("result_maker") or {}
        if tile.get("look_id"):
            continue
        if tile.get("query"):
            yield f"{path}.query", tile["query"]
        elif maker.get("query"):
            yield f"{path}.result_maker.query", maker["query"]


def _names(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place in ("fields", "pivots", "fill_fields"):
        for number, name in enumerate(query.get(place) or ()):
            yield f"{place}[{number}]", str(name)
    for number, order in enumerate(query.get("sorts") or ()):
        yield f"sorts[{number}]", str(order).partition(" ")[0]
    for name in query.get("filters") or ():
        yield "filters", str(name)


def embedded_id(obj: Mapping[str, Any], name: str) -> str | None:
    """The id ``name`` from the object that is embedded for it; None where there is none."""
    shown = obj.get(name.removesuffix("_id"))
    return str(shown["id"]) if isinstance(shown, Mapping) and shown.get("id") is not None else None


def with_embedded_ids(obj: Mapping[str, Any], names: Iterable[str]) -> JsonObject:
    """``obj`` with those ids among ``names`` that it does not show itself."""
    return {**obj, **{name: embedded_id(obj, name) for name in names if obj.get(name) is None}}
