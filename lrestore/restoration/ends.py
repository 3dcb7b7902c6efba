"""Loose ends: references to items that the same run will bring later.

Roles of users, links between dashboards: what names each other in a circle, or comes later in the order, cannot all be
resolved at the first go. Such an item is restored as far as it goes, and once more when the others are there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from lrestore.messages import ItemKey


@dataclass(slots=True)
class LooseEnds:
    """``awaited`` are items that this one refers to and that are still to come; ``found`` those it has to wait for."""

    awaited: Collection[ItemKey] = ()
    found: set[ItemKey] = field(default_factory=set)

    def later(self, key: ItemKey) -> bool:
        """Whether ``key`` is still to come; if so, the item is restored once more when it is there."""
        if key not in self.awaited:
            return False
        self.found.add(key)
        return True
