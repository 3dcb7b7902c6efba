"""A broken reference is reported with its path. A required one fails the item before the first write; the item is
restored without the others.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lrestore.errors import DependencyError, IncompleteError
from lrestore.json_types import JsonObject
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, incomplete


def attempt(setup: RestoreFixture, key: str, policy: Policy | None = None) -> DependencyError:
    before = len(setup.simulator.log.writes())
    with pytest.raises(DependencyError) as caught:
        setup.restore(key, policy)
    assert len(setup.simulator.log.writes()) == before
    return caught.value


def test_a_missing_folder_is_named(setup: RestoreFixture) -> None:
    """P1: the error names the folder, and the object is unchanged."""
    folder_id = setup.item("dashboard=2").raw["folder_id"]
    setup.call("delete_dashboard", dashboard_id="2")
    edit(setup.world, Edit(type="folder", id=folder_id, delete=True))
    error = attempt(setup, "dashboard=2")
    assert error.path == "folder_id"
    assert f"folder={folder_id}" in str(error)


def with_a_look(setup: RestoreFixture) -> tuple[int, JsonObject]:
    """The first tile of dashboard 1 that shows a look, with its place in the list."""
    tiles = setup.item("dashboard=1").raw["dashboard_elements"]
    return next((number, tile) for number, tile in enumerate(tiles) if tile["look_id"])


def deleted(setup: RestoreFixture, look_id: str) -> None:
    setup.call("delete_look", look_id=look_id)


def trashed(setup: RestoreFixture, look_id: str) -> None:
    setup.call("update_look", {"deleted": True}, look_id=look_id)


def replaced(setup: RestoreFixture, look_id: str) -> None:
    """Ids are reused after a rollback: the tile would show a newer object of another user."""
    edit(setup.world, Edit(type="look", id=look_id, set={"created_at": "2030-01-01T00:00:00.000Z"}))


@pytest.mark.parametrize("lost", [deleted, trashed, replaced])
def test_a_dashboard_is_restored_without_the_tile_of_a_missing_look(
    setup: RestoreFixture, lost: Callable[[RestoreFixture, str], None]
) -> None:
    index, tile = with_a_look(setup)
    look_id = tile["look_id"]
    setup.call("delete_dashboard", dashboard_id="1")
    lost(setup, look_id)
    with pytest.raises(IncompleteError) as caught:
        setup.restore("dashboard=1")
    error = caught.value
    assert error.path == f"dashboard_elements[{index}].look_id"
    for words in (f"look={look_id}", tile["title"], "the rest was restored", f"--select look={look_id}"):
        assert words in str(error)
    assert not error.missing
    assert error.restored is not None and error.restored.outcome == "created"
    assert any(f"look={look_id}" in warning for warning in error.restored.warnings)
    wanted = setup.item("dashboard=1").raw["dashboard_elements"]
    made = setup.tiles(error.restored.destination_id).values()
    assert len(made) == len([one for one in wanted if one["look_id"] != look_id]) < len(wanted)


def test_the_next_run_reports_the_same_and_writes_nothing(setup: RestoreFixture) -> None:
    _, tile = with_a_look(setup)
    setup.call("delete_dashboard", dashboard_id="1")
    trashed(setup, tile["look_id"])
    messages = []
    for _ in range(2):
        before = len(setup.simulator.log.writes())
        with pytest.raises(IncompleteError) as caught:
            setup.restore("dashboard=1")
        messages.append(caught.value.message)
    assert len(setup.simulator.log.writes()) == before
    assert messages[0] == messages[1]


def test_an_omitted_tile_is_created_once_its_look_exists(setup: RestoreFixture) -> None:
    _, tile = with_a_look(setup)
    setup.call("delete_dashboard", dashboard_id="1")
    trashed(setup, tile["look_id"])
    made = incomplete(lambda: setup.restore("dashboard=1")).destination_id
    setup.call("update_look", {"deleted": False}, look_id=tile["look_id"])
    result = setup.restore("dashboard=1")
    assert (result.outcome, result.destination_id) == ("updated", made)
    shown = [one["look_id"] for one in setup.tiles(made).values()]
    assert tile["look_id"] in shown
    assert setup.restore("dashboard=1").outcome == "unchanged"


def test_a_live_tile_that_may_be_an_omitted_one_is_not_deleted(setup: RestoreFixture) -> None:
    """An unresolved id proves nothing: the tile may have been recreated by hand."""
    _, tile = with_a_look(setup)
    replaced(setup, tile["look_id"])
    setup.call("delete_dashboard_element", dashboard_element_id=tile["id"])
    other = next(row["id"] for row in setup.world.table("look") if row["id"] != tile["look_id"] and not row["deleted"])
    bodies = ({"type": "vis", "look_id": other, "title": "By hand"}, {"type": "text", "body_text": "Extra"})
    by_hand, text = (setup.call("create_dashboard_element", {"dashboard_id": "1", **body})["id"] for body in bodies)
    result = incomplete(lambda: setup.restore("dashboard=1"))
    assert [one.id for one in result.deletions] == [text]
    assert by_hand in setup.tiles("1")


def test_missing_looks_may_fail_the_dashboard(setup: RestoreFixture) -> None:
    index, tile = with_a_look(setup)
    setup.call("delete_dashboard", dashboard_id="1")
    deleted(setup, tile["look_id"])
    error = attempt(setup, "dashboard=1", Policy(missing_looks="fail"))
    assert error.path == f"dashboard_elements[{index}].look_id"


@pytest.mark.parametrize("there", [True, False])
def test_a_broken_link_to_lookml_is_omitted(setup: RestoreFixture, there: bool) -> None:
    """A link that exists already is not checked."""
    item = setup.item("dashboard=1")
    item.raw["lookml_link_id"] = "gone::overview"
    item.raw["dashboard_layouts"][0]["lookml_link_id"] = "gone::overview"
    if there:
        edit(setup.world, Edit(type="dashboard", id="1", set={"lookml_link_id": "gone::overview"}))
        layout_id = setup.dashboard("1")["dashboard_layouts"][0]["id"]
        edit(setup.world, Edit(type="dashboard_layout", id=layout_id, set={"lookml_link_id": "gone::overview"}))
        assert ItemRestorer(setup.context()).restore(item).result.outcome == "unchanged"
        return
    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    with pytest.raises(IncompleteError) as caught:
        ItemRestorer(setup.context()).restore(item)
    places = [one.field for one in caught.value.errors]
    assert places == ["lookml_link_id", "dashboard_layouts[0].lookml_link_id"]
    assert setup.dashboard("1")["title"] == item.raw["title"]


def test_an_unchanged_item_needs_no_check(setup: RestoreFixture) -> None:
    assert setup.counted(lambda: setup.restore("dashboard=1")) == {"dashboard": 1}


def without_owner(setup: RestoreFixture) -> tuple[str, str]:
    """The key of a deleted dashboard and the id of its owner, who is gone too and not the caller."""
    caller = setup.call("me")["id"]
    for row in setup.vault.index({"dashboard"}):
        owner = str(setup.vault.read(row.key).raw["user_id"])
        if owner != caller:
            setup.call("delete_dashboard", dashboard_id=row.key.id)
            edit(setup.world, Edit(type="user", id=owner, delete=True))
            return str(row.key), owner
    raise AssertionError("every dashboard belongs to the caller")


def test_a_missing_owner_is_replaced_by_the_caller_with_a_warning(setup: RestoreFixture) -> None:
    key, owner = without_owner(setup)
    result = incomplete(lambda: setup.restore(key))
    assert result.outcome == "created"
    assert setup.dashboard(result.destination_id)["user_id"] == setup.call("me")["id"]
    assert any(f"user={owner}" in warning for warning in result.warnings)


def test_a_missing_owner_is_replaced_by_the_fallback_owner(setup: RestoreFixture) -> None:
    key, owner = without_owner(setup)
    caller = setup.call("me")["id"]
    other = next(user["id"] for user in setup.world.table("user") if user["id"] not in (owner, caller))
    result = setup.restore(key, Policy(fallback_owner=other))
    assert setup.dashboard(result.destination_id)["user_id"] == other


def test_an_owner_that_the_release_cannot_set_is_reported(setup: RestoreFixture) -> None:
    """Dashboard.user_id is writable since 26.8 only: the owner is lost, and the run reports it."""
    setup.simulator.config.release = "25.20.0"
    caller = setup.call("me")["id"]
    keys = [str(row.key) for row in setup.vault.index({"dashboard"})]
    key = next(one for one in keys if setup.item(one).raw["user_id"] != caller)
    setup.call("delete_dashboard", dashboard_id=key.partition("=")[2])
    result = setup.restore(key)
    assert result.outcome == "created"
    assert any("cannot set the owner" in warning for warning in result.warnings)
