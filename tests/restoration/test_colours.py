"""Colour palettes of charts in another instance are read once, mapped by label, or reported with their tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import World
from tests.restoration.migration_fixture import Crossing

LOST = {"collection_id": "acme-1", "palette_id": "warm-1"}


@pytest.fixture
def crossing(tmp_path: Path) -> Iterator[Crossing]:
    with Crossing(tmp_path) as ready:
        ready.extra_environment["LRESTORE_RUN_FALLBACK_OWNER"] = "1"
        yield ready


def add_collection(world: World, number: int) -> None:
    palettes = [{"id": f"warm-{number}", "label": "Warm", "type": "Categorical", "colors": ["#f00"]}]
    row = {"id": f"acme-{number}", "label": "Acme", "categoricalPalettes": palettes}
    world.table("color_collection").put({**row, "sequentialPalettes": [], "divergingPalettes": []})


def coloured(crossing: Crossing) -> tuple[str, str]:
    """A backed-up dashboard with one tile, whose chart has colours of the source: its id, and the tile's title."""
    there = {row["id"] for row in crossing.source.table("dashboard") if not row["deleted"]}
    tiles = crossing.source.table("dashboard_element")
    tile = next(one for one in tiles if one["query_id"] and one["dashboard_id"] in there)
    dashboard_id = str(tile["dashboard_id"])
    query = crossing.source.get("query", tile["query_id"]) or {}
    vis_config: JsonObject = {**(query["vis_config"] or {}), "color_application": LOST}
    crossing.source.table("query").change(query["id"], {"vis_config": vis_config})
    blob = crossing.blob_of_source("dashboard", dashboard_id)
    shown = [one for one in blob["dashboard_elements"] if one["id"] == tile["id"]]
    crossing.back_up("dashboard", dashboard_id, {**blob, "dashboard_elements": shown, "dashboard_filters": []})
    crossing.migrate("folder").all_good()
    return dashboard_id, str(shown[0]["title"])


def colours(crossing: Crossing) -> list[JsonObject]:
    """The colours of the tiles of the other instance."""
    tiles = [tile for tile in crossing.world.table("dashboard_element") if tile["query_id"]]
    queries = [crossing.world.get("query", tile["query_id"]) or {} for tile in tiles]
    return [query["vis_config"]["color_application"] for query in queries]


def test_missing_colours_are_reported_with_their_tile(crossing: Crossing) -> None:
    dashboard_id, title = coloured(crossing)
    ran = crossing.migrate(f"dashboard={dashboard_id}").all_good()
    assert ran.operations["all_color_collections"] == 1
    (told,) = (warning for warning in ran.report["warnings"] if "acme-1" in warning)
    assert title in told and "warm-1" in told
    assert colours(crossing) == [LOST]


def test_colours_are_mapped_by_label_if_the_source_is_reachable(crossing: Crossing) -> None:
    add_collection(crossing.source, 1)
    add_collection(crossing.world, 9)
    crossing.source_lives()
    dashboard_id, _ = coloured(crossing)
    ran = crossing.migrate(f"dashboard={dashboard_id}").all_good()
    assert colours(crossing) == [{"collection_id": "acme-9", "palette_id": "warm-9"}]
    assert not [warning for warning in ran.report["warnings"] if "colour" in warning]
    assert crossing.migrate(f"dashboard={dashboard_id}").all_good().writes == []


def test_existing_colours_cause_no_warning(crossing: Crossing) -> None:
    add_collection(crossing.world, 1)
    dashboard_id, _ = coloured(crossing)
    ran = crossing.migrate(f"dashboard={dashboard_id}").all_good()
    assert colours(crossing) == [LOST]
    assert not [warning for warning in ran.report["warnings"] if "colour" in warning]


def test_in_the_same_instance_no_colours_are_read(crossing: Crossing) -> None:
    dashboard_id, _ = coloured(crossing)
    environment = {"LRESTORE_RUN_IDENTITY": "same-instance", "LRESTORE_RUN_FALLBACK_FOLDER": "1"}
    ran = crossing.migrate(f"dashboard={dashboard_id}", "--plan", **environment)
    assert not ran.operations["all_color_collections"]


@pytest.mark.slow
def test_colours_are_read_once_for_all_processes(crossing: Crossing) -> None:
    coloured(crossing)
    ran = crossing.migrate("folder", "dashboard")
    assert ran.operations["all_color_collections"] == 1


def test_a_link_to_a_query_is_reported_with_its_path(crossing: Crossing) -> None:
    dashboard_id, _ = coloured(crossing)
    blob = crossing.blob_of_source("dashboard", dashboard_id)
    bare: JsonObject = {"dashboard_elements": [], "dashboard_filters": [], "description": "see /x/aBc123xyz0"}
    crossing.back_up("dashboard", dashboard_id, {**blob, **bare})
    ran = crossing.migrate(f"dashboard={dashboard_id}").all_good()
    (told,) = (warning for warning in ran.report["warnings"] if "/x/aBc123xyz0" in warning)
    assert "description" in told
