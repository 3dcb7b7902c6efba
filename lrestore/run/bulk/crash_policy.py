"""What the deaths of processes mean for the items of a bulk run. Pure bookkeeping; who is dead, the coordinator hears.

An item over which a worker has died is a suspect: it is tried alone, so that no other is blamed if that happens again,
and after a few deaths it is taken for the reason. Workers that end before they have begun, and writers that end before
they have written, blame no item: after a few in a row the run has to stop.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from lrestore.messages import ItemKey

POISON_DEATHS = 3
"""Workers that may die over an item before it is taken for the reason."""
IN_A_ROW = 5
"""Processes that may end one after the other without having done anything."""
LATE_S = 5.0
"""How long Looker may still be at work on a call whose caller is dead: looked for sooner, what it makes is not there
yet, and would be made twice."""


class Deaths:
    """``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._over: Counter[ItemKey] = Counter()
        self._suspects: deque[tuple[float, ItemKey]] = deque()
        self._unborn = 0
        self._mute = 0

    def over(self, key: ItemKey) -> int:
        """How many workers have died while they had the item in hand."""
        return self._over[key]

    def blame(self, key: ItemKey) -> bool:
        """A worker died with the item in hand; True if it is not to be tried again."""
        self._over[key] += 1
        return self._over[key] >= POISON_DEATHS

    def suspect(self, key: ItemKey, *, unanswered: bool) -> None:
        """The item is to be tried alone: if a create may be under way, not before that has had its time."""
        due_s = self._clock() + (LATE_S if unanswered else 0.0)
        self._suspects.append((due_s, key))

    def next_suspect(self) -> ItemKey | None:
        """One whose time has come; it is a suspect no more."""
        now_s = self._clock()
        due = next((entry for entry in self._suspects if entry[0] <= now_s), None)
        if due is None:
            return None
        self._suspects.remove(due)
        return due[1]

    def worker_began(self) -> None:
        """A worker has said that it is at work."""
        self._unborn = 0

    def worker_ended_unborn(self) -> str:
        """A worker ended before that; why the run has to stop, "" if it need not."""
        self._unborn += 1
        return f"{self._unborn} workers in a row ended before they had begun" if self._unborn >= IN_A_ROW else ""

    def writer_wrote(self) -> None:
        """Something is on disk."""
        self._mute = 0

    def writer_died(self) -> str:
        """A writer died; why the run has to stop, "" if it need not."""
        self._mute += 1
        return f"the writer died {self._mute} times without having written anything" if self._mute >= IN_A_ROW else ""
