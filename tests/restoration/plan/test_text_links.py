"""Links in texts lead to the same content as before, in another instance and to content with a new id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.world.backup import blob_of
from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import Arena, Ran
from tests.restoration.migration_fixture import Crossing

SOME = Sizes(users=2, groups=0, folders=2, depth=1, looks=0, dashboards=12, tiles=6, filters=0, boards=1, plans=1)
HERE = "looker.example.com"
"""The host in the share URLs of a generated instance."""

FEW = "dashboard=1,2,3"
MANY = "dashboard"


def text(body: str, **fields: Any) -> JsonObject:
    return {"id": "901", "type": "text", "body_text": body, **fields}


def dashboard_blob(arena: Arena, dashboard_id: str) -> JsonObject:
    world = arena.source if isinstance(arena, Crossing) else arena.world
    record = world.get("dashboard", dashboard_id)
    assert record is not None
    return blob_of(world, "dashboard", record)


def put(arena: Arena, dashboard_id: str, *tiles: JsonObject, **fields: Any) -> None:
    """Back up a dashboard with only these tiles and fields."""
    bare = {"dashboard_elements": list(tiles), "dashboard_layouts": [], "dashboard_filters": []}
    arena.back_up("dashboard", dashboard_id, {**dashboard_blob(arena, dashboard_id), **bare, **fields})


def vis(arena: Arena, **query: Any) -> JsonObject:
    """A tile of a generated dashboard with another query."""
    world = arena.source if isinstance(arena, Crossing) else arena.world
    blobs = (blob_of(world, "dashboard", dashboard) for dashboard in world.table("dashboard"))
    tiles = (tile for blob in blobs for tile in blob["dashboard_elements"])
    tile = next(tile for tile in tiles if tile["type"] == "vis" and tile["query"])
    asked = {**tile["query"], **query}
    maker = {name: value for name, value in query.items() if name in tile["result_maker"]}
    return {**tile, "query": asked, "result_maker": {**tile["result_maker"], **maker, "query": asked}, "title": "T"}


def only_tile(crossing: Crossing, dashboard_id: str) -> JsonObject:
    """The tile of a dashboard in the other instance, with its query."""
    (tile,) = crossing.parts("dashboard_element", crossing.new_id("dashboard", dashboard_id))
    return {**tile, "query": crossing.world.get("query", tile["query_id"] or "0")}


def about_links(ran: Ran) -> list[str]:
    return [warning for warning in ran.report["warnings"] if "the link to" in warning]


@pytest.fixture
def crossing(tmp_path: Path) -> Iterator[Crossing]:
    with Crossing(tmp_path, sizes=SOME) as made:
        for dashboard in made.source.table("dashboard"):
            if not dashboard["deleted"]:
                put(made, dashboard["id"], text("nothing to see"))
        made.migrate("folder", "user").all_good()
        yield made


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    """The backed-up instance with two dashboards that link to each other."""
    with Arena(tmp_path, sizes=SOME) as made:
        for one, other in (("1", "2"), ("2", "1")):
            for tile in made.parts("dashboard_element", one):
                made.edit("dashboard_element", tile["id"], note_text=f"see /dashboards/{other}")
            made.back_up("dashboard", one, dashboard_blob(made, one))
        yield made


@pytest.mark.parametrize("what", [FEW, MANY])
def test_dashboards_that_link_to_each_other_do_so_after_one_run(crossing: Crossing, what: str) -> None:
    put(crossing, "1", text("to [the second](/dashboards/2?x=1#y), the [third](/dashboards/3)"))
    put(crossing, "2", text("back to [the first](/dashboards/1)"))
    planned = crossing.migrate(what, "--plan").all_good()
    ran = crossing.migrate(what).all_good()
    first, second, third = (crossing.new_id("dashboard", one) for one in "123")
    forth = f"to [the second](/dashboards/{second}?x=1#y), the [third](/dashboards/{third})"
    assert only_tile(crossing, "1")["body_text"] == forth
    assert only_tile(crossing, "2")["body_text"] == f"back to [the first](/dashboards/{first})"
    assert about_links(planned) == about_links(ran) == []
    assert crossing.migrate(what).all_good().writes == []
    assert crossing.migrate(what, "--verify").all_good().report["verify"]["different"] == []


def test_a_dashboard_that_links_to_itself_does_so_after_one_run(crossing: Crossing) -> None:
    put(crossing, "1", text("[reload](/dashboards/1)"), description="I am /dashboards/1")
    ran = crossing.migrate("dashboard=1").all_good()
    new_id = crossing.new_id("dashboard", "1")
    assert only_tile(crossing, "1")["body_text"] == f"[reload](/dashboards/{new_id})"
    assert crossing.of("dashboard", id=new_id)["description"] == f"I am /dashboards/{new_id}"
    assert about_links(ran) == []
    assert crossing.migrate("dashboard=1").all_good().writes == []


def test_a_dashboard_made_anew_in_its_own_instance_links_to_itself(arena: Arena) -> None:
    (tile, *_) = arena.parts("dashboard_element", "1")
    arena.edit("dashboard_element", tile["id"], note_text="see /dashboards/1")
    arena.edit("dashboard", "1", description="I am /dashboards/1")
    arena.back_up("dashboard", "1", dashboard_blob(arena, "1"))
    assert arena.run("--select", "dashboard=1").all_good().writes == []
    arena.delete("dashboard", "1")
    arena.run("--select", "dashboard=1").all_good()
    (made,) = (row for row in arena.world.table("dashboard") if (row["description"] or "").startswith("I am"))
    assert made["id"] != "1" and made["description"] == f"I am /dashboards/{made['id']}"
    notes = {one.get("note_text") for one in arena.parts("dashboard_element", made["id"])}
    assert f"see /dashboards/{made['id']}" in notes and "see /dashboards/1" not in notes
    assert arena.run("--select", "dashboard=1").all_good().writes == []


def test_a_link_to_the_own_address_costs_no_call(arena: Arena) -> None:
    arena.edit("dashboard", "1", description="I am /dashboards/1")
    arena.back_up("dashboard", "1", dashboard_blob(arena, "1"))
    arena.edit("dashboard", "1", title="Changed")
    ran = arena.run("--select", "dashboard=1").all_good()
    called = [call.path for call in ran.calls if call.path.startswith("/dashboards")]
    assert called == ["/dashboards/1", "/dashboards/1"]


@pytest.mark.parametrize("field", ["title_text", "subtitle_text", "body_text", "note_text"])
def test_texts_of_tiles_are_followed(crossing: Crossing, field: str) -> None:
    put(crossing, "1", text("x", **{field: "a /dashboards/2 b"}))
    crossing.migrate(FEW).all_good()
    assert only_tile(crossing, "1")[field] == f"a /dashboards/{crossing.new_id('dashboard', '2')} b"


def test_rich_content_stays_json(crossing: Crossing) -> None:
    rich = json.dumps([{"type": "a", "url": "/dashboards/2", "id": 2, "children": [{"text": "2"}]}])
    put(crossing, "1", text(rich, rich_content_json=rich))
    crossing.migrate(FEW).all_good()
    (node,) = json.loads(only_tile(crossing, "1")["rich_content_json"])
    assert node == {**json.loads(rich)[0], "url": f"/dashboards/{crossing.new_id('dashboard', '2')}"}


def test_visualisations_and_drill_links_are_followed(crossing: Crossing) -> None:
    config = {
        "type": "single_value",
        "html_template": "<a href='/dashboards/2'>2</a>",
        "deep": [{"url": "/dashboards/2"}],
    }
    custom = json.dumps([{"dimension": "d", "html": '<a href="/dashboards/2?f={{ value }}">x</a>'}])
    put(crossing, "1", vis(crossing, vis_config=config, dynamic_fields=custom))
    crossing.migrate(FEW).all_good()
    query, new_id = only_tile(crossing, "1")["query"], crossing.new_id("dashboard", "2")
    assert query["vis_config"]["html_template"] == f"<a href='/dashboards/{new_id}'>2</a>"
    assert query["vis_config"]["deep"] == [{"url": f"/dashboards/{new_id}"}]
    assert f'href=\\"/dashboards/{new_id}?f=' in query["dynamic_fields"]
    assert crossing.migrate(FEW).all_good().writes == []


def test_addresses_of_the_own_instance_lead_to_the_other_one_and_foreign_ones_stay(crossing: Crossing) -> None:
    linked = f"https://{HERE}/dashboards/2 https://else.example.com/dashboards/2"
    put(crossing, "1", vis(crossing), vis(crossing) | {"id": "902", "note_text": linked, "title": "noted"})
    crossing.migrate(FEW).all_good()
    tiles = crossing.parts("dashboard_element", crossing.new_id("dashboard", "1"))
    (noted,) = (tile["note_text"] for tile in tiles if tile["title"] == "noted")
    host, foreign = noted.split()
    assert host.endswith(f"/dashboards/{crossing.new_id('dashboard', '2')}") and HERE not in host
    assert foreign == "https://else.example.com/dashboards/2"


def test_links_to_content_that_is_not_migrated_are_listed_and_stay(crossing: Crossing) -> None:
    put(crossing, "1", text("to /dashboards/2 and /dashboards/77 and /looks/5"))
    ran = crossing.migrate("dashboard=1").all_good()
    assert only_tile(crossing, "1")["body_text"] == "to /dashboards/2 and /dashboards/77 and /looks/5"
    warned = about_links(ran)
    assert len(warned) == 3
    assert all("dashboard=1: dashboard_elements[0].body_text: the link to" in warning for warning in warned)
    assert [name for name in ("dashboard=2", "dashboard=77", "look=5") if any(name in one for one in warned)] == [
        "dashboard=2",
        "dashboard=77",
        "look=5",
    ]


def test_the_next_run_links_to_content_that_was_migrated_later(crossing: Crossing) -> None:
    put(crossing, "1", text("to /dashboards/2"))
    crossing.migrate("dashboard=1").all_good()
    ran = crossing.migrate("dashboard=1,2").all_good()
    assert only_tile(crossing, "1")["body_text"] == f"to /dashboards/{crossing.new_id('dashboard', '2')}"
    assert about_links(ran) == []


def test_a_link_to_a_failed_item_is_listed(crossing: Crossing) -> None:
    put(crossing, "1", text("to /dashboards/2"))
    crossing.spoil("dashboard", "2", b"\xc1")
    ran = crossing.migrate("dashboard=1,2")
    assert [letter["id"] for letter in ran.letters] == ["2"]
    assert len(about_links(ran)) == 1
    assert ran.total("created") == 1


@pytest.mark.parametrize("what", [FEW, MANY])
def test_a_migrated_dashboard_that_was_deleted_is_linked_to_under_its_newer_id(crossing: Crossing, what: str) -> None:
    put(crossing, "1", text("to /dashboards/2"))
    crossing.migrate(what).all_good()
    old = crossing.new_id("dashboard", "2")
    crossing.delete("dashboard", old)
    ran = crossing.migrate(what).all_good()
    new = crossing.new_id("dashboard", "2")
    assert new != old
    assert only_tile(crossing, "1")["body_text"] == f"to /dashboards/{new}"
    assert (ran.total("created"), ran.total("updated")) == (1, 1)
    assert crossing.migrate(what).all_good().writes == []


def test_slugs_are_kept_and_so_are_links_by_slug(crossing: Crossing) -> None:
    slug = dashboard_blob(crossing, "2")["slug"]
    put(crossing, "1", text(f"to /dashboards/{slug} and /dashboards/thelook::sales"))
    crossing.migrate(FEW).all_good()
    assert only_tile(crossing, "1")["body_text"] == f"to /dashboards/{slug} and /dashboards/thelook::sales"
    assert crossing.of("dashboard", slug=slug)["id"] == crossing.new_id("dashboard", "2")


def test_folders_and_boards_are_linked_to_as_well(crossing: Crossing) -> None:
    folder = next(row for row in crossing.source.table("folder") if row["parent_id"] == "1")["id"]
    put(crossing, "1", text(f"/folders/{folder} /boards/1"), description="/boards/1")
    crossing.migrate("dashboard", "board").all_good()
    board = crossing.new_id("board", "1")
    assert only_tile(crossing, "1")["body_text"] == f"/folders/{crossing.new_id('folder', folder)} /boards/{board}"
    assert crossing.of("dashboard", id=crossing.new_id("dashboard", "1"))["description"] == f"/boards/{board}"
    assert crossing.migrate("dashboard", "board").all_good().writes == []


def test_boards_are_followed_in_every_text(crossing: Crossing) -> None:
    item: JsonObject = {"id": "1", "board_section_id": "1", "custom_url": "/dashboards/2", "custom_title": "t"}
    item |= {"custom_description": "or /dashboards/3", "use_custom_description": True, "use_custom_title": True}
    section = {"id": "1", "title": "S", "description": "see /dashboards/2", "board_items": [item]}
    board = {"id": "1", "title": "B", "description": "all of /dashboards/3", "board_sections": [section]}
    crossing.back_up("board", "1", board)
    crossing.migrate("dashboard", "board").all_good()
    second, third = crossing.new_id("dashboard", "2"), crossing.new_id("dashboard", "3")
    made = crossing.of("board", id=crossing.new_id("board", "1"))
    (made_section,) = crossing.world.table("board_section").where("board_id", made["id"])
    (made_item,) = crossing.world.table("board_item").where("board_section_id", made_section["id"])
    assert made["description"] == f"all of /dashboards/{third}"
    assert made_section["description"] == f"see /dashboards/{second}"
    assert made_item["custom_url"] == f"/dashboards/{second}"
    assert made_item["custom_description"] == f"or /dashboards/{third}"
    assert crossing.migrate("dashboard", "board").all_good().writes == []


def test_plans_are_followed_in_every_text(crossing: Crossing) -> None:
    """Filters are keyed by names, which are no ids; their values may be links."""
    record = crossing.source.get("scheduled_plan", "1")
    assert record is not None
    plan = blob_of(crossing.source, "scheduled_plan", record)
    (destination, *_) = plan["scheduled_plan_destination"]
    plan |= {
        "dashboard_id": "2",
        "custom_url_base": f"https://{HERE}",
        "custom_url_params": "/dashboards/2?Region=42",
        "filters_string": "?Region=42&Page=%2Fdashboards%2F2",
        "scheduled_plan_destination": [{**destination, "message": "see /dashboards/2"}],
    }
    crossing.back_up("scheduled_plan", "1", plan)
    crossing.migrate("dashboard", "scheduled_plan").all_good()
    second = crossing.new_id("dashboard", "2")
    made = crossing.of("scheduled_plan", id=crossing.new_id("scheduled_plan", "1"))
    assert made["custom_url_params"] == f"/dashboards/{second}?Region=42"
    assert made["filters_string"] == f"?Region=42&Page=%2Fdashboards%2F{second}"
    assert made["scheduled_plan_destination"][0]["message"] == f"see /dashboards/{second}"
    assert crossing.migrate("dashboard", "scheduled_plan").all_good().writes == []


@pytest.mark.parametrize("what", [FEW, MANY])
def test_in_the_same_instance_links_stay_as_they_are_and_cost_next_to_nothing(arena: Arena, what: str) -> None:
    ran = arena.run("--select", what).all_good()
    assert ran.writes == []
    assert ran.operations["dashboard"] <= 4
    assert ran.operations["search_dashboards"] <= 8


@pytest.mark.parametrize("what", [FEW, MANY])
def test_in_the_same_instance_a_dashboard_made_anew_is_linked_to_under_its_new_id(arena: Arena, what: str) -> None:
    arena.delete("dashboard", "2")
    planned = arena.run("--select", what, "--plan").all_good()
    assert (planned.total("created"), planned.total("updated")) == (1, 1)
    ran = arena.run("--select", what).all_good()
    assert (ran.total("created"), ran.total("updated")) == (1, 1)
    (mapping,) = (row for row in arena.rows("mappings=dashboard") if row["source_id"] == "2")
    new_id = mapping["destination_id"]
    assert new_id != "2"
    assert {tile["note_text"] for tile in arena.parts("dashboard_element", "1")} == {f"see /dashboards/{new_id}"}
    assert {tile["note_text"] for tile in arena.parts("dashboard_element", new_id)} == {"see /dashboards/1"}
    assert arena.run("--select", what).all_good().writes == []


def test_a_tile_is_matched_whatever_its_links_are(crossing: Crossing) -> None:
    """A run without records finds the tiles of an earlier run: they are updated, never deleted and recreated."""
    rich = json.dumps({"text": "More", "href": f"https://{HERE}/dashboards/2"})
    put(crossing, "1", text("see /dashboards/3"), {"id": "902", "type": "button", "rich_content_json": rich})
    put(crossing, "2", text("see /dashboards/1"))
    put(crossing, "3", text("see /dashboards/2"))
    crossing.migrate(FEW).all_good()
    made = crossing.new_id("dashboard", "1")
    before = {tile["id"]: tile["body_text"] for tile in crossing.parts("dashboard_element", made)}
    (crossing.directory / "state.db").unlink()
    crossing.migrate("folder", "user").all_good()
    again = crossing.migrate(FEW).all_good()
    assert not {"create_dashboard_element", "delete_dashboard_element"} & again.operations.keys()
    assert {tile["id"]: tile["body_text"] for tile in crossing.parts("dashboard_element", made)} == before
    assert crossing.migrate(FEW).all_good().writes == []
