"""Loose ends: what an item has to wait for that the same run will bring later.

Roles of users, links between dashboards: what names each other in a circle, or comes later in the order, cannot all be
resolved at the first go; nor can titles that two have swapped. Such an item is restored as far as it goes, and once
more when the others are there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from lrestore.messages import ItemKey


def nobody(key: ItemKey) -> bool:
    """Who is waited for in the last turn."""
    return False


@dataclass(slots=True)
class LooseEnds:
    """``awaited`` are items that this one refers to and that are still to come; ``found`` those it has to wait for.

    ``in_run`` says of an item whether this run restores it.
    """

    awaited: Collection[ItemKey] = ()
    in_run: Callable[[ItemKey], bool] = nobody
    found: set[ItemKey] = field(default_factory=set)

    def later(self, key: ItemKey) -> bool:
        """Whether ``key`` is still to come; if so, the item is restored once more when it is there."""
        if key not in self.awaited:
            return False
        self.found.add(key)
        return True

    def comes(self, key: ItemKey) -> bool:
        """Whether ``key`` is an item of this run, and this turn not the last: then it is waited for."""
        if not self.in_run(key):
            return False
        self.found.add(key)
        return True
