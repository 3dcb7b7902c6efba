"""A tile's overrides of its query or look are compared with the live tile's overrides."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.shapes.boundary import as_tile
from lrestore.content.shapes.tile import DashboardTile
from lrestore.json_types import JsonObject
from lrestore.restoration.dashboards.tiles import not_overridden, tile_body, tile_overrides, wanted_result_maker
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.core.config import Overrides
from tests.restoration.restore_fixture import RestoreFixture, writes

PIE = {"type": "looker_pie"}


def tile_of(setup: RestoreFixture, source: str) -> JsonObject:
    """A backed-up tile of dashboard 1 with the source."""
    found: JsonObject = next(one for one in setup.item("dashboard=1").raw["dashboard_elements"] if one[source])
    return found


def override(setup: RestoreFixture, tile_id: str, **fields: Any) -> None:
    setup.call("update_dashboard_element", {"result_maker": fields}, dashboard_element_id=tile_id)


def other_query(setup: RestoreFixture, tile: JsonObject) -> str:
    shown = tile["query"] or tile["look"]["query"]
    body = {"model": shown["model"], "view": shown["view"], "fields": shown["fields"], "vis_config": {"type": "table"}}
    return str(setup.call("create_query", {**body, "total": True})["id"])


@pytest.mark.parametrize("source", ["query_id", "look_id"])
@pytest.mark.parametrize("field", [{"vis_config": PIE}, {"sorts": ["a.b desc"]}, {"dynamic_fields": '[{"a": 1}]'}])
def test_an_override_that_the_backup_lacks_is_removed(setup: RestoreFixture, source: str, field: JsonObject) -> None:
    tile = tile_of(setup, source)
    override(setup, tile["id"], **field)
    assert {change.path.rpartition(".")[2] for change in setup.plan("dashboard=1").changes} == {"result_maker"}
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard_element": 1}
    assert not any(tile_overrides(as_tile(setup.tiles("1")[tile["id"]])).values())
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_an_override_of_the_total_is_reset_to_the_querys_value(setup: RestoreFixture) -> None:
    """The specification does not allow null for ``total``."""
    tile = tile_of(setup, "query_id")
    total = bool(tile["query"]["total"])
    override(setup, tile["id"], total=not total)
    setup.restore("dashboard=1")
    assert setup.tiles("1")[tile["id"]]["result_maker"]["total"] is total
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_a_tile_follows_a_look_that_has_changed_without_an_override(setup: RestoreFixture) -> None:
    """The look is not restored with the dashboard: the tile shows other data, but does not differ itself."""
    tile = tile_of(setup, "look_id")
    setup.call("update_look", {"query_id": other_query(setup, tile)}, look_id=tile["look_id"])
    assert setup.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == {"type": "table"}
    assert writes(setup.counted(lambda: setup.restore("dashboard=1"))) == {}
    setup.restore(f"look={tile['look_id']}")
    assert setup.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize("after", ["dropped", "kept", "lost"])
@pytest.mark.parametrize("backed_up", [None, PIE])
def test_overrides_are_correct_after_a_query_change_whether_looker_keeps_or_drops_them(
    setup: RestoreFixture, after: Overrides, backed_up: Any
) -> None:
    """Looker does not document which of the two it does."""
    setup.simulator.config.overrides = after
    item, tile = setup.item("dashboard=1"), tile_of(setup, "query_id")
    mine = next(one for one in item.raw["dashboard_elements"] if one["id"] == tile["id"])
    wanted = backed_up or tile["query"]["vis_config"]
    mine["result_maker"]["vis_config"] = wanted
    override(setup, tile["id"], vis_config={"type": "live"}, sorts=["live desc"])
    setup.call("update_dashboard_element", {"query_id": other_query(setup, tile)}, dashboard_element_id=tile["id"])
    override(setup, tile["id"], vis_config={"type": "live"})
    ItemRestorer(setup.context()).restore(item)
    live = setup.tiles("1")[tile["id"]]
    assert live["query_id"] == tile["query_id"]
    assert live["result_maker"]["vis_config"] == wanted
    assert (live["result_maker"]["sorts"] or []) == (tile["query"]["sorts"] or [])
    assert ItemRestorer(setup.context()).restore(item).result.outcome == "unchanged"


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


def test_an_override_lost_with_a_query_change_is_sent_again(setup: RestoreFixture) -> None:
    item, tile = setup.item("dashboard=1"), tile_of(setup, "query_id")
    mine = next(one for one in item.raw["dashboard_elements"] if one["id"] == tile["id"])
    mine["result_maker"]["vis_config"] = PIE
    setup.call("update_dashboard_element", {"query_id": other_query(setup, tile)}, dashboard_element_id=tile["id"])
    setup.simulator.config.overrides = "lost"
    calls = setup.counted(lambda: ItemRestorer(setup.context()).restore(item))
    assert writes(calls) == {"update_dashboard_element": 2}
    assert setup.tiles("1")[tile["id"]]["result_maker"]["vis_config"] == PIE
