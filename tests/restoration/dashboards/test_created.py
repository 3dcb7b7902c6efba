"""A missing dashboard is recreated completely; a trashed one is taken out of the trash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lrestore.errors import InvisibleOrMissingError, MissingInDestinationError, ValidationError
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.core.config import SimulatorConfig
from tests.restoration.restore_fixture import SMALL, RestoreFixture, writes


def test_a_deleted_dashboard_is_recreated_with_tiles_filters_and_positions(setup: RestoreFixture) -> None:
    """B2, FR-006, FR-008: it is not empty, and its new id is recorded."""
    backed_up = setup.item("dashboard=1").raw
    setup.call("delete_dashboard", dashboard_id="1")
    result = setup.restore("dashboard=1")
    assert result.outcome == "created"
    assert setup.mapped("dashboard", "1") == result.destination_id
    live = setup.dashboard(result.destination_id)
    assert live["slug"] == backed_up["slug"]
    assert len(live["dashboard_elements"]) == len(backed_up["dashboard_elements"])
    assert [one["name"] for one in live["dashboard_filters"]] == [one["name"] for one in backed_up["dashboard_filters"]]
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_a_new_dashboard_costs_one_call_per_part_one_read_of_positions_and_the_moves(setup: RestoreFixture) -> None:
    backed_up = setup.item("dashboard=1").raw
    setup.call("delete_dashboard", dashboard_id="1")
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert calls["create_dashboard"] == 1
    assert calls["create_dashboard_element"] == len(backed_up["dashboard_elements"])
    assert calls["create_dashboard_filter"] == len(backed_up["dashboard_filters"])
    assert calls["dashboard_dashboard_layouts"] == 1
    assert calls["dashboard"] == 1
    assert calls["update_dashboard_element"] == calls["update_dashboard_filter"] == 0


def test_a_second_run_makes_nothing_twice(setup: RestoreFixture) -> None:
    """B4: without a mapping every run would create another one."""
    setup.call("delete_dashboard", dashboard_id="1")
    setup.restore("dashboard=1")
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {}


def test_a_trashed_dashboard_keeps_its_id_and_its_tiles(setup: RestoreFixture) -> None:
    before = set(setup.tiles("1"))
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    calls = setup.counted(lambda: setup.restore("dashboard=1"))
    assert writes(calls) == {"update_dashboard": 1}
    assert setup.dashboard("1")["deleted"] is False
    assert set(setup.tiles("1")) == before


def test_if_missing_decides_about_a_missing_dashboard(setup: RestoreFixture) -> None:
    setup.call("delete_dashboard", dashboard_id="1")
    assert setup.restore("dashboard=1", Policy(if_missing="skip")).outcome == "skipped"
    with pytest.raises(MissingInDestinationError):
        setup.restore("dashboard=1", Policy(if_missing="fail"))
    assert setup.simulator.log.count("create_dashboard") == 0


def test_a_404_to_a_non_admin_creates_nothing(setup: RestoreFixture) -> None:
    """The dashboard may be hidden: a second one would conflict with it."""
    setup.simulator.config.caller_admin = False
    setup.simulator.config.hidden = {"dashboard": ["1"]}
    with pytest.raises(InvisibleOrMissingError):
        setup.restore("dashboard=1")
    assert setup.simulator.log.count("create_dashboard") == 0


def slug_taken(setup: RestoreFixture) -> str:
    """Dashboard 1 is gone, and dashboard 2, with another slug in the backup, has its slug."""
    slug = str(setup.item("dashboard=1").raw["slug"])
    setup.call("delete_dashboard", dashboard_id="1")
    setup.call("update_dashboard", {"slug": slug}, dashboard_id="2")
    return slug


def test_a_slug_now_used_by_another_dashboard_is_not_taken(setup: RestoreFixture) -> None:
    slug = slug_taken(setup)
    result = setup.restore("dashboard=1")
    assert result.outcome == "created"
    assert any(f"slug {slug!r}" in warning for warning in result.warnings)
    assert setup.dashboard("2")["slug"] == slug != setup.dashboard(result.destination_id)["slug"]
    assert setup.restore("dashboard=1").outcome == "unchanged"
    setup.restore("dashboard=2")
    assert setup.restore("dashboard=1").outcome == "updated", "the slug is free now"
    assert setup.dashboard(result.destination_id)["slug"] == slug


@pytest.mark.parametrize("slug", ["another's", "none"])
def test_a_dashboard_with_a_generated_slug_is_found_by_a_run_without_records(setup: RestoreFixture, slug: str) -> None:
    """The process that created it died before it recorded it."""
    item = setup.item("dashboard=1")
    if slug == "none":
        setup.call("delete_dashboard", dashboard_id="1")
        del item.raw["slug"]
    else:
        slug_taken(setup)
    made = ItemRestorer(setup.context()).restore(item).result
    forgetful = replace(setup.context(), records=setup.journal("another destination"))
    found = ItemRestorer(forgetful).restore(item).result
    assert (found.outcome, found.destination_id) == ("unchanged", made.destination_id)


def test_a_taken_title_is_reported_with_lookers_message(setup: RestoreFixture) -> None:
    """The dead letter contains Looker's field errors."""
    raw = setup.item("dashboard=1").raw
    setup.call("delete_dashboard", dashboard_id="1")
    setup.call("create_dashboard", {"title": raw["title"], "folder_id": raw["folder_id"]})
    with pytest.raises(ValidationError) as caught:
        setup.restore("dashboard=1")
    assert caught.value.status == 422
    assert caught.value.errors[0].code == "already_exists"
    assert raw["title"] in caught.value.request_body
    assert not setup.reader.open_intents()


def test_no_read_only_field_is_ever_sent(setup: RestoreFixture) -> None:
    for dashboard_id in ("1", "2"):
        setup.call("delete_dashboard", dashboard_id=dashboard_id)
        setup.restore(f"dashboard={dashboard_id}")
    assert setup.simulator.log.ignored_fields() == []


def test_a_sql_tile_is_created_from_its_result_maker(setup: RestoreFixture) -> None:
    """It has no query, look or merged query, and Looker creates no tile without one of them."""
    by_sql = next(tile for tile in setup.tiles("2").values() if tile["query_id"])
    item = setup.item("dashboard=1")
    tile = next(tile for tile in item.raw["dashboard_elements"] if tile["query_id"])
    tile |= {"query": None, "query_id": None, "result_maker_id": by_sql["result_maker_id"]}
    tile["result_maker"] |= {"query": None, "query_id": None, "sql_query_id": "17", "filterables": []}
    setup.call("delete_dashboard_element", dashboard_element_id=tile["id"])
    result = ItemRestorer(setup.context()).restore(item).result
    assert result.outcome == "updated"
    made = setup.tiles("1")[setup.mapped("dashboard_element", str(tile["id"])) or ""]
    assert made["result_maker_id"] == by_sql["result_maker_id"]
    assert made["result_maker"]["sql_query_id"] == "17"


def on_tabs(setup: RestoreFixture, dashboard_id: str) -> dict[str, set[str]]:
    """The tabs on which each tile is visible, by label."""
    found: dict[str, set[str]] = {}
    for layout in setup.dashboard(dashboard_id)["dashboard_layouts"]:
        for place in layout["dashboard_layout_components"]:
            if not place["deleted"]:
                found.setdefault(place["dashboard_element_id"], set()).add(layout["label"])
    return found


@pytest.mark.parametrize(
    ("release", "unseen"), [("26.12.3", False), ("26.0.4", False), ("26.0.4", True)], ids=["", "older", "unseen"]
)
def test_a_tile_is_shown_only_on_its_tab_though_the_backup_names_none(
    tmp_path: Path, release: str, unseen: bool
) -> None:
    """Looker does not document the tab of a tile that names none; the backup's SDK may lack the field. Before
    26.8 a component could not be hidden.
    """
    config = SimulatorConfig(release=release, keep_bodies=True)
    with RestoreFixture(tmp_path, sizes=replace(SMALL, tabbed=2), config=config) as setup:
        every = [setup.item(str(row.key)) for row in setup.vault.index({"dashboard"})]
        item = next(one for one in every if len(one.raw["dashboard_layouts"]) > 1)
        first, second = item.raw["dashboard_layouts"][:2]
        moved = first["dashboard_layout_components"][0]
        tile_id = str(moved["dashboard_element_id"])
        for layout in (first, second):
            places = [one for one in layout["dashboard_layout_components"] if one["dashboard_element_id"] != tile_id]
            if unseen or layout is second:
                places.append({**moved, "deleted": layout is first, "row": 40})
            layout["dashboard_layout_components"] = places
        for tile in item.raw["dashboard_elements"]:
            tile["dashboard_layout_id"] = None
        setup.call("delete_dashboard", dashboard_id=item.key.id)
        result = ItemRestorer(setup.context()).restore(item).result
        new_id = setup.mapped("dashboard_element", tile_id)
        assert on_tabs(setup, result.destination_id)[str(new_id)] == {second["label"]}
