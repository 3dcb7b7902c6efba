"""Tiles are matched within their kind; tiles that Looker cannot create are omitted before the first write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.shapes.boundary import as_tile
from lrestore.json_types import JsonObject
from lrestore.restoration.dashboards.tiles import NO_SOURCE, kind_of_tile, shows_nothing
from lrestore.restoration.identify.parts import match_parts
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, incomplete, writes


def pair(setup: RestoreFixture) -> tuple[str, str]:
    """The ids of a chart and of a text of dashboard 1."""
    tiles = setup.item("dashboard=1").raw["dashboard_elements"]
    chart = next(one for one in tiles if kind_of_tile(one) == "chart")
    text = next((one for one in tiles if one["type"] == "text"), None)
    if text is None:
        raise AssertionError("dashboard 1 has no text")
    return chart["id"], text["id"]


def swapped(setup: RestoreFixture) -> dict[str, str]:
    """Swap the two in the backup: the text has the chart's id, and the other way round. Returns the kind by id."""
    chart, text = pair(setup)
    tiles = {key: dict(setup.world.table("dashboard_element").get(key) or {}) for key in (chart, text)}
    for key, other in ((chart, text), (text, chart)):
        edit(setup.world, Edit(type="dashboard_element", id=key, set={**tiles[other], "id": key}))
    return {key: kind_of_tile(as_tile(tile)) for key, tile in setup.tiles("1").items()}


def test_tiles_with_swapped_ids_are_matched_by_content(setup: RestoreFixture) -> None:
    before = swapped(setup)
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert not {"create_dashboard_element", "delete_dashboard_element", "update_dashboard_element"} & calls.keys()
    assert {key: kind_of_tile(as_tile(tile)) for key, tile in setup.tiles("1").items()} == before
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_a_chart_with_the_id_of_a_text_is_kept_and_the_text_is_created(setup: RestoreFixture) -> None:
    chart, text = pair(setup)
    source = setup.world.table("dashboard_element").get(chart)
    assert source
    blank = dict.fromkeys(("title_text", "body_text", "subtitle_text", "rich_content_json"))
    edit(setup.world, Edit(type="dashboard_element", id=text, set={**source, "title": "New", **blank, "id": text}))
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert (calls["create_dashboard_element"], calls["delete_dashboard_element"]) == (1, 1)
    assert calls["update_dashboard_element"] == 0
    backed_up = setup.item("dashboard=1").raw["dashboard_elements"]
    assert sorted(map(kind_of_tile, map(as_tile, setup.tiles("1").values()))) == sorted(map(kind_of_tile, backed_up))
    assert writes(setup.counted(lambda: setup.restore("dashboard=1"))) == {}


def test_a_tile_of_another_kind_with_alerts_is_kept_beside_the_new_one(setup: RestoreFixture) -> None:
    chart, text = pair(setup)
    source = setup.world.table("dashboard_element").get(chart)
    assert source
    edit(setup.world, Edit(type="dashboard_element", id=text, set={**source, "title": "New", "id": text}))
    alert = next(iter(setup.world.table("alert")))
    edit(setup.world, Edit(type="alert", id=alert["id"], set={"dashboard_element_id": text}))
    result = setup.restore("dashboard=1")
    assert text in setup.tiles("1")
    assert any("alert" in warning and text in warning for warning in result.warnings)
    assert writes(setup.counted(lambda: setup.restore("dashboard=1"))) == {}


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), unique_by=lambda pair: pair[0]),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), unique_by=lambda pair: pair[0]),
    st.dictionaries(st.sampled_from("012345"), st.sampled_from("012345")),
)
def test_no_part_is_matched_with_one_of_another_kind(
    ours: list[tuple[int, str]], theirs: list[tuple[int, str]], mapped: dict[str, str]
) -> None:
    backed_up, live = ([{"id": str(key), "kind": kind} for key, kind in side] for side in (ours, theirs))
    matching = match_parts(
        backed_up,
        live,
        mapped=mapped.get,
        ids_hold=True,
        keys=((lambda part: "same", lambda part: "same"),),
        same_kind=lambda part, live: part["kind"] == live["kind"],
    )
    assert all(backed_up[index]["kind"] == part["kind"] for index, part in matching.live_of.items())
    assert len(matching.live_of) + len(matching.extra) == len(live)


@pytest.mark.parametrize(
    ("tile", "kind"),
    [
        ({"type": "text", "query_id": "1"}, "text"),
        ({"type": "button", "rich_content_json": "{}"}, "button"),
        ({"type": "vis", "look_id": "1"}, "look"),
        ({"type": "vis", "query_id": "1"}, "chart"),
        ({"type": "vis", "result_maker": {"query_id": "1"}}, "chart"),
        ({"type": "vis", "result_maker": {"sql_query_id": "1"}}, "chart"),
        ({"type": "vis", "merge_result_id": "1"}, "chart"),
        ({"extension_id": "a::b"}, "extension"),
        ({"title_text": "Intro"}, "text"),
        ({"type": "vis", "title": "Empty", "result_maker": {"filterables": []}}, NO_SOURCE),
    ],
)
def test_the_kind_of_a_tile_is_its_type_or_what_it_shows(tile: JsonObject, kind: str) -> None:
    assert kind_of_tile(as_tile(tile)) == kind


@pytest.mark.parametrize(
    ("tile", "nothing"),
    [
        ({"type": "vis", "title": "Empty"}, True),
        ({"type": "extension"}, True),
        ({"type": "filter"}, True),
        ({"type": "text", "title": "only a title"}, True),
        ({"type": "text", "body_text": ""}, False),
        ({"type": "button", "rich_content_json": "{}"}, False),
        ({"type": "filter", "filter_id": "1"}, False),
    ],
)
def test_tiles_that_no_call_can_create_are_recognised(tile: JsonObject, nothing: bool) -> None:
    assert shows_nothing(as_tile(tile)) is nothing


def test_a_tile_without_content_is_omitted_and_reported_before_the_first_write(setup: RestoreFixture) -> None:
    item = setup.item("dashboard=1")
    tile = next(one for one in item.raw["dashboard_elements"] if one["query_id"])
    maker = {**tile["result_maker"], "query": None, "query_id": None, "id": None}
    tile |= {"query": None, "query_id": None, "result_maker": maker, "result_maker_id": None, "title": "Empty"}
    setup.call("delete_dashboard", dashboard_id="1")
    result = ItemRestorer(setup.context()).restore(item).result
    assert result.outcome == "created"
    assert any("'Empty'" in warning and "left out" in warning for warning in result.warnings)
    assert len(setup.tiles(result.destination_id)) == len(item.raw["dashboard_elements"]) - 1
    assert writes(setup.counted(lambda: ItemRestorer(setup.context()).restore(item))) == {}


@pytest.mark.parametrize("lacking", ["name", "title", "type", "dimension", "explore", "model"])
def test_a_filter_that_looker_cannot_create_is_omitted_and_reported(setup: RestoreFixture, lacking: str) -> None:
    item = setup.item("dashboard=1")
    entry = item.raw["dashboard_filters"][0]
    entry |= {"type": "field_filter", "name": "Half", "title": "Half", lacking: None}
    setup.call("delete_dashboard", dashboard_id="1")
    result = ItemRestorer(setup.context()).restore(item).result
    assert any("'Half'" in warning and f"no {lacking}" in warning for warning in result.warnings)
    assert len(setup.dashboard(result.destination_id)["dashboard_filters"]) == len(item.raw["dashboard_filters"]) - 1
    assert writes(setup.counted(lambda: ItemRestorer(setup.context()).restore(item))) == {}


def test_a_position_without_a_size_is_ignored(setup: RestoreFixture) -> None:
    item = setup.item("dashboard=1")
    place = item.raw["dashboard_layouts"][0]["dashboard_layout_components"][0]
    place |= dict.fromkeys(("row", "column", "width", "height"))
    assert writes(setup.counted(lambda: ItemRestorer(setup.context()).restore(item))) == {}


def test_a_live_tile_stays_while_the_tile_with_its_id_cannot_be_created(setup: RestoreFixture) -> None:
    """An unresolved reference never causes a removal."""
    item, (chart, _) = setup.item("dashboard=1"), pair(setup)
    tile = next(one for one in item.raw["dashboard_elements"] if one["id"] == chart)
    tile |= {"look_id": "7654321", **dict.fromkeys(("query", "query_id", "result_maker", "result_maker_id"))}
    before = len(setup.simulator.log.writes())
    incomplete(lambda: ItemRestorer(setup.context()).restore(item))
    assert len(setup.simulator.log.writes()) == before
    assert chart in setup.tiles("1")
