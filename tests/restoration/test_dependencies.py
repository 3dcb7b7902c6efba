"""A reference that leads nowhere is named with its path, and nothing is written."""

from __future__ import annotations

import pytest

from lrestore.errors import DependencyError
from lrestore.restoration.context import Policy
from lrestore.simulator.edits import Edit, edit
from tests.restoration.stage import Stage


def attempt(stage: Stage, key: str) -> DependencyError:
    before = len(stage.simulator.log.writes())
    with pytest.raises(DependencyError) as caught:
        stage.restore(key)
    assert len(stage.simulator.log.writes()) == before
    return caught.value


def test_a_missing_folder_is_named(stage: Stage) -> None:
    """P1: an error that names which, and the object stays as it was."""
    folder_id = stage.item("dashboard=2").raw["folder_id"]
    stage.call("delete_dashboard", dashboard_id="2")
    edit(stage.world, Edit(type="folder", id=folder_id, delete=True))
    error = attempt(stage, "dashboard=2")
    assert error.path == "folder_id"
    assert f"folder={folder_id}" in str(error)


def test_a_missing_look_is_named_with_its_tile(stage: Stage) -> None:
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    index = next(number for number, tile in enumerate(tiles) if tile["look_id"])
    stage.call("delete_dashboard", dashboard_id="1")
    stage.call("delete_look", look_id=tiles[index]["look_id"])
    error = attempt(stage, "dashboard=1")
    assert error.path == f"dashboard_elements[{index}].look_id"
    assert f"--select look={tiles[index]['look_id']}" in str(error)


def test_a_look_in_the_trash_does_not_count_as_there(stage: Stage) -> None:
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    look_id = next(tile["look_id"] for tile in tiles if tile["look_id"])
    stage.call("delete_dashboard", dashboard_id="1")
    stage.call("update_look", {"deleted": True}, look_id=look_id)
    assert "look=" in str(attempt(stage, "dashboard=1"))


def test_a_stranger_under_the_id_of_a_look_does_not_count_as_the_look(stage: Stage) -> None:
    """Ids are given anew after a rollback: the tile would show what somebody else has made since."""
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    look_id = next(tile["look_id"] for tile in tiles if tile["look_id"])
    stage.call("delete_dashboard", dashboard_id="1")
    edit(stage.world, Edit(type="look", id=look_id, set={"created_at": "2030-01-01T00:00:00.000Z"}))
    assert "belongs to another look now" in str(attempt(stage, "dashboard=1"))


@pytest.mark.parametrize("what", ["explore", "model"])
def test_a_missing_explore_or_model_is_named_with_every_place(stage: Stage, what: str) -> None:
    """Every write would fail half way otherwise: POST /queries and tiles answer 404 for an unknown explore."""
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    index, query = next((number, tile["query"]) for number, tile in enumerate(tiles) if tile["query"])
    if what == "model":
        edit(stage.world, Edit(type="lookml_model", id=query["model"], delete=True))
    else:
        model = stage.world.table("lookml_model").get(query["model"])
        left = [explore for explore in model["explores"] if explore["name"] != query["view"]]
        edit(stage.world, Edit(type="lookml_model", id=query["model"], set={"explores": left}))
    stage.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    error = attempt(stage, "dashboard=1")
    assert f"dashboard_elements[{index}].query.view" in {one.field for one in error.errors}
    assert f"{query['model']}::{query['view']}" in str(error)


def test_an_unchanged_item_needs_no_check(stage: Stage) -> None:
    assert stage.counted(lambda: stage.restore("dashboard=1")) == {"dashboard": 1}


def without_owner(stage: Stage) -> tuple[str, str]:
    """A deleted dashboard whose owner, not the caller, is gone too: its key and the owner's id."""
    caller = stage.call("me")["id"]
    for row in stage.vault.index({"dashboard"}):
        owner = str(stage.vault.read(row.key).raw["user_id"])
        if owner != caller:
            stage.call("delete_dashboard", dashboard_id=row.key.id)
            edit(stage.world, Edit(type="user", id=owner, delete=True))
            return str(row.key), owner
    raise AssertionError("every dashboard belongs to the caller")


def test_an_owner_who_is_gone_is_left_out_and_said_so(stage: Stage) -> None:
    key, owner = without_owner(stage)
    result = stage.restore(key)
    assert result.outcome == "created"
    assert any(f"user {owner}" in warning for warning in result.warnings)


def test_a_fallback_owner_takes_over(stage: Stage) -> None:
    key, owner = without_owner(stage)
    caller = stage.call("me")["id"]
    other = next(user["id"] for user in stage.world.table("user") if user["id"] not in (owner, caller))
    result = stage.restore(key, Policy(fallback_owner=other))
    assert stage.dashboard(result.destination_id)["user_id"] == other


def test_an_owner_that_the_release_cannot_set_is_reported(stage: Stage) -> None:
    """Dashboard.user_id can be written since 26.8 only: the owner is lost, and that is said."""
    stage.simulator.config.release = "25.20.0"
    caller = stage.call("me")["id"]
    keys = [str(row.key) for row in stage.vault.index({"dashboard"})]
    key = next(one for one in keys if stage.item(one).raw["user_id"] != caller)
    stage.call("delete_dashboard", dashboard_id=key.partition("=")[2])
    result = stage.restore(key)
    assert result.outcome == "created"
    assert any("cannot set the owner" in warning for warning in result.warnings)
