"""The fields and the request body of a tile, and the keys by which backed-up tiles are matched with live ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.json_types import JsonObject

if TYPE_CHECKING:
    from lrestore.content.shapes.query import Query
    from lrestore.content.shapes.tile import DashboardTile

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, TypedDict, cast

from lrestore.content.diff import listeners, same
from lrestore.content.links import rewritten
from lrestore.content.shapes.boundary import as_filterables, as_result_maker
from lrestore.restoration.identify.queries import fingerprint, query_id_of

if TYPE_CHECKING:
    from lrestore.content.shapes.query import Query
    from lrestore.content.shapes.tile import DashboardTile, ResultMaker, ResultMakerFilterables
    from lrestore.restoration.writes import FutureId


class TileBody(TypedDict, total=False):
    """The references of a tile in ids of the destination, :class:`FutureId` for objects to create. The other fields of
    the body are those of the backup.
    """

    dashboard_layout_id: str | FutureId | None
    filter_id: str | FutureId | None
    look_id: str
    query_id: str | FutureId
    merge_result_id: str | FutureId
    result_maker_id: str
    result_maker: ResultMaker


def tile_body(wanted: JsonObject) -> TileBody:
    """The writable fields of a backed-up tile as a body to complete."""
    return cast("TileBody", wanted)


SOURCES: Final = ("look_id", "query_id", "merge_result_id")
"""Fields that set the source of a tile."""

_SOURCES: Final = (*SOURCES, "extension_id")

FROM_QUERY: Final = ("dynamic_fields", "sorts", "total", "vis_config")
"""Fields of a result maker that Looker fills from the tile's query; a tile may differ from its query in them."""


def wanted_result_maker(tile: DashboardTile, live: DashboardTile | None, *, same_source: bool) -> ResultMaker | None:
    """The result maker to send: a tile's listeners, and its overrides of its query.

    Filterables are always sent completely, because a sent result maker replaces them. ``live`` is None for a tile that
    is to be created; ``same_source``: the live tile shows the same query, look or merged query already.

    An override is a value of a result maker that differs from its own query or look. Overrides of the backup are
    compared with those of the live tile, so that a changed look does not count as an override of its tiles. A null
    removes a live override. It is not documented whether an override survives a change of the source, so all fields are
    sent to a live tile that has any.
    """
    maker = tile.get("result_maker")
    if not maker:
        return None
    wanted: ResultMaker = {}
    filterables = maker.get("filterables")
    if filterables is not None:
        wanted["filterables"] = [_without_nulls(entry) for entry in filterables]
    if maker.get("sql_query_id") is not None:
        wanted["sql_query_id"] = maker["sql_query_id"]
    ours = tile_overrides(tile, base_query(live) if live and same_source and not tile.get("look_id") else None)
    if live is None:
        return _with(wanted, {name: value for name, value in ours.items() if value is not None})
    theirs = tile_overrides(live)
    if same_source:
        shown = live.get("result_maker") or {}
        sent = {name: value for name, value in ours.items() if _differs(value, name, shown, theirs)}
        return _with(wanted, _sendable(sent, base_query(live)))
    known = base_query(live) is not None and live.get("result_maker") is not None
    silent = known and all(value is None for value in theirs.values())
    sent = {name: value for name, value in ours.items() if value is not None or not silent}
    return _with(wanted, _sendable(sent, base_query(tile)))


def _with(wanted: ResultMaker, sent: JsonObject) -> ResultMaker:
    return as_result_maker({**wanted, **sent}) if sent else wanted


def _sendable(sent: JsonObject, base: Query | None) -> JsonObject:
    """``total`` cannot be null (specification): the value of the source takes an override back."""
    if "total" in sent and sent["total"] is None:
        return {**sent, "total": bool((base or {}).get("total"))}
    return sent


def _differs(ours: object, name: str, shown: ResultMaker, theirs: JsonObject) -> bool:
    """Whether an override of the backup, None for none, has to be told to a live tile that shows the same source."""
    return theirs.get(name) is not None if ours is None else not _alike(ours, shown.get(name))


def tile_overrides(tile: DashboardTile, unshown: Query | None = None) -> JsonObject:
    """The overrides of a tile: a value, or None if the tile follows its query or look. ``unshown`` is the query of a
    tile that does not show it.

    Unknown fields are left out: the source is not shown, or an SDK did not know the field.
    """
    maker, base = tile.get("result_maker") or {}, base_query(tile)
    base = unshown if base is None else base
    if base is None:
        return {}
    held = {name: maker[name] for name in FROM_QUERY if name in maker}
    return {name: None if value is None or _alike(value, base.get(name)) else value for name, value in held.items()}


def not_overridden(body: TileBody, answer: DashboardTile) -> JsonObject:
    """The overrides that a body names and that the tile does not have as Looker answers, as the body has them."""
    wanted = {name: value for name, value in (body.get("result_maker") or {}).items() if name in FROM_QUERY}
    shown = answer.get("result_maker")
    if not wanted or shown is None:
        return {}
    theirs = tile_overrides(answer)
    return {name: value for name, value in wanted.items() if _differs(value, name, shown, theirs)}


def base_query(tile: DashboardTile) -> Query | None:
    """The query from which Looker takes a tile's visualisation; None if the tile does not show it.

    The backup holds only the id of a merged query, so its tile is compared with an empty one, and sent in full.
    """
    if tile.get("look_id"):
        return (tile.get("look") or {}).get("query")
    if tile.get("merge_result_id"):
        return {}
    return query_of(tile)


def _alike(ours: object, theirs: object) -> bool:
    return (_is_empty(ours) and _is_empty(theirs)) or same(ours, theirs)


def _is_empty(value: object) -> bool:
    """``dynamic_fields`` is JSON text."""
    return not value or value == "[]"


def _without_nulls(entry: ResultMakerFilterables) -> ResultMakerFilterables:
    return as_filterables({name: value for name, value in entry.items() if value is not None})


def must_be_sent(result_maker: ResultMaker | None) -> bool:
    """Whether a create must send the result maker: Looker creates one without listeners by itself."""
    if not result_maker:
        return False
    return bool(listeners(result_maker.get("filterables"))) or any(name != "filterables" for name in result_maker)


def source_of(tile: DashboardTile) -> Hashable:
    """The source of a tile in a comparable form; None for text tiles."""
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


def source_field(tile: DashboardTile) -> str:
    """The field with the source of a tile; "" for a text tile."""
    maker = tile.get("result_maker") or {}
    if tile.get("look_id"):
        return "look_id"
    if tile.get("merge_result_id") or maker.get("merge_result_id"):
        return "merge_result_id"
    if maker.get("sql_query_id"):
        return "sql_query_id"
    return "query_id" if query_id_of(tile) else ""


def _sources_of(tile: DashboardTile) -> tuple[Hashable, ...]:
    """The sources of a merged query, as far as its tile shows them: its id has no meaning in another instance."""
    maker = tile.get("result_maker") or {}
    names: Final = ("name", "model", "view")
    return tuple(tuple(str(one.get(name) or "") for name in names) for one in maker.get("filterables") or ())


_TEXTS: Final = ("type", "title", "title_text", "subtitle_text", "body_text", "note_text", "rich_content_json")


TILE_KINDS = frozenset({"text", "button", "extension", "filter"})
"""Types of tiles without a query."""

OF_WORDS = frozenset({"text", "button"})
"""The types among them without a result maker: Looker refuses to accept one."""

NO_SOURCE = "nothing"

_OWN_TEXTS: Final = ("title_text", "subtitle_text", "body_text", "rich_content_json")


def kind_of_tile(tile: DashboardTile) -> str:
    """The kind of a tile: its type, or ``look`` or ``chart`` by its source, or :data:`NO_SOURCE`.

    A tile with a result maker cannot become a text tile (Looker: "Result Maker IDs should not be provided for text
    elements"), and a tile keeps its id: a tile of another kind is another tile.
    """
    if tile.get("type") in TILE_KINDS:
        return str(tile["type"])
    maker = tile.get("result_maker") or {}
    if tile.get("look_id"):
        return "look"
    own = any(tile.get(name) for name in ("query_id", "query", "merge_result_id"))
    if own or any(maker.get(name) for name in ("query_id", "query", "merge_result_id", "sql_query_id")):
        return "chart"
    if tile.get("extension_id"):
        return "extension"
    return "text" if any(tile.get(name) for name in _OWN_TEXTS) else NO_SOURCE


def same_kind(tile: DashboardTile, live: DashboardTile) -> bool:
    """Whether both tiles are of the same kind."""
    return kind_of_tile(tile) == kind_of_tile(live)


_NEEDS = {"extension": ("extension_id",), "filter": ("filter_id",)}


def shows_nothing(tile: DashboardTile) -> bool:
    """Whether Looker cannot make the tile: it names neither query, look, merged query, SQL query nor extension, and has
    no text (create_dashboard_element answers 422). An empty text is one: people use it to keep tiles apart.
    """
    kind = kind_of_tile(tile)
    if kind in _NEEDS:
        return not any(tile.get(name) for name in _NEEDS[kind])
    return kind == NO_SOURCE or (kind in TILE_KINDS and all(tile.get(name) is None for name in _OWN_TEXTS))


def strict_key(tile: DashboardTile) -> Hashable:
    """Equal for tiles that look identical to users."""
    return (source_of(tile), *(str(tile.get(name) or "") for name in _TEXTS))


def linkless_key(tile: DashboardTile) -> Hashable:
    """Equal for tiles that differ only in the targets of their links: an id that is not known yet, another host."""
    return (source_of(tile), *(rewritten(str(tile.get(name) or ""), lambda link: ("*", "*")) for name in _TEXTS))


def title_key(tile: DashboardTile) -> Hashable:
    """Equal for tiles of the same kind and title; None without a title."""
    title = tile.get("title") or tile.get("title_text")
    return (tile.get("type"), title) if title else None


def source_key(tile: DashboardTile) -> Hashable:
    """Equal for tiles with the same source, with any title."""
    source = source_of(tile)
    return None if source is None else (tile.get("type"), source)


def same_source_ids(tile: DashboardTile, live: DashboardTile) -> bool:
    """Whether both tiles have the same source by id."""
    return all(str(tile.get(name) or "") == str(live.get(name) or "") for name in _SOURCES)


def query_of(tile: DashboardTile) -> Query | None:
    """The query that a tile shows, wherever Looker put it."""
    maker = tile.get("result_maker") or {}
    return tile.get("query") or maker.get("query") or None
