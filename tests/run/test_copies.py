"""``--copy-into``: looks and dashboards beside the originals, which nothing touches."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import Record
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.restoration.migration_fixture import MigrationFixture

DATE = "2026-01-01"
"""When the backup was made."""

INTO = ("--copy-into", "1")
ONE = (*INTO, "--select", "dashboard=1")

Tables = dict[str, dict[str, Record]]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path) as ready:
        yield ready


def tables(instance: InstanceFixture) -> Tables:
    """Everything in the instance."""
    return copy.deepcopy({kind: dict(table.records) for kind, table in instance.world.tables.items()})


def changed(before: Tables, after: Tables) -> dict[str, set[str]]:
    """The ids of the records that are not as before, by type; new ones are not among them."""
    found = {kind: {key for key, row in rows.items() if after[kind].get(key) != row} for kind, rows in before.items()}
    return {kind: keys for kind, keys in found.items() if keys}


def copied(instance: InstanceFixture, ran: Ran, spec: str) -> Record:
    """The copy of an item."""
    (item,) = (one for one in ran.report["items"] if f"{one['type']}={one['id']}" == spec)
    found = instance.world.get(item["type"], item["destination_id"])
    assert found is not None
    return found


def tile_of_a_look(instance: InstanceFixture, dashboard_id: str) -> Record:
    return next(tile for tile in instance.parts("dashboard_element", dashboard_id) if tile["look_id"])


@pytest.mark.parametrize("created", ["trash", "delete"])
def test_a_copy_is_looked_at_compared_and_taken_away_and_all_is_as_before(
    instance: InstanceFixture, created: str
) -> None:
    instance.edit("dashboard", "1", title="Edited since", description="by somebody else")
    instance.edit("dashboard_element", instance.parts("dashboard_element", "1")[0]["id"], title="Edited tile")
    before = tables(instance)
    made = instance.run(*ONE).all_good()
    session, original = made.report["session_id"], before["dashboard"]["1"]
    copy_of = copied(instance, made, "dashboard=1")
    assert changed(before, tables(instance)) == {}
    assert copy_of["folder_id"] == "1" and copy_of["title"].endswith(f" (backup {DATE})")
    assert copy_of["slug"] not in (None, original["slug"])
    assert {write.operation.partition("_")[0] for write in made.writes} == {"create", "update"}
    assert not [write for write in made.writes if write.path.startswith("/dashboards/1")]
    url = f"{instance.base_url}/dashboards/{copy_of['id']}"
    assert made.report["items"][0]["url"] == url and url in made.out and made.report["copied_into"] == "1"

    compared = instance.run("--resume", session, "--verify").all_good()
    assert (compared.writes, compared.report["verify"]["equal"]) == ([], 1)
    instance.edit("dashboard_element", instance.parts("dashboard_element", copy_of["id"])[0]["id"], title="Looked at")
    differing = instance.run("--resume", session, "--verify")
    assert differing.code == 1 and differing.report["verify"]["different"][0]["destination_id"] == copy_of["id"]

    instance.run("--undo", session, "--undo-created", created, "--force").all_good()
    after = tables(instance)
    assert changed(before, after) == {}
    new = {kind: after[kind].keys() - rows.keys() for kind, rows in before.items()}
    if created == "delete":
        assert after == before
    else:
        assert new["dashboard"] == {copy_of["id"]} and after["dashboard"][copy_of["id"]]["deleted"] is True


def test_a_later_restore_writes_the_original_and_not_the_copy(instance: InstanceFixture) -> None:
    instance.edit("dashboard", "1", title="Edited since")
    instance.edit("look", "1", title="Edited since")
    both = ("--select", "dashboard=1", "--select", "look=1")
    made = instance.run(*INTO, "--title", "{title}", *both).all_good()
    copies = {spec: copy.deepcopy(copied(instance, made, spec)) for spec in ("dashboard=1", "look=1")}
    instance.delete("look", "1")
    restored = instance.run(*both).all_good()
    assert {write.operation for write in restored.writes} == {"update_dashboard", "create_look"}
    assert {spec: copied(instance, made, spec) for spec in copies} == copies
    assert not [row for row in instance.rows("unmapped=dashboard") if row["id"] == "1"]
    assert {row["mode"] for row in instance.rows("sessions")} == {"copy", "restore"}


def test_an_object_of_the_same_name_is_no_counterpart_if_it_is_a_copy(instance: InstanceFixture) -> None:
    """The look is gone, and its copy is in its own folder under its own title."""
    look = copy.deepcopy(instance.world.get("look", "1")) or {}
    instance.delete("look", "1")
    made = instance.run("--copy-into", look["folder_id"], "--title", "{title}", "--select", "look=1").all_good()
    before = copy.deepcopy(copied(instance, made, "look=1"))
    refused = instance.run("--select", "look=1")
    assert refused.code == 1 and f"look {before['id']} has that title" in refused.letter()["message"]
    assert copied(instance, made, "look=1") == before


def test_a_tile_shows_the_copy_of_its_look_if_it_is_copied_and_else_the_live_look(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance, "1")["look_id"]
    alone = instance.run(*ONE).all_good()
    assert tile_of_a_look(instance, copied(instance, alone, "dashboard=1")["id"])["look_id"] == look_id
    together = instance.run(*ONE, "--select", f"look={look_id}", "--verify=after").all_good()
    look = copied(instance, together, f"look={look_id}")
    assert tile_of_a_look(instance, copied(instance, together, "dashboard=1")["id"])["look_id"] == look["id"] != look_id
    assert together.report["verify"] == {"equal": 2, "different": [], "ignored": [], "only_live": [], "unlisted": {}}


def test_a_tile_of_a_trashed_look_is_left_out_until_a_retry_of_the_same_copy(instance: InstanceFixture) -> None:
    look_id = tile_of_a_look(instance, "1")["look_id"]
    instance.edit("look", look_id, deleted=True)
    before = tables(instance)
    made = instance.run(*ONE)
    assert (made.code, made.letter()["error_type"]) == (1, "IncompleteError")
    assert changed(before, tables(instance)) == {} and made.report["items"][0]["url"]
    instance.edit("look", look_id, deleted=False)
    retried = instance.run("--retry-dead-letters", made.report["session_id"]).all_good()
    assert [one.operation for one in retried.writes if one.operation.startswith("create_")] == [
        "create_dashboard_element"
    ]
    assert copied(instance, retried, "dashboard=1")["id"] == copied(instance, made, "dashboard=1")["id"]
    sessions = [one.report["session_id"] for one in (retried, made)]
    assert f"take them away: lrestore --undo {sessions[0]}, then lrestore --undo {sessions[1]}" in retried.out
    for session in sessions:
        instance.run("--undo", session, "--undo-created", "delete").all_good()
    before["look"][look_id]["deleted"] = False
    assert tables(instance) == before


def test_a_copy_that_could_not_be_completed_is_named_and_taken_away(instance: InstanceFixture) -> None:
    before = tables(instance)
    instance.simulator.fault("status:422", operation="create_dashboard_element")
    made = instance.run(*ONE)
    (url,) = (item["url"] for item in made.report["items"])
    assert made.code == 1 and f"{url}  " in made.out and " (incomplete)" in made.out
    instance.run("--undo", made.report["session_id"], "--undo-created", "delete").all_good()
    assert tables(instance) == before


def test_copies_that_an_undone_undo_makes_again_are_known_as_copies(instance: InstanceFixture) -> None:
    session = instance.run(*ONE).all_good().report["session_id"]
    undo = instance.run("--undo", session, "--undo-created", "delete").all_good().report["session_id"]
    assert instance.run("--resume", session, "--verify").code == 1
    instance.run("--undo", undo).all_good()
    assert instance.run("--resume", session, "--verify").all_good().report["verify"]["equal"] == 1


def test_titles_are_made_free_in_the_folder_and_with_each_other(instance: InstanceFixture) -> None:
    instance.run(*INTO, "--title", "Same", "--select", "dashboard").all_good()
    instance.run(*INTO, "--title", "sAME", "--select", "dashboard=1").all_good()
    titles = {row["title"] for row in instance.world.table("dashboard") if row["folder_id"] == "1"}
    assert {"Same", "Same (2)", "Same (3)", "sAME (4)"} <= titles


def test_a_saved_plan_makes_its_copies_once(instance: InstanceFixture) -> None:
    planned = instance.run(*ONE, "--plan-out", "p.json").all_good()
    assert planned.writes == [] and planned.total("created") == 1
    applied = instance.run("--apply", "p.json").all_good()
    again = instance.run("--apply", "p.json").all_good()
    assert applied.total("created") == 1 and (again.writes, again.total("unchanged")) == ([], 1)


def test_a_trashed_original_stays_in_the_trash_and_its_copy_is_alive(instance: InstanceFixture) -> None:
    trashed = {**instance.blob("dashboard", "1"), "deleted": True}
    for path in ("dashboard_elements", "dashboard_layouts", "dashboard_filters"):
        trashed[path] = [{**part, "deleted": True} for part in trashed[path]]
    instance.back_up("dashboard", "1", trashed)
    instance.edit("dashboard", "1", deleted=True)
    made = instance.run(*ONE, "--include-deleted").all_good()
    copy_of = copied(instance, made, "dashboard=1")
    assert copy_of["deleted"] is False and (instance.world.get("dashboard", "1") or {})["deleted"] is True
    assert len(instance.parts("dashboard_element", copy_of["id"])) == len(trashed["dashboard_elements"])


def test_links_among_the_copies_lead_to_the_copies(instance: InstanceFixture) -> None:
    linking: JsonObject = {
        **instance.blob("dashboard", "1"),
        "description": "see /dashboards/1 and /dashboards/2, /looks/1",
    }
    instance.back_up("dashboard", "1", linking)
    made = instance.run(*INTO, "--select", "dashboard=1,2").all_good()
    first, second = (copied(instance, made, f"dashboard={one}")["id"] for one in "12")
    assert (
        copied(instance, made, "dashboard=1")["description"]
        == f"see /dashboards/{first} and /dashboards/{second}, /looks/1"
    )


def test_creates_whose_answers_are_lost_are_not_repeated(instance: InstanceFixture) -> None:
    """A look's copy is found by its title, which was free; a dashboard's by its slug."""
    look_id = tile_of_a_look(instance, "1")["look_id"]
    for operation in ("create_look", "create_dashboard", "create_dashboard_element"):
        instance.simulator.fault("reset_after", operation=operation, nth=1)
    before = tables(instance)
    made = instance.run(*ONE, "--select", f"look={look_id}").all_good()
    after = tables(instance)
    assert made.operations["create_look"] == made.operations["create_dashboard"] == 1
    assert [len(after[kind]) - len(before[kind]) for kind in ("look", "dashboard")] == [1, 1]
    assert instance.run("--resume", made.report["session_id"], "--verify").all_good().report["verify"]["equal"] == 2


def test_all_copies_looks_and_dashboards_and_names_what_is_left_out(instance: InstanceFixture) -> None:
    ran = instance.run(*INTO, "--select", "all", "--yes").all_good()
    assert set(ran.report["by_type"]) == {"dashboard", "look"}
    assert any("only looks and dashboards are copied: " in warning for warning in ran.report["warnings"])


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        (("all_folders", "search_folders", "folder"), "folder 1 cannot be read"),
        (("search_looks",), "the looks of folder 1 cannot be listed"),
    ],
)
def test_a_folder_that_looker_does_not_show_is_not_copied_into(
    instance: InstanceFixture, operations: tuple[str, ...], told: str
) -> None:
    for operation in operations:
        instance.simulator.fault("status:403", operation=operation)
    ran = instance.run(*INTO, "--select", "look=1")
    assert ran.code == 3 and f"--copy-into: {told}" in ran.err and not ran.writes


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((*INTO, "--select", "folder=1"), 2, "not folder"),
        ((*INTO, "--select", "board"), 2, "not board"),
        (("--copy-into", "99999", "--select", "look=1"), 3, "folder 99999 is not in the destination"),
        (("--copy-into", "lookml", "--select", "look=1"), 3, "lookml"),
    ],
)
def test_what_cannot_be_copied_there_is_refused_before_the_first_write(
    instance: InstanceFixture, arguments: tuple[str, ...], code: int, told: str
) -> None:
    refused = instance.run(*arguments)
    assert (refused.code, refused.writes) == (code, []) and told in refused.err


def test_another_instance_is_refused_and_with_the_flag_references_are_translated(tmp_path: Path) -> None:
    with MigrationFixture(tmp_path) as migration:
        refused = migration.run(*ONE, LRESTORE_RUN_IDENTITY="auto")
        assert (refused.code, refused.writes) == (3, [])
        tile = next(
            one for one in migration.source.table("dashboard_element") if one["look_id"] in ("3", "4", "5", "6")
        )
        migration.run("--select", f"dashboard={tile['dashboard_id']}", "--with-dependencies")
        before = tables(migration)
        (shared,) = (row["id"] for row in migration.world.table("folder") if row["name"] == "Shared")
        one = ("--copy-into", shared, "--select", f"dashboard={tile['dashboard_id']}")
        planned = migration.run(*one, "--plan")
        assert planned.writes == [] and planned.total("updated") == 0
        ran = migration.run(*one)
        assert changed(before, tables(migration)) == {}
        copy_of = copied(migration, ran, f"dashboard={tile['dashboard_id']}")
        assert tile_of_a_look(migration, copy_of["id"])["look_id"] == migration.new_id("look", tile["look_id"])
