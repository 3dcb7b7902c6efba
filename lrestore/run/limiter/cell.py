"""Access to the shared record: the interface between the rule and the memory that processes share."""

from __future__ import annotations

import threading
from copy import copy
from types import TracebackType
from typing import Protocol, Self

from lrestore.run.limiter.state import State


class Cell(Protocol):
    """One member's access to the record. Every method except ``close`` is called inside ``with cell:``, which is
    exclusive over all members.

    A member is a process. Its calls in progress are counted separately, and removed when it dies.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def load(self) -> State:
        """A working copy of the record."""

    def save(self, state: State) -> None:
        """Write the record completely or, if the process dies meanwhile, not at all."""

    def in_flight(self) -> int:
        """Calls in progress of all members, including dead ones that were not noticed yet."""

    def set_own(self, calls: int) -> None:
        """Set the number of this member's calls in progress."""

    def reclaim(self) -> int:
        """Remove members that died; returns their number."""

    def close(self) -> None:
        """Leave."""


class MemoryCell:
    """The cell of a process that makes all calls: a member that cannot die alone, and a record that is not packed."""

    def __init__(self, state: State) -> None:
        self._lock = threading.Lock()
        self._state = state
        self._calls = 0

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()

    def load(self) -> State:
        return copy(self._state)

    def save(self, state: State) -> None:
        self._state = state

    def in_flight(self) -> int:
        return self._calls

    def set_own(self, calls: int) -> None:
        self._calls = calls

    def reclaim(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is left behind."""
