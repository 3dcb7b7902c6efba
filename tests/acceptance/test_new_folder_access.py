"""Access to a newly created folder is restricted to administrators, or as in the source, before it has content."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from lrestore.simulator.api.access import effective_metadata
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.edits import remove_tree
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.proxy import Exchange
from tests.cli.command import environment
from tests.quick_start import start
from tests.restoration.migration_fixture import SOURCE, MigrationFixture
from tests.sampling import one_of
from tests.waiting import HANG_S

SIZES = Sizes(users=4, groups=3, folders=6, depth=3, looks=8, dashboards=8, tiles=2, filters=1, boards=0, plans=0)
CLOSED = {"LRESTORE_RUN_NEW_FOLDER_ACCESS": "closed"}
COPY = {"LRESTORE_RUN_NEW_FOLDER_ACCESS": "copy"}
WHAT = ("--select", "folder", "--select", "look", "--select", "dashboard", "--yes")
MAKES = ("/dashboards", "/looks", "/folders")

Grants = set[tuple[str, str | None, str | None]]


def grants(world: World, folder: Record) -> Grants:
    """The access list of a folder, own or inherited: permission, group, user."""
    counts = effective_metadata(world, folder["content_metadata_id"])
    rows = world.table("content_metadata_access").where("content_metadata_id", counts)
    return {(row["permission_type"], row["group_id"], row["user_id"]) for row in rows}


def inherits(world: World, folder: Record) -> bool:
    row = world.get("content_metadata", folder["content_metadata_id"])
    assert row is not None
    return bool(row["inherits"])


def _is_ours(folder: Record) -> bool:
    """Whether people have made it: not Looker itself, with the instance or a user."""
    return folder["parent_id"] is not None and not folder["is_personal"]


class Emptied:
    """An instance that has lost the folders below Shared, with all that was in them. ``exposed`` lists what was put
    into a folder that others than administrators could see at that moment.
    """

    def __init__(self, instance: InstanceFixture) -> None:
        self.instance = instance
        ours = {folder["id"] for folder in instance.world.table("folder") if _is_ours(folder)}
        for kind in ("dashboard", "look"):
            for row in [row for row in instance.world.table(kind) if row["folder_id"] in ours]:
                remove_tree(instance.world, kind, row["id"])
        for folder_id in ours:
            remove_tree(instance.world, "folder", folder_id)
        self.left = {folder["id"] for folder in instance.world.table("folder")}
        self.exposed: list[str] = []
        instance.through(before=[self._watch])

    def _watch(self, exchange: Exchange) -> None:
        body = exchange.body if isinstance(exchange.body, dict) else {}
        into = body.get("folder_id") or body.get("parent_id")
        folder = self.instance.world.get("folder", into) if exchange.method in ("POST", "PATCH") else None
        if folder is not None and folder["id"] not in self.left and grants(self.instance.world, folder):
            self.exposed.append(f"{exchange.method} {exchange.path} into {folder['name']}")

    @property
    def made(self) -> list[Record]:
        return [folder for folder in self.instance.world.table("folder") if folder["id"] not in self.left]

    def answers(self, stops_inheriting: Literal["copied", "creator"]) -> None:
        self.instance.simulator.config.stops_inheriting = stops_inheriting

    def assert_closed(self) -> None:
        assert self.made and not self.exposed
        for folder in self.made:
            assert not inherits(self.instance.world, folder) and not grants(self.instance.world, folder), folder["name"]


@pytest.fixture
def emptied(tmp_path: Path) -> Iterator[Emptied]:
    with InstanceFixture(tmp_path, sizes=SIZES) as instance:
        yield Emptied(instance)


@pytest.mark.parametrize("list_begins_as", ["copied", "creator"])
def test_a_closed_folder_is_closed_before_anything_is_put_into_it(
    emptied: Emptied, list_begins_as: Literal["copied", "creator"]
) -> None:
    emptied.answers(list_begins_as)
    ran = emptied.instance.run(*WHAT, **CLOSED).all_good()
    emptied.assert_closed()
    assert any(
        row["folder_id"] in {one["id"] for one in emptied.made} for row in emptied.instance.world.table("dashboard")
    )
    assert ran.operations["update_content_metadata"] == len(emptied.made) == ran.report["by_type"]["folder"]["created"]


def test_a_second_run_finds_a_closed_folder_unchanged_and_asks_nothing_of_its_access(emptied: Emptied) -> None:
    emptied.instance.run(*WHAT, **CLOSED).all_good()
    again = emptied.instance.run(*WHAT, **CLOSED).all_good()
    assert again.total("created") == again.total("updated") == 0
    assert not [name for name in again.operations if "content_metadata" in name]


def test_by_default_no_call_is_made_for_access_and_the_report_says_what_it_is(emptied: Emptied) -> None:
    ran = emptied.instance.run(*WHAT).all_good()
    assert not [name for name in ran.operations if "content_metadata" in name]
    assert all(inherits(emptied.instance.world, folder) for folder in emptied.made)
    (told,) = (text for text in ran.report["warnings"] if "folders created, with" in text)
    assert told.startswith(f"{len(emptied.made)} folders created, with the access of the folder above")
    made = [item for item in ran.report["items"] if item["type"] == "folder" and item["outcome"] == "created"]
    assert all(item["reason"] == "its access is that of the folder above" for item in made)
    assert all(f"folder={item['id']} {item['name']!r}" in told for item in made)


def test_a_folder_that_is_there_keeps_the_access_that_it_has(instance: InstanceFixture) -> None:
    folder = next(filter(_is_ours, instance.world.table("folder")))
    instance.edit("folder", folder["id"], name="Renamed")
    ran = instance.run("--select", "folder", "--yes", **CLOSED).all_good()
    assert ran.total("updated") == 1 and not [name for name in ran.operations if "content_metadata" in name]


@pytest.mark.parametrize("refused", ["update_content_metadata", "delete_content_metadata_access"])
def test_nothing_is_put_into_a_folder_that_could_not_be_closed(emptied: Emptied, refused: str) -> None:
    emptied.instance.simulator.fault("status:403", operation=refused)
    ran = emptied.instance.run(*WHAT, **CLOSED)
    assert ran.code == 1 and not emptied.exposed
    assert any("could not be restricted" in letter["message"] for letter in ran.letters if letter["type"] == "folder")
    inside = {folder["id"] for folder in emptied.made}
    for kind in ("dashboard", "look"):
        assert not [row for row in emptied.instance.world.table(kind) if row["folder_id"] in inside]


def test_what_could_not_be_closed_is_closed_by_the_retry_and_then_filled(emptied: Emptied) -> None:
    emptied.instance.simulator.fault("status:403", operation="update_content_metadata", times=3)
    assert emptied.instance.run(*WHAT, **CLOSED).code == 1
    emptied.instance.run("--retry-dead-letters", "--yes", **CLOSED)
    emptied.instance.run(*WHAT, **CLOSED).all_good()
    emptied.assert_closed()


def test_looker_that_only_says_that_it_has_closed_a_folder_is_not_believed(emptied: Emptied) -> None:
    def pretend(exchange: Exchange) -> None:
        if exchange.method == "DELETE" and exchange.path.startswith("/content_metadata_access/"):
            exchange.status, exchange.answer = 204, None

    emptied.instance.through(before=[emptied._watch, pretend])
    ran = emptied.instance.run(*WHAT, **CLOSED)
    assert ran.code == 1 and not emptied.exposed
    assert any("can be seen by group 1 (edit)" in letter["message"] for letter in ran.letters)


def test_a_folder_whose_access_looker_does_not_show_is_a_dead_letter_and_stays_empty(emptied: Emptied) -> None:
    def hide(exchange: Exchange) -> None:
        for row in exchange.answer if isinstance(exchange.answer, list) else [exchange.answer]:
            if exchange.path.startswith("/folders") and isinstance(row, dict):
                row.pop("content_metadata_id", None)

    emptied.instance.through(before=[emptied._watch], after=[hide])
    ran = emptied.instance.run("--select", "folder", "--select", "look", "--yes", **CLOSED)
    assert ran.code == 1 and not emptied.exposed
    assert any("does not show the content metadata of folder" in letter["message"] for letter in ran.letters)
    assert not [row for row in emptied.instance.world.table("look") if row["folder_id"] not in emptied.left]


def test_a_caller_who_is_no_admin_is_not_let_to_close_folders(emptied: Emptied) -> None:
    emptied.instance.simulator.config.caller_admin = False
    ran = emptied.instance.run(*WHAT, **CLOSED)
    assert ran.code == 3 and "needs the key of an administrator" in ran.err and not ran.writes


def test_a_plan_says_that_a_folder_will_be_closed(emptied: Emptied) -> None:
    ran = emptied.instance.run(*WHAT, "--plan", **CLOSED)
    assert ran.code == 0 and not ran.writes
    assert re.search(r"create +folder=9 Sales: only administrators see it\n", ran.out)


def _killed(emptied: Emptied, *argv: str, crash: str) -> int:
    """Run the command in a process group of its own, of which all die at a crash point: its exit code."""
    instance, how = emptied.instance, {"LRESTORE_CRASH": crash, "LRESTORE_CRASH_HOW": "SIGKILL"}
    environ = environment(
        **instance.settings(), **CLOSED, **how, LRESTORE_CRASH_COUNT=str(instance.directory / "passes")
    )
    with start(argv, cwd=instance.directory, environ=environ, new_session=True) as process:
        process.communicate(timeout=HANG_S)
    return process.returncode


@pytest.mark.parametrize("number", one_of([2, 12, 22, 7, 17, 27], suite=3))
def test_a_run_that_is_killed_closes_after_resume_what_it_had_made(emptied: Emptied, number: int) -> None:
    """At whatever answer: the folder is there and open, open with a list of its own, or closed."""
    emptied.instance.extra_environment["LRESTORE_RUN_SETTLE_S"] = "0.5"
    assert _killed(emptied, *WHAT, crash=f"call.after_answer:{number}") == -signal.SIGKILL
    resumed = emptied.instance.run("--resume", **CLOSED)
    assert resumed.code == 0, resumed.err
    emptied.assert_closed()


@pytest.mark.parametrize("number", one_of([7, 4, 10]))
def test_another_session_closes_what_one_that_was_killed_had_made(emptied: Emptied, number: int) -> None:
    emptied.instance.extra_environment["LRESTORE_RUN_SETTLE_S"] = "0.5"
    assert _killed(emptied, *WHAT, crash=f"call.after_answer:{number}") == -signal.SIGKILL
    emptied.instance.run(*WHAT, **CLOSED).all_good()
    emptied.assert_closed()


def test_nothing_but_the_folder_itself_is_put_into_one_that_a_killed_run_left_open(emptied: Emptied) -> None:
    emptied.instance.extra_environment["LRESTORE_RUN_SETTLE_S"] = "0.5"
    rule = emptied.instance.simulator.fault("status:500", operation="update_content_metadata")
    assert emptied.instance.run("--select", "folder", "--yes", **CLOSED).code == 1 and rule.fired
    emptied.instance.simulator.simulation.faults.clear()
    ran = emptied.instance.run("--select", "dashboard", "--yes", **CLOSED)
    assert ran.code == 1 and not emptied.exposed
    assert any("nothing is put into it" in letter["message"] for letter in ran.letters)
    emptied.instance.run(*WHAT, **CLOSED).all_good()
    emptied.assert_closed()


class Copied(MigrationFixture):
    """A migration from a living source, of whose folders below Shared one is seen by group 2 and managed by user 2."""

    def __init__(self, directory: Path) -> None:
        source = make_world(SOURCE)
        self.folder = next(filter(_is_ours, source.table("folder")))
        metadata = self.folder["content_metadata_id"]
        source.table("content_metadata").change(metadata, {"inherits": False, "inheriting_id": None})
        for permission, group, user in (("view", "2", None), ("edit", None, "2")):
            row = {"id": source.new_id("content_metadata_access"), "content_metadata_id": metadata}
            grant = {"permission_type": permission, "group_id": group, "user_id": user, "can": {"show": True}}
            source.table("content_metadata_access").put({**row, **grant})
        super().__init__(directory, source=source)
        self.source_lives()
        self.extra_environment |= COPY

    def here(self, source_id: str) -> Record:
        found = self.world.get("folder", self.new_id("folder", source_id))
        assert found is not None
        return found


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    with Copied(tmp_path) as migration:
        yield migration


@pytest.mark.parametrize("list_begins_as", ["copied", "creator"])
def test_a_copied_list_is_that_of_the_source_with_its_groups_and_users(
    copied: Copied, list_begins_as: Literal["copied", "creator"]
) -> None:
    copied.simulator.config.stops_inheriting = list_begins_as
    ran = copied.migrate("user", "group", "folder")
    assert ran.code == 0, ran.err
    there = copied.here(copied.folder["id"])
    group, user = copied.new_id("group", "2"), copied.new_id("user", "2")
    assert grants(copied.world, there) == {("view", group, None), ("edit", None, user)}
    below = [one for one in copied.source.table("folder") if one["parent_id"] == copied.folder["id"]]
    assert below and all(inherits(copied.world, copied.here(one["id"])) for one in below)
    (item,) = (one for one in ran.report["items"] if (one["type"], one["id"]) == ("folder", copied.folder["id"]))
    assert item["reason"] == f"its access is that in the source: user {user} (edit), group {group} (view)"


def test_who_is_not_in_the_destination_is_left_out_of_a_copied_list_and_named(copied: Copied) -> None:
    ran = copied.migrate("group=2", "folder")
    assert grants(copied.world, copied.here(copied.folder["id"])) == {("view", copied.new_id("group", "2"), None)}
    assert any(
        "user 2 (edit) of the source's access list is not in the destination" in text for text in ran.report["warnings"]
    )


def test_a_folder_of_which_the_source_tells_nothing_is_closed(copied: Copied) -> None:
    remove_tree(copied.source, "folder", copied.folder["id"])
    ran = copied.migrate("user", "group", "folder")
    there = copied.here(copied.folder["id"])
    assert not inherits(copied.world, there) and not grants(copied.world, there)
    assert any("does not show its access list" in text for text in ran.report["warnings"])


def test_nothing_is_copied_without_a_source(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "folder", **COPY)
    assert ran.code == 2 and "[source] base_url" in ran.err and not ran.calls


def test_a_saved_plan_that_closes_folders_is_carried_out(emptied: Emptied) -> None:
    planned = emptied.instance.run(*WHAT, "--plan", "--plan-out", "plan.json", **CLOSED)
    assert planned.code == 0 and not planned.writes
    applied = emptied.instance.run("--apply", "plan.json", "--yes", **CLOSED)
    assert applied.code == 0, applied.err
    emptied.assert_closed()
    assert applied.report["guards"]["foreseen"]["create"] == applied.total("created")


@pytest.mark.parametrize("access", ["inherit", "copy"])
def test_a_folder_that_is_more_open_than_in_the_living_source_is_named_by_plan_and_restore(
    copied: Copied, access: str
) -> None:
    """It holds a dashboard. Where its list is copied from the source it is not more open."""
    inside = next(one["id"] for one in copied.source.table("dashboard") if not one["deleted"])
    copied.source.table("dashboard").change(inside, {"folder_id": copied.folder["id"]})
    copied.back_up("dashboard", inside, copied.blob_of_source("dashboard", inside))
    setting = {"LRESTORE_RUN_NEW_FOLDER_ACCESS": access}
    plans = [copied.migrate("all", "--plan", **setting)] if access == "inherit" else []
    for run in (*plans, copied.migrate("all", **setting)):
        told = [one for one in run.report["warnings"] if "more open than folder" in one]
        if access == "copy":
            assert told == []
            continue
        (own,) = [one for one in told if f"more open than folder {copied.folder['id']} of the source" in one]
        assert "group 1 (edit) can see it here and not there" in own and f"dashboard={inside}" in own
