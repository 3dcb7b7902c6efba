"""What selected items need of each other, told from the backup in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.messages import ItemKey
from lrestore.run.dependencies import Links, _open_circles, links_of, referred_to
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with ShardWriter(tmp_path / "vault.db") as shard:
        shard.put("folder", "1", "Top", {"id": "1", "name": "Top", "parent_id": "0"})
        shard.put("folder", "2", "Below", {"id": "2", "name": "Below", "parent_id": "1"})
        shard.put("user", "5", "Ada", {"id": "5", "first_name": "Ada"})
        shard.put("look", "7", "L", {"id": "7", "title": "L", "folder_id": "2", "user_id": "5"})
        tiles = [{"id": "1", "look_id": "7"}, {"id": "2", "look_id": None}]
        board = {"id": "9", "title": "D", "folder_id": "2", "dashboard_elements": tiles}
        shard.put("dashboard", "9", "D", board)
    with Vault.open([str(tmp_path / "vault.db")]) as opened:
        yield opened


@pytest.fixture
def vault_of_people(tmp_path: Path) -> Iterator[Vault]:
    with ShardWriter(tmp_path / "people.db") as shard:
        shard.put("user", "5", "Ada", {"id": "5", "group_ids": ["3"], "role_ids": ["2", "9"]})
        shard.put("group", "3", "G", {"id": "3", "name": "G"})
        shard.put("role", "2", "R", {"id": "2", "name": "R"})
    with Vault.open([str(tmp_path / "people.db")]) as opened:
        yield opened


def key(text: str) -> ItemKey:
    type_name, _, item_id = text.partition("=")
    return ItemKey(type_name, item_id)


def test_hard_references_and_owners_are_needs_and_only_the_former_are_hard(vault: Vault) -> None:
    keys = [key(text) for text in ("folder=1", "folder=2", "user=5", "look=7", "dashboard=9")]
    links = links_of(vault, keys)
    assert links.needs == {
        key("folder=2"): (key("folder=1"),),
        key("look=7"): (key("folder=2"), key("user=5")),
        key("dashboard=9"): (key("folder=2"), key("look=7")),
    }
    assert (key("look=7"), key("user=5")) not in links.hard
    assert (key("dashboard=9"), key("look=7")) in links.hard


def test_what_is_not_selected_is_no_need(vault: Vault) -> None:
    assert links_of(vault, [key("dashboard=9")]) == Links({}, frozenset(), {})


def test_memberships_are_awaited_and_not_waited_for(vault_of_people: Vault) -> None:
    """FR-011: users come before groups and roles, though they name them."""
    links = links_of(vault_of_people, [key("user=5"), key("group=3"), key("role=2")])
    assert links.needs == {}
    assert links.awaits == {key("user=5"): (key("group=3"), key("role=2"))}


def test_an_item_says_what_it_refers_to_and_one_that_is_not_there_nothing(vault: Vault) -> None:
    """FR-014: the subtree of one item."""
    assert set(referred_to(vault, key("dashboard=9"))) == {key("folder=2"), key("look=7")}
    assert not list(referred_to(vault, key("dashboard=10")))


def test_a_circle_is_opened_where_a_need_is_not_hard() -> None:
    a, b, c = key("dashboard=1"), key("dashboard=2"), key("look=3")
    hard = {a: {c}}
    first: dict[ItemKey, set[ItemKey]] = {a: {b}, b: {a}, c: {b}}
    awaits: dict[ItemKey, set[ItemKey]] = defaultdict(set)
    _open_circles(hard, first, awaits)
    assert first == {a: set(), b: set(), c: set()}
    assert awaits == {a: {b}, b: {a}, c: {b}}
    assert hard == {a: {c}}
