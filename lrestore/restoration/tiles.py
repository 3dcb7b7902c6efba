"""What a tile must hold, and how a tile of the backup is recognised among the live ones."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from lrestore.diff import listeners, same
from lrestore.links import rewritten
from lrestore.payload import Releases, wanted_part
from lrestore.restoration.queries import fingerprint, query_id_of, query_of

Object = dict[str, Any]

_SOURCES = ("look_id", "query_id", "merge_result_id", "extension_id")

_FROM_QUERY = ("dynamic_fields", "sorts", "total", "vis_config")
"""Fields of a result maker that Looker fills from the tile's query; a tile may differ from its query in them."""

_HANDLED = (
    "dashboard_id",
    "dashboard_layout_id",
    "query_id",
    "look_id",
    "merge_result_id",
    "filter_id",
    "result_maker",
)


def wanted_tile(tile: Object, known: Releases) -> Object:
    """The writable fields of a tile that are no references; the sources are the planner's business."""
    return wanted_part(tile, "DashboardElement", known, ignored=_HANDLED)


def wanted_result_maker(tile: Object, live: Object | None) -> Object | None:
    """What to say of a tile's listeners, and of what the tile overrides in its query.

    Filterables always go whole, since a result maker that is sent replaces them. ``live`` is None for a tile that is to
    be made or to be given another source.
    """
    maker = tile.get("result_maker")
    if not maker:
        return None
    wanted: Object = {}
    if maker.get("filterables") is not None:
        wanted["filterables"] = [_without_nulls(entry) for entry in maker["filterables"]]
    if maker.get("sql_query_id") is not None:
        wanted["sql_query_id"] = maker["sql_query_id"]
    base = (live.get("result_maker") or {}) if live else _base(tile)
    for name in _FROM_QUERY:
        if maker.get(name) is not None and base is not None and not _alike(maker[name], base.get(name)):
            wanted[name] = maker[name]
    return wanted


def _base(tile: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Where Looker will take a new tile's visualisation from; None when the backup does not hold it.

    Of a merged query the backup holds only the id, so what its tile shows is said in full.
    """
    if tile.get("merge_result_id"):
        return {}
    look = tile.get("look") or {}
    return query_of(tile) or look.get("query")


def _alike(ours: Any, theirs: Any) -> bool:
    return same(ours, theirs) or (not ours and not theirs)


def _without_nulls(entry: Mapping[str, Any]) -> Object:
    return {name: value for name, value in entry.items() if value is not None}


def says_something(result_maker: Mapping[str, Any] | None) -> bool:
    """Whether a new tile needs the result maker sent: Looker makes one without listeners by itself."""
    if not result_maker:
        return False
    return bool(listeners(result_maker.get("filterables"))) or any(name != "filterables" for name in result_maker)


def source_of(tile: Mapping[str, Any]) -> Hashable:
    """What a tile shows, in a form that is the same on both sides; None for tiles that only carry text."""
    look = tile.get("look") or {}
    if tile.get("look_id"):
        return ("look", str(look.get("title") or tile["look_id"]))
    if tile.get("merge_result_id"):
        return ("merge", _sources_of(tile) or str(tile["merge_result_id"]))
    if tile.get("extension_id"):
        return ("extension", str(tile["extension_id"]))
    query = query_of(tile)
    if query:
        return ("query", fingerprint(query))
    query_id = query_id_of(tile)
    return ("query_id", query_id) if query_id else None


def kind_shown(tile: Mapping[str, Any]) -> str:
    """The field by which a tile says what it shows; "" for one that only carries text."""
    maker = tile.get("result_maker") or {}
    for name in ("look_id", "merge_result_id", "sql_query_id"):
        if tile.get(name) or maker.get(name):
            return name
    return "query_id" if query_id_of(tile) else ""


def _sources_of(tile: Mapping[str, Any]) -> tuple[Hashable, ...]:
    """What a merged query is made of, as far as its tile shows: its id means nothing in another instance."""
    maker = tile.get("result_maker") or {}
    names = ("name", "model", "view")
    return tuple(tuple(str(one.get(name) or "") for name in names) for one in maker.get("filterables") or ())


_TEXTS = ("type", "title", "title_text", "subtitle_text", "body_text", "note_text", "rich_content_json")


def strict_key(tile: Mapping[str, Any]) -> Hashable:
    """Equal for tiles that no user could tell apart."""
    return (source_of(tile), *(str(tile.get(name) or "") for name in _TEXTS))


def linkless_key(tile: Mapping[str, Any]) -> Hashable:
    """Equal for tiles that differ only in where their links lead: an id that is yet to be known, another host."""
    return (source_of(tile), *(rewritten(str(tile.get(name) or ""), lambda link: ("*", "*")) for name in _TEXTS))


def title_key(tile: Mapping[str, Any]) -> Hashable:
    """The same kind of tile under the same title; None without a title."""
    title = tile.get("title") or tile.get("title_text")
    return (tile.get("type"), title) if title else None


def source_key(tile: Mapping[str, Any]) -> Hashable:
    """The same thing shown, whatever it is called."""
    source = source_of(tile)
    return None if source is None else (tile.get("type"), source)


def tile_name(tile: Mapping[str, Any]) -> str:
    """A tile as people would name it."""
    return str(tile.get("title") or tile.get("title_text") or f"{tile.get('type') or 'untitled'} tile")


def same_source_ids(tile: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether both tiles show the same thing by id."""
    return all(str(tile.get(name) or "") == str(live.get(name) or "") for name in _SOURCES)
