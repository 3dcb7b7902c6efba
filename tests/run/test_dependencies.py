"""What selected items need of each other, told from the backup in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.messages import ItemKey
from lrestore.run.dependencies import needs_of, referred_to
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


def key(text: str) -> ItemKey:
    type_name, _, item_id = text.partition("=")
    return ItemKey(type_name, item_id)


def test_hard_references_and_owners_are_needs_and_only_the_former_are_hard(vault: Vault) -> None:
    keys = [key(text) for text in ("folder=1", "folder=2", "user=5", "look=7", "dashboard=9")]
    needs, hard = needs_of(vault, keys)
    assert needs == {
        key("folder=2"): (key("folder=1"),),
        key("look=7"): (key("folder=2"), key("user=5")),
        key("dashboard=9"): (key("folder=2"), key("look=7")),
    }
    assert (key("look=7"), key("user=5")) not in hard
    assert (key("dashboard=9"), key("look=7")) in hard


def test_what_is_not_selected_is_no_need(vault: Vault) -> None:
    assert needs_of(vault, [key("dashboard=9")]) == ({}, frozenset())


def test_an_item_says_what_it_refers_to_and_one_that_is_not_there_nothing(vault: Vault) -> None:
    """FR-014: the subtree of one item."""
    assert set(referred_to(vault, key("dashboard=9"))) == {key("folder=2"), key("look=7")}
    assert not list(referred_to(vault, key("dashboard=10")))
