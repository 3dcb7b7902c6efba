"""Where objects name other objects: reading and rewriting the paths of the ontology. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Named:
    """One occurrence of a name: the concrete path (``dashboard_elements[3].look_id``) and what stands there."""

    path: str
    value: str


def occurrences(obj: Mapping[str, Any], path: str) -> Iterator[Named]:
    """Every value at an ontology path of ``obj``; nulls, absent keys and empty strings name nothing."""
    yield from _walk(obj, path.split("."), "")


def _walk(node: Any, steps: list[str], where: str) -> Iterator[Named]:
    if not steps:
        if isinstance(node, str | int) and not isinstance(node, bool) and node != "":
            yield Named(where, str(node))
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


def explore_uses(obj: Mapping[str, Any]) -> Iterator[ExploreUse]:
    """Every model and explore that a dashboard or look needs: queries of tiles, filters, sources of merged queries.

    POST /queries answers 404 for a model or explore that is not there, so they are named before anything is written.
    """
    yield from _query_use(obj.get("query"), "query")
    for index, tile in enumerate(obj.get("dashboard_elements") or ()):
        yield from _tile_uses(tile, f"dashboard_elements[{index}]")
    for index, entry in enumerate(obj.get("dashboard_filters") or ()):
        if entry.get("model") and entry.get("type") == "field_filter":
            yield ExploreUse(f"dashboard_filters[{index}].explore", entry["model"], entry.get("explore") or "")


def _tile_uses(tile: Mapping[str, Any], path: str) -> Iterator[ExploreUse]:
    maker = tile.get("result_maker") or {}
    if tile.get("look_id"):
        return
    if tile.get("query"):
        yield from _query_use(tile["query"], f"{path}.query")
    elif maker.get("query"):
        yield from _query_use(maker["query"], f"{path}.result_maker.query")
    elif tile.get("merge_result_id"):
        for number, entry in enumerate(maker.get("filterables") or ()):
            if entry.get("model"):
                where = f"{path}.result_maker.filterables[{number}].view"
                yield ExploreUse(where, entry["model"], entry.get("view") or "")


def _query_use(query: Mapping[str, Any] | None, path: str) -> Iterator[ExploreUse]:
    if query and query.get("model"):
        yield ExploreUse(f"{path}.view", query["model"], query.get("view") or "")
