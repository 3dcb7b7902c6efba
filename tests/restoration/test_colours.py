"""Colour palettes of charts in another instance are read once, mapped by label, or reported with their tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import World
from tests.restoration.migration_fixture import MigrationFixture

LOST = {"collection_id": "acme-1", "palette_id": "warm-1"}


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path) as ready:
        ready.extra_environment["LRESTORE_RUN_FALLBACK_OWNER"] = "1"
        yield ready


def add_collection(world: World, number: int) -> None:
    palettes = [{"id": f"warm-{number}", "label": "Warm", "type": "Categorical", "colors": ["#f00"]}]
    row = {"id": f"acme-{number}", "label": "Acme", "categoricalPalettes": palettes}
    world.table("color_collection").put({**row, "sequentialPalettes": [], "divergingPalettes": []})


def coloured(migration: MigrationFixture) -> tuple[str, str]:
    """A backed-up dashboard with one tile, whose chart has colours of the source: its id, and the tile's title."""
    there = {row["id"] for row in migration.source.table("dashboard") if not row["deleted"]}
    tiles = migration.source.table("dashboard_element")
    tile = next(one for one in tiles if one["query_id"] and one["dashboard_id"] in there)
    dashboard_id = str(tile["dashboard_id"])
    query = migration.source.get("query", tile["query_id"]) or {}
    vis_config: JsonObject = {**(query["vis_config"] or {}), "color_application": LOST}
    migration.source.table("query").change(query["id"], {"vis_config": vis_config})
    blob = migration.blob_of_source("dashboard", dashboard_id)
    shown = [one for one in blob["dashboard_elements"] if one["id"] == tile["id"]]
    migration.back_up("dashboard", dashboard_id, {**blob, "dashboard_elements": shown, "dashboard_filters": []})
    migration.migrate("folder").all_good()
    return dashboard_id, str(shown[0]["title"])


def colours(migration: MigrationFixture) -> list[JsonObject]:
    """The colours of the tiles of the other instance."""
    tiles = [tile for tile in migration.world.table("dashboard_element") if tile["query_id"]]
    queries = [migration.world.get("query", tile["query_id"]) or {} for tile in tiles]
    return [query["vis_config"]["color_application"] for query in queries]


def test_missing_colours_are_reported_with_their_tile(migration: MigrationFixture) -> None:
    dashboard_id, title = coloured(migration)
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert ran.operations["all_color_collections"] == 1
    (told,) = (warning for warning in ran.report["warnings"] if "acme-1" in warning)
    assert title in told and "warm-1" in told
    assert colours(migration) == [LOST]


def test_colours_are_mapped_by_label_if_the_source_is_reachable(migration: MigrationFixture) -> None:
    add_collection(migration.source, 1)
    add_collection(migration.world, 9)
    migration.source_lives()
    dashboard_id, _ = coloured(migration)
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert colours(migration) == [{"collection_id": "acme-9", "palette_id": "warm-9"}]
    assert not [warning for warning in ran.report["warnings"] if "colour" in warning]
    assert migration.migrate(f"dashboard={dashboard_id}").all_good().writes == []


def test_colours_that_cannot_be_read_are_reported_as_unknown(migration: MigrationFixture) -> None:
    add_collection(migration.world, 1)
    dashboard_id, title = coloured(migration)
    migration.simulator.fault("status:403", operation="all_color_collections")
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    (told,) = (warning for warning in ran.report["warnings"] if "acme-1" in warning)
    assert title in told and "may not be in the destination (" in told and "403" in told
    assert colours(migration) == [LOST]


def test_colours_of_a_source_that_hides_them_are_looked_for_by_id_alone(migration: MigrationFixture) -> None:
    add_collection(migration.source, 1)
    add_collection(migration.world, 9)
    fault = migration.source_lives().fault("status:403", operation="all_color_collections")
    dashboard_id, _ = coloured(migration)
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert fault.fired and any("acme-1" in warning for warning in ran.report["warnings"])
    assert colours(migration) == [LOST]


def test_existing_colours_cause_no_warning(migration: MigrationFixture) -> None:
    add_collection(migration.world, 1)
    dashboard_id, _ = coloured(migration)
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert colours(migration) == [LOST]
    assert not [warning for warning in ran.report["warnings"] if "colour" in warning]


def test_in_the_same_instance_no_colours_are_read(migration: MigrationFixture) -> None:
    dashboard_id, _ = coloured(migration)
    environment = {"LRESTORE_RUN_IDENTITY": "same-instance", "LRESTORE_RUN_FALLBACK_FOLDER": "1"}
    ran = migration.migrate(f"dashboard={dashboard_id}", "--plan", **environment)
    assert not ran.operations["all_color_collections"]


@pytest.mark.slow
def test_colours_are_read_once_for_all_processes(migration: MigrationFixture) -> None:
    coloured(migration)
    ran = migration.migrate("folder", "dashboard")
    assert ran.operations["all_color_collections"] == 1


def test_a_link_to_a_query_is_reported_with_its_path(migration: MigrationFixture) -> None:
    dashboard_id, _ = coloured(migration)
    blob = migration.blob_of_source("dashboard", dashboard_id)
    bare: JsonObject = {"dashboard_elements": [], "dashboard_filters": [], "description": "see /x/aBc123xyz0"}
    migration.back_up("dashboard", dashboard_id, {**blob, **bare})
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    (told,) = (warning for warning in ran.report["warnings"] if "/x/aBc123xyz0" in warning)
    assert "description" in told
