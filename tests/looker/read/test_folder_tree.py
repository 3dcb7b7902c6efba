"""Folders by place and owner, kept true through every change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lrestore.json_types import JsonObject
from lrestore.looker.read.folder_tree import FolderTree, place_of


def folder(object_id: str, parent_id: str | None, name: str, owner: str | None = None) -> JsonObject:
    return {"id": object_id, "parent_id": parent_id, "name": name, "is_personal": bool(owner), "creator_id": owner}


def test_a_folder_is_found_by_parent_and_name_whatever_its_case() -> None:
    tree = FolderTree([folder("1", None, "Shared"), folder("2", "1", "Sales"), folder("3", "1", "SALES ")])
    assert tree.at("1", "sALES") == {"2"}
    assert tree.at("2", "Sales") == tree.at("1", "Shared") == frozenset()


def test_an_id_may_be_a_number() -> None:
    tree = FolderTree([{"id": 2, "parent_id": 1, "name": "Sales"}])
    assert tree.at("1", "Sales") == {"2"}
    assert place_of(1, "Sales") == place_of("1", "sales")


def test_personal_folders_are_found_by_their_owner_and_others_are_not() -> None:
    made_by_her = {**folder("4", "1", "Made by her"), "creator_id": "7"}
    tree = FolderTree([folder("2", "9", "Ada", "7"), folder("3", "9", "Bo", "8"), made_by_her])
    assert tree.personal("7") == {"2"}
    assert tree.personal("6") == frozenset()


def test_a_folder_that_is_gone_is_no_longer_found() -> None:
    ada = folder("2", "9", "Ada", "7")
    tree = FolderTree([ada])
    tree.drop(ada)
    assert tree.at("9", "Ada") == tree.personal("7") == frozenset()
    tree.drop(ada)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from("aAbBc"), st.integers(0, 2))))
def test_after_any_changes_it_tells_what_a_new_one_would(changes: list[tuple[int, int, str, int]]) -> None:
    tree = FolderTree([])
    table: dict[str, JsonObject] = {}
    for number, parent, name, owner in changes:
        old = table.get(str(number))
        if old is not None:
            tree.drop(old)
        table[str(number)] = folder(str(number), str(parent), name, str(owner) if owner else None)
        tree.put(table[str(number)])
    fresh = FolderTree(table.values())
    for parent in range(4):
        for name in "abc":
            assert tree.at(str(parent), name) == fresh.at(str(parent), name)
    for owner in range(3):
        assert tree.personal(str(owner)) == fresh.personal(str(owner))
