"""A folder of nightly backups: which one a run reads, and that it stays with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lrestore.simulator.world.backup import Extraction, write_backup
from tests.acceptance.instance_fixture import InstanceFixture


def _night(instance: InstanceFixture, day: int) -> Path:
    path = instance.directory / f"looker-2026-01-{day:02}.db"
    write_backup(instance.world, path, Extraction(at=datetime(2026, 1, day, 2, tzinfo=UTC)))
    return path


@pytest.fixture
def nights(instance: InstanceFixture) -> InstanceFixture:
    """Backups of three nights. Dashboard 2 was deleted after the first, and each look was renamed each day."""
    for day in (1, 2, 3):
        for look in list(instance.world.table("look")):
            instance.edit("look", look["id"], title=f"look {look['id']} on day {day}")
        _night(instance, day)
        if day == 1:
            instance.delete("dashboard", "2")
    instance.extra_environment["LRESTORE_SOURCE_PATH"] = str(instance.directory / "looker-*.db")
    return instance


def _titles(instance: InstanceFixture) -> set[str]:
    return {look["title"].partition(" on ")[2] for look in instance.world.table("look") if not look["deleted"]}


def test_an_object_that_only_an_older_backup_holds_is_not_restored_by_accident(nights: InstanceFixture) -> None:
    ran = nights.run("--select", "dashboard").all_good()
    assert ran.report["source"]["paths"] == [str(nights.directory / "looker-2026-01-03.db")]
    assert "the newest of 3 backups: 2026-01-03T02:00:00Z" in ran.err and not ran.writes
    missing = nights.run("--select", "dashboard=2", "--plan").letter()["message"]
    assert "dashboard=2 is not in the backup" in missing and "--show history=dashboard=2" in missing
    wanted = nights.run("--select", "dashboard=2", "--as-of", "2026-01-01").all_good()
    assert wanted.total("created") == 1 and wanted.report["source"]["paths"][0].endswith("looker-2026-01-01.db")


def test_merge_reads_all_files_as_one_and_says_so(nights: InstanceFixture) -> None:
    ran = nights.run("--select", "dashboard=2", LRESTORE_SOURCE_MERGE="true").all_good()
    assert ran.total("created") == 1 and len(ran.report["source"]["paths"]) == 3
    assert ran.report["guards"]["backup"]["chosen"].startswith("3 files read as one ([source] merge)")
    assert "3 files read as one" in ran.err


def test_as_of_holds_for_every_mode_and_the_age_limit_looks_at_it(nights: InstanceFixture) -> None:
    as_of = ("--as-of", "2026-01-02", "--select", "look")
    assert nights.run(*as_of, "--plan").total("updated") == 5
    assert len(nights.run(*as_of, "--verify").report["verify"]["different"]) == 5
    shown = nights.run("--show", "source", "--as-of", "2026-01-02T02:00:00Z")
    assert "looker-2026-01-02.db" in shown.out and "looker-2026-01-03.db" not in shown.out
    too_old = nights.run(*as_of, LRESTORE_SOURCE_MAX_BACKUP_AGE="1h")
    assert too_old.code == 3 and "2026-01-02T02:00:00" in too_old.err
    none = nights.run("--as-of", "2025-12-31", "--select", "look")
    assert none.code == 3 and "2026-01-01T02:00:00Z" in none.err and "2026-01-03T02:00:00Z" in none.err
    assert nights.run("--as-of", "soon", "--select", "look").code == 2


def test_a_session_stays_with_its_backup(nights: InstanceFixture) -> None:
    stopped = nights.run("--as-of", "2026-01-02", "--select", "look", "--max-calls", "8")
    assert stopped.code == 4 and stopped.total("pending") > 0
    _night(nights, 2 + 2)
    assert nights.run("--resume", "--as-of", "2026-01-04").code == 2
    nights.run("--resume").all_good()
    assert _titles(nights) == {"day 2"}
    nights.simulator.fault("status:422", method="PATCH", path="/looks/1")
    assert nights.run("--as-of", "2026-01-01", "--select", "look").code == 1
    nights.simulator.simulation.faults.clear()
    nights.run("--retry-dead-letters").all_good()
    assert _titles(nights) == {"day 1"}


def test_a_resume_refuses_another_backup_and_a_plan_finds_its_own(nights: InstanceFixture) -> None:
    plan = ("--as-of", "2026-01-01", "--select", "look", "--plan-out", "plan.json")
    nights.run(*plan).all_good()
    _night(nights, 4)
    nights.run("--apply", "plan.json").all_good()
    assert _titles(nights) == {"day 1"}
    assert nights.run("--as-of", "2026-01-02", "--select", "look", "--max-calls", "8").code == 4
    (nights.directory / "looker-2026-01-02.db").write_bytes((nights.directory / "looker-2026-01-03.db").read_bytes())
    refused = nights.run("--resume")
    assert refused.code == 3 and "different backup" in refused.err
