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
from tests.restoration.restore_fixture import Stage, incomplete


def attempt(stage: Stage, key: str, policy: Policy | None = None) -> DependencyError:
    before = len(stage.simulator.log.writes())
    with pytest.raises(DependencyError) as caught:
        stage.restore(key, policy)
    assert len(stage.simulator.log.writes()) == before
    return caught.value


def test_a_missing_folder_is_named(stage: Stage) -> None:
    """P1: the error names the folder, and the object is unchanged."""
    folder_id = stage.item("dashboard=2").raw["folder_id"]
    stage.call("delete_dashboard", dashboard_id="2")
    edit(stage.world, Edit(type="folder", id=folder_id, delete=True))
    error = attempt(stage, "dashboard=2")
    assert error.path == "folder_id"
    assert f"folder={folder_id}" in str(error)


def with_a_look(stage: Stage) -> tuple[int, JsonObject]:
    """The first tile of dashboard 1 that shows a look, with its place in the list."""
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    return next((number, tile) for number, tile in enumerate(tiles) if tile["look_id"])


def deleted(stage: Stage, look_id: str) -> None:
    stage.call("delete_look", look_id=look_id)


def trashed(stage: Stage, look_id: str) -> None:
    stage.call("update_look", {"deleted": True}, look_id=look_id)


def replaced(stage: Stage, look_id: str) -> None:
    """Ids are reused after a rollback: the tile would show a newer object of another user."""
    edit(stage.world, Edit(type="look", id=look_id, set={"created_at": "2030-01-01T00:00:00.000Z"}))


@pytest.mark.parametrize("lost", [deleted, trashed, replaced])
def test_a_dashboard_is_restored_without_the_tile_of_a_missing_look(
    stage: Stage, lost: Callable[[Stage, str], None]
) -> None:
    index, tile = with_a_look(stage)
    look_id = tile["look_id"]
    stage.call("delete_dashboard", dashboard_id="1")
    lost(stage, look_id)
    with pytest.raises(IncompleteError) as caught:
        stage.restore("dashboard=1")
    error = caught.value
    assert error.path == f"dashboard_elements[{index}].look_id"
    for words in (f"look={look_id}", tile["title"], "the rest was restored", f"--select look={look_id}"):
        assert words in str(error)
    assert not error.missing
    assert error.restored is not None and error.restored.outcome == "created"
    assert any(f"look={look_id}" in warning for warning in error.restored.warnings)
    wanted = stage.item("dashboard=1").raw["dashboard_elements"]
    made = stage.tiles(error.restored.destination_id).values()
    assert len(made) == len([one for one in wanted if one["look_id"] != look_id]) < len(wanted)


def test_the_next_run_reports_the_same_and_writes_nothing(stage: Stage) -> None:
    _, tile = with_a_look(stage)
    stage.call("delete_dashboard", dashboard_id="1")
    trashed(stage, tile["look_id"])
    messages = []
    for _ in range(2):
        before = len(stage.simulator.log.writes())
        with pytest.raises(IncompleteError) as caught:
            stage.restore("dashboard=1")
        messages.append(caught.value.message)
    assert len(stage.simulator.log.writes()) == before
    assert messages[0] == messages[1]


def test_an_omitted_tile_is_created_once_its_look_exists(stage: Stage) -> None:
    _, tile = with_a_look(stage)
    stage.call("delete_dashboard", dashboard_id="1")
    trashed(stage, tile["look_id"])
    made = incomplete(lambda: stage.restore("dashboard=1")).destination_id
    stage.call("update_look", {"deleted": False}, look_id=tile["look_id"])
    result = stage.restore("dashboard=1")
    assert (result.outcome, result.destination_id) == ("updated", made)
    shown = [one["look_id"] for one in stage.tiles(made).values()]
    assert tile["look_id"] in shown
    assert stage.restore("dashboard=1").outcome == "unchanged"


def test_a_live_tile_that_may_be_an_omitted_one_is_not_deleted(stage: Stage) -> None:
    """An unresolved id proves nothing: the tile may have been recreated by hand."""
    _, tile = with_a_look(stage)
    replaced(stage, tile["look_id"])
    stage.call("delete_dashboard_element", dashboard_element_id=tile["id"])
    other = next(row["id"] for row in stage.world.table("look") if row["id"] != tile["look_id"] and not row["deleted"])
    bodies = ({"type": "vis", "look_id": other, "title": "By hand"}, {"type": "text", "body_text": "Extra"})
    by_hand, text = (stage.call("create_dashboard_element", {"dashboard_id": "1", **body})["id"] for body in bodies)
    result = incomplete(lambda: stage.restore("dashboard=1"))
    assert [one.id for one in result.deletions] == [text]
    assert by_hand in stage.tiles("1")


def test_missing_looks_may_fail_the_dashboard(stage: Stage) -> None:
    index, tile = with_a_look(stage)
    stage.call("delete_dashboard", dashboard_id="1")
    deleted(stage, tile["look_id"])
    error = attempt(stage, "dashboard=1", Policy(missing_looks="fail"))
    assert error.path == f"dashboard_elements[{index}].look_id"


@pytest.mark.parametrize("there", [True, False])
def test_a_broken_link_to_lookml_is_omitted(stage: Stage, there: bool) -> None:
    """A link that exists already is not checked."""
    item = stage.item("dashboard=1")
    item.raw["lookml_link_id"] = "gone::overview"
    item.raw["dashboard_layouts"][0]["lookml_link_id"] = "gone::overview"
    if there:
        edit(stage.world, Edit(type="dashboard", id="1", set={"lookml_link_id": "gone::overview"}))
        layout_id = stage.dashboard("1")["dashboard_layouts"][0]["id"]
        edit(stage.world, Edit(type="dashboard_layout", id=layout_id, set={"lookml_link_id": "gone::overview"}))
        assert ItemRestorer(stage.context()).restore(item).result.outcome == "unchanged"
        return
    stage.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    with pytest.raises(IncompleteError) as caught:
        ItemRestorer(stage.context()).restore(item)
    places = [one.field for one in caught.value.errors]
    assert places == ["lookml_link_id", "dashboard_layouts[0].lookml_link_id"]
    assert stage.dashboard("1")["title"] == item.raw["title"]


def test_an_unchanged_item_needs_no_check(stage: Stage) -> None:
    assert stage.counted(lambda: stage.restore("dashboard=1")) == {"dashboard": 1}


def without_owner(stage: Stage) -> tuple[str, str]:
    """The key of a deleted dashboard and the id of its owner, who is gone too and not the caller."""
    caller = stage.call("me")["id"]
    for row in stage.vault.index({"dashboard"}):
        owner = str(stage.vault.read(row.key).raw["user_id"])
        if owner != caller:
            stage.call("delete_dashboard", dashboard_id=row.key.id)
            edit(stage.world, Edit(type="user", id=owner, delete=True))
            return str(row.key), owner
    raise AssertionError("every dashboard belongs to the caller")


def test_a_missing_owner_is_replaced_by_the_caller_with_a_warning(stage: Stage) -> None:
    key, owner = without_owner(stage)
    result = incomplete(lambda: stage.restore(key))
    assert result.outcome == "created"
    assert stage.dashboard(result.destination_id)["user_id"] == stage.call("me")["id"]
    assert any(f"user={owner}" in warning for warning in result.warnings)


def test_a_missing_owner_is_replaced_by_the_fallback_owner(stage: Stage) -> None:
    key, owner = without_owner(stage)
    caller = stage.call("me")["id"]
    other = next(user["id"] for user in stage.world.table("user") if user["id"] not in (owner, caller))
    result = stage.restore(key, Policy(fallback_owner=other))
    assert stage.dashboard(result.destination_id)["user_id"] == other


def test_an_owner_that_the_release_cannot_set_is_reported(stage: Stage) -> None:
    """Dashboard.user_id is writable since 26.8 only: the owner is lost, and the run reports it."""
    stage.simulator.config.release = "25.20.0"
    caller = stage.call("me")["id"]
    keys = [str(row.key) for row in stage.vault.index({"dashboard"})]
    key = next(one for one in keys if stage.item(one).raw["user_id"] != caller)
    stage.call("delete_dashboard", dashboard_id=key.partition("=")[2])
    result = stage.restore(key)
    assert result.outcome == "created"
    assert any("cannot set the owner" in warning for warning in result.warnings)
