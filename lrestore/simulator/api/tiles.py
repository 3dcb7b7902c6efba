"""Tiles (dashboard elements) and the filters that they listen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api.crud import Draft, TypeRules, provide
from lrestore.simulator.api.layouts import move_tile, place_tile, touch
from lrestore.simulator.api.looks import find_explore
from lrestore.simulator.core.makers import FROM_SOURCE, new_maker, overridden
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.views import html

CAN = dict.fromkeys(("index", "show", "run", "create", "update", "destroy", "see_lookml", "copy", "download"), True)
SOURCES = ("query_id", "look_id", "merge_result_id", "result_maker_id")
TYPES = frozenset({"vis", "text", "button", "extension", "filter"})
_AS_HTML = {"body_text": "body_text_as_html", "title_text": "title_text_as_html"}
_AS_HTML.update({"subtitle_text": "subtitle_text_as_html", "note_text": "note_text_as_html"})


def _check_tile(draft: Draft) -> None:
    draft.require("dashboard_id")
    if draft.old is not None and draft.sets("dashboard_id"):
        draft.problem("dashboard_id", "a tile cannot be moved to another dashboard")
    given = [name for name in SOURCES if draft.values.get(name) is not None]
    if draft.old is not None:
        given = [name for name in given if draft.sets(name)]
    if len(given) > 1:
        draft.problem(given[1], f"{' and '.join(given)} exclude each other")
    elif given:
        _drop_other_sources(draft, given[0])
    _check_type(draft)
    _check_layout(draft)
    _check_maker(draft)


def _drop_other_sources(draft: Draft, chosen: str) -> None:
    for name in SOURCES[:3]:
        if name != chosen:
            draft.values[name] = draft.new[name] = None


def _check_type(draft: Draft) -> None:
    sourced = any(draft.new.get(name) is not None for name in SOURCES[:3]) or _by_maker_alone(draft)
    kind = draft.new["type"]
    if kind is None:
        kind = draft.values["type"] = draft.new["type"] = _type_of(draft.new, sourced=sourced)
    if kind not in TYPES:
        draft.problem("type", f"type must be one of {', '.join(sorted(TYPES))}")
    elif kind == "vis" and not sourced:
        draft.problem("query_id", "one of query_id, look_id, merge_result_id, result_maker_id is required")
    elif kind == "text" and (sourced or draft.new.get("result_maker_id") is not None):
        draft.problem("result_maker_id", "Result Maker IDs should not be provided for text elements")
    elif kind == "extension" and not draft.new["extension_id"]:
        draft.problem("extension_id", "extension_id is required", "missing_field")
    elif kind == "filter" and not draft.new["filter_id"]:
        draft.problem("filter_id", "filter_id is required", "missing_field")


def _by_maker_alone(draft: Draft) -> bool:
    """A tile with another tile's result maker, or a tile of SQL Runner, which has only its own."""
    other = draft.old is not None and any(draft.old.get(name) is not None for name in SOURCES[:3])
    return not other and draft.new.get("result_maker_id") is not None


def _type_of(record: Record, *, sourced: bool) -> str:
    if record["extension_id"]:
        return "extension"
    texts = ("body_text", "title_text", "subtitle_text", "rich_content_json")
    return "text" if not sourced and any(record[name] is not None for name in texts) else "vis"


def _check_layout(draft: Draft) -> None:
    layout = draft.call.world.get("dashboard_layout", draft.values.get("dashboard_layout_id"))
    if layout is not None and layout["dashboard_id"] != draft.new["dashboard_id"]:
        draft.problem("dashboard_layout_id", "the layout belongs to another dashboard")


def _check_maker(draft: Draft) -> None:
    wanted = draft.values.get("result_maker_id")
    if draft.old is None and wanted is not None and _maker(draft.call.world, wanted) is None:
        draft.problem("result_maker_id", f"result maker {wanted} does not exist")
    if draft.old is not None and draft.sets("result_maker_id"):
        draft.problem("result_maker_id", "result_maker_id is set by the server")


def _maker(world: World, maker_id: str) -> Record | None:
    owners = world.table("dashboard_element").where("result_maker_id", maker_id)
    return owners[0]["result_maker"] if owners else None


def _tile_made(call: OperationCall, tile: Record) -> None:
    world = call.world
    sent = tile["result_maker"]
    layout_id, tile["dashboard_layout_id"] = tile["dashboard_layout_id"], None
    shared = _maker(world, tile["result_maker_id"]) if tile["result_maker_id"] else None
    tile["result_maker"] = {**shared} if shared else new_maker(world, tile)
    show_maker(world, tile)
    if tile["result_maker"] is not None:
        if call.flag("apply_filters"):
            _apply_filters(world, tile)
        _merge_maker(world, tile, sent)
    _render_texts(tile, tile)
    place_tile(world, tile, layout_id)
    touch(call, tile["dashboard_id"])


def show_maker(world: World, tile: Record) -> None:
    """Set the tile's ids to those of its result maker."""
    maker = tile["result_maker"]
    values = {"result_maker_id": maker["id"] if maker else None}
    if maker and tile["look_id"] is None:
        values.update(query_id=maker["query_id"], merge_result_id=maker["merge_result_id"])
    world.table("dashboard_element").change(tile["id"], values)


def _apply_filters(world: World, tile: Record) -> None:
    filters = world.table("dashboard_filter").where("dashboard_id", tile["dashboard_id"])
    for part in tile["result_maker"]["filterables"]:
        part["listen"] = [
            {"dashboard_filter_name": f["name"], "field": f["dimension"]}
            for f in filters
            if (f["model"], f["explore"]) == (part["model"], part["view"])
        ]


def _merge_maker(world: World, tile: Record, sent: Mapping[str, Any] | None) -> None:
    """Apply the body's result maker. A tile has as many filterables as queries: of several entries for one query
    only the first counts."""
    maker: Record = tile["result_maker"]
    if sent is None:
        return
    own = list(maker["filterables"] or ())
    values = {name: value for name, value in sent.items() if name != "merge_result_id"}
    base = new_maker(world, tile, maker["id"]) or {}
    values.update({name: base.get(name) for name in FROM_SOURCE if name in values and values[name] is None})
    if "filterables" in values:
        values["filterables"] = [_bound(part, given) for part, given in _paired(own, values["filterables"] or [])]
    tile["result_maker"] = {**maker, **values}


def _paired(own: list[Record], sent: list[Record]) -> list[tuple[Record, Record | None]]:
    named = {part.get("name"): part for part in reversed(sent) if part.get("name")}
    return [
        (part, named.get(part["name"]) if named and part["name"] else sent[index] if index < len(sent) else None)
        for index, part in enumerate(own)
    ]


def _bound(part: Record, sent: Record | None) -> Record:
    given = {name: value for name, value in (sent or {}).items() if value is not None}
    listen = [{"dashboard_filter_name": None, "field": None, **entry} for entry in given.get("listen", ())]
    return {**part, **given, "listen": listen}


def _render_texts(tile: Record, values: Mapping[str, Any]) -> None:
    for name, shown in _AS_HTML.items():
        if name in values:
            tile[shown] = html(values[name])


def _tile_changed(call: OperationCall, tile: Record, before: Mapping[str, Any]) -> None:
    world = call.world
    layout_id, tile["dashboard_layout_id"] = tile["dashboard_layout_id"], None
    if layout_id is not None:
        move_tile(world, tile, layout_id)
    sent, tile["result_maker"] = tile["result_maker"], before["result_maker"]
    if any(tile[name] != before[name] for name in SOURCES[:3]):
        _change_source(call, tile, before)
        if sent is not None and call.simulation.config.overrides == "lost":
            sent = {name: value for name, value in sent.items() if name not in FROM_SOURCE}
    if tile["result_maker"] is not None and sent is not before["result_maker"]:
        _merge_maker(world, tile, sent)
    _render_texts(tile, {name: tile[name] for name in _AS_HTML if tile[name] != before[name]})
    touch(call, tile["dashboard_id"])


def _change_source(call: OperationCall, tile: Record, before: Mapping[str, Any]) -> None:
    """Set another query: the result maker stays, with new content; listeners stay if the explore is the same."""
    world, old = call.world, before["result_maker"]
    maker = new_maker(world, tile)
    if maker is not None and old is not None:
        if call.simulation.config.overrides == "kept":
            maker.update(overridden(world, before))
        if maker["merge_result_id"] is None and old["merge_result_id"] is None:
            maker["id"] = old["id"]
        heard = {(part["model"], part["view"], part["name"]): part["listen"] for part in old["filterables"] or ()}
        for part in maker["filterables"]:
            part["listen"] = heard.get((part["model"], part["view"], part["name"]), [])
    tile["result_maker"] = maker
    show_maker(world, tile)


def _tile_removed(call: OperationCall, tile: Record) -> None:
    world = call.world
    for component in world.table("dashboard_layout_component").where("dashboard_element_id", tile["id"]):
        world.table("dashboard_layout_component").remove(component["id"])
    for alert in world.table("alert").where("dashboard_element_id", tile["id"]):
        call.simulation.journal.incident("alert_orphaned", id=alert["id"], dashboard_element_id=tile["id"])
    touch(call, tile["dashboard_id"])


TILE = TypeRules(
    type="dashboard_element",
    references={
        "dashboard_id": "dashboard",
        "dashboard_layout_id": "dashboard_layout",
        "look_id": "look",
        "query_id": "query",
        "merge_result_id": "merge_query",
        "filter_id": "dashboard_filter",
    },
    defaults={"can": CAN},
    check=_check_tile,
    made=_tile_made,
    changed=_tile_changed,
    removed=_tile_removed,
    special={"deleted": lambda record, wanted: wanted.lower() != "true"},
)
provide(
    TILE,
    get="dashboard_element",
    search="search_dashboard_elements",
    create="create_dashboard_element",
    update="update_dashboard_element",
    delete="delete_dashboard_element",
)


def _check_filter(draft: Draft) -> None:
    draft.require("dashboard_id", "name", "title", "type")
    if draft.new["type"] == "field_filter":
        draft.require("model", "explore", "dimension")
    unique = ["name"] + ["title"] * draft.call.simulation.config.unique_filter_titles
    others = draft.call.world.table("dashboard_filter").where("dashboard_id", draft.new["dashboard_id"])
    for name in unique:
        wanted = str(draft.new[name]).casefold()
        if draft.sets(name) and any(o is not draft.old and str(o[name]).casefold() == wanted for o in others):
            draft.problem(name, f"the dashboard has a filter with this {name} already", "already_exists")


def _filter_made(call: OperationCall, row: Record) -> None:
    if row["row"] is None:
        row["row"] = call.world.table("dashboard_filter").count("dashboard_id", row["dashboard_id"]) - 1
    _filter_changed(call, row, {})


def _filter_changed(call: OperationCall, row: Record, before: Mapping[str, Any]) -> None:
    if any(row[name] != before.get(name) for name in ("model", "explore", "dimension")):
        row["field"] = _field_of(call.world, row)
    touch(call, row["dashboard_id"])


def _field_of(world: World, row: Record) -> Record | None:
    """Looker's description of the dimension, as far as a simulator without LookML can tell."""
    if not row["dimension"] or find_explore(world, row["model"] or "", row["explore"] or "") is None:
        return None
    return describe_field(row["dimension"])


def describe_field(name: str) -> Record:
    """A dimension as a filter's ``field`` shows it."""
    shown = {"name": name, "label": name, "type": "string", "is_numeric": False, "suggestable": True}
    return {**shown, "view": name.partition(".")[0], "sql": "${TABLE}.x", "measure": False}


def _filter_removed(call: OperationCall, row: Record) -> None:
    touch(call, row["dashboard_id"])


FILTER = TypeRules(
    type="dashboard_filter",
    references={"dashboard_id": "dashboard"},
    defaults={"can": {"show": True}, "listens_to_filters": []},
    check=_check_filter,
    made=_filter_made,
    changed=_filter_changed,
    removed=_filter_removed,
)
provide(
    FILTER,
    get="dashboard_filter",
    create="create_dashboard_filter",
    update="update_dashboard_filter",
    delete="delete_dashboard_filter",
)
