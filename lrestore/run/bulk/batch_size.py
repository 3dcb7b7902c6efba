"""How many items a worker gets at once.

One search reads the live objects of a batch in advance. While most items differ, batches are small: the copy that a
write replaces must be fresh, and writes cost more calls than searches. If nearly all items are unchanged, searches are
the only calls and their results are compared at once, so a batch is a whole page.
"""

from __future__ import annotations

from lrestore.messages import Outcome

SMALL = 16
"""Small enough that no worker holds work that others could do."""
LEAST = 8
"""A batch of one costs a call of its own: a search each for few workers is cheaper than many calls for all."""
PAGE = 100
"""Objects that one search returns in every release."""
_MEMORY = 64
"""Number of results over which the share of unchanged ones is smoothed."""
_MOSTLY = 0.8


class BatchSizes:
    """Sizes of batches, adapted to the outcomes of the items."""

    def __init__(self, in_flight: int) -> None:
        self._low = in_flight + SMALL
        self._unchanged = 0.0

    def settled(self, outcome: Outcome) -> None:
        """An item has ended."""
        self._unchanged += (float(outcome in ("unchanged", "skipped")) - self._unchanged) / _MEMORY

    def of(self, in_hand: int, share: int) -> int:
        """The batch size for a worker that has ``in_hand`` items: 0 while these suffice, else ``share`` within limits.

        A worker gets the next batch while it still works on the last, so that searches and writes run concurrently.
        """
        if in_hand > self._low:
            return 0
        return min(PAGE if self._unchanged >= _MOSTLY else SMALL, max(share, LEAST))
