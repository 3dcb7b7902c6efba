"""Deletions of parts: a part that is gone already is no failure; one that is still shown is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lrestore.errors import LookerError, NotFoundError
from tests.restoration.restore_fixture import SMALL, RestoreFixture


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    """An instance with a board."""
    with RestoreFixture(tmp_path, sizes=replace(SMALL, boards=1, plans=0)) as made:
        yield made


def extra_tile(setup: RestoreFixture, title: str) -> str:
    body = {"dashboard_id": "1", "type": "text", "title_text": title}
    return str(setup.call("create_dashboard_element", body)["id"])


def test_a_refused_deletion_fails_the_item_and_the_other_parts_are_deleted(setup: RestoreFixture) -> None:
    refused, other = extra_tile(setup, "Refused"), extra_tile(setup, "Other")
    setup.simulator.fault("status:422", path=f"/dashboard_elements/{refused}", method="DELETE")
    with pytest.raises(LookerError, match=f"DELETE /dashboard_elements/{refused}"):
        setup.restore("dashboard=1")
    assert refused in setup.tiles("1") and other not in setup.tiles("1")


def test_a_tile_that_another_person_has_deleted_meanwhile_is_no_failure(setup: RestoreFixture) -> None:
    tile = extra_tile(setup, "Gone")
    setup.simulator.fault("status:404", operation="delete_dashboard_element", handled=True)
    assert setup.restore("dashboard=1").outcome == "updated"
    assert tile not in setup.tiles("1")


def test_a_tile_that_is_still_shown_after_404_fails_the_item(setup: RestoreFixture) -> None:
    """Looker answers 404, too, if the caller may not delete it."""
    tile = extra_tile(setup, "Kept")
    setup.simulator.fault("status:404", operation="delete_dashboard_element")
    with pytest.raises(NotFoundError, match=f"DELETE /dashboard_elements/{tile}"):
        setup.restore("dashboard=1")
    assert tile in setup.tiles("1")


@pytest.mark.parametrize("handled", [True, False], ids=["gone", "still-shown"])
def test_a_section_that_is_answered_by_404_is_looked_for(setup: RestoreFixture, handled: bool) -> None:
    section = str(setup.call("create_board_section", {"board_id": "1", "title": "Extra"})["id"])
    setup.simulator.fault("status:404", operation="delete_board_section", handled=handled)
    if handled:
        assert setup.restore("board=1").outcome == "updated"
    else:
        with pytest.raises(NotFoundError, match=f"DELETE /board_sections/{section}"):
            setup.restore("board=1")
    shown = {str(one["id"]) for one in setup.call("board", board_id="1")["board_sections"] if not one["deleted_at"]}
    assert (section in shown) is not handled


@pytest.mark.parametrize("handled", [True, False], ids=["gone", "still-shown"])
def test_an_item_of_a_board_that_is_answered_by_404_is_looked_for(setup: RestoreFixture, handled: bool) -> None:
    section = str(setup.call("board", board_id="1")["board_sections"][0]["id"])
    body = {"board_section_id": section, "custom_url": "/explore/a", "custom_title": "Explore"}
    item = str(setup.call("create_board_item", body)["id"])
    setup.simulator.fault("status:404", operation="delete_board_item", handled=handled)
    if handled:
        assert setup.restore("board=1").outcome == "updated"
    else:
        with pytest.raises(NotFoundError, match=f"DELETE /board_items/{item}"):
            setup.restore("board=1")
    shown = {str(one["id"]) for one in setup.call("board", board_id="1")["board_sections"][0]["board_items"]}
    assert (item in shown) is not handled
