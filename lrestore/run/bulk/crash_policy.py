"""Decides what follows when a process of a bulk run dies; the coordinator detects deaths.

An item that a worker died on is a suspect. It is tried alone, so that no other item is blamed if a worker dies again;
after a few deaths it counts as the cause. Workers that end before they start work, and writers that end before they
write, blame no item: after a few in a row the run has to stop.
"""

from __future__ import annotations

from collections import Counter, deque

from lrestore.messages import ItemKey

POISON_DEATHS = 3
"""Workers that may die on an item before it counts as the cause."""
IN_A_ROW = 5
"""Processes in a row that may end without having done anything."""


class CrashPolicy:
    """Counts dead processes, and queues the items that are to be tried alone."""

    def __init__(self) -> None:
        self._over: Counter[ItemKey] = Counter()
        self._suspects: deque[ItemKey] = deque()
        self._in_doubt: deque[ItemKey] = deque()
        self._unborn = 0
        self._mute = 0

    def over(self, key: ItemKey) -> int:
        """How many workers have died while they had the item."""
        return self._over[key]

    def blame(self, key: ItemKey) -> bool:
        """A worker that had the item died; True if the item must not be tried again."""
        self._over[key] += 1
        return self._over[key] >= POISON_DEATHS

    def suspect(self, key: ItemKey, *, unanswered: bool) -> None:
        """Queue the item to be tried alone. If it has an open create, it is tried only when nothing else is left, and
        nothing else is in progress: its worker waits until that create has taken effect or can no longer do so.
        """
        (self._in_doubt if unanswered else self._suspects).append(key)

    def next_suspect(self, *, idle: bool) -> ItemKey | None:
        """Remove and return the next suspect, or None. ``idle``: nothing else is in progress."""
        if self._suspects:
            return self._suspects.popleft()
        return self._in_doubt.popleft() if idle and self._in_doubt else None

    def worker_began(self) -> None:
        """A worker has started work."""
        self._unborn = 0

    def worker_ended_unborn(self) -> str:
        """A worker ended before it started work. Returns the reason to stop the run, or ""."""
        self._unborn += 1
        return f"{self._unborn} workers in a row ended before they started work" if self._unborn >= IN_A_ROW else ""

    def writer_wrote(self) -> None:
        """The writer has committed something."""
        self._mute = 0

    def writer_died(self) -> str:
        """A writer died. Returns the reason to stop the run, or ""."""
        self._mute += 1
        return f"the writer died {self._mute} times in a row without writing anything" if self._mute >= IN_A_ROW else ""
