"""Result makers: how a tile shows its query, look or merged query, and which values it overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.core.store import Record, World

FROM_SOURCE = ("dynamic_fields", "sorts", "total", "vis_config")
"""Fields that a result maker takes from its query, look or merged query, unless the tile overrides them."""


def new_maker(world: World, tile: Record, maker_id: str | None = None) -> Record | None:
    """The result maker of a tile, from its query, its look or its merged query. None for text.

    ``maker_id``: its id, if it has one already.
    """
    merge = world.get("merge_query", tile["merge_result_id"])
    if merge is not None:
        return _merge_maker_of(world, merge)
    look = world.get("look", tile["look_id"])
    query = world.get("query", look["query_id"] if look else tile["query_id"])
    if query is None:
        return None
    return {
        "id": maker_id or world.new_id("result_maker"),
        "dynamic_fields": query["dynamic_fields"],
        "filterables": [_filterable(query, "")],
        "sorts": query["sorts"],
        "merge_result_id": None,
        "total": bool(query["total"]),
        "query_id": query["id"],
        "sql_query_id": None,
        "vis_config": query["vis_config"],
    }


def _merge_maker_of(world: World, merge: Record) -> Record:
    sources = [(world.get("query", source["query_id"]), source["name"]) for source in merge["source_queries"] or ()]
    return {
        "id": merge["result_maker_id"],
        "dynamic_fields": merge["dynamic_fields"],
        "filterables": [_filterable(query, name or "") for query, name in sources if query],
        "sorts": merge["sorts"],
        "merge_result_id": merge["id"],
        "total": bool(merge["total"]),
        "query_id": None,
        "sql_query_id": None,
        "vis_config": merge["vis_config"],
    }


def _filterable(query: Record, name: str) -> Record:
    return {"model": query["model"], "view": query["view"], "name": name, "listen": []}


def overridden(world: World, tile: Mapping[str, Any]) -> Record:
    """The fields of a tile's result maker that differ from those of its source."""
    maker, base = tile["result_maker"] or {}, new_maker(world, dict(tile), "") or {}
    return {name: maker[name] for name in FROM_SOURCE if name in maker and maker[name] != base.get(name)}


def follow_look(world: World, look: Record, query_id: str | None) -> None:
    """Tiles of a look show its new query, and keep the values that they override."""
    for tile in world.table("dashboard_element").where("look_id", look["id"]):
        maker, old = tile["result_maker"], world.get("query", query_id) or {}
        fresh = new_maker(world, tile, maker["id"]) if maker else None
        if fresh is not None:
            kept = {name: maker[name] for name in FROM_SOURCE if (maker[name] or None) != (old.get(name) or None)}
            tile["result_maker"] = {**fresh, **kept, "filterables": maker["filterables"]}
