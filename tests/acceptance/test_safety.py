"""Nothing is written where it is not certain that it should be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import make_world
from tests.acceptance.instance_fixture import SMALL, InstanceFixture

ONE = ("--select", "dashboard=1")


def test_another_instance_with_the_same_ids_is_refused_with_the_evidence(tmp_path: Path) -> None:
    """B3, FR-034: LookerVault overwrites whatever has the id."""
    write_backup(make_world(SMALL, seed=2), tmp_path / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
    with InstanceFixture(tmp_path) as instance:
        for world in (instance.world.table("dashboard"), instance.world.table("folder"), instance.world.table("look")):
            for record in list(world):
                world.change(record["id"], {"created_at": "2011-11-11T11:11:11.000Z"})
        ran = instance.run(*ONE)
    assert (ran.code, ran.writes) == (3, [])
    assert "dashboard=1" in ran.err and "2011-11-11" in ran.err and "cross-instance" in ran.err


def test_an_id_that_belongs_to_something_else_now_is_left_alone(instance: InstanceFixture) -> None:
    """B3: ids are given anew after a rollback."""
    instance.edit("dashboard", "1", created_at="2025-12-31T00:00:00.000Z", slug="another", title="Another's")
    ran = instance.run("--select", "dashboard")
    assert instance.world.get("dashboard", "1")["title"] == "Another's"  # type: ignore[index]
    assert ran.total("created") == 1 and ran.total("failed") == 0
    assert not any(call.path == "/dashboards/1" for call in ran.writes)


def test_a_missing_folder_is_a_dependency_error_and_nothing_is_written(instance: InstanceFixture) -> None:
    """FR-012, B12: with the path in the item, and what to restore first."""
    folder = instance.blob("dashboard", "1")["folder_id"]
    instance.delete("folder", folder)
    instance.edit("dashboard", "1", folder_id="1", title="Moved")
    ran = instance.run(*ONE)
    letter = ran.letter()
    assert (ran.code, ran.writes) == (1, [])
    assert letter["error_type"] == "DependencyError" and letter["path"] == "folder_id"
    assert f"folder={folder}" in letter["message"] and f"--select folder={folder}" in ran.out + ran.err


@pytest.mark.parametrize(("setting", "named"), [("OWNER", "user 4711"), ("FOLDER", "folder 4711")])
def test_a_fallback_that_is_not_there_is_found_out_before_the_first_write(
    instance: InstanceFixture, setting: str, named: str
) -> None:
    """Otherwise each item that needs it would fail, and only then."""
    instance.edit("dashboard", "1", title="Changed")
    ran = instance.run(*ONE, **{f"LRESTORE_RUN_FALLBACK_{setting}": "4711"})
    assert (ran.code, ran.writes) == (3, [])
    assert f"fallback_{setting.lower()}" in ran.err and named in ran.err
    assert instance.run(*ONE, **{f"LRESTORE_RUN_FALLBACK_{setting}": "1"}).all_good().total("updated") == 1


@pytest.mark.parametrize(
    ("choice", "error", "writes"), [("skip", "IncompleteError", 1), ("fail", "DependencyError", 0)]
)
def test_a_missing_look_names_the_tile_that_shows_it(
    instance: InstanceFixture, choice: str, error: str, writes: int
) -> None:
    tile = next(tile for tile in instance.blob("dashboard", "1")["dashboard_elements"] if tile["look_id"])
    instance.delete("look", tile["look_id"])
    instance.edit("dashboard_element", tile["id"], look_id=None, query_id="1")
    instance.edit("dashboard", "1", title="Changed")
    ran = instance.run(*ONE, LRESTORE_RUN_MISSING_LOOKS=choice)
    letter = ran.letter()
    assert (ran.code, len(ran.writes), letter["error_type"]) == (1, writes, error)
    assert letter["path"].startswith("dashboard_elements[") and letter["path"].endswith(".look_id")


def test_a_missing_explore_is_found_before_the_first_write(instance: InstanceFixture) -> None:
    """A tile that has to be written needs its explore; one that shows the same as before is a warning."""
    blob = instance.blob("dashboard", "1")
    index, tile = next((n, tile) for n, tile in enumerate(blob["dashboard_elements"]) if tile["query"])
    model, explore = tile["query"]["model"], tile["query"]["view"]
    record = instance.world.get("lookml_model", model)
    assert record is not None
    instance.edit("lookml_model", model, explores=[one for one in record["explores"] if one["name"] != explore])
    instance.edit("dashboard", "1", title="Changed")
    ran = instance.run(*ONE).all_good()
    assert [call.body for call in ran.writes] == [{"title": blob["title"]}]
    assert f"explore={model}::{explore}" in ran.out + ran.err
    assert f"dashboard_elements[{index}]" in ran.out + ran.err


def test_who_is_no_admin_creates_nothing_on_a_bare_404(instance: InstanceFixture) -> None:
    instance.delete("dashboard", "1")
    instance.simulator.config.caller_admin = False
    ran = instance.run(*ONE)
    assert (ran.code, ran.writes) == (1, [])
    assert ran.letter()["error_type"] == "InvisibleOrMissingError"
    assert instance.run(*ONE, LRESTORE_RUN_TRUST_404="true").all_good().total("created") == 1


@pytest.mark.parametrize(("choice", "code", "outcome"), [("skip", 0, "skipped"), ("fail", 1, "failed")])
def test_what_is_missing_may_be_skipped_or_fail(
    instance: InstanceFixture, choice: str, code: int, outcome: str
) -> None:
    instance.delete("dashboard", "1")
    ran = instance.run(*ONE, "--if-missing", choice)
    assert (ran.code, ran.total(outcome), ran.writes) == (code, 1, [])


def test_what_was_changed_since_the_backup_may_be_left_alone(instance: InstanceFixture) -> None:
    instance.edit("dashboard", "1", title="Newer", updated_at="2030-01-01T00:00:00.000Z")
    ran = instance.run(*ONE, "--skip-if-modified").all_good()
    assert (ran.writes, ran.total("skipped")) == ([], 1)
    assert instance.run(*ONE).all_good().total("updated") == 1


@pytest.mark.parametrize("fault", ["reset_after", "truncate", "cut", "html:502"])
def test_a_lost_answer_to_a_create_makes_nothing_twice(instance: InstanceFixture, fault: str) -> None:
    """B4, B5: neither the dashboard nor any of its tiles and filters."""
    kinds = ("dashboard", "dashboard_element", "dashboard_filter", "dashboard_layout")
    before = {kind: len(instance.world.table(kind)) for kind in kinds}
    instance.delete("dashboard", "1")
    for operation in ("create_dashboard", "create_dashboard_element", "create_dashboard_filter"):
        instance.simulator.fault(fault, handled=fault == "html:502", operation=operation, nth=1)
    instance.run(*ONE).all_good()
    assert {kind: len(instance.world.table(kind)) for kind in kinds} == before
    assert instance.run(*ONE).all_good().writes == []


def test_a_type_decides_which_of_two_equal_ids_is_meant(instance: InstanceFixture) -> None:
    """B10: LookerVault looks an item up by id alone."""
    instance.edit("look", "1", title="Changed look")
    instance.edit("dashboard", "1", title="Changed dashboard")
    ran = instance.run("--select", "look=1").all_good()
    assert [call.path for call in ran.writes] == ["/looks/1"]


def test_a_backup_made_by_one_worker_is_read_as_any_other(tmp_path: Path) -> None:
    """B14: its rows are called ``dashboard::1``."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    write_backup(make_world(SMALL), tmp_path / "vault.db", Extraction(at=at, sequential=True))
    with InstanceFixture(tmp_path) as instance:
        instance.edit("dashboard", "1", title="Changed")
        ran = instance.run(*ONE).all_good()
    assert [call.path for call in ran.writes] == ["/dashboards/1"]


def test_roots_and_personal_folders_are_never_made(instance: InstanceFixture) -> None:
    """B12: LookerVault posts "Shared" as an ordinary folder."""
    ran = instance.run("--select", "folder").all_good()
    assert ran.writes == [] and ran.total("skipped") >= 2


def test_nothing_of_the_source_is_sent_that_looker_would_ignore(instance: InstanceFixture) -> None:
    """B28, B16: embedded copies, read-only fields, and ids that mean nothing."""
    for type_name in ("dashboard", "look"):
        for record in list(instance.world.table(type_name)):
            instance.delete(type_name, record["id"])
    instance.process("--select", "look", "--select", "dashboard").all_good()
    assert instance.simulator.log.ignored_fields() == []


def test_the_backup_is_not_touched_to_the_byte(instance: InstanceFixture) -> None:
    """B25: LookerVault migrates the backup and writes its state into it."""
    before, names = instance.backup.read_bytes(), sorted(path.name for path in instance.directory.iterdir())
    instance.backup.chmod(0o444)
    instance.edit("dashboard", "1", title="Changed")
    instance.run(*ONE).all_good()
    assert instance.backup.read_bytes() == before
    new = {path.name for path in instance.directory.iterdir()} - set(names)
    assert not [name for name in new if name.startswith("vault")]


def test_what_was_in_the_trash_already_is_not_made_again(instance: InstanceFixture) -> None:
    instance.back_up("dashboard", "1", {**instance.blob("dashboard", "1"), "deleted": True})
    instance.delete("dashboard", "1")
    ran = instance.run("--select", "dashboard=1").all_good()
    assert ran.total("skipped") == 1 and ran.writes == []
    (item,) = ran.report["items"]
    assert "trash" in item["reason"]
