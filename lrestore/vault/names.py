"""Items of the same name, where names need not be unique: one pass over a type, in which only names are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from lrestore.messages import ItemKey

FIELDS: Mapping[str, tuple[str, ...]] = {
    "user": ("first_name", "last_name"),
    "look": ("title",),
    "board": ("title",),
    "scheduled_plan": ("name",),
}
"""Fields that make the name of an item, by type."""


class NameFields(msgspec.Struct):
    """The fields that may hold an item's name; each type has some of them."""

    first_name: Any = None
    last_name: Any = None
    title: Any = None
    name: Any = None

    def of(self, type_name: str) -> tuple[str, ...]:
        """The name as a key: null and "" are the same."""
        return tuple(str(getattr(self, field) or "") for field in FIELDS[type_name])


class Namesakes:
    """The items of a type by name."""

    def __init__(self, type_name: str, items: Iterable[tuple[ItemKey, NameFields]]) -> None:
        self._name_of: dict[str, tuple[str, ...]] = {}
        self._called: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for key, named in items:
            name = named.of(type_name)
            self._name_of[key.id] = name
            self._called[name].append(key.id)

    def of(self, item_id: str) -> tuple[str, ...]:
        """The ids of the items that are called the same, the item's own among them; none for one that is not known."""
        name = self._name_of.get(item_id)
        return () if name is None else tuple(self._called[name])
