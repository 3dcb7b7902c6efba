"""Only writes need their LookML: an unchanged part with missing LookML causes a warning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.errors import DependencyError
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.migration_fixture import MigrationFixture
from tests.restoration.restore_fixture import RestoreFixture, incomplete, writes


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path) as one:
        yield one


def undeployed(world: World, model: str, explore: str = "") -> None:
    """Remove an explore or its whole model."""
    if not explore:
        edit(world, Edit(type="lookml_model", id=model, delete=True))
        return
    left = [one for one in world.table("lookml_model").records[model]["explores"] if one["name"] != explore]
    edit(world, Edit(type="lookml_model", id=model, set={"explores": left}))


def query_tile(setup: RestoreFixture) -> tuple[int, dict[str, Any]]:
    """The first tile of dashboard 1 that shows a query, with its place in the list."""
    tiles = setup.item("dashboard=1").raw["dashboard_elements"]
    return next((number, tile) for number, tile in enumerate(tiles) if tile["query"])


@pytest.mark.parametrize("what", ["explore", "model"])
@pytest.mark.parametrize("drift", [{"title": "Drifted"}, {"deleted": True}])
def test_a_missing_explore_blocks_neither_the_title_nor_the_undelete(
    setup: RestoreFixture, what: str, drift: dict[str, Any]
) -> None:
    index, tile = query_tile(setup)
    query = tile["query"]
    undeployed(setup.world, query["model"], query["view"] if what == "explore" else "")
    setup.call("update_dashboard", drift, dashboard_id="1")
    before = len(setup.simulator.log.writes())
    result = setup.restore("dashboard=1")
    assert result.outcome == "updated"
    assert [call.operation for call in setup.simulator.log.writes()[before:]] == ["update_dashboard"]
    (warning,) = [one for one in result.warnings if f"explore={query['model']}::{query['view']}" in one]
    assert f"dashboard_elements[{index}].query.view" in warning


def test_a_recreated_tile_keeps_its_query_though_the_explore_is_gone(setup: RestoreFixture) -> None:
    """In the same instance the id of the query is enough: no query is made, which Looker would refuse."""
    _, tile = query_tile(setup)
    wanted = [one["query_id"] for one in setup.item("dashboard=1").raw["dashboard_elements"]]
    undeployed(setup.world, tile["query"]["model"])
    setup.call("delete_dashboard", dashboard_id="1")
    result = setup.restore("dashboard=1")
    assert result.outcome == "created"
    made = [one["query_id"] for one in setup.tiles(result.destination_id).values()]
    assert sorted(made, key=str) == sorted(wanted, key=str)
    assert any("explore=" in warning for warning in result.warnings)
    assert writes(setup.counted(lambda: setup.restore("dashboard=1"))) == {}


def test_a_tile_without_query_and_explore_is_omitted_and_reported(setup: RestoreFixture) -> None:
    index, tile = query_tile(setup)
    undeployed(setup.world, tile["query"]["model"])
    setup.call("delete_dashboard", dashboard_id="1")
    edit(setup.world, Edit(type="query", id=tile["query_id"], delete=True))
    result = incomplete(lambda: setup.restore("dashboard=1"))
    assert tile["query_id"] not in [one["query_id"] for one in setup.tiles(result.destination_id).values()]
    assert any(f"query={tile['query_id']}" in warning and tile["title"] in warning for warning in result.warnings)
    before = len(setup.simulator.log.writes())
    incomplete(lambda: setup.restore("dashboard=1"))
    assert len(setup.simulator.log.writes()) == before
    assert not any(f"dashboard_elements[{index}].query.view)" in warning for warning in stage_warnings(setup))


def stage_warnings(setup: RestoreFixture) -> tuple[str, ...]:
    """The warnings of a plan, except those about omitted parts."""
    return tuple(one for one in setup.plan("dashboard=1").all_warnings if not one.startswith("restored without"))


def test_a_new_tile_reads_no_query_if_its_explore_exists(setup: RestoreFixture) -> None:
    setup.call("delete_dashboard", dashboard_id="1")
    assert setup.counted(lambda: setup.restore("dashboard=1"))["query"] == 0


def test_a_look_is_recreated_though_its_explore_is_gone(setup: RestoreFixture) -> None:
    look = setup.item("look=1").raw
    query = setup.world.table("query").records[look["query_id"]]
    undeployed(setup.world, query["model"])
    setup.call("delete_look", look_id="1")
    result = setup.restore("look=1")
    made = setup.call("look", look_id=result.destination_id)
    assert (result.outcome, made["query_id"]) == ("created", look["query_id"])


def test_a_look_without_query_and_explore_fails_before_the_first_write(setup: RestoreFixture) -> None:
    item = setup.item("look=1")
    query = item.raw["query"] = setup.world.table("query").records[item.raw["query_id"]]
    undeployed(setup.world, query["model"])
    setup.call("delete_look", look_id="1")
    edit(setup.world, Edit(type="query", id=item.raw["query_id"], delete=True))
    before = len(setup.simulator.log.writes())
    with pytest.raises(DependencyError, match=f"explore={query['model']}::{query['view']}"):
        ItemRestorer(setup.context()).restore(item)
    assert len(setup.simulator.log.writes()) == before


def test_a_tile_of_a_look_in_the_trash_leaves_an_equal_dashboard_unchanged(setup: RestoreFixture) -> None:
    tiles = setup.item("dashboard=1").raw["dashboard_elements"]
    tile = next(one for one in tiles if one["look_id"])
    setup.call("update_look", {"deleted": True}, look_id=tile["look_id"])
    result = setup.restore("dashboard=1")
    assert result.outcome == "unchanged"
    assert any(f"look={tile['look_id']}" in warning and "trash" in warning for warning in result.warnings)


def test_a_migrated_dashboard_omits_tiles_of_a_missing_explore(
    migration: MigrationFixture,
) -> None:
    migration.migrate("user", "group", "folder", "look")
    dashboard = next(
        one
        for one in migration.source.table("dashboard")
        if any(
            tile["query_id"] for tile in migration.source.table("dashboard_element").where("dashboard_id", one["id"])
        )
    )
    tiles = migration.source.table("dashboard_element").where("dashboard_id", dashboard["id"])
    tile = next(one for one in tiles if one["query_id"])
    query = migration.source.get("query", tile["query_id"]) or {}
    undeployed(migration.world, query["model"], query["view"])
    for again in (False, True):
        ran = migration.migrate(f"dashboard={dashboard['id']}")
        assert ran.code == 1
        assert ran.letter()["error_type"] == "IncompleteError"
        assert f"explore={query['model']}::{query['view']}" in str(ran.letter())
        assert bool(ran.writes) is not again
