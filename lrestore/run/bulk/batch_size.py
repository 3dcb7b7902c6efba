"""How many items a worker is given at once.

A portion is what one search reads ahead. While most items differ it is small: the copy that a write replaces must be
fresh, and writes cost more calls than searches. Where nearly nothing differs the searches are all that is called, and
what they show is compared at once: so a whole page is asked for.
"""

from __future__ import annotations

from lrestore.messages import Outcome

SMALL = 16
"""Few enough that no worker sits on work that others could do."""
LEAST = 8
"""A portion of one is read by a call of its own: rather few workers with a search each than all with many calls."""
PAGE = 100
"""What every release gives by one search."""
_MEMORY = 64
"""Results over which the share of unchanged ones is smoothed."""
_MOSTLY = 0.8


class Portions:
    """Sizes of portions; learns from what becomes of the items."""

    def __init__(self, in_flight: int) -> None:
        self._low = in_flight + SMALL
        self._unchanged = 0.0

    def settled(self, outcome: Outcome) -> None:
        """An item has ended."""
        self._unchanged += (float(outcome in ("unchanged", "skipped")) - self._unchanged) / _MEMORY

    def of(self, in_hand: int, share: int) -> int:
        """How many to give to a worker that has ``in_hand``: 0 while that lasts, else ``share``, within reason.

        It gets the next portion while it still works on the last, so that the search goes on beside the writes.
        """
        if in_hand > self._low:
            return 0
        return min(PAGE if self._unchanged >= _MOSTLY else SMALL, max(share, LEAST))
