"""Queries: immutable, shared, never deleted by Looker; an identical definition gives the old query back (POST
/queries).

In the same instance the backed-up id is as good as ever. Elsewhere a query is known by its definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from lrestore.content.canonical import canonical_object
from lrestore.content.shapes.boundary import as_merge_query, as_query
from lrestore.json_types import JsonObject
from lrestore.ontology import fields

if TYPE_CHECKING:
    from lrestore.content.shapes.query import MergeQuery, Query
    from lrestore.content.shapes.tile import DashboardTile

_NOT_IDENTITY = frozenset({"client_id"})
"""Looker gives every query a client_id of its own; it says nothing about what is asked."""


def definition(query: Query) -> Query:
    """The body that re-creates ``query``: its writable fields that are set."""
    names = fields.writable("Query") - _NOT_IDENTITY
    canonical = canonical_object(dict(query), fields.sdk_model("Query"))
    return as_query({name: value for name, value in canonical.items() if name in names})


def merge_definition(merge: MergeQuery) -> MergeQuery:
    """The body that re-creates a merged query: what is set of its writable fields, and of its source queries."""
    body = _set_fields(merge, "MergeQuery")
    body["source_queries"] = [
        {name: value for name, value in _set_fields(source, "MergeQuerySourceQuery").items() if name != "query_slug"}
        for source in merge.get("source_queries") or ()
    ]
    return as_merge_query(body)


def _set_fields(obj: Mapping[str, object], schema: str) -> JsonObject:
    names = fields.writable(schema)
    return {name: value for name, value in obj.items() if name in names and value is not None}


def fingerprint(query: Query | None) -> str | None:
    """Equal for queries that ask the same; None for no query. Empty lists and maps are the same as none, and 1 is 1.0:
    on its way through the backup one becomes the other.
    """
    if not query:
        return None
    meaning = {name: value for name, value in definition(query).items() if value not in ([], {}, "", False)}
    return msgspec.json.encode(_whole_numbers(meaning), order="deterministic").decode()


def _whole_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {name: _whole_numbers(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def explore_name(model: object, explore: object) -> str:
    """A model, or an explore of it, as messages name it."""
    return f"explore={model}::{explore}" if explore else f"lookml_model={model}"


def query_id_of(tile: DashboardTile) -> str | None:
    """The id of a query tile's query; None for tiles that show a look, a merged query, or no query at all.

    Some answers carry it only inside ``result_maker`` (seen in public tools' issue threads).
    """
    if tile.get("look_id") or tile.get("merge_result_id"):
        return None
    maker = tile.get("result_maker") or {}
    if maker.get("merge_result_id") or maker.get("sql_query_id"):
        return None
    found = tile.get("query_id") or maker.get("query_id")
    return None if found in (None, "") else str(found)
