"""Tiles, filters, layouts and components."""

from __future__ import annotations

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import make_world
from tests.simulator.direct import Direct

QUERY = {"model": "ecommerce", "view": "orders", "fields": ["orders.count"], "vis_config": {"type": "looker_line"}}


def _new(looker: Direct) -> str:
    return str(looker.post("/dashboards", {"title": "New", "folder_id": "1"})["id"])


def _query(looker: Direct, **changes: object) -> str:
    return str(looker.post("/queries", {**QUERY, **changes})["id"])


def test_a_query_tile_shows_its_query_in_every_place(looker: Direct) -> None:
    key, query_id = _new(looker), _query(looker)
    tile = looker.post("/dashboard_elements", {"dashboard_id": key, "type": "vis", "query_id": query_id})
    assert tile["query"]["id"] == tile["result_maker"]["query_id"] == tile["result_maker"]["query"]["id"] == query_id
    assert tile["result_maker"]["vis_config"] == {"type": "looker_line"}
    assert tile["result_maker"]["filterables"] == [{"model": "ecommerce", "view": "orders", "name": "", "listen": []}]


def test_another_query_changes_derived_fields_and_keeps_tile_and_listeners(looker: Direct) -> None:
    key = _new(looker)
    listen = [{"dashboard_filter_name": "Region", "field": "orders.region"}]
    maker = {"filterables": [{"model": "ecommerce", "view": "orders", "listen": listen}]}
    sent = {"dashboard_id": key, "type": "vis", "query_id": _query(looker), "result_maker": maker}
    tile = looker.post("/dashboard_elements", sent)
    other = _query(looker, vis_config={"type": "looker_pie"})
    changed = looker.patch(f"/dashboard_elements/{tile['id']}", {"query_id": other})
    assert changed["id"] == tile["id"] and changed["result_maker_id"] == tile["result_maker_id"]
    assert changed["query"]["id"] == changed["result_maker"]["query_id"] == other
    assert changed["result_maker"]["vis_config"] == {"type": "looker_pie"}
    assert changed["result_maker"]["filterables"][0]["listen"] == listen


def test_of_several_filterables_for_one_query_only_the_first_binds(looker: Direct) -> None:
    def part(name: str) -> JsonObject:
        listen = [{"dashboard_filter_name": name, "field": "orders.region"}]
        return {"model": "ecommerce", "view": "orders", "name": "", "listen": listen}

    sent = {"type": "vis", "query_id": _query(looker), "result_maker": {"filterables": [part("A"), part("B")]}}
    tile = looker.post("/dashboard_elements", {"dashboard_id": _new(looker), **sent})
    assert tile["result_maker"]["filterables"] == [part("A")]


def test_an_inline_query_is_no_source(looker: Direct) -> None:
    refused = looker.post("/dashboard_elements", {"dashboard_id": _new(looker), "type": "vis", "query": QUERY})
    assert looker.fields(refused) == {"query_id": "invalid"}
    assert looker.log.ignored_fields() == [("create_dashboard_element", "query")]


@pytest.mark.parametrize("field", ["query_id", "look_id", "merge_result_id", "result_maker_id"])
def test_a_source_that_does_not_exist_is_refused(looker: Direct, field: str) -> None:
    refused = looker.post("/dashboard_elements", {"dashboard_id": _new(looker), "type": "vis", field: "999999"})
    assert looker.fields(refused) == {field: "invalid"}


def test_sources_exclude_each_other(looker: Direct) -> None:
    maker = looker.get("/dashboards/1")["dashboard_elements"][0]["result_maker_id"]
    sent = {"dashboard_id": _new(looker), "type": "vis", "query_id": _query(looker), "result_maker_id": maker}
    assert looker.fields(looker.post("/dashboard_elements", sent)) == {"result_maker_id": "invalid"}


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "text", "body_text": "*x*"},
        {"type": "text", "rich_content_json": "[]"},
        {"type": "button", "rich_content_json": "{}"},
        {"type": "extension", "extension_id": "tools::calendar"},
        {"body_text": "no type given"},
    ],
)
def test_tiles_without_a_query_need_none(looker: Direct, sent: dict[str, str]) -> None:
    tile = looker.post("/dashboard_elements", {"dashboard_id": _new(looker), **sent})
    assert looker.status == 200 and tile["result_maker"] is None and tile["query"] is None


def test_a_look_tile_shows_the_look_with_its_query(looker: Direct) -> None:
    sent = {"dashboard_id": _new(looker), "type": "vis", "look_id": "1"}
    tile = looker.post("/dashboard_elements", sent)
    assert tile["look"]["query"]["id"] == tile["result_maker"]["query_id"]
    assert tile["query_id"] is None


def test_a_merged_tile_listens_by_the_names_of_its_queries(looker: Direct) -> None:
    merge = looker.get("/merge_queries/1")
    listen = [{"dashboard_filter_name": "Region", "field": "x.y"}]
    maker = {"filterables": [{"name": "q_1", "model": "finance", "listen": listen}]}
    sent = {"dashboard_id": _new(looker), "type": "vis", "merge_result_id": "1", "result_maker": maker}
    tile = looker.post("/dashboard_elements", sent)
    assert tile["result_maker"]["id"] == merge["result_maker_id"]
    assert [part["listen"] for part in tile["result_maker"]["filterables"]] == [[], listen]
    assert tile["result_maker"]["filterables"][1]["model"] == "finance"


def test_a_tile_gets_one_component_per_layout_below_the_others(looker: Direct) -> None:
    key = _new(looker)
    looker.post("/dashboard_layouts", {"dashboard_id": key, "type": "newspaper", "label": "Second"})
    for _ in range(2):
        looker.post("/dashboard_elements", {"dashboard_id": key, "type": "text", "body_text": "x"})
    layouts = looker.get(f"/dashboards/{key}")["dashboard_layouts"]
    assert len(layouts) == 2
    for layout in layouts:
        places = [(c["row"], c["column"], c["width"], c["height"]) for c in layout["dashboard_layout_components"]]
        assert places == [(0, 0, 8, 6), (6, 0, 8, 6)]


def test_a_tile_is_placed_on_the_layout_that_its_creation_names(looker: Direct) -> None:
    key = _new(looker)
    second = looker.post("/dashboard_layouts", {"dashboard_id": key, "label": "Second"})
    sent = {"dashboard_id": key, "type": "text", "body_text": "x", "dashboard_layout_id": second["id"]}
    looker.post("/dashboard_elements", sent)
    counts = [len(x["dashboard_layout_components"]) for x in looker.get(f"/dashboards/{key}")["dashboard_layouts"]]
    assert counts == [0, 1]


def test_a_layout_of_another_dashboard_is_refused(looker: Direct) -> None:
    other = looker.get("/dashboards/1")["dashboard_layouts"][0]["id"]
    sent = {"dashboard_id": _new(looker), "type": "text", "body_text": "x", "dashboard_layout_id": other}
    assert looker.fields(looker.post("/dashboard_elements", sent)) == {"dashboard_layout_id": "invalid"}


def test_components_are_patched_never_posted(looker: Direct) -> None:
    component = looker.get("/dashboards/1")["dashboard_layouts"][0]["dashboard_layout_components"][0]
    looker.post("/dashboard_layout_components", {"row": 1})
    assert looker.status == 404
    moved = looker.patch(f"/dashboard_layout_components/{component['id']}", {"row": 90, "column": 4, "width": 20})
    assert (moved["row"], moved["column"], moved["width"], moved["height"]) == (90, 4, 20, component["height"])


def test_one_layout_is_active_always(looker: Direct) -> None:
    key = _new(looker)
    first = looker.get(f"/dashboards/{key}")["dashboard_layouts"][0]["id"]
    second = looker.post("/dashboard_layouts", {"dashboard_id": key})["id"]
    assert looker.fields(looker.patch(f"/dashboard_layouts/{first}", {"active": False})) == {"active": "invalid"}
    looker.patch(f"/dashboard_layouts/{second}", {"active": True})
    assert looker.get(f"/dashboard_layouts/{first}")["active"] is False
    looker.delete(f"/dashboard_layouts/{second}")
    assert looker.status == 405


def test_deleting_a_tile_takes_its_components_and_orphans_its_alerts(looker: Direct) -> None:
    alert = next(iter(looker.world.table("alert")))
    tile = looker.get(f"/dashboard_elements/{alert['dashboard_element_id']}")
    assert tile["alert_count"] == 1
    looker.delete(f"/dashboard_elements/{tile['id']}")
    assert looker.world.table("dashboard_layout_component").where("dashboard_element_id", tile["id"]) == []
    assert [(i.kind, i.details["id"]) for i in looker.log.incidents] == [("alert_orphaned", alert["id"])]


def test_a_filter_needs_all_that_the_specification_requires(looker: Direct) -> None:
    refused = looker.post("/dashboard_filters", {"dashboard_id": _new(looker)})
    assert looker.fields(refused) == {"name": "missing_field", "title": "missing_field", "type": "missing_field"}


def test_a_filter_name_is_unique_in_its_dashboard(looker: Direct) -> None:
    sent = {"dashboard_id": _new(looker), "name": "Region", "title": "Region", "type": "string_filter"}
    made = looker.post("/dashboard_filters", sent)
    assert made["row"] == 0
    assert looker.fields(looker.post("/dashboard_filters", {**sent, "title": "Other"})) == {"name": "already_exists"}
    assert looker.post("/dashboard_filters", {**sent, "name": "Other"})["row"] == 1


def test_filter_titles_may_be_made_unique_too() -> None:
    looker = Direct(make_world(), SimulatorConfig(unique_filter_titles=True))
    sent = {"dashboard_id": _new(looker), "name": "Region", "title": "Region", "type": "string_filter"}
    looker.post("/dashboard_filters", sent)
    assert looker.fields(looker.post("/dashboard_filters", {**sent, "name": "B"})) == {"title": "already_exists"}


def test_null_sets_a_field_back(looker: Direct) -> None:
    tile = looker.get("/dashboards/1")["dashboard_elements"][0]
    looker.patch(f"/dashboard_elements/{tile['id']}", {"note_text": "n", "note_state": "expanded"})
    after = looker.patch(f"/dashboard_elements/{tile['id']}", {"note_text": None})
    assert after["note_text"] is None and after["note_text_as_html"] is None and after["note_state"] == "expanded"
    assert looker.fields(looker.patch(f"/dashboard_elements/{tile['id']}", {"title_hidden": None})) == {
        "title_hidden": "invalid"
    }


def test_changing_a_part_changes_its_dashboard(looker: Direct) -> None:
    before = looker.get("/dashboards/1")["updated_at"]
    tile = looker.get("/dashboards/1", fields="dashboard_elements(id)")["dashboard_elements"][0]["id"]
    looker.patch(f"/dashboard_elements/{tile}", {"title": "T"})
    assert looker.get("/dashboards/1")["updated_at"] > before


def test_an_edit_without_the_api_is_visible_at_once(looker: Direct) -> None:
    edit(looker.world, Edit(type="dashboard_element", id="1", set={"title": "Drifted"}))
    edit(looker.world, Edit(type="dashboard_element", id="2", delete=True))
    tiles = looker.get("/dashboards/1")["dashboard_elements"]
    assert tiles[0]["title"] == "Drifted" and "2" not in [tile["id"] for tile in tiles]
    with pytest.raises(KeyError, match="there is no dashboard_element 2"):
        edit(looker.world, Edit(type="dashboard_element", id="2", delete=True))
