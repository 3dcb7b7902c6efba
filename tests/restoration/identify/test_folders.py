"""Folders in another instance: roots by flags, personal folders by owner; names and places swapped; circles."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture
from tests.restoration.migration_fixture import MigrationFixture

FOLDERS = Sizes(users=3, groups=0, folders=6, depth=3, looks=0, dashboards=4, tiles=0, filters=0, boards=0, plans=0)


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path, sizes=FOLDERS) as made:
        yield made


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    """The backed-up instance without changes."""
    with InstanceFixture(tmp_path, sizes=FOLDERS) as made:
        yield made


def test_a_tree_is_built_below_the_other_instances_root(migration: MigrationFixture) -> None:
    migration.migrate("folder").all_good()
    below = [one for one in migration.source.table("folder") if one["parent_id"] and not one["is_personal"]]
    assert below
    for folder in below:
        made = migration.world.get("folder", migration.new_id("folder", folder["id"]))
        above = migration.source.get("folder", folder["parent_id"])
        parent = migration.world.get("folder", made["parent_id"]) if made else None
        assert made and above and parent
        assert (made["name"], parent["name"]) == (folder["name"], above["name"])


def test_a_second_run_writes_nothing(migration: MigrationFixture) -> None:
    migration.migrate("folder").all_good()
    again = migration.migrate("folder").all_good()
    assert not again.writes


def personal(migration: MigrationFixture) -> tuple[dict[str, object], dict[str, object]]:
    """A backed-up dashboard in a personal folder, and its owner, who does not exist in the other instance."""
    user = migration.source.table("user").records["2"]
    dashboard = list(migration.source.table("dashboard"))[1]
    blob = {**crossing_blob(migration, dashboard["id"]), "folder_id": user["personal_folder_id"], "folder": None}
    migration.back_up("dashboard", dashboard["id"], blob)
    return dashboard, user


def crossing_blob(migration: MigrationFixture, dashboard_id: str) -> dict[str, object]:
    from lrestore.simulator.world.backup import blob_of

    record = migration.source.get("dashboard", dashboard_id)
    assert record is not None
    return blob_of(migration.source, "dashboard", record)


def test_content_of_a_personal_folder_moves_to_its_owners_new_one(migration: MigrationFixture) -> None:
    dashboard, user = personal(migration)
    migration.migrate("user", f"dashboard={dashboard['id']}").all_good()
    owner = migration.of("user", email=user["email"])
    assert migration.of("dashboard", title=dashboard["title"])["folder_id"] == owner["personal_folder_id"]
    assert not migration.migrate("user", f"dashboard={dashboard['id']}").all_good().writes


def test_a_plan_includes_the_personal_folder_of_a_user_that_is_still_to_be_created(migration: MigrationFixture) -> None:
    dashboard, _ = personal(migration)
    planned = migration.migrate("user", f"dashboard={dashboard['id']}", "--plan").all_good()
    assert planned.report["by_type"]["dashboard"]["created"] == 1


def test_without_its_owner_personal_content_is_a_dead_letter_that_names_the_owner(migration: MigrationFixture) -> None:
    dashboard, user = personal(migration)
    ran = migration.migrate(f"dashboard={dashboard['id']}")
    assert ran.code == 1
    assert not ran.writes
    assert f"user=2 ({user['email']})" in ran.letter()["message"]
    assert "fallback_folder" in ran.letter()["message"]


def test_without_its_owner_personal_content_goes_to_the_fallback_folder(migration: MigrationFixture) -> None:
    dashboard, _ = personal(migration)
    shared = migration.of("folder", is_shared_root=True)["id"]
    ran = migration.migrate(f"dashboard={dashboard['id']}", LRESTORE_RUN_FALLBACK_FOLDER=shared).all_good()
    assert migration.of("dashboard", title=dashboard["title"])["folder_id"] == shared
    assert f"is gone; using fallback_folder {shared}" in ran.out + ran.err


def without_folders(migration: MigrationFixture) -> None:
    """The backup of an extraction without folders."""
    with contextlib.closing(sqlite3.connect(migration.backup)) as connection, connection:
        connection.execute("DELETE FROM content_items WHERE content_type = ?", (CONTENT_TYPES["folder"].vault_number,))


def in_a_folder(migration: MigrationFixture) -> JsonObject:
    """A dashboard without tiles, in an ordinary folder."""
    roots = {row["id"] for row in migration.source.table("folder") if row["is_shared_root"] or row["is_personal"]}
    dashboard = next(row for row in migration.source.table("dashboard") if row["folder_id"] not in roots)
    bare: dict[str, object] = {"dashboard_elements": [], "dashboard_layouts": [], "dashboard_filters": []}
    migration.back_up("dashboard", dashboard["id"], {**crossing_blob(migration, dashboard["id"]), **bare})
    return dict(dashboard)


def test_content_whose_folder_is_in_neither_place_goes_to_the_fallback_folder(migration: MigrationFixture) -> None:
    dashboard = in_a_folder(migration)
    without_folders(migration)
    shared = migration.of("folder", is_shared_root=True)["id"]
    settings = {"LRESTORE_RUN_FALLBACK_FOLDER": shared, "LRESTORE_RUN_FALLBACK_OWNER": "1"}
    ran = migration.migrate(f"dashboard={dashboard['id']}", **settings).all_good()
    assert migration.of("dashboard", title=dashboard["title"])["folder_id"] == shared
    told = (
        f"folder {dashboard['folder_id']} is in neither the backup nor the destination; using fallback_folder {shared}"
    )
    assert told in ran.out + ran.err
    (migration.directory / "state.db").unlink()
    assert migration.migrate(f"dashboard={dashboard['id']}", **settings).all_good().writes == []


def test_without_a_fallback_folder_it_is_a_dead_letter_that_names_the_setting(migration: MigrationFixture) -> None:
    dashboard = in_a_folder(migration)
    without_folders(migration)
    ran = migration.migrate(f"dashboard={dashboard['id']}", LRESTORE_RUN_FALLBACK_OWNER="1")
    assert (ran.code, ran.writes) == (1, [])
    assert "fallback_folder" in ran.letter()["message"]


def test_content_whose_folder_the_backup_holds_is_not_put_into_the_fallback_folder(migration: MigrationFixture) -> None:
    dashboard = in_a_folder(migration)
    shared = migration.of("folder", is_shared_root=True)["id"]
    ran = migration.migrate(f"dashboard={dashboard['id']}", LRESTORE_RUN_FALLBACK_FOLDER=shared)
    assert (ran.code, ran.writes) == (1, [])
    assert f"--select folder={dashboard['folder_id']}" in ran.letter()["message"]


def test_a_live_dashboard_stays_where_it_is_if_its_folder_is_in_neither_place(migration: MigrationFixture) -> None:
    """A user has moved it since it was put into the fallback folder."""
    dashboard = in_a_folder(migration)
    without_folders(migration)
    shared = migration.of("folder", is_shared_root=True)["id"]
    settings = {"LRESTORE_RUN_FALLBACK_FOLDER": shared, "LRESTORE_RUN_FALLBACK_OWNER": "1"}
    migration.migrate(f"dashboard={dashboard['id']}", **settings).all_good()
    made = migration.of("dashboard", title=dashboard["title"])
    root = migration.of("folder", is_users_root=True)
    migration.edit("folder", "900", name="Sorted", parent_id=root["id"], created_at="2026-02-01T00:00:00.000Z")
    migration.edit("dashboard", made["id"], folder_id="900")
    ran = migration.migrate(f"dashboard={dashboard['id']}", **settings).all_good()
    assert ran.writes == []
    assert "it stays in folder 900" in ran.out + ran.err


def test_a_folder_whose_parent_is_in_neither_place_is_made_once_in_the_fallback_folder(
    migration: MigrationFixture,
) -> None:
    """The same applies to its content, also with a new state file."""
    dashboard = in_a_folder(migration)
    broken(migration, "810", "799", "below what is gone")
    blob = {**crossing_blob(migration, dashboard["id"]), "folder_id": "810", "folder": None}
    migration.back_up("dashboard", dashboard["id"], {**blob, "dashboard_elements": [], "dashboard_layouts": []})
    shared = migration.of("folder", is_shared_root=True)["id"]
    settings = {"LRESTORE_RUN_FALLBACK_FOLDER": shared, "LRESTORE_RUN_FALLBACK_OWNER": "1"}
    for names in (("folder=810", f"dashboard={dashboard['id']}"), (f"dashboard={dashboard['id']}",)):
        migration.migrate(*names, **settings).all_good()
        folder = migration.of("folder", name="below what is gone")
        assert folder["parent_id"] == shared
        assert migration.of("dashboard", title=dashboard["title"])["folder_id"] == folder["id"]
        (migration.directory / "state.db").unlink()


def two_siblings(instance: InstanceFixture) -> tuple[JsonObject, JsonObject]:
    shared = [row for row in instance.world.table("folder") if row["parent_id"] == "1"]
    return dict(shared[0]), dict(shared[1])


@pytest.mark.parametrize("workers", ["few", "many"])
def test_folders_that_swapped_names_get_them_back(instance: InstanceFixture, workers: str) -> None:
    one, other = two_siblings(instance)
    instance.edit("folder", one["id"], name="in between")
    instance.edit("folder", other["id"], name=one["name"])
    instance.edit("folder", one["id"], name=other["name"])
    what = f"folder={one['id']},{other['id']}" if workers == "few" else "folder"
    planned = instance.run("--select", what, "--plan").all_good()
    assert any("is temporarily renamed to" in warning for warning in planned.report["warnings"])
    ran = instance.run("--select", what).all_good()
    assert ran.total("updated") == 2
    table = instance.world.table("folder").records
    assert [table[row["id"]]["name"] for row in (one, other)] == [one["name"], other["name"]]
    assert not instance.run("--select", what).all_good().writes


def test_folders_that_swapped_places_get_them_back(instance: InstanceFixture) -> None:
    inner = next(row for row in instance.world.table("folder") if row["parent_id"] not in (None, "1", "2"))
    outer = instance.world.table("folder").records[inner["parent_id"]]
    before = {row["id"]: row["parent_id"] for row in (inner, outer)}
    instance.edit("folder", inner["id"], parent_id=outer["parent_id"])
    instance.edit("folder", outer["id"], parent_id=inner["id"])
    instance.run("--select", "folder").all_good()
    assert {key: instance.world.table("folder").records[key]["parent_id"] for key in before} == before


def test_a_folder_with_its_backed_up_name_keeps_it(instance: InstanceFixture) -> None:
    one, other = two_siblings(instance)
    instance.edit("folder", one["id"], name="in between")
    instance.edit("folder", other["id"], name=one["name"])
    ran = instance.run("--select", f"folder={one['id']}")
    assert ran.code == 1
    assert instance.world.table("folder").records[other["id"]]["name"] == one["name"]


def test_folders_in_a_circle_are_dead_letters_that_name_it(migration: MigrationFixture) -> None:
    chain = [row for row in migration.source.table("folder") if row["parent_id"] == "1"][:2]
    one, other = chain[0]["id"], chain[1]["id"]
    for own, parent in ((one, other), (other, one)):
        migration.back_up("folder", own, {"id": own, "name": f"round {own}", "parent_id": parent})
    ran = migration.migrate(f"folder={one},{other}")
    assert ran.code == 1
    assert not ran.writes
    assert {letter["id"] for letter in ran.letters} == {one, other}
    assert all("circle" in letter["message"] for letter in ran.letters)
    assert all(f"folder={folder}" in letter["message"] for letter in ran.letters for folder in (one, other))


def test_a_folder_renamed_at_the_source_is_renamed_here_though_another_takes_its_name(
    migration: MigrationFixture,
) -> None:
    migration.migrate("folder").all_good()
    renamed = next(row for row in migration.source.table("folder") if row["parent_id"] == "1")
    blob = {"id": renamed["id"], "name": "Renamed", "parent_id": "1", "created_at": "2024-01-01T00:00:00Z"}
    migration.back_up("folder", renamed["id"], blob)
    migration.back_up("folder", "99", {**blob, "id": "99", "name": renamed["name"]})
    migration.migrate(f"folder={renamed['id']},99").all_good()
    old = migration.world.get("folder", migration.new_id("folder", renamed["id"]))
    new = migration.world.get("folder", migration.new_id("folder", "99"))
    assert old and new and (old["name"], new["name"]) == ("Renamed", renamed["name"])


def broken(migration: MigrationFixture, folder_id: str, parent_id: str | None, name: str) -> None:
    """A folder of the backup at an impossible position."""
    folder = {"id": folder_id, "name": name, "parent_id": parent_id, "created_at": "2024-01-01T00:00:00Z"}
    migration.back_up("folder", folder_id, folder)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_of_folders_fails_only_its_members_and_their_content(migration: MigrationFixture, length: int) -> None:
    members = [str(800 + number) for number in range(length)]
    for number, member in enumerate(members):
        broken(migration, member, members[(number + 1) % length], f"round {member}")
    broken(migration, "810", members[0], "below")
    dashboard, *others = list(migration.source.table("dashboard"))
    for one in (dashboard, *others):
        bare: dict[str, object] = {"dashboard_elements": [], "dashboard_layouts": [], "dashboard_filters": []}
        migration.back_up("dashboard", one["id"], {**crossing_blob(migration, one["id"]), **bare})
    blob = crossing_blob(migration, dashboard["id"])
    migration.back_up(
        "dashboard", dashboard["id"], {**blob, "folder_id": "810", "folder": None, "dashboard_elements": []}
    )
    ran = migration.migrate("folder", "dashboard", LRESTORE_RUN_FALLBACK_OWNER="1")
    assert ran.code == 1
    assert {letter["id"] for letter in ran.letters} == {*members, "810", dashboard["id"]}
    assert all(f"folder={member}" in letter["message"] for letter in ran.letters for member in members[:1])
    of_the_circle = [letter["message"] for letter in ran.letters if letter["id"] in members]
    assert all("circle" in message and all(f"folder={one}" in message for one in members) for message in of_the_circle)
    assert not any("round" in str(folder["name"]) for folder in migration.world.table("folder"))
    assert migration.migrate("folder", "dashboard", LRESTORE_RUN_FALLBACK_OWNER="1").writes == []


def test_a_folder_whose_parent_is_nowhere_is_a_dead_letter_that_names_it(migration: MigrationFixture) -> None:
    broken(migration, "800", "899", "lost")
    broken(migration, "801", "800", "lost with it")
    ran = migration.migrate("folder")
    letters = {letter["id"]: letter["message"] for letter in ran.letters}
    assert set(letters) == {"800", "801"}
    assert "folder=899" in letters["800"] and "folder=899" in letters["801"]


def test_a_live_folder_is_not_moved_into_a_circle(instance: InstanceFixture) -> None:
    one, other = two_siblings(instance)
    for own, parent in ((one, other), (other, one)):
        instance.back_up(
            "folder", str(own["id"]), {**instance.blob("folder", str(own["id"])), "parent_id": parent["id"]}
        )
    before = {row["id"]: dict(row) for row in instance.world.table("folder")}
    ran = instance.run("--select", "folder", "--yes")
    assert {letter["id"] for letter in ran.letters} == {one["id"], other["id"]}
    assert all("circle" in letter["message"] for letter in ran.letters)
    assert {row["id"]: dict(row) for row in instance.world.table("folder")} == before
