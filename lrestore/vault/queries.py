"""Queries in a backup. LookerVault keeps none by themselves: their definitions stand in the tiles of dashboards.

Tiles show them whole: a query of their own, in their result maker, or that of the look that they show.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lrestore.json_types import JsonObject
from lrestore.vault.reader import Vault


class _Query(msgspec.Struct):
    id: str | int | None = None


class _Shown(msgspec.Struct):
    query: _Query | None = None


class _Tile(msgspec.Struct):
    query: _Query | None = None
    result_maker: _Shown | None = None
    look: _Shown | None = None


class _Dashboard(msgspec.Struct):
    dashboard_elements: list[_Tile] | None = None


class _Asking(msgspec.Struct):
    query_id: str | int | None = None


def shown_queries(vault: Vault) -> dict[str, str]:
    """The ids of the queries that looks and scheduled plans name, each with the id of a dashboard that shows it whole.

    One pass over the rows of three types, in which only ids are decoded.
    """
    named = {str(asking.query_id) for kind in ("look", "scheduled_plan") for _, asking in vault.contents(kind, _Asking)}
    found: dict[str, str] = {}
    for key, dashboard in vault.contents("dashboard", _Dashboard):
        for tile in dashboard.dashboard_elements or ():
            for query_id in named.intersection(_ids(tile)):
                found.setdefault(query_id, key.id)
    return found


def _ids(tile: _Tile) -> Iterator[str]:
    for shown in (tile, tile.result_maker, tile.look):
        if shown is not None and shown.query is not None and shown.query.id is not None:
            yield str(shown.query.id)


def query_in(dashboard: JsonObject, query_id: str) -> JsonObject | None:
    """The definition of a query that some tile of the dashboard shows; None if none does."""
    for tile in dashboard.get("dashboard_elements") or ():
        for shown in (tile, tile.get("result_maker") or {}, tile.get("look") or {}):
            query: JsonObject | None = shown.get("query")
            if query and str(query.get("id")) == query_id:
                return query
    return None
