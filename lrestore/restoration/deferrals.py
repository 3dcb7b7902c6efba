"""References that are deferred to a second pass, because the same run restores their target later.

Items that refer to each other (roles of users, links between dashboards) cannot all be resolved in one pass; nor can
two swapped titles. Such an item is restored as far as possible, and again when the other items exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from lrestore.messages import ItemKey


def never(key: ItemKey) -> bool:
    """In the last pass no item is waited for."""
    return False


@dataclass(slots=True)
class Deferred:
    """``awaited``: items that this one refers to and that are still to come. ``found``: those that it has to wait for.

    ``in_run`` tells whether this run restores an item. ``last``: the item has had its first pass.
    """

    awaited: Collection[ItemKey] = ()
    in_run: Callable[[ItemKey], bool] = never
    found: set[ItemKey] = field(default_factory=set)
    last: bool = False

    def defer_until(self, key: ItemKey) -> bool:
        """Whether ``key`` is still to come; if so, this item gets a second pass."""
        if key not in self.awaited:
            return False
        self.found.add(key)
        return True

    def defer_if_in_run(self, key: ItemKey) -> bool:
        """Whether this run restores ``key``, and this is not the last pass; if so, this item gets a second pass."""
        if not self.in_run(key):
            return False
        self.found.add(key)
        return True
