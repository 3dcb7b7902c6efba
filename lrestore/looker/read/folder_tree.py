"""An index of folders by parent and name, and by owner: a listing of thousands is searched for each folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Place = tuple[str, str]
"""The id of the parent, and the name without regard to case: no two folders have the same."""


def place_of(parent_id: object, name: object) -> Place:
    """The place of a folder: its parent and its name without regard to case."""
    return str(parent_id), str(name).casefold()


class FolderTree:
    """An index of a listing of folders; callers report every change to it."""

    def __init__(self, folders: Iterable[Mapping[str, Any]]) -> None:
        self._at: dict[Place, set[str]] = defaultdict(set)
        self._personal: dict[str, set[str]] = defaultdict(set)
        for folder in folders:
            self.put(folder)

    def put(self, folder: Mapping[str, Any]) -> None:
        """Add the folder with the shown fields."""
        self._at[_place(folder)].add(str(folder["id"]))
        if folder.get("is_personal") and folder.get("creator_id") is not None:
            self._personal[str(folder["creator_id"])].add(str(folder["id"]))

    def drop(self, folder: Mapping[str, Any]) -> None:
        """Remove the folder with the shown fields."""
        self._at[_place(folder)].discard(str(folder["id"]))
        self._personal[str(folder.get("creator_id"))].discard(str(folder["id"]))

    def at(self, parent_id: str, name: str) -> frozenset[str]:
        """The ids of the folders of that name, whatever its case, in that parent."""
        return frozenset(self._at.get(place_of(parent_id, name), ()))

    def personal(self, user_id: str) -> frozenset[str]:
        """The ids of the personal folders that are shown as made for a user."""
        return frozenset(self._personal.get(user_id, ()))


def _place(folder: Mapping[str, Any]) -> Place:
    return place_of(folder.get("parent_id"), folder.get("name"))
