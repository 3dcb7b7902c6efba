"""--with-dependencies: the selected items and all that they refer to, of any type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.filters import Filters
from lrestore.run.request import RunRequest
from lrestore.run.select.choose import choose
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter
from tests.restoration.migration_fixture import MigrationFixture

WORLD = Sizes(users=8, groups=4, folders=8, depth=4, looks=8, dashboards=8, tiles=6, boards=3, plans=4, everything=True)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """One object of each type with references, and as many objects without any reference to them."""
    with ShardWriter(tmp_path / "vault.db") as shard:
        shard.put("permission_set", "1", "P", {"id": "1", "name": "P"})
        shard.put("model_set", "1", "M", {"id": "1", "name": "M", "models": ["unused"]})
        shard.put("role", "1", "R", {"id": "1", "name": "R", "permission_set_id": "1", "model_set_id": "1"})
        shard.put("group", "1", "G", {"id": "1", "name": "G"})
        shard.put("user", "1", "U", {"id": "1", "group_ids": ["1"], "role_ids": ["1"], "home_folder_id": "3"})
        shard.put("folder", "1", "Top", {"id": "1", "name": "Top"})
        shard.put("folder", "2", "Mid", {"id": "2", "name": "Mid", "parent_id": "1"})
        shard.put("folder", "3", "Home", {"id": "3", "name": "Home", "parent_id": "1"})
        shard.put("lookml_model", "m", "m", {"name": "m"})
        shard.put("lookml_model", "n", "n", {"name": "n"})
        shard.put("lookml_model", "unused", "unused", {"name": "unused"})
        shard.put("look", "1", "L", {"id": "1", "title": "L", "folder_id": "2", "user_id": "1"})
        tiles = [{"id": "1", "look_id": "1"}, {"id": "2", "query": {"id": "9", "model": "m"}, "body_text": "/looks/2"}]
        filters = [{"id": "1", "model": "n"}]
        parts = {"dashboard_elements": tiles, "dashboard_filters": filters}
        shard.put("dashboard", "1", "D", {"id": "1", "title": "D", "folder_id": "2", **parts})
        items = [{"id": "1", "dashboard_id": "1"}, {"id": "2", "custom_url": "/dashboards/2"}]
        shard.put("board", "1", "B", {"id": "1", "title": "B", "board_sections": [{"id": "1", "board_items": items}]})
        shard.put("scheduled_plan", "1", "S", {"id": "1", "name": "S", "dashboard_id": "1", "user_id": "1"})
        for type_name in ("user", "group", "role", "permission_set", "model_set", "scheduled_plan"):
            shard.put(type_name, "2", "no", {"id": "2", "name": "no"})
        for type_name in ("look", "dashboard", "board"):
            shard.put(type_name, "2", "no", {"id": "2", "title": "no", "folder_id": "4"})
        shard.put("folder", "4", "no", {"id": "4", "name": "no"})
    with Vault.open([str(tmp_path / "vault.db")]) as opened:
        yield opened


def chosen(
    vault: Vault, *select: str, exclude: tuple[str, ...] = (), deleted: bool = False, content: bool = False
) -> list[str]:
    filters = Filters(include_deleted=deleted)
    request = RunRequest(
        mode="dry-run", select=select, exclude=exclude, filters=filters, with_dependencies=True, content_only=content
    )
    return [str(key) for key in choose(vault, request).keys]


PEOPLE = ["user=1", "group=1", "permission_set=1", "model_set=1", "role=1"]
CONTENT = ["folder=1", "folder=2", "folder=3", "lookml_model=m", "lookml_model=n", "look=1", "dashboard=1"]


@pytest.mark.parametrize(("select", "home"), [("board=1", False), ("dashboard=1", False), ("user=1", True)])
def test_only_content_is_followed_if_that_is_asked(vault: Vault, select: str, home: bool) -> None:
    """No users, groups, roles and sets, and nothing that only these refer to, such as the home folder of a user."""
    every, content = chosen(vault, select), chosen(vault, select, content=True)
    without = {*PEOPLE, *(() if home else ("folder=3",))} - {select}
    assert content == [one for one in every if one not in without]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("board=1", {*PEOPLE, *CONTENT, "board=1"}),
        ("scheduled_plan=1", {*PEOPLE, *CONTENT, "scheduled_plan=1"}),
        ("dashboard=1", {*PEOPLE, *CONTENT}),
        ("look=1", {*PEOPLE, "folder=1", "folder=2", "folder=3", "look=1"}),
        ("user=1", {*PEOPLE, "folder=1", "folder=3"}),
        ("role=1", {"role=1", "permission_set=1", "model_set=1"}),
        ("folder=2", {"folder=1", "folder=2"}),
        ("group=1", {"group=1"}),
        ("lookml_model=m", {"lookml_model=m"}),
    ],
)
def test_exactly_the_referenced_items_are_added(vault: Vault, select: str, expected: set[str]) -> None:
    assert set(chosen(vault, select)) == expected


def test_each_item_comes_after_what_it_refers_to(vault: Vault) -> None:
    """FR-011, sets before the roles that are made of them."""
    order = chosen(vault, "board=1", "scheduled_plan=1")
    types = list(dict.fromkeys(key.partition("=")[0] for key in order))
    content = ["folder", "lookml_model", "look", "dashboard", "board", "scheduled_plan"]
    assert types[0] == "user" and types[-6:] == content
    assert order.index("role=1") > order.index("permission_set=1")
    assert order.index("folder=2") > order.index("folder=1")


def test_an_excluded_item_is_left_out_with_items_that_only_it_refers_to(vault: Vault) -> None:
    assert set(chosen(vault, "board=1", exclude=("user", "look"))) == {
        *("board=1", "dashboard=1", "folder=1", "folder=2", "lookml_model=m", "lookml_model=n")
    }


@pytest.mark.parametrize("deleted", [True, False])
def test_items_marked_deleted_are_added_only_with_include_deleted(
    vault: Vault, tmp_path: Path, *, deleted: bool
) -> None:
    with ShardWriter(tmp_path / "vault.db") as shard:
        look = {"id": "1", "title": "L", "folder_id": "4"}
        shard.put("look", "1", "L", look, deleted_at="2026-01-01T00:00:00+00:00")
    with Vault.open([str(tmp_path / "vault.db")]) as opened:
        keys = chosen(opened, "dashboard=1", deleted=deleted)
    assert ("look=1" in keys) is deleted
    assert ("folder=4" in keys) is deleted


def test_folders_that_contain_each_other_are_taken_once(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "round.db") as shard:
        shard.put("folder", "1", "A", {"id": "1", "name": "A", "parent_id": "2"})
        shard.put("folder", "2", "B", {"id": "2", "name": "B", "parent_id": "1"})
    with Vault.open([str(tmp_path / "round.db")]) as opened:
        assert sorted(chosen(opened, "folder=1")) == ["folder=1", "folder=2"]


def test_a_reference_to_a_missing_or_corrupt_item_adds_nothing(vault: Vault, tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "more.db") as shard:
        shard.put("look", "8", "L", {"id": "8", "title": "L", "folder_id": "88", "user_id": "89"})
    with Vault.open([str(tmp_path / "more.db")]) as opened:
        assert chosen(opened, "look=8") == ["look=8"]


def test_a_large_backup_gives_the_same_dependencies(tmp_path: Path) -> None:
    """Few are looked up one by one, many in one pass over their type."""
    with ShardWriter(tmp_path / "many.db") as shard, shard.batch():
        for number in range(1, 301):
            shard.put("folder", str(number), "F", {"id": str(number), "name": f"F{number}"})
            look = {"id": str(number), "title": "L", "folder_id": str(number)}
            shard.put("look", str(number), "L", look)
    ids = ",".join(map(str, range(1, 151)))
    with Vault.open([str(tmp_path / "many.db")]) as opened:
        keys = chosen(opened, f"look={ids}")
    assert set(keys) == {f"{name}={number}" for name in ("folder", "look") for number in range(1, 151)}


def test_one_board_is_restored_completely_into_an_empty_instance(tmp_path: Path) -> None:
    source = make_world(WORLD)
    with MigrationFixture(tmp_path, source=source, into=empty_world()) as migration:
        migration.source_lives()
        board = next(row for row in source.table("board") if not row["deleted_at"])
        ran = migration.migrate(f"board={board['id']}", "--with-dependencies").all_good()
        assert ran.report["by_type"]["board"]["created"] == 1
        assert {"folder", "dashboard", "user"} <= {
            kind for kind, count in ran.report["by_type"].items() if count["created"]
        }
        order = next(line for line in ran.err.splitlines() if "order: " in line)
        assert order.index("user (") < order.index("folder (") < order.index("dashboard (") < order.index("board (")
        assert migration.migrate(f"board={board['id']}", "--with-dependencies").all_good().writes == []
        verified = migration.migrate(f"board={board['id']}", "--with-dependencies", "--verify").all_good()
        assert verified.report["verify"]["different"] == []
