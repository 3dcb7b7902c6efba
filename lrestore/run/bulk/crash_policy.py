"""What the deaths of processes mean for the items of a bulk run. Pure bookkeeping; who is dead, the coordinator hears.

An item over which a worker has died is a suspect: it is tried alone, so that no other is blamed if that happens again,
and after a few deaths it is taken for the reason. Workers that end before they have begun, and writers that end before
they have written, blame no item: after a few in a row the run has to stop.
"""

from __future__ import annotations

from collections import Counter, deque

from lrestore.messages import ItemKey

POISON_DEATHS = 3
"""Workers that may die over an item before it is taken for the reason."""
IN_A_ROW = 5
"""Processes that may end one after the other without having done anything."""


class Deaths:
    """What is known of dead processes, and which items wait for being tried apart."""

    def __init__(self) -> None:
        self._over: Counter[ItemKey] = Counter()
        self._suspects: deque[ItemKey] = deque()
        self._in_doubt: deque[ItemKey] = deque()
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
        """The item is to be tried alone; if a create may be under way, only when there is nothing else to do: whoever
        gets it waits until that create has taken effect, or cannot any more.
        """
        (self._in_doubt if unanswered else self._suspects).append(key)

    def next_suspect(self, *, idle: bool) -> ItemKey | None:
        """One whose time has come; it is a suspect no more. ``idle``: there is nothing else to do."""
        if self._suspects:
            return self._suspects.popleft()
        return self._in_doubt.popleft() if idle and self._in_doubt else None

    def worker_began(self) -> None:
        """A worker has said that it is at work."""
        self._unborn = 0

    def worker_ended_unborn(self) -> str:
        """A worker ended before that; why the run has to stop, "" if it need not."""
        self._unborn += 1
        return f"{self._unborn} workers in a row ended before they started work" if self._unborn >= IN_A_ROW else ""

    def writer_wrote(self) -> None:
        """Something is on disk."""
        self._mute = 0

    def writer_died(self) -> str:
        """A writer died; why the run has to stop, "" if it need not."""
        self._mute += 1
        return f"the writer died {self._mute} times in a row without writing anything" if self._mute >= IN_A_ROW else ""
