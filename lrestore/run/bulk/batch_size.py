"""How many items a worker gets at once.

A few searches read the live objects of a batch in advance. While items differ, batches are small: the copy that a write
replaces must be fresh, and writes cost more calls than searches. If nearly all items are unchanged, searches are the
only calls and their results are compared at once, so a batch is a whole page: of a hundred objects, which every release
returns, or of as many as the searches for the type have come to (:mod:`lrestore.looker.read.page_sizes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from lrestore.looker.read.page_sizes import FIRST_PAGE
from lrestore.messages import Outcome
from lrestore.run.prepare.prefetch import PREFETCHED

PAGE = FIRST_PAGE
"""Of the unchanged items of any type."""
SMALL_BATCH = 16
"""Small enough that no worker holds work that others could do."""
SMALLEST_BATCH = 8
"""A batch of one costs a call of its own: a search each for few workers is cheaper than many calls for all."""
_WORTH_A_SEARCH = 50
"""Fewer unchanged items wait while others are in progress: these may release more of the type for the same search."""
_MEMORY = 64
"""Number of results over which the share of unchanged ones is smoothed."""
_MOSTLY = 0.8
_NEARLY_ALL = 0.95
"""From this share on, a large page has so few items to write that their copies stay fresh."""


class InHand(NamedTuple):
    """The number of items that one worker has, that all have, and the number of workers."""

    here: int
    everywhere: int
    workers: int


class _Unchanged:
    """The share of unchanged items among the last ones. None are unchanged until a few have ended."""

    def __init__(self) -> None:
        self._count = 0
        self._share = 0.0

    def settled(self, *, unchanged: bool) -> None:
        self._count += 1
        self._share += (unchanged - self._share) / min(self._count, _MEMORY)

    def reaches(self, share: float, count: int) -> bool:
        return self._count >= count and self._share >= share


class BatchSizes:
    """Sizes of batches, adapted to the outcomes of the items and to the pages that the server has answered."""

    def __init__(self, in_flight: int) -> None:
        # While the next batch is searched for, each thread ends an item and takes another.
        self._low = 2 * in_flight + SMALL_BATCH
        # All threads of a worker have an item, and the next ones are read meanwhile.
        self._small = max(SMALL_BATCH, 2 * in_flight)
        self._all = _Unchanged()
        self._of_type: dict[str, _Unchanged] = defaultdict(_Unchanged)
        self._pages: dict[str, int] = {}

    def settled(self, type_name: str, outcome: Outcome) -> None:
        """An item has ended."""
        unchanged = outcome in ("unchanged", "skipped")
        self._all.settled(unchanged=unchanged)
        self._of_type[type_name].settled(unchanged=unchanged)

    def pages_reached(self, pages: Mapping[str, int]) -> None:
        """The pages of a worker have grown to these sizes, by type."""
        self._pages |= pages

    def of(self, type_name: str, ready: int, in_hand: InHand) -> int:
        """The batch size for a worker that has ``in_hand.here`` items, while ``ready`` items, of which the next is of
        this type, could be handed out: 0 while those in hand suffice.

        A worker gets the next batch while it still works on the last, so that searches and writes run concurrently.
        Towards the end the workers share what is left. Few unchanged items wait for others, as long as these come.
        """
        share = max(1, ready // max(1, in_hand.workers))
        if not self._all.reaches(_MOSTLY, SMALL_BATCH):
            return min(self._small, max(share, SMALLEST_BATCH)) if in_hand.here <= self._low else 0
        page = self._page(type_name)
        # One page is searched for while the last one is, too: searches take longer than comparisons.
        if in_hand.here > max(page, self._low):
            return 0
        if ready < _WORTH_A_SEARCH and in_hand.everywhere and type_name in PREFETCHED:
            return 0
        # Unchanged items cost little besides the search: to share a page would cost more than to wait for it.
        return min(page, max(share, PAGE))

    def _page(self, type_name: str) -> int:
        if not self._of_type[type_name].reaches(_NEARLY_ALL, _MEMORY):
            return PAGE
        return max(SMALLEST_BATCH, self._pages.get(type_name, PAGE))
