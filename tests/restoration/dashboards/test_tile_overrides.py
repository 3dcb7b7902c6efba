"""What a tile overrides in its query or look is compared with what the live tile overrides in its own."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.json_types import JsonObject
from lrestore.restoration.dashboards.tiles import not_overridden, overrides, wanted_result_maker
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.core.config import Overrides
from tests.restoration.restore_fixture import Stage, writes

PIE = {"type": "looker_pie"}


def tile_of(stage: Stage, source: str) -> JsonObject:
    """A tile of dashboard 1 as it was backed up, with that source."""
    found: JsonObject = next(one for one in stage.item("dashboard=1").raw["dashboard_elements"] if one[source])
    return found


def override(stage: Stage, tile_id: str, **fields: Any) -> None:
    stage.call("update_dashboard_element", {"result_maker": fields}, dashboard_element_id=tile_id)


def other_query(stage: Stage, tile: JsonObject) -> str:
    shown = tile["query"] or tile["look"]["query"]
    body = {"model": shown["model"], "view": shown["view"], "fields": shown["fields"], "vis_config": {"type": "table"}}
    return str(stage.call("create_query", {**body, "total": True})["id"])


@pytest.mark.parametrize("source", ["query_id", "look_id"])
@pytest.mark.parametrize("field", [{"vis_config": PIE}, {"sorts": ["a.b desc"]}, {"dynamic_fields": '[{"a": 1}]'}])
def test_an_override_that_the_backup_has_not_is_taken_back(stage: Stage, source: str, field: JsonObject) -> None:
    tile = tile_of(stage, source)
    override(stage, tile["id"], **field)
    assert {change.path.rpartition(".")[2] for change in stage.plan("dashboard=1").changes} == {"result_maker"}
    calls = stage.counted(lambda: stage.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard_element": 1}
    assert not any(overrides(stage.tiles("1")[tile["id"]]).values())
    assert stage.restore("dashboard=1").outcome == "unchanged"


def test_an_override_of_the_total_is_taken_back_by_what_the_query_has(stage: Stage) -> None:
    """The specification lets ``total`` not be null."""
    tile = tile_of(stage, "query_id")
    total = bool(tile["query"]["total"])
    override(stage, tile["id"], total=not total)
    stage.restore("dashboard=1")
    assert stage.tiles("1")[tile["id"]]["result_maker"]["total"] is total
    assert stage.restore("dashboard=1").outcome == "unchanged"


def test_a_tile_follows_a_look_that_has_changed_without_an_override(stage: Stage) -> None:
    """The look is not restored with the dashboard: what the tile shows differs, and nothing of the tile does."""
    tile = tile_of(stage, "look_id")
    stage.call("update_look", {"query_id": other_query(stage, tile)}, look_id=tile["look_id"])
    assert stage.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == {"type": "table"}
    assert writes(stage.counted(lambda: stage.restore("dashboard=1"))) == {}
    stage.restore(f"look={tile['look_id']}")
    assert stage.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize("after", ["dropped", "kept", "lost"])
@pytest.mark.parametrize("backed_up", [None, PIE])
def test_overrides_are_right_after_a_change_of_the_query_whether_or_not_they_outlive_it(
    stage: Stage, after: Overrides, backed_up: Any
) -> None:
    """Which of the two Looker does is nowhere said."""
    stage.simulator.config.overrides = after
    item, tile = stage.item("dashboard=1"), tile_of(stage, "query_id")
    mine = next(one for one in item.raw["dashboard_elements"] if one["id"] == tile["id"])
    wanted = backed_up or tile["query"]["vis_config"]
    mine["result_maker"]["vis_config"] = wanted
    override(stage, tile["id"], vis_config={"type": "live"}, sorts=["live desc"])
    stage.call("update_dashboard_element", {"query_id": other_query(stage, tile)}, dashboard_element_id=tile["id"])
    override(stage, tile["id"], vis_config={"type": "live"})
    ItemRestorer(stage.context()).restore(item)
    live = stage.tiles("1")[tile["id"]]
    assert live["query_id"] == tile["query_id"]
    assert live["result_maker"]["vis_config"] == wanted
    assert (live["result_maker"]["sorts"] or []) == (tile["query"]["sorts"] or [])
    assert ItemRestorer(stage.context()).restore(item).result.outcome == "unchanged"


def query_tile(maker: JsonObject, query: JsonObject, number: str = "1") -> JsonObject:
    return {"id": "5", "type": "vis", "query_id": number, "query": {"id": number, **query}, "result_maker": maker}


def test_another_source_is_told_of_all_fields_where_the_live_tile_overrides_any() -> None:
    names = ("dynamic_fields", "sorts", "vis_config", "total")
    ours = query_tile({**dict.fromkeys(names), "vis_config": PIE}, {"vis_config": PIE, "total": True})
    theirs = query_tile({**dict.fromkeys(names), "sorts": ["a"]}, {}, "2")
    wanted = wanted_result_maker(ours, theirs, same_source=False)
    assert wanted == {"dynamic_fields": None, "sorts": None, "vis_config": None, "total": True}
    follows = query_tile(dict.fromkeys(names), {}, "2")
    assert wanted_result_maker(ours, follows, same_source=False) == {}


def test_an_answer_in_which_an_override_is_lost_is_seen() -> None:
    """Looker may carry out the change of the source after that of the result maker."""
    body = {"query_id": "1", "result_maker": {"vis_config": PIE, "sorts": None}}
    answer = query_tile(
        {"vis_config": {"type": "table"}, "sorts": ["a"]}, {"vis_config": {"type": "table"}, "sorts": []}
    )
    assert not_overridden(body, answer) == body["result_maker"]
    assert not_overridden(body, query_tile({"vis_config": PIE, "sorts": []}, {"sorts": []})) == {}
    assert not_overridden(body, {"id": "5"}) == {}


def test_an_override_that_is_lost_with_the_change_of_its_query_is_said_once_more(stage: Stage) -> None:
    item, tile = stage.item("dashboard=1"), tile_of(stage, "query_id")
    mine = next(one for one in item.raw["dashboard_elements"] if one["id"] == tile["id"])
    mine["result_maker"]["vis_config"] = PIE
    stage.call("update_dashboard_element", {"query_id": other_query(stage, tile)}, dashboard_element_id=tile["id"])
    stage.simulator.config.overrides = "lost"
    calls = stage.counted(lambda: ItemRestorer(stage.context()).restore(item))
    assert writes(calls) == {"update_dashboard_element": 2}
    assert stage.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == PIE
