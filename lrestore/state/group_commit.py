"""One commit for all threads that need one at the same moment.

On a disk that takes 10 ms for an fsync, threads that commit one after the other would wait longer for the disk than for
Looker. So they queue: the thread that gets the file performs all queued writes and commits once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from lrestore.errors import StateError


class _Request:
    """The write of one thread. ``settled``: it is on disk, or ``error`` is the reason why not."""

    __slots__ = ("error", "settled", "write")

    def __init__(self, write: Callable[[], None]) -> None:
        self.write = write
        self.settled = False
        self.error: Exception | None = None


class GroupCommit:
    """``transaction`` commits at its end, and rolls back if its body raises."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[object]], refusals: tuple[type[Exception], ...]
    ) -> None:
        """``refusals`` are errors of a single write, raised before it has changed anything: the other writes go on."""
        self._transaction = transaction
        self._refusals = refusals
        self._waiting: deque[_Request] = deque()
        self._file = threading.Lock()

    def durably(self, write: Callable[[], None]) -> None:
        """Return when the changes of ``write`` are committed; raises the error of ``write`` or of the commit."""
        request = _Request(write)
        self._waiting.append(request)
        with self._file:
            if not request.settled:
                self._commit()
        if request.error is not None:
            raise request.error

    def _commit(self) -> None:
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with self._transaction():
                for request in group:
                    self._try(request)
        except Exception as error:  # noqa: BLE001 (it is raised in each of the threads)
            for request in group:
                request.error = request.error or _again(error)
        except BaseException:
            for request in group:
                request.error = request.error or StateError("interrupted before the commit")
            raise
        finally:
            for request in group:
                request.settled = True

    def _try(self, request: _Request) -> None:
        try:
            request.write()
        except self._refusals as refusal:
            request.error = refusal


def _again(error: Exception) -> Exception:
    """A copy of the error for another thread: raising one object in two threads would mix their tracebacks."""
    if not isinstance(error, StateError):
        return error
    copy = type(error)(error.message, hint=error.hint)
    copy.__cause__ = error
    return copy
