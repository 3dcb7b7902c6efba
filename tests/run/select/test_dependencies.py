"""The needs of selected items, found in one pass over the backup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.messages import ItemKey
from lrestore.run.contents import Contents
from lrestore.run.select.dependencies import Links, _open_circles, links_of, referred_to
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


def test_hard_references_and_owners_are_needs_but_owners_are_not_hard(vault: Vault) -> None:
    keys = [key(text) for text in ("folder=1", "folder=2", "user=5", "look=7", "dashboard=9")]
    links = links_of(Contents(vault), keys)
    assert links.needs == {
        key("folder=2"): (key("folder=1"),),
        key("look=7"): (key("folder=2"), key("user=5")),
        key("dashboard=9"): (key("folder=2"), key("look=7")),
    }
    assert (key("look=7"), key("user=5")) not in links.hard
    assert (key("dashboard=9"), key("folder=2")) in links.hard


def test_targets_of_parts_come_first_but_are_not_hard(vault: Vault) -> None:
    """The item is restored without the part."""
    links = links_of(Contents(vault), [key("look=7"), key("dashboard=9")])
    assert links.needs == {key("dashboard=9"): (key("look=7"),)}
    assert links.hard == frozenset()


def test_an_unselected_item_is_not_a_need(vault: Vault) -> None:
    assert links_of(Contents(vault), [key("dashboard=9")]) == Links({}, frozenset(), {})


def test_memberships_are_awaited_but_not_needed(vault_of_people: Vault) -> None:
    """FR-011: users come before groups and roles, although they refer to them."""
    links = links_of(Contents(vault_of_people), [key("user=5"), key("group=3"), key("role=2")])
    assert links.needs == {}
    assert links.awaits == {key("user=5"): (key("group=3"), key("role=2"))}


def test_an_item_has_its_references_and_a_missing_item_has_none(vault: Vault) -> None:
    """FR-014: the subtree of one item."""
    assert referred_to(vault, [key("dashboard=9")]) == {key("folder=2"), key("look=7")}
    assert not referred_to(vault, [key("dashboard=10")])


def test_a_circle_is_broken_at_a_need_that_is_not_hard() -> None:
    a, b, c = key("dashboard=1"), key("dashboard=2"), key("look=3")
    hard = {a: {c}}
    first: dict[ItemKey, set[ItemKey]] = {a: {b}, b: {a}, c: {b}}
    awaits: dict[ItemKey, set[ItemKey]] = defaultdict(set)
    _open_circles(hard, first, awaits)
    assert first == {a: set(), b: set(), c: set()}
    assert awaits == {a: {b}, b: {a}, c: {b}}
    assert hard == {a: {c}}


@pytest.mark.parametrize("selected", [["dashboard=1", "dashboard=2"], ["dashboard=1", "dashboard=2", "look=3"]])
def test_links_in_texts_are_separate_from_references(tmp_path: Path, selected: list[str]) -> None:
    with ShardWriter(tmp_path / "texts.db") as shard:
        for own, text in (("1", "/dashboards/2 /looks/3 /boards/9"), ("2", "%2Fdashboards%2F1 /dashboards/2")):
            shard.put("dashboard", own, "D", {"id": own, "title": "D", "dashboard_elements": [{"body_text": text}]})
        shard.put("look", "3", "L", {"id": "3", "title": "L"})
    with Vault.open([str(tmp_path / "texts.db")]) as opened:
        links = links_of(Contents(opened), [key(one) for one in selected])
    more = (key("look=3"),) if "look=3" in selected else ()
    assert links == Links(
        {},
        frozenset(),
        {},
        {key("dashboard=1"): (key("dashboard=2"), *more), key("dashboard=2"): (key("dashboard=1"), key("dashboard=2"))},
    )


def test_items_marked_deleted_have_needs_too(tmp_path: Path) -> None:
    """They are selected with --include-deleted only."""
    with ShardWriter(tmp_path / "deleted.db") as shard:
        shard.put("folder", "1", "F", {"id": "1", "name": "F"})
        look = {"id": "2", "title": "L", "folder_id": "1"}
        shard.put("look", "2", "L", look, deleted_at="2026-01-01T00:00:00+00:00")
    with Vault.open([str(tmp_path / "deleted.db")]) as opened:
        assert links_of(Contents(opened), [key("folder=1"), key("look=2")]).needs == {key("look=2"): (key("folder=1"),)}


def test_content_of_a_personal_folder_comes_after_the_folders_owner(tmp_path: Path) -> None:
    """Looker creates the folder with the user, so it is not an item that could be waited for."""
    with ShardWriter(tmp_path / "homes.db") as shard:
        shard.put("user", "5", "Ada", {"id": "5", "personal_folder_id": "6", "home_folder_id": "6"})
        shard.put("folder", "6", "Ada", {"id": "6", "name": "Ada", "parent_id": "2", "is_personal": True})
        shard.put("folder", "7", "Below", {"id": "7", "name": "Below", "parent_id": "6"})
        shard.put("look", "8", "L", {"id": "8", "title": "L", "folder_id": "6", "user_id": "1"})
    with Vault.open([str(tmp_path / "homes.db")]) as opened:
        links = links_of(Contents(opened), [key("user=5"), key("folder=6"), key("look=8"), key("folder=7")])
        assert key("user=5") in links_of(Contents(opened), [key("user=5"), key("look=8")]).needs[key("look=8")]
        assert referred_to(opened, [key("look=8")]) == {key("folder=6"), key("user=1"), key("user=5")}
    assert links.needs == {
        key("folder=6"): (key("user=5"),),
        key("folder=7"): (key("folder=6"), key("user=5")),
        key("look=8"): (key("folder=6"), key("user=5")),
    }
    assert (key("look=8"), key("user=5")) not in links.hard


def test_users_of_the_same_name_are_ordered(tmp_path: Path) -> None:
    """A partly created user looks like any other user of its name without a login."""
    embed = {"credentials_embed": [{"external_user_id": "x"}]}
    with ShardWriter(tmp_path / "namesakes.db") as shard:
        for user_id, more in (("12", {}), ("9", {}), ("30", {}), ("31", embed), ("5", {"last_name": "B"})):
            shard.put("user", user_id, "A", {"id": user_id, "first_name": "A", "last_name": "A", **more})
        for user_id in ("40", "41"):
            shard.put("user", user_id, "", {"id": user_id, "first_name": None, "last_name": ""})
    users = [key(f"user={one}") for one in ("12", "9", "30", "31", "5", "40", "41")]
    with Vault.open([str(tmp_path / "namesakes.db")]) as opened:
        links = links_of(Contents(opened), users)
    assert links.needs == {key("user=12"): (key("user=9"),), key("user=30"): (key("user=12"),)}
    assert links.hard == frozenset()
