"""One read that fails stops nothing but what depends on it: not the run, not the items beside it."""

from __future__ import annotations

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import SMALL, InstanceFixture
from tests.restoration.migration_fixture import MigrationFixture

ONCE = {"LRESTORE_RUN_MAX_RETRIES": "1"}
BULK = Sizes(users=3, groups=2, folders=6, depth=2, looks=6, dashboards=8, tiles=3, filters=1, boards=0, plans=0)
FAILURES = ["status:500", "status:403", "html:200", "body:null", "body:{}", 'body:[{"id": ""}]', "truncate"]


def retitle(instance: InstanceFixture, *ids: str) -> None:
    for one in ids:
        instance.edit("dashboard", one, title=f"Somebody's {one}")


def titles(instance: InstanceFixture, *ids: str) -> list[str]:
    records = [instance.world.get("dashboard", one) for one in ids]
    return [str(record["title"]) for record in records if record is not None]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_dashboard_that_looker_cannot_show_fails_alone(instance: InstanceFixture, failure: str) -> None:
    before = titles(instance, "1", "3")
    retitle(instance, "1", "2", "3")
    instance.simulator.fault(failure, path="/dashboards/2", method="GET")
    ran = instance.run("--select", "dashboard=1,2,3", **ONCE)
    assert (ran.code, ran.total("updated"), ran.total("failed")) == (1, 2, 1), ran.err
    assert (ran.letter()["id"], titles(instance, "1", "3")) == ("2", before)
    assert "dashboard (GET /dashboards/2)" in ran.letter()["message"]
    instance.simulator.simulation.faults.clear()
    assert instance.run("--retry-dead-letters").all_good().total("updated") == 1


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("operation", ["all_folders", "all_lookml_models", "search_dashboards", "versions", "api_spec"])
def test_what_a_title_does_not_need_does_not_stop_it(instance: InstanceFixture, operation: str, failure: str) -> None:
    before = titles(instance, "1")
    retitle(instance, "1")
    instance.simulator.fault(failure, operation=operation)
    ran = instance.run("--select", "dashboard=1", **ONCE).all_good()
    assert (ran.total("updated"), titles(instance, "1")) == (1, before)


def test_a_listing_of_folders_slower_than_the_time_out_is_done_without(instance: InstanceFixture) -> None:
    before = titles(instance, "1")
    retitle(instance, "1")
    slow = instance.simulator.fault("hang", operation="all_folders")
    instance.run("--select", "dashboard=1", LRESTORE_DESTINATION_TIMEOUT_S="1", **ONCE).all_good()
    assert (titles(instance, "1"), slow.fired) == (before, 2)


def test_where_no_evidence_can_be_had_the_run_begins_all_the_same(instance: InstanceFixture) -> None:
    """Whether the instance is the same is undecided then: each item is known by its own traits, or fails alone."""
    retitle(instance, "1")
    instance.simulator.fault("status:500", path="/folders*", method="GET")
    instance.simulator.fault("status:500", path="/dashboards*", method="GET")
    ran = instance.run("--select", "dashboard=1", **ONCE)
    assert (ran.code, ran.letter()["status"]) == (1, 500), ran.err
    assert "identity: undecided" in ran.err and not ran.writes
    instance.simulator.simulation.faults.clear()
    assert instance.run("--retry-dead-letters").all_good().total("updated") == 1
    assert len(instance.world.table("dashboard")) == SMALL.dashboards


@pytest.mark.parametrize("operation", ["all_folders", "all_lookml_models", "all_users", "search_looks", "all_groups"])
def test_a_bulk_run_goes_on_without_a_listing(tmp_path_factory: pytest.TempPathFactory, operation: str) -> None:
    with InstanceFixture(tmp_path_factory.mktemp("bulk"), sizes=BULK) as instance:
        retitle(instance, "1", "5")
        count = {kind: len(table) for kind, table in instance.world.tables.items()}
        instance.simulator.fault("status:500", operation=operation)
        ran = instance.run("--select", "all", "--yes", **ONCE).all_good()
        assert ran.total("updated") == 2
        assert {kind: len(table) for kind, table in instance.world.tables.items()} == count


def test_a_migration_goes_on_without_a_listing_of_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """They are searched for where they must be."""
    with MigrationFixture(tmp_path_factory.mktemp("migration")) as migration:
        migration.simulator.fault("status:500", operation="all_folders")
        ran = migration.migrate("folder", **ONCE)
        assert ran.total("failed") == 0, ran.letters
        made = len(migration.world.table("folder"))
        again = migration.migrate("folder", LRESTORE_STATE_PATH=str(migration.directory / "new.db"), **ONCE)
        assert (again.total("created"), again.total("failed")) == (0, 0), again.letters
        assert len(migration.world.table("folder")) == made


def test_fallbacks_that_cannot_be_checked_are_not_called_missing(instance: InstanceFixture) -> None:
    retitle(instance, "1")
    instance.simulator.fault("status:500", path="/users/4", method="GET")
    ran = instance.run("--select", "dashboard=1", LRESTORE_RUN_FALLBACK_OWNER="4", **ONCE).all_good()
    assert "cannot check [run] fallback_owner" in ran.err
