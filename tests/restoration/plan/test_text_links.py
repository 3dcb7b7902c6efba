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
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.restoration.migration_fixture import MigrationFixture

SOME = Sizes(users=2, groups=0, folders=2, depth=1, looks=0, dashboards=12, tiles=6, filters=0, boards=1, plans=1)
HERE = "looker.example.com"
"""The host in the share URLs of a generated instance."""

FEW = "dashboard=1,2,3"
MANY = "dashboard"


def text(body: str, **fields: Any) -> JsonObject:
    return {"id": "901", "type": "text", "body_text": body, **fields}


def dashboard_blob(instance: InstanceFixture, dashboard_id: str) -> JsonObject:
    world = instance.source if isinstance(instance, MigrationFixture) else instance.world
    record = world.get("dashboard", dashboard_id)
    assert record is not None
    return blob_of(world, "dashboard", record)


def put(instance: InstanceFixture, dashboard_id: str, *tiles: JsonObject, **fields: Any) -> None:
    """Back up a dashboard with only these tiles and fields."""
    bare = {"dashboard_elements": list(tiles), "dashboard_layouts": [], "dashboard_filters": []}
    instance.back_up("dashboard", dashboard_id, {**dashboard_blob(instance, dashboard_id), **bare, **fields})


def vis(instance: InstanceFixture, **query: Any) -> JsonObject:
    """A tile of a generated dashboard with another query."""
    world = instance.source if isinstance(instance, MigrationFixture) else instance.world
    blobs = (blob_of(world, "dashboard", dashboard) for dashboard in world.table("dashboard"))
    tiles = (tile for blob in blobs for tile in blob["dashboard_elements"])
    tile = next(tile for tile in tiles if tile["type"] == "vis" and tile["query"])
    asked = {**tile["query"], **query}
    maker = {name: value for name, value in query.items() if name in tile["result_maker"]}
    return {**tile, "query": asked, "result_maker": {**tile["result_maker"], **maker, "query": asked}, "title": "T"}


def only_tile(migration: MigrationFixture, dashboard_id: str) -> JsonObject:
    """The tile of a dashboard in the other instance, with its query."""
    (tile,) = migration.parts("dashboard_element", migration.new_id("dashboard", dashboard_id))
    return {**tile, "query": migration.world.get("query", tile["query_id"] or "0")}


def about_links(ran: Ran) -> list[str]:
    return [warning for warning in ran.report["warnings"] if "the link to" in warning]


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path, sizes=SOME) as made:
        for dashboard in made.source.table("dashboard"):
            if not dashboard["deleted"]:
                put(made, dashboard["id"], text("nothing to see"))
        made.migrate("folder", "user").all_good()
        yield made


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    """The backed-up instance with two dashboards that link to each other."""
    with InstanceFixture(tmp_path, sizes=SOME) as made:
        for one, other in (("1", "2"), ("2", "1")):
            for tile in made.parts("dashboard_element", one):
                made.edit("dashboard_element", tile["id"], note_text=f"see /dashboards/{other}")
            made.back_up("dashboard", one, dashboard_blob(made, one))
        yield made


@pytest.mark.parametrize("what", [FEW, MANY])
def test_dashboards_that_link_to_each_other_do_so_after_one_run(migration: MigrationFixture, what: str) -> None:
    put(migration, "1", text("to [the second](/dashboards/2?x=1#y), the [third](/dashboards/3)"))
    put(migration, "2", text("back to [the first](/dashboards/1)"))
    planned = migration.migrate(what, "--plan").all_good()
    ran = migration.migrate(what).all_good()
    first, second, third = (migration.new_id("dashboard", one) for one in "123")
    forth = f"to [the second](/dashboards/{second}?x=1#y), the [third](/dashboards/{third})"
    assert only_tile(migration, "1")["body_text"] == forth
    assert only_tile(migration, "2")["body_text"] == f"back to [the first](/dashboards/{first})"
    assert about_links(planned) == about_links(ran) == []
    assert migration.migrate(what).all_good().writes == []
    assert migration.migrate(what, "--verify").all_good().report["verify"]["different"] == []


def test_a_dashboard_that_links_to_itself_does_so_after_one_run(migration: MigrationFixture) -> None:
    put(migration, "1", text("[reload](/dashboards/1)"), description="I am /dashboards/1")
    ran = migration.migrate("dashboard=1").all_good()
    new_id = migration.new_id("dashboard", "1")
    assert only_tile(migration, "1")["body_text"] == f"[reload](/dashboards/{new_id})"
    assert migration.of("dashboard", id=new_id)["description"] == f"I am /dashboards/{new_id}"
    assert about_links(ran) == []
    assert migration.migrate("dashboard=1").all_good().writes == []


def test_a_dashboard_made_anew_in_its_own_instance_links_to_itself(instance: InstanceFixture) -> None:
    (tile, *_) = instance.parts("dashboard_element", "1")
    instance.edit("dashboard_element", tile["id"], note_text="see /dashboards/1")
    instance.edit("dashboard", "1", description="I am /dashboards/1")
    instance.back_up("dashboard", "1", dashboard_blob(instance, "1"))
    assert instance.run("--select", "dashboard=1").all_good().writes == []
    instance.delete("dashboard", "1")
    instance.run("--select", "dashboard=1").all_good()
    (made,) = (row for row in instance.world.table("dashboard") if (row["description"] or "").startswith("I am"))
    assert made["id"] != "1" and made["description"] == f"I am /dashboards/{made['id']}"
    notes = {one.get("note_text") for one in instance.parts("dashboard_element", made["id"])}
    assert f"see /dashboards/{made['id']}" in notes and "see /dashboards/1" not in notes
    assert instance.run("--select", "dashboard=1").all_good().writes == []


def test_a_link_to_the_own_address_costs_no_call(instance: InstanceFixture) -> None:
    instance.edit("dashboard", "1", description="I am /dashboards/1")
    instance.back_up("dashboard", "1", dashboard_blob(instance, "1"))
    instance.edit("dashboard", "1", title="Changed")
    ran = instance.run("--select", "dashboard=1").all_good()
    called = [call.path for call in ran.calls if call.path.startswith("/dashboards")]
    assert called == ["/dashboards/1", "/dashboards/1"]


@pytest.mark.parametrize("field", ["title_text", "subtitle_text", "body_text", "note_text"])
def test_texts_of_tiles_are_followed(migration: MigrationFixture, field: str) -> None:
    put(migration, "1", text("x", **{field: "a /dashboards/2 b"}))
    migration.migrate(FEW).all_good()
    assert only_tile(migration, "1")[field] == f"a /dashboards/{migration.new_id('dashboard', '2')} b"


def test_rich_content_stays_json(migration: MigrationFixture) -> None:
    rich = json.dumps([{"type": "a", "url": "/dashboards/2", "id": 2, "children": [{"text": "2"}]}])
    put(migration, "1", text(rich, rich_content_json=rich))
    migration.migrate(FEW).all_good()
    (node,) = json.loads(only_tile(migration, "1")["rich_content_json"])
    assert node == {**json.loads(rich)[0], "url": f"/dashboards/{migration.new_id('dashboard', '2')}"}


def test_visualisations_and_drill_links_are_followed(migration: MigrationFixture) -> None:
    config = {
        "type": "single_value",
        "html_template": "<a href='/dashboards/2'>2</a>",
        "deep": [{"url": "/dashboards/2"}],
    }
    custom = json.dumps([{"dimension": "d", "html": '<a href="/dashboards/2?f={{ value }}">x</a>'}])
    put(migration, "1", vis(migration, vis_config=config, dynamic_fields=custom))
    migration.migrate(FEW).all_good()
    query, new_id = only_tile(migration, "1")["query"], migration.new_id("dashboard", "2")
    assert query["vis_config"]["html_template"] == f"<a href='/dashboards/{new_id}'>2</a>"
    assert query["vis_config"]["deep"] == [{"url": f"/dashboards/{new_id}"}]
    assert f'href=\\"/dashboards/{new_id}?f=' in query["dynamic_fields"]
    assert migration.migrate(FEW).all_good().writes == []


def test_addresses_of_the_own_instance_lead_to_the_other_one_and_foreign_ones_stay(migration: MigrationFixture) -> None:
    linked = f"https://{HERE}/dashboards/2 https://else.example.com/dashboards/2"
    put(migration, "1", vis(migration), vis(migration) | {"id": "902", "note_text": linked, "title": "noted"})
    migration.migrate(FEW).all_good()
    tiles = migration.parts("dashboard_element", migration.new_id("dashboard", "1"))
    (noted,) = (tile["note_text"] for tile in tiles if tile["title"] == "noted")
    host, foreign = noted.split()
    assert host.endswith(f"/dashboards/{migration.new_id('dashboard', '2')}") and HERE not in host
    assert foreign == "https://else.example.com/dashboards/2"


def test_links_to_content_that_is_not_migrated_are_listed_and_stay(migration: MigrationFixture) -> None:
    put(migration, "1", text("to /dashboards/2 and /dashboards/77 and /looks/5"))
    ran = migration.migrate("dashboard=1").all_good()
    assert only_tile(migration, "1")["body_text"] == "to /dashboards/2 and /dashboards/77 and /looks/5"
    warned = about_links(ran)
    assert len(warned) == 3
    assert all("dashboard=1: dashboard_elements[0].body_text: the link to" in warning for warning in warned)
    assert [name for name in ("dashboard=2", "dashboard=77", "look=5") if any(name in one for one in warned)] == [
        "dashboard=2",
        "dashboard=77",
        "look=5",
    ]


def test_the_next_run_links_to_content_that_was_migrated_later(migration: MigrationFixture) -> None:
    put(migration, "1", text("to /dashboards/2"))
    migration.migrate("dashboard=1").all_good()
    ran = migration.migrate("dashboard=1,2").all_good()
    assert only_tile(migration, "1")["body_text"] == f"to /dashboards/{migration.new_id('dashboard', '2')}"
    assert about_links(ran) == []


def test_a_link_to_a_failed_item_is_listed(migration: MigrationFixture) -> None:
    put(migration, "1", text("to /dashboards/2"))
    migration.spoil("dashboard", "2", b"\xc1")
    ran = migration.migrate("dashboard=1,2")
    assert [letter["id"] for letter in ran.letters] == ["2"]
    assert len(about_links(ran)) == 1
    assert ran.total("created") == 1


@pytest.mark.parametrize("what", [FEW, MANY])
def test_a_migrated_dashboard_that_was_deleted_is_linked_to_under_its_newer_id(
    migration: MigrationFixture, what: str
) -> None:
    put(migration, "1", text("to /dashboards/2"))
    migration.migrate(what).all_good()
    old = migration.new_id("dashboard", "2")
    migration.delete("dashboard", old)
    ran = migration.migrate(what).all_good()
    new = migration.new_id("dashboard", "2")
    assert new != old
    assert only_tile(migration, "1")["body_text"] == f"to /dashboards/{new}"
    assert (ran.total("created"), ran.total("updated")) == (1, 1)
    assert migration.migrate(what).all_good().writes == []


def test_slugs_are_kept_and_so_are_links_by_slug(migration: MigrationFixture) -> None:
    slug = dashboard_blob(migration, "2")["slug"]
    put(migration, "1", text(f"to /dashboards/{slug} and /dashboards/thelook::sales"))
    migration.migrate(FEW).all_good()
    assert only_tile(migration, "1")["body_text"] == f"to /dashboards/{slug} and /dashboards/thelook::sales"
    assert migration.of("dashboard", slug=slug)["id"] == migration.new_id("dashboard", "2")


def test_folders_and_boards_are_linked_to_as_well(migration: MigrationFixture) -> None:
    folder = next(row for row in migration.source.table("folder") if row["parent_id"] == "1")["id"]
    put(migration, "1", text(f"/folders/{folder} /boards/1"), description="/boards/1")
    migration.migrate("dashboard", "board").all_good()
    board = migration.new_id("board", "1")
    assert only_tile(migration, "1")["body_text"] == f"/folders/{migration.new_id('folder', folder)} /boards/{board}"
    assert migration.of("dashboard", id=migration.new_id("dashboard", "1"))["description"] == f"/boards/{board}"
    assert migration.migrate("dashboard", "board").all_good().writes == []


def test_boards_are_followed_in_every_text(migration: MigrationFixture) -> None:
    item: JsonObject = {"id": "1", "board_section_id": "1", "custom_url": "/dashboards/2", "custom_title": "t"}
    item |= {"custom_description": "or /dashboards/3", "use_custom_description": True, "use_custom_title": True}
    section = {"id": "1", "title": "S", "description": "see /dashboards/2", "board_items": [item]}
    board = {"id": "1", "title": "B", "description": "all of /dashboards/3", "board_sections": [section]}
    migration.back_up("board", "1", board)
    migration.migrate("dashboard", "board").all_good()
    second, third = migration.new_id("dashboard", "2"), migration.new_id("dashboard", "3")
    made = migration.of("board", id=migration.new_id("board", "1"))
    (made_section,) = migration.world.table("board_section").where("board_id", made["id"])
    (made_item,) = migration.world.table("board_item").where("board_section_id", made_section["id"])
    assert made["description"] == f"all of /dashboards/{third}"
    assert made_section["description"] == f"see /dashboards/{second}"
    assert made_item["custom_url"] == f"/dashboards/{second}"
    assert made_item["custom_description"] == f"or /dashboards/{third}"
    assert migration.migrate("dashboard", "board").all_good().writes == []


def test_a_board_that_is_restored_twice_gets_each_section_once(migration: MigrationFixture) -> None:
    """Its listing is older than the sections that its first pass has created."""
    section = {"id": "1", "title": "S", "description": "see /boards/2", "board_items": []}
    board = {"id": "1", "title": "B", "description": "all of /boards/2", "board_sections": [section]}
    migration.back_up("board", "1", board)
    migration.back_up("board", "2", {"id": "2", "title": "C", "description": "", "board_sections": []})
    migration.migrate("board").all_good()
    other = migration.new_id("board", "2")
    (made,) = migration.world.table("board_section").where("board_id", migration.new_id("board", "1"))
    assert made["description"] == f"see /boards/{other}"
    assert migration.migrate("board").all_good().writes == []


def test_plans_are_followed_in_every_text(migration: MigrationFixture) -> None:
    """Filters are keyed by names, which are no ids; their values may be links."""
    record = migration.source.get("scheduled_plan", "1")
    assert record is not None
    plan = blob_of(migration.source, "scheduled_plan", record)
    (destination, *_) = plan["scheduled_plan_destination"]
    plan |= {
        "dashboard_id": "2",
        "custom_url_base": f"https://{HERE}",
        "custom_url_params": "/dashboards/2?Region=42",
        "filters_string": "?Region=42&Page=%2Fdashboards%2F2",
        "scheduled_plan_destination": [{**destination, "message": "see /dashboards/2"}],
    }
    migration.back_up("scheduled_plan", "1", plan)
    migration.migrate("dashboard", "scheduled_plan").all_good()
    second = migration.new_id("dashboard", "2")
    made = migration.of("scheduled_plan", id=migration.new_id("scheduled_plan", "1"))
    assert made["custom_url_params"] == f"/dashboards/{second}?Region=42"
    assert made["filters_string"] == f"?Region=42&Page=%2Fdashboards%2F{second}"
    assert made["scheduled_plan_destination"][0]["message"] == f"see /dashboards/{second}"
    assert migration.migrate("dashboard", "scheduled_plan").all_good().writes == []


@pytest.mark.parametrize("what", [FEW, MANY])
def test_in_the_same_instance_links_stay_as_they_are_and_cost_next_to_nothing(
    instance: InstanceFixture, what: str
) -> None:
    ran = instance.run("--select", what).all_good()
    assert ran.writes == []
    assert ran.operations["dashboard"] <= 4
    assert ran.operations["search_dashboards"] <= 8


@pytest.mark.parametrize("what", [FEW, MANY])
def test_in_the_same_instance_a_dashboard_made_anew_is_linked_to_under_its_new_id(
    instance: InstanceFixture, what: str
) -> None:
    instance.delete("dashboard", "2")
    planned = instance.run("--select", what, "--plan").all_good()
    assert (planned.total("created"), planned.total("updated")) == (1, 1)
    ran = instance.run("--select", what).all_good()
    assert (ran.total("created"), ran.total("updated")) == (1, 1)
    (mapping,) = (row for row in instance.rows("mappings=dashboard") if row["source_id"] == "2")
    new_id = mapping["destination_id"]
    assert new_id != "2"
    assert {tile["note_text"] for tile in instance.parts("dashboard_element", "1")} == {f"see /dashboards/{new_id}"}
    assert {tile["note_text"] for tile in instance.parts("dashboard_element", new_id)} == {"see /dashboards/1"}
    assert instance.run("--select", what).all_good().writes == []


def test_a_tile_is_matched_whatever_its_links_are(migration: MigrationFixture) -> None:
    """A run without records finds the tiles of an earlier run: they are updated, never deleted and recreated."""
    rich = json.dumps({"text": "More", "href": f"https://{HERE}/dashboards/2"})
    put(migration, "1", text("see /dashboards/3"), {"id": "902", "type": "button", "rich_content_json": rich})
    put(migration, "2", text("see /dashboards/1"))
    put(migration, "3", text("see /dashboards/2"))
    migration.migrate(FEW).all_good()
    made = migration.new_id("dashboard", "1")
    before = {tile["id"]: tile["body_text"] for tile in migration.parts("dashboard_element", made)}
    (migration.directory / "state.db").unlink()
    migration.migrate("folder", "user").all_good()
    again = migration.migrate(FEW).all_good()
    assert not {"create_dashboard_element", "delete_dashboard_element"} & again.operations.keys()
    assert {tile["id"]: tile["body_text"] for tile in migration.parts("dashboard_element", made)} == before
    assert migration.migrate(FEW).all_good().writes == []
