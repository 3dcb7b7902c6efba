"""Id mappings that LookerVault's own restore left in the backup are taken over if they are provably right."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.simulator.world.backup import blob_of
from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture
from tests.restoration.migration_fixture import MigrationFixture

SOME = Sizes(users=2, groups=2, folders=2, depth=1, looks=0, dashboards=3, tiles=0, filters=0, boards=0, plans=0)
SESSIONS = "CREATE TABLE restoration_sessions (id TEXT PRIMARY KEY, destination_instance TEXT NOT NULL)"


def bare(migration: MigrationFixture, dashboard_id: str) -> JsonObject:
    """An empty backed-up dashboard with an unknown owner."""
    record = migration.source.get("dashboard", dashboard_id)
    assert record is not None
    nothing: JsonObject = {"dashboard_elements": [], "dashboard_layouts": [], "dashboard_filters": []}
    return {**blob_of(migration.source, "dashboard", record), "user_id": None, **nothing}


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    """Dashboard 1 was migrated by other means: it exists with another id and slug."""
    with MigrationFixture(tmp_path, sizes=SOME) as made:
        made.extra_environment["LRESTORE_RUN_FALLBACK_OWNER"] = "1"
        for number in "123":
            made.back_up("dashboard", number, bare(made, number))
        made.migrate("folder", "dashboard=1").all_good()
        made.edit("dashboard", made.new_id("dashboard", "1"), slug="another")
        yield made


def by_other_means(migration: MigrationFixture) -> str:
    """The live id of dashboard 1; lrestore has no mapping of it."""
    live_id = migration.new_id("dashboard", "1")
    for file in migration.directory.glob("state.db*"):
        file.unlink()
    return live_id


def record(
    instance: InstanceFixture, *mappings: tuple[str, str, str], source: str = "source", into: str | None = None
) -> None:
    """Put mappings (type, source id, id) into the backup file, as LookerVault does."""
    with contextlib.closing(sqlite3.connect(instance.backup)) as connection, connection:
        if into is not None:
            connection.execute(SESSIONS)
            connection.execute("INSERT INTO restoration_sessions VALUES ('s', ?)", (into,))
        for type_name, source_id, live_id in mappings:
            number = CONTENT_TYPES[type_name].vault_number
            row = (source, number, source_id, live_id, "2026-01-01T00:00:00", "s")
            connection.execute("INSERT INTO id_mappings VALUES (?, ?, ?, ?, ?, ?)", row)


def dashboards(migration: MigrationFixture) -> list[str]:
    return [row["id"] for row in migration.world.table("dashboard")]


def test_a_mapping_is_taken_over_once(migration: MigrationFixture) -> None:
    live_id = by_other_means(migration)
    record(migration, ("dashboard", "1", live_id))
    before = dashboards(migration)
    ran = migration.migrate("dashboard=1").all_good()
    assert "took over 1 id mapping of LookerVault" in ran.err
    assert (ran.total("updated"), dashboards(migration)) == (1, before)
    assert migration.new_id("dashboard", "1") == live_id
    again = migration.migrate("dashboard=1").all_good()
    assert again.writes == [] and "took over" not in again.err


def test_without_the_mapping_the_dashboard_is_not_found(migration: MigrationFixture) -> None:
    """The dashboard itself holds its title in its folder."""
    by_other_means(migration)
    assert migration.migrate("dashboard=1").total("failed") == 1


def test_the_title_alone_proves_nothing(migration: MigrationFixture) -> None:
    """A dashboard in another folder may have the same title."""
    live_id = by_other_means(migration)
    record(migration, ("dashboard", "1", live_id))
    migration.edit("dashboard", live_id, folder_id=migration.of("folder", is_shared_root=True)["id"])
    before = migration.of("dashboard", id=live_id)
    ran = migration.migrate("dashboard=1").all_good()
    assert "took over" not in ran.err and ran.total("created") == 1
    assert migration.of("dashboard", id=live_id) == before


def test_a_plan_uses_the_mapping_and_records_nothing(migration: MigrationFixture) -> None:
    record(migration, ("dashboard", "1", by_other_means(migration)))
    ran = migration.migrate("dashboard=1", "--plan").all_good()
    assert (ran.total("updated"), ran.total("created")) == (1, 0)
    assert not (migration.directory / "state.db").exists()


def test_mappings_of_many_types_prefixed_or_not(migration: MigrationFixture) -> None:
    folder = next(row for row in migration.source.table("folder") if row["parent_id"] == "1")
    live_folder = migration.new_id("folder", folder["id"])
    live_id = by_other_means(migration)
    record(migration, ("dashboard", "dashboard::1", live_id), ("folder", f"folder::{folder['id']}", live_folder))
    migration.edit("folder", live_folder, parent_id=migration.of("folder", is_shared_root=True)["id"])
    ran = migration.migrate("dashboard=1").all_good()
    assert "took over 2 id mappings of LookerVault" in ran.err
    assert ran.total("created") == 0


def test_an_own_mapping_takes_precedence(migration: MigrationFixture) -> None:
    live_id = migration.new_id("dashboard", "1")
    migration.migrate("dashboard=2").all_good()
    record(migration, ("dashboard", "1", migration.new_id("dashboard", "2")))
    ran = migration.migrate("dashboard=1").all_good()
    assert "took over" not in ran.err
    assert migration.new_id("dashboard", "1") == live_id


def believed(migration: MigrationFixture, *argv: str) -> bool:
    ran = migration.migrate("dashboard=1", *argv)
    return "took over" in ran.err


@pytest.mark.parametrize("wrong", ["gone", "other title", "somebody else's", "claimed twice"])
def test_a_mapping_without_proof_is_ignored(migration: MigrationFixture, wrong: str) -> None:
    migration.migrate("dashboard=2").all_good()
    second = migration.new_id("dashboard", "2")
    title = migration.of("dashboard", id=second)["title"]
    if wrong == "somebody else's":
        migration.edit(
            "dashboard", second, title=migration.of("dashboard", id=migration.new_id("dashboard", "1"))["title"]
        )
        with contextlib.closing(sqlite3.connect(migration.directory / "state.db")) as state, state:
            state.execute("DELETE FROM id_mappings WHERE content_type = 'dashboard' AND source_id = '1'")
        record(migration, ("dashboard", "1", second))
    else:
        live_id = by_other_means(migration)
        named = {"gone": "99999", "other title": second, "claimed twice": live_id}[wrong]
        record(migration, ("dashboard", "1", named))
        if wrong == "claimed twice":
            record(migration, ("dashboard", "2", live_id))
            migration.edit("dashboard", live_id, slug=bare(migration, "2")["slug"])
            migration.delete("dashboard", second)
    assert not believed(migration, *(["dashboard=2"] if wrong == "claimed twice" else []))
    if wrong == "other title":
        assert migration.of("dashboard", id=second)["title"] == title


@pytest.mark.parametrize(
    ("source", "instance", "is_ours"),
    [
        ("source", "source", True),
        ("Source", "source", True),
        ("elsewhere", "source", False),
        ("elsewhere", "vault", True),
        ("", "source", False),
    ],
)
def test_the_source_must_be_ours_or_the_only_one(
    migration: MigrationFixture, source: str, instance: str, *, is_ours: bool
) -> None:
    """The backup is vault.db: an instance of that name has no configured name."""
    record(migration, ("dashboard", "1", by_other_means(migration)), source=source)
    migration.extra_environment["LRESTORE_SOURCE_INSTANCE"] = instance
    ran = migration.migrate("dashboard=1")
    assert ("took over" in ran.err) is is_ours
    assert ("ignoring LookerVault's id mappings" in ran.err) is not is_ours


@pytest.mark.parametrize(
    ("into", "is_ours"),
    [("destination", True), ("http://127.0.0.1:19999", True), ("127.0.0.1", True), ("https://x.example", False)],
)
def test_the_destination_must_be_ours_if_it_is_named(migration: MigrationFixture, into: str, *, is_ours: bool) -> None:
    record(migration, ("dashboard", "1", by_other_means(migration)), into=into)
    assert believed(migration) is is_ours


def test_mappings_are_ignored_in_the_same_instance(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path, sizes=SOME) as instance:
        record(instance, ("dashboard", "1", "2"))
        title = instance.blob("dashboard", "2")["title"]
        ran = instance.run("--select", "dashboard=1").all_good()
        assert ran.writes == [] and "took over" not in ran.err
        assert instance.blob("dashboard", "2")["title"] == title


def test_a_foreign_table_of_that_name_is_ignored(migration: MigrationFixture) -> None:
    by_other_means(migration)
    with contextlib.closing(sqlite3.connect(migration.backup)) as connection, connection:
        connection.execute("DROP TABLE id_mappings")
        connection.execute("CREATE TABLE id_mappings (one TEXT, two TEXT)")
    assert not believed(migration)


def test_a_mapping_that_cannot_be_verified_is_ignored(migration: MigrationFixture) -> None:
    record(migration, ("dashboard", "1", by_other_means(migration)))
    migration.simulator.fault("status:403", operation="search_dashboards", times=1)
    migration.edit(
        "dashboard", migration.world.table("dashboard").where("slug", "another")[0]["id"], title="moved away"
    )
    ran = migration.migrate("dashboard=1").all_good()
    assert "cannot be verified and are ignored" in ran.err
    assert ran.total("created") == 1


def test_a_user_must_be_the_same_person(migration: MigrationFixture) -> None:
    user = migration.source.table("user").records["2"]
    stranger = next(row for row in migration.world.table("user") if row["email"] != user["email"])
    migration.edit("user", stranger["id"], display_name=user["display_name"])
    record(migration, ("user", "2", stranger["id"]))
    ran = migration.migrate("user=2", "group", "permission_set", "model_set", "role").all_good()
    assert "took over" not in ran.err and ran.report["by_type"]["user"]["created"] == 1
