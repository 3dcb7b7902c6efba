"""A tile's overrides of its query or look are compared with the live tile's overrides."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.shapes.boundary import as_tile
from lrestore.content.shapes.tile import DashboardTile
from lrestore.json_types import JsonObject
from lrestore.restoration.dashboards.tiles import not_overridden, overrides, tile_body, wanted_result_maker
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.core.config import Overrides
from tests.restoration.restore_fixture import Stage, writes

PIE = {"type": "looker_pie"}


def tile_of(stage: Stage, source: str) -> JsonObject:
    """A backed-up tile of dashboard 1 with the source."""
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
def test_an_override_that_the_backup_lacks_is_removed(stage: Stage, source: str, field: JsonObject) -> None:
    tile = tile_of(stage, source)
    override(stage, tile["id"], **field)
    assert {change.path.rpartition(".")[2] for change in stage.plan("dashboard=1").changes} == {"result_maker"}
    calls = stage.counted(lambda: stage.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard_element": 1}
    assert not any(overrides(as_tile(stage.tiles("1")[tile["id"]])).values())
    assert stage.restore("dashboard=1").outcome == "unchanged"


def test_an_override_of_the_total_is_reset_to_the_querys_value(stage: Stage) -> None:
    """The specification does not allow null for ``total``."""
    tile = tile_of(stage, "query_id")
    total = bool(tile["query"]["total"])
    override(stage, tile["id"], total=not total)
    stage.restore("dashboard=1")
    assert stage.tiles("1")[tile["id"]]["result_maker"]["total"] is total
    assert stage.restore("dashboard=1").outcome == "unchanged"


def test_a_tile_follows_a_look_that_has_changed_without_an_override(stage: Stage) -> None:
    """The look is not restored with the dashboard: the tile shows other data, but does not differ itself."""
    tile = tile_of(stage, "look_id")
    stage.call("update_look", {"query_id": other_query(stage, tile)}, look_id=tile["look_id"])
    assert stage.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == {"type": "table"}
    assert writes(stage.counted(lambda: stage.restore("dashboard=1"))) == {}
    stage.restore(f"look={tile['look_id']}")
    assert stage.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize("after", ["dropped", "kept", "lost"])
@pytest.mark.parametrize("backed_up", [None, PIE])
def test_overrides_are_correct_after_a_query_change_whether_looker_keeps_or_drops_them(
    stage: Stage, after: Overrides, backed_up: Any
) -> None:
    """Looker does not document which of the two it does."""
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


def query_tile(maker: JsonObject, query: JsonObject, number: str = "1") -> DashboardTile:
    query = {"id": number, **query}
    return as_tile({"id": "5", "type": "vis", "query_id": number, "query": query, "result_maker": maker})


def test_a_new_source_is_sent_with_all_fields_if_the_live_tile_overrides_any() -> None:
    names = ("dynamic_fields", "sorts", "vis_config", "total")
    ours = query_tile({**dict.fromkeys(names), "vis_config": PIE}, {"vis_config": PIE, "total": True})
    theirs = query_tile({**dict.fromkeys(names), "sorts": ["a"]}, {}, "2")
    wanted = wanted_result_maker(ours, theirs, same_source=False)
    assert wanted == {"dynamic_fields": None, "sorts": None, "vis_config": None, "total": True}
    follows = query_tile(dict.fromkeys(names), {}, "2")
    assert wanted_result_maker(ours, follows, same_source=False) == {}


def test_an_override_lost_in_the_answer_is_detected() -> None:
    """Looker may apply the change of the source after the change of the result maker."""
    sent = {"vis_config": PIE, "sorts": None}
    body = tile_body({"query_id": "1", "result_maker": sent})
    answer = query_tile(
        {"vis_config": {"type": "table"}, "sorts": ["a"]}, {"vis_config": {"type": "table"}, "sorts": []}
    )
    assert not_overridden(body, answer) == sent
    assert not_overridden(body, query_tile({"vis_config": PIE, "sorts": []}, {"sorts": []})) == {}
    assert not_overridden(body, {"id": "5"}) == {}


def test_an_override_lost_with_a_query_change_is_sent_again(stage: Stage) -> None:
    item, tile = stage.item("dashboard=1"), tile_of(stage, "query_id")
    mine = next(one for one in item.raw["dashboard_elements"] if one["id"] == tile["id"])
    mine["result_maker"]["vis_config"] = PIE
    stage.call("update_dashboard_element", {"query_id": other_query(stage, tile)}, dashboard_element_id=tile["id"])
    stage.simulator.config.overrides = "lost"
    calls = stage.counted(lambda: ItemRestorer(stage.context()).restore(item))
    assert writes(calls) == {"update_dashboard_element": 2}
    assert stage.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == PIE
