"""Access to the shared record: the interface between the rule and the memory that processes share."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from copy import copy
from typing import Protocol

from lrestore.run.limiter.state import LimiterState


class Cell(Protocol):
    """One member's access to the record. Every method except ``close`` is called inside ``with cell.lock:``, which is
    exclusive over all members.

    A member is a process. Its calls in progress are counted separately, and removed when it dies.
    """

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Excludes all other members."""

    def load(self) -> tuple[LimiterState, int]:
        """A working copy of the record, and the calls in progress of all members, including dead ones that were not
        noticed yet.
        """

    def save(self, state: LimiterState, own_calls: int) -> None:
        """Write the record, completely or, if the process dies meanwhile, not at all; and then the number of this
        member's calls in progress.
        """

    def reclaim(self) -> int:
        """Remove members that died; returns their number."""

    def close(self) -> None:
        """Leave."""


class MemoryCell:
    """The cell of a process that makes all calls: a member that cannot die alone, and a record that is not packed."""

    def __init__(self, state: LimiterState) -> None:
        self.lock = threading.Lock()
        self._state = state
        self._own_calls = 0

    def load(self) -> tuple[LimiterState, int]:
        return copy(self._state), self._own_calls

    def save(self, state: LimiterState, own_calls: int) -> None:
        self._state, self._own_calls = state, own_calls

    def reclaim(self) -> int:
        return 0

    def close(self) -> None:
        """Does nothing: the memory belongs to this process alone."""
