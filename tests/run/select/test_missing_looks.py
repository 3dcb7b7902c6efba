"""Tiles show looks that the destination lacks: they are restored too, left out, or fail the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lrestore.simulator.core.store import Record
from tests.acceptance.instance_fixture import SMALL, InstanceFixture
from tests.acceptance.proxy import Exchange
from tests.restoration.migration_fixture import MigrationFixture

ONE = ("--select", "dashboard=1")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path) as ready:
        yield ready


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path) as ready:
        yield ready


def tile_of_a_look(instance: InstanceFixture, dashboard_id: str = "1") -> Record:
    return next(tile for tile in instance.parts("dashboard_element", dashboard_id) if tile["look_id"])


def lost(instance: InstanceFixture, look_id: str) -> None:
    instance.delete("dashboard", "1")
    instance.delete("look", look_id)


def test_a_missing_look_is_restored_first_and_reported(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    title = instance.blob("look", look_id)["title"]
    lost(instance, look_id)
    ran = instance.run(*ONE).all_good()
    assert [call.operation for call in ran.writes][:2] == ["create_look", "create_dashboard"]
    assert (ran.total("selected"), ran.total("created")) == (2, 2)
    (told,) = (warning for warning in ran.report["warnings"] if "not selected" in warning)
    assert f"look={look_id}" in told and title in told and "not selected" in ran.err
    (look,) = (row for row in instance.world.table("look") if row["title"] == title)
    (dashboard,) = (row for row in instance.world.table("dashboard") if row["title"] == ran.report["items"][1]["name"])
    assert look["id"] in {tile["look_id"] for tile in instance.parts("dashboard_element", dashboard["id"])}
    again = instance.run(*ONE).all_good()
    assert again.writes == [] and again.total("selected") == 1


def test_a_look_is_taken_out_of_the_trash(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    instance.edit("look", look_id, deleted=True)
    instance.edit("dashboard", "1", title="Drifted")
    ran = instance.run(*ONE).all_good()
    assert [call.operation for call in ran.writes] == ["update_look", "update_dashboard"]
    assert (instance.world.get("look", look_id) or {})["deleted"] is False
    assert instance.run(*ONE).all_good().writes == []


@pytest.mark.parametrize("shown", [{"deleted": False}, {"deleted": True}, {"deleted": None}, {"created_at": ...}, None])
def test_only_a_look_that_its_tile_shows_whole_is_not_searched_for(
    instance: InstanceFixture, shown: dict[str, object] | None
) -> None:
    """Looker does not document that tiles show their looks, nor how they show one in the trash."""
    look_id, trashed = tile_of_a_look(instance)["look_id"], bool(shown and shown.get("deleted"))
    instance.edit("look", look_id, deleted=trashed)

    def tiles_show(exchange: Exchange) -> None:
        for tile in exchange.answer["dashboard_elements"] if exchange.path == "/dashboards/1" else ():
            look = {**(tile.get("look") or {}), **(shown or {})}
            tile["look"] = {name: value for name, value in look.items() if value is not ...} if shown else None

    instance.through(after=[tiles_show])
    ran = instance.run(*ONE).all_good()
    assert bool(ran.operations["search_looks"]) is (shown != {"deleted": False})
    assert [call.operation for call in ran.writes] == (["update_look"] if trashed else [])


def test_a_look_that_was_in_the_trash_when_it_was_backed_up_stays_there(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    instance.back_up("look", look_id, {**instance.blob("look", look_id), "deleted": True})
    instance.edit("look", look_id, deleted=True)
    instance.edit("dashboard", "1", title="Drifted")
    ran = instance.run(*ONE)
    assert ran.total("selected") == 1 and (instance.world.get("look", look_id) or {})["deleted"] is True


def test_a_plan_names_the_look_and_writes_nothing(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    lost(instance, look_id)
    ran = instance.run(*ONE, "--plan").all_good()
    assert ran.writes == [] and (ran.total("selected"), ran.total("created")) == (2, 2)
    assert any(f"look={look_id}" in warning for warning in ran.report["warnings"])


def test_verify_compares_only_selected_items(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    lost(instance, look_id)
    ran = instance.run(*ONE, "--verify")
    assert ran.code == 1 and ran.total("selected") == 1


def test_skip_leaves_the_tile_out_and_a_retry_completes_the_dashboard(instance: InstanceFixture) -> None:
    tile = tile_of_a_look(instance)
    lost(instance, tile["look_id"])
    skipping = {"LRESTORE_RUN_MISSING_LOOKS": "skip"}
    ran = instance.run(*ONE, **skipping)
    letter = ran.letter()
    assert (ran.code, letter["error_type"], ran.total("selected")) == (1, "IncompleteError", 1)
    assert tile["title"] in letter["message"] and "the rest was restored" in letter["message"]
    assert not ran.operations["create_look"] and ran.operations["create_dashboard"] == 1
    again = instance.run(*ONE, **skipping)
    assert again.writes == [] and again.letter()["message"] == letter["message"]
    instance.run("--select", f"look={tile['look_id']}").all_good()
    done = instance.run("--retry-dead-letters", ran.report["session_id"]).all_good()
    assert [call.operation for call in done.writes if call.operation.startswith("create")] == [
        "create_dashboard_element"
    ]
    assert not [row for row in instance.rows("dead-letters=" + ran.report["session_id"]) if not row.get("resolved_by")]


def test_retrying_restores_the_look_too(instance: InstanceFixture) -> None:
    """The session skipped it; the retry uses the settings of that session."""
    tile = tile_of_a_look(instance)
    lost(instance, tile["look_id"])
    ran = instance.run(*ONE, LRESTORE_RUN_MISSING_LOOKS="fail")
    assert (ran.code, ran.writes, ran.letter()["error_type"]) == (1, [], "DependencyError")


@pytest.mark.parametrize("choice", ["skip", "fail"])
def test_looks_are_not_added_if_nothing_may_be_created(instance: InstanceFixture, choice: str) -> None:
    lost(instance, tile_of_a_look(instance)["look_id"])
    assert instance.run(*ONE, "--if-missing", choice).total("selected") == 1


def test_a_look_that_cannot_be_restored_is_a_dead_letter_and_the_dashboard_is_restored(
    instance: InstanceFixture,
) -> None:
    tile = tile_of_a_look(instance)
    lost(instance, tile["look_id"])
    instance.simulator.fault("status:422", operation="create_look")
    ran = instance.run(*ONE)
    assert {letter["type"]: letter["error_type"] for letter in ran.letters} == {
        "look": "ValidationError",
        "dashboard": "IncompleteError",
    }
    assert ran.operations["create_dashboard"] == 1
    instance.simulator.simulation.faults.clear()
    instance.run("--retry-dead-letters").all_good()
    assert instance.run(*ONE).all_good().writes == []


def test_a_resumed_session_has_the_same_items(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance)["look_id"]
    lost(instance, look_id)
    instance.run(*ONE, "--plan").all_good()
    spent = len(instance.run(*ONE, "--plan").calls)
    ran = instance.run(*ONE, "--max-calls", str(spent))
    assert ran.code == 4 and ran.total("failed") == 0
    done = instance.run("--resume").all_good()
    assert (done.total("selected"), done.total("created")) == (2, 2)
    assert instance.run(*ONE).all_good().writes == []


def many(directory: Path) -> InstanceFixture:
    """Enough dashboards for a run of several processes. None is in the trash."""
    instance = InstanceFixture(directory, sizes=replace(SMALL, dashboards=14, looks=6))
    assert len(dashboards(instance)) > 8
    return instance


def dashboards(instance: InstanceFixture) -> set[str]:
    return {row["id"] for row in instance.world.table("dashboard") if not row["deleted"]}


def looks_on(instance: InstanceFixture) -> set[str]:
    there = dashboards(instance)
    tiles = (tile for tile in instance.world.table("dashboard_element") if tile["dashboard_id"] in there)
    return {tile["look_id"] for tile in tiles if tile["look_id"]}


@pytest.mark.slow
@pytest.mark.parametrize("trash", [False, True])
def test_many_dashboards_add_all_looks_that_they_show(tmp_path: Path, trash: bool) -> None:
    with many(tmp_path) as instance:
        lost_ones, shown = dashboards(instance), looks_on(instance)
        assert len(shown) > 2
        for look_id in shown:
            instance.edit("look", look_id, deleted=True) if trash else instance.delete("look", look_id)
        for dashboard_id in lost_ones:
            instance.delete("dashboard", dashboard_id)
        ran = instance.run("--select", "dashboard").all_good()
        assert ran.total("created") + ran.total("updated") == len(lost_ones) + len(shown)
        assert len(looks_on(instance)) == len(shown)
        again = instance.run("--select", "dashboard").all_good()
        assert again.writes == []
        assert not [item for item in again.report["items"] if item["type"] == "look"]


@pytest.mark.slow
def test_many_dashboards_are_restored_without_the_tiles_of_a_missing_look(tmp_path: Path) -> None:
    """In a run of several processes no item fails because of the target of one of its parts."""
    with many(tmp_path) as instance:
        lost_ones, look_id = dashboards(instance), min(looks_on(instance))
        tiles = (tile for tile in instance.world.table("dashboard_element") if tile["look_id"] == look_id)
        hit = {tile["dashboard_id"] for tile in tiles} & lost_ones
        instance.delete("look", look_id)
        for dashboard_id in lost_ones:
            instance.delete("dashboard", dashboard_id)
        instance.simulator.fault("status:422", operation="create_look")
        ran = instance.run("--select", "dashboard", "--select", f"look={look_id}")
        assert ran.operations["create_dashboard"] == len(lost_ones)
        letters = {(letter["type"], letter["error_type"]) for letter in ran.letters}
        assert letters == {("look", "ValidationError"), ("dashboard", "IncompleteError")}
        assert ran.total("failed") == len(hit) + 1 and ran.total("created") == len(lost_ones) - len(hit)


def with_a_look(migration: MigrationFixture) -> tuple[str, str]:
    """A dashboard that shows a look, and that look; neither is in the trash."""
    for tile in migration.source.table("dashboard_element"):
        look = migration.source.get("look", tile["look_id"] or "")
        dashboard = migration.source.get("dashboard", tile["dashboard_id"]) or {}
        if look and not look["deleted"] and not dashboard["deleted"]:
            return dashboard["id"], look["id"]
    raise AssertionError("no tile shows a look")


def test_an_existing_look_in_another_instance_is_not_changed(migration: MigrationFixture) -> None:
    migration.source_lives()
    migration.migrate("user", "group", "role", "permission_set", "model_set", "folder", "look")
    dashboard_id, look_id = with_a_look(migration)
    (migration.directory / "state.db").unlink()
    made = migration.of("look", title=(migration.source.get("look", look_id) or {})["title"])
    migration.edit("look", made["id"], description="Somebody's own words")
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert not ran.operations["update_look"] and not ran.operations["create_look"]
    assert ran.total("selected") == 1


def test_looks_are_restored_with_their_dashboard_into_another_instance(migration: MigrationFixture) -> None:
    migration.source_lives()
    migration.migrate("user", "group", "role", "permission_set", "model_set", "folder")
    dashboard_id, _ = with_a_look(migration)
    tiles = migration.source.table("dashboard_element").where("dashboard_id", dashboard_id)
    shown = {tile["look_id"] for tile in tiles if tile["look_id"]}
    ran = migration.migrate(f"dashboard={dashboard_id}").all_good()
    assert ran.operations["create_look"] == len(shown) == ran.total("selected") - 1
    assert migration.migrate(f"dashboard={dashboard_id}").all_good().writes == []
