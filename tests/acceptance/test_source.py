"""The living source by the command: named later, failing now and then, never written to, never a reason to double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes, empty_world
from tests.acceptance.instance_fixture import SECRET
from tests.acceptance.snapshot import snapshots
from tests.restoration.migration_fixture import MigrationFixture

SIZES = Sizes(users=4, groups=2, folders=4, depth=2, looks=6, dashboards=3, tiles=7, filters=2, boards=1, plans=8)
ACCESS = ("user", "group", "permission_set", "model_set", "role")
PLANS = Sizes(users=2, groups=1, folders=2, depth=1, looks=3, dashboards=0, boards=0, plans=3)


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path, sizes=SIZES, into=empty_world()) as made:
        yield made


@pytest.fixture
def of_a_query(tmp_path: Path) -> Iterator[MigrationFixture]:
    """A migration whose first scheduled plan sends a query that no tile shows."""
    with MigrationFixture(tmp_path, sizes=PLANS, into=empty_world()) as made:
        blob = made.source.table("scheduled_plan").records["1"]
        query_id = made.source.table("look").records["1"]["query_id"]
        content = {"dashboard_id": None, "look_id": None, "query_id": query_id}
        made.source.table("scheduled_plan").change(blob["id"], {**content, "name": "Of a query"})
        made.back_up("scheduled_plan", "1", {**blob, **content, "name": "Of a query"})
        made.source_lives()
        yield made


def alike(before: World, after: World) -> bool:
    return snapshots(before) == snapshots(after)


def test_dead_letters_go_through_when_the_source_is_named_later(migration: MigrationFixture) -> None:
    first = migration.migrate()
    assert any("[source] base_url" in letter["message"] for letter in first.letters)
    migration.source_lives()
    migration.run("--retry-dead-letters").all_good()
    assert alike(migration.source, migration.world)


def test_a_source_that_fails_at_one_query_fails_that_look_and_is_named(migration: MigrationFixture) -> None:
    origin = migration.source_lives()
    query_id = next(iter(migration.source.table("look")))["query_id"]
    shown = {tile["query_id"] for tile in migration.source.table("dashboard_element")}
    assert query_id not in shown
    fault = origin.fault("status:500", path=f"/queries/{query_id}")
    ran = migration.migrate(*ACCESS, "folder", "look", LRESTORE_RUN_MAX_RETRIES="1")
    assert ran.code == 1 and fault.fired
    assert "reading from the source" in ran.letter()["message"] and ran.letter()["status"] == 500
    assert ran.total("failed") == 1
    assert ran.report["by_type"]["look"]["created"] == len(migration.source.table("look")) - 1


def test_a_source_that_asks_for_patience_gets_it(migration: MigrationFixture) -> None:
    origin = migration.source_lives()
    fault = origin.fault("status:429", operation="query", times=2, retry_after=0.1)
    migration.migrate().all_good()
    assert fault.fired == 2
    assert alike(migration.source, migration.world)


def test_no_mode_writes_to_the_source_and_a_dry_run_calls_nobody(migration: MigrationFixture) -> None:
    origin = migration.source_lives()
    assert migration.migrate("all", "--dry-run").calls == ()
    assert list(origin.log.calls) == []
    for mode in (("--plan",), ("--verify",), ()):
        migration.migrate("all", *mode)
    seen = Counter((call.method, call.operation) for call in origin.log.calls)
    assert seen["GET", "query"] and seen["GET", "merge_query"]
    assert {operation for method, operation in seen if method != "GET"} == {"login"}


def test_what_has_been_made_is_not_asked_for_again(migration: MigrationFixture) -> None:
    origin = migration.source_lives()
    migration.migrate().all_good()
    seen = len(origin.log.calls)
    assert migration.migrate().all_good().writes == []
    again = Counter(call.operation for call in list(origin.log.calls)[seen:])
    assert not again["query"] and not again["merge_query"]


def test_the_key_of_the_source_may_stand_in_a_section_of_the_ini_file(migration: MigrationFixture) -> None:
    migration.source_lives()
    ini = migration.directory / "keys.ini"
    ini.write_text(f"[Looker]\nclient_id=acceptance\n\n[Old]\nclient_id=origin\nclient_secret={SECRET}\n")
    ini.chmod(0o600)
    sections = {"LRESTORE_SOURCE_INI_SECTION": "Old", "LRESTORE_DESTINATION_INI": str(ini)}
    nothing = {"LRESTORE_SOURCE_CLIENT_ID": "", "LRESTORE_SOURCE_CLIENT_SECRET": ""}
    migration.migrate(*ACCESS, "folder", "look", **sections, **nothing).all_good()


def test_a_source_that_does_not_answer_ends_the_run_before_it_begins(migration: MigrationFixture) -> None:
    migration.source_lives().__exit__(None, None, None)
    ran = migration.migrate(LRESTORE_RUN_MAX_RETRIES="0")
    assert ran.code == 3 and ran.writes == []
    assert "[source] base_url" in ran.err


def test_a_plan_of_a_query_comes_with_it_and_is_found_again_without_a_mapping(of_a_query: MigrationFixture) -> None:
    of_a_query.migrate().all_good()
    assert alike(of_a_query.source, of_a_query.world)
    count = len(of_a_query.world.table("scheduled_plan"))
    (of_a_query.directory / "state.db").unlink()
    again = of_a_query.migrate("user", "folder", "look", "scheduled_plan=1").all_good()
    assert again.writes == []
    assert len(of_a_query.world.table("scheduled_plan")) == count
