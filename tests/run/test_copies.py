"""``--copy-into``: looks and dashboards beside the originals, which nothing touches."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import Record
from tests.acceptance.instance_fixture import Arena, Ran
from tests.restoration.migration_fixture import Crossing

DATE = "2026-01-01"
"""When the backup was made."""

INTO = ("--copy-into", "1")
ONE = (*INTO, "--select", "dashboard=1")

Tables = dict[str, dict[str, Record]]


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Arena(tmp_path) as ready:
        yield ready


def tables(arena: Arena) -> Tables:
    """Everything in the instance."""
    return copy.deepcopy({kind: dict(table.records) for kind, table in arena.world.tables.items()})


def changed(before: Tables, after: Tables) -> dict[str, set[str]]:
    """The ids of the records that are not as before, by type; new ones are not among them."""
    found = {kind: {key for key, row in rows.items() if after[kind].get(key) != row} for kind, rows in before.items()}
    return {kind: keys for kind, keys in found.items() if keys}


def copied(arena: Arena, ran: Ran, spec: str) -> Record:
    """The copy of an item."""
    (item,) = (one for one in ran.report["items"] if f"{one['type']}={one['id']}" == spec)
    found = arena.world.get(item["type"], item["destination_id"])
    assert found is not None
    return found


def tile_of_a_look(arena: Arena, dashboard_id: str) -> Record:
    return next(tile for tile in arena.parts("dashboard_element", dashboard_id) if tile["look_id"])


@pytest.mark.parametrize("created", ["trash", "delete"])
def test_a_copy_is_looked_at_compared_and_taken_away_and_all_is_as_before(arena: Arena, created: str) -> None:
    arena.edit("dashboard", "1", title="Edited since", description="by somebody else")
    arena.edit("dashboard_element", arena.parts("dashboard_element", "1")[0]["id"], title="Edited tile")
    before = tables(arena)
    made = arena.run(*ONE).all_good()
    session, original = made.report["session_id"], before["dashboard"]["1"]
    copy_of = copied(arena, made, "dashboard=1")
    assert changed(before, tables(arena)) == {}
    assert copy_of["folder_id"] == "1" and copy_of["title"].endswith(f" (backup {DATE})")
    assert copy_of["slug"] not in (None, original["slug"])
    assert {write.operation.partition("_")[0] for write in made.writes} == {"create", "update"}
    assert not [write for write in made.writes if write.path.startswith("/dashboards/1")]
    url = f"{arena.base_url}/dashboards/{copy_of['id']}"
    assert made.report["items"][0]["url"] == url and url in made.out and made.report["copied_into"] == "1"

    compared = arena.run("--resume", session, "--verify").all_good()
    assert (compared.writes, compared.report["verify"]["equal"]) == ([], 1)
    arena.edit("dashboard_element", arena.parts("dashboard_element", copy_of["id"])[0]["id"], title="Looked at")
    differing = arena.run("--resume", session, "--verify")
    assert differing.code == 1 and differing.report["verify"]["different"][0]["destination_id"] == copy_of["id"]

    arena.run("--undo", session, "--undo-created", created, "--force").all_good()
    after = tables(arena)
    assert changed(before, after) == {}
    new = {kind: after[kind].keys() - rows.keys() for kind, rows in before.items()}
    if created == "delete":
        assert after == before
    else:
        assert new["dashboard"] == {copy_of["id"]} and after["dashboard"][copy_of["id"]]["deleted"] is True


def test_a_later_restore_writes_the_original_and_not_the_copy(arena: Arena) -> None:
    arena.edit("dashboard", "1", title="Edited since")
    arena.edit("look", "1", title="Edited since")
    both = ("--select", "dashboard=1", "--select", "look=1")
    made = arena.run(*INTO, "--title", "{title}", *both).all_good()
    copies = {spec: copy.deepcopy(copied(arena, made, spec)) for spec in ("dashboard=1", "look=1")}
    arena.delete("look", "1")
    restored = arena.run(*both).all_good()
    assert {write.operation for write in restored.writes} == {"update_dashboard", "create_look"}
    assert {spec: copied(arena, made, spec) for spec in copies} == copies
    assert not [row for row in arena.rows("unmapped=dashboard") if row["id"] == "1"]
    assert {row["mode"] for row in arena.rows("sessions")} == {"copy", "restore"}


def test_an_object_of_the_same_name_is_no_counterpart_if_it_is_a_copy(arena: Arena) -> None:
    """The look is gone, and its copy is in its own folder under its own title."""
    look = copy.deepcopy(arena.world.get("look", "1")) or {}
    arena.delete("look", "1")
    made = arena.run("--copy-into", look["folder_id"], "--title", "{title}", "--select", "look=1").all_good()
    before = copy.deepcopy(copied(arena, made, "look=1"))
    refused = arena.run("--select", "look=1")
    assert refused.code == 1 and f"look {before['id']} has that title" in refused.letter()["message"]
    assert copied(arena, made, "look=1") == before


def test_a_tile_shows_the_copy_of_its_look_if_it_is_copied_and_else_the_live_look(arena: Arena) -> None:
    look_id = tile_of_a_look(arena, "1")["look_id"]
    alone = arena.run(*ONE).all_good()
    assert tile_of_a_look(arena, copied(arena, alone, "dashboard=1")["id"])["look_id"] == look_id
    together = arena.run(*ONE, "--select", f"look={look_id}", "--verify=after").all_good()
    look = copied(arena, together, f"look={look_id}")
    assert tile_of_a_look(arena, copied(arena, together, "dashboard=1")["id"])["look_id"] == look["id"] != look_id
    assert together.report["verify"] == {"equal": 2, "different": [], "ignored": [], "only_live": [], "unlisted": {}}


def test_a_tile_of_a_trashed_look_is_left_out_until_a_retry_of_the_same_copy(arena: Arena) -> None:
    look_id = tile_of_a_look(arena, "1")["look_id"]
    arena.edit("look", look_id, deleted=True)
    before = tables(arena)
    made = arena.run(*ONE)
    assert (made.code, made.letter()["error_type"]) == (1, "IncompleteError")
    assert changed(before, tables(arena)) == {} and made.report["items"][0]["url"]
    arena.edit("look", look_id, deleted=False)
    retried = arena.run("--retry-dead-letters", made.report["session_id"]).all_good()
    assert [one.operation for one in retried.writes if one.operation.startswith("create_")] == [
        "create_dashboard_element"
    ]
    assert copied(arena, retried, "dashboard=1")["id"] == copied(arena, made, "dashboard=1")["id"]
    sessions = [one.report["session_id"] for one in (retried, made)]
    assert f"take them away: lrestore --undo {sessions[0]}, then lrestore --undo {sessions[1]}" in retried.out
    for session in sessions:
        arena.run("--undo", session, "--undo-created", "delete").all_good()
    before["look"][look_id]["deleted"] = False
    assert tables(arena) == before


def test_a_copy_that_could_not_be_completed_is_named_and_taken_away(arena: Arena) -> None:
    before = tables(arena)
    arena.simulator.fault("status:422", operation="create_dashboard_element")
    made = arena.run(*ONE)
    (url,) = (item["url"] for item in made.report["items"])
    assert made.code == 1 and f"{url}  " in made.out and " (incomplete)" in made.out
    arena.run("--undo", made.report["session_id"], "--undo-created", "delete").all_good()
    assert tables(arena) == before


def test_copies_that_an_undone_undo_makes_again_are_known_as_copies(arena: Arena) -> None:
    session = arena.run(*ONE).all_good().report["session_id"]
    undo = arena.run("--undo", session, "--undo-created", "delete").all_good().report["session_id"]
    assert arena.run("--resume", session, "--verify").code == 1
    arena.run("--undo", undo).all_good()
    assert arena.run("--resume", session, "--verify").all_good().report["verify"]["equal"] == 1


def test_titles_are_made_free_in_the_folder_and_with_each_other(arena: Arena) -> None:
    arena.run(*INTO, "--title", "Same", "--select", "dashboard").all_good()
    arena.run(*INTO, "--title", "sAME", "--select", "dashboard=1").all_good()
    titles = {row["title"] for row in arena.world.table("dashboard") if row["folder_id"] == "1"}
    assert {"Same", "Same (2)", "Same (3)", "sAME (4)"} <= titles


def test_a_saved_plan_makes_its_copies_once(arena: Arena) -> None:
    planned = arena.run(*ONE, "--plan-out", "p.json").all_good()
    assert planned.writes == [] and planned.total("created") == 1
    applied = arena.run("--apply", "p.json").all_good()
    again = arena.run("--apply", "p.json").all_good()
    assert applied.total("created") == 1 and (again.writes, again.total("unchanged")) == ([], 1)


def test_a_trashed_original_stays_in_the_trash_and_its_copy_is_alive(arena: Arena) -> None:
    trashed = {**arena.blob("dashboard", "1"), "deleted": True}
    for path in ("dashboard_elements", "dashboard_layouts", "dashboard_filters"):
        trashed[path] = [{**part, "deleted": True} for part in trashed[path]]
    arena.back_up("dashboard", "1", trashed)
    arena.edit("dashboard", "1", deleted=True)
    made = arena.run(*ONE, "--include-deleted").all_good()
    copy_of = copied(arena, made, "dashboard=1")
    assert copy_of["deleted"] is False and (arena.world.get("dashboard", "1") or {})["deleted"] is True
    assert len(arena.parts("dashboard_element", copy_of["id"])) == len(trashed["dashboard_elements"])


def test_links_among_the_copies_lead_to_the_copies(arena: Arena) -> None:
    linking: JsonObject = {
        **arena.blob("dashboard", "1"),
        "description": "see /dashboards/1 and /dashboards/2, /looks/1",
    }
    arena.back_up("dashboard", "1", linking)
    made = arena.run(*INTO, "--select", "dashboard=1,2").all_good()
    first, second = (copied(arena, made, f"dashboard={one}")["id"] for one in "12")
    assert (
        copied(arena, made, "dashboard=1")["description"]
        == f"see /dashboards/{first} and /dashboards/{second}, /looks/1"
    )


def test_creates_whose_answers_are_lost_are_not_repeated(arena: Arena) -> None:
    """A look's copy is found by its title, which was free; a dashboard's by its slug."""
    look_id = tile_of_a_look(arena, "1")["look_id"]
    for operation in ("create_look", "create_dashboard", "create_dashboard_element"):
        arena.simulator.fault("reset_after", operation=operation, nth=1)
    before = tables(arena)
    made = arena.run(*ONE, "--select", f"look={look_id}").all_good()
    after = tables(arena)
    assert made.operations["create_look"] == made.operations["create_dashboard"] == 1
    assert [len(after[kind]) - len(before[kind]) for kind in ("look", "dashboard")] == [1, 1]
    assert arena.run("--resume", made.report["session_id"], "--verify").all_good().report["verify"]["equal"] == 2


def test_all_copies_looks_and_dashboards_and_names_what_is_left_out(arena: Arena) -> None:
    ran = arena.run(*INTO, "--select", "all", "--yes").all_good()
    assert set(ran.report["by_type"]) == {"dashboard", "look"}
    assert any("only looks and dashboards are copied: " in warning for warning in ran.report["warnings"])


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
    arena: Arena, arguments: tuple[str, ...], code: int, told: str
) -> None:
    refused = arena.run(*arguments)
    assert (refused.code, refused.writes) == (code, []) and told in refused.err


def test_another_instance_is_refused_and_with_the_flag_references_are_translated(tmp_path: Path) -> None:
    with Crossing(tmp_path) as crossing:
        refused = crossing.run(*ONE, LRESTORE_RUN_IDENTITY="auto")
        assert (refused.code, refused.writes) == (3, [])
        tile = next(one for one in crossing.source.table("dashboard_element") if one["look_id"] in ("3", "4", "5", "6"))
        crossing.run("--select", f"dashboard={tile['dashboard_id']}", "--with-dependencies")
        before = tables(crossing)
        (shared,) = (row["id"] for row in crossing.world.table("folder") if row["name"] == "Shared")
        one = ("--copy-into", shared, "--select", f"dashboard={tile['dashboard_id']}")
        planned = crossing.run(*one, "--plan")
        assert planned.writes == [] and planned.total("updated") == 0
        ran = crossing.run(*one)
        assert changed(before, tables(crossing)) == {}
        copy_of = copied(crossing, ran, f"dashboard={tile['dashboard_id']}")
        assert tile_of_a_look(crossing, copy_of["id"])["look_id"] == crossing.new_id("look", tile["look_id"])
