"""Access to the shared record: the interface between the rule and the memory that processes share."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Protocol, Self

from lrestore.run.limiter.state import State, packed, unpacked


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


class _Board:
    def __init__(self, record: bytes) -> None:
        self.lock = threading.Lock()
        self.record = record
        self.members = 0
        self.calls: dict[int, int] = {}
        self.dead: set[int] = set()


class MemoryCell:
    """A cell for the threads of one process; ``joined`` makes further members, ``die`` is a member's kill -9."""

    def __init__(self, state: State | _Board) -> None:
        self._board = state if isinstance(state, _Board) else _Board(packed(state))
        with self:
            self._number = self._board.members
            self._board.members += 1

    def joined(self) -> MemoryCell:
        """Another member over the same record."""
        return MemoryCell(self._board)

    def die(self) -> None:
        """Simulate a kill: the member's calls stay counted until ``reclaim``."""
        self._board.dead.add(self._number)

    def __enter__(self) -> Self:
        self._board.lock.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._board.lock.release()

    def load(self) -> State:
        return unpacked(self._board.record)

    def save(self, state: State) -> None:
        self._board.record = packed(state)

    def in_flight(self) -> int:
        return sum(self._board.calls.values())

    def set_own(self, calls: int) -> None:
        self._board.calls[self._number] = calls

    def reclaim(self) -> int:
        found = self._board.dead & self._board.calls.keys()
        for number in found:
            del self._board.calls[number]
        return len(found)

    def close(self) -> None:
        with self:
            self._board.calls.pop(self._number, None)
