"""Items that need each other, in a run of several processes: order, circles, and dependents of failed items."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.state.read import StateReader
from lrestore.vault.shard import ShardWriter
from tests.run.cli_harness import CliHarness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BOTH = ("--select", "folder", "--select", "look")


def folder(shard: ShardWriter, folder_id: int, parent_id: int) -> None:
    name = f"Folder {folder_id}"
    blob = {"id": str(folder_id), "name": name, "parent_id": str(parent_id)}
    shard.put("folder", str(folder_id), name, blob)


def looks(shard: ShardWriter, world: World, folder_id: int, count: int) -> None:
    """Looks that the instance does not have, in one folder."""
    query_id = world.table("look").get("1")["query_id"]  # type: ignore[index]
    for number in range(count):
        look_id = str(10_000 + 100 * folder_id + number)
        title = f"Look {look_id}"
        blob = {"id": look_id, "title": title, "folder_id": str(folder_id), "query_id": query_id}
        shard.put("look", look_id, title, blob)


def test_a_tree_of_folders_is_created_from_the_top_down(tmp_path: Path) -> None:
    """Twelve levels, in the backup from the bottom up: each folder is created in the one created before it."""

    def deep(shard: ShardWriter, world: World) -> None:
        for number in range(12):
            folder(shard, 900 - number, 900 - number + 1 if number else 1)

    with CliHarness(tmp_path, more=deep) as harness:
        code, said = harness.run("--select", "folder")
        assert code == 0, said
        made = {one["name"]: one for one in harness.simulator.state()["folder"]}
        assert made["Folder 900"]["parent_id"] == "1"
        for number in range(889, 900):
            assert made[f"Folder {number}"]["parent_id"] == made[f"Folder {number + 1}"]["id"]
        assert harness.operations()["create_folder"] == 12
        assert harness.run("--select", "folder")[0] == 0
        assert harness.operations()["create_folder"] == 12


def test_a_circle_is_named_and_the_run_goes_on(tmp_path: Path) -> None:
    """Each item of the circle is a dead letter that names it; unrelated items are restored."""

    def circle(shard: ShardWriter, world: World) -> None:
        for number in (901, 902, 903):
            folder(shard, number, 901 if number == 903 else number + 1)
        folder(shard, 910, 1)
        for number in range(920, 930):
            folder(shard, number, 910)

    with CliHarness(tmp_path, more=circle) as harness:
        code, said = harness.run("--select", "folder")
        assert code == 1, said
        outcomes = harness.outcomes()
        for number in (901, 902, 903):
            outcome, reason = outcomes[f"folder={number}"]
            assert outcome == "failed"
            assert "circle" in reason or "needs folder=" in reason, reason
            assert "folder=90" in reason
        assert all(outcomes[f"folder={number}"][0] == "created" for number in (910, *range(920, 930)))
        assert any("circle" in outcomes[f"folder={number}"][1] for number in (901, 902, 903))
        assert harness.totals()["failed"] == 3


def test_an_item_that_needs_a_failed_one_fails_without_a_call_and_names_the_chain(tmp_path: Path) -> None:
    """This holds if thousands need it: coordinator and writer once deadlocked then."""

    def chain(shard: ShardWriter, world: World) -> None:
        folder(shard, 900, 1)
        folder(shard, 901, 900)
        looks(shard, world, 901, 3_000)

    with CliHarness(tmp_path, more=chain) as harness:
        harness.simulator.fault("status:422", match={"operation": "create_folder"})
        code, said = harness.run(*BOTH)
        assert code == 1, said
        assert harness.totals()["failed"] == 3_002
        outcome, reason = harness.outcomes()["look=100102"]
        assert outcome == "failed"
        assert reason.startswith("look=100102 needs folder=901, which needs folder=900, which is not in the dest")
        assert "422" in reason
        assert harness.operations()["create_folder"] == 1
        assert "create_look" not in harness.operations()
        with StateReader.open(tmp_path / "state.db") as reader:
            letters = {item.letter.id: item.letter for item in reader.dead_letters(reader.session().id)}
        assert (letters["100102"].error_type, letters["100102"].name) == ("DependencyError", "Look 100102")


def test_a_failed_item_that_exists_in_the_destination_is_used(tmp_path: Path) -> None:
    """The folder cannot be updated, but it exists: missing content is created in it."""

    def in_the_first_folder(shard: ShardWriter, world: World) -> None:
        looks(shard, world, int(world.table("look").get("1")["folder_id"]), 9)  # type: ignore[index]

    def renamed(world: World) -> None:
        folder_id = world.table("look").get("1")["folder_id"]  # type: ignore[index]
        edit(world, Edit(type="folder", id=folder_id, set={"name": "renamed since"}))

    with CliHarness(tmp_path, more=in_the_first_folder, later=renamed) as harness:
        harness.simulator.fault("status:422", match={"operation": "update_folder"})
        code, said = harness.run(*BOTH)
        assert code == 1, said
        assert harness.totals()["failed"] == 1
        assert harness.totals()["created"] == 9
