"""How many objects a search asks for at once, for each type: as many as the server answers without effort.

Pages begin with a hundred objects, which every Looker release returns, and grow while the next one is going to be
small and quick enough, judged by the last. They are halved where a search fails. A server may return fewer rows than it
was asked for without saying so: the number is remembered, and it is not asked for more.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

FIRST_PAGE = 100
"""Objects that one search returns in every release."""
LARGEST_PAGE = 1_000
"""The ids of more would make the address too long, see :data:`MOST_LETTERS`."""
GROWTH = 4
"""The next page is at most so many times as large: what it takes is estimated from the last, which may be wrong."""
MOST_BYTES = 8_000_000
"""A process holds two or three answers at a time."""
MOST_S = 5.0
"""Far below the minute after which proxies give up; a connection and a thread of the server are occupied meanwhile."""
MOST_LETTERS = 6_000
"""Ids are a part of the address, of which servers and proxies accept 8,000 characters."""
SMALLEST_PAGE = 10
"""However often searches fail, they stay cheaper than reads of single objects."""


class _OfType:
    def __init__(self, first: int) -> None:
        self.size = first
        self.ceiling = LARGEST_PAGE
        self.failures = 0
        self.shown = 0


class PageSizes:
    """Sizes of pages, by type. Safe for threads. Makes no call."""

    def __init__(self, first: int = FIRST_PAGE) -> None:
        """``first``: how many objects the first search of a type asks for."""
        self._first = first
        self._types: dict[str, _OfType] = {}
        self._lock = threading.Lock()

    def of(self, type_name: str) -> int:
        """How many objects the next search may ask for."""
        with self._lock:
            return self._of(type_name).size

    def known(self) -> dict[str, int]:
        """The sizes of all types that were asked for."""
        with self._lock:
            return {name: one.size for name, one in self._types.items()}

    def first(self, type_name: str, ids: Sequence[str]) -> int:
        """How many of ``ids`` the next search may ask for, in pages of equal size."""
        size = self.of(type_name)
        count = -(-len(ids) // -(-len(ids) // size)) if ids else 0
        letters = 0
        for number, one in enumerate(ids[:count]):
            letters += len(one) + 1
            if letters > MOST_LETTERS and number:
                return number
        return count

    def answered(self, type_name: str, asked: int, shown: int, size_bytes: int, server_s: float) -> None:
        """A search for ``asked`` objects has shown ``shown``, in so many bytes and so much time. All of the next are
        expected to be shown.
        """
        with self._lock:
            one = self._of(type_name)
            if not shown or asked < min(one.size, FIRST_PAGE):
                return
            bytes_each, seconds_each = max(size_bytes, 1) / shown, max(server_s, 1e-6) / shown
            possible = min(MOST_BYTES / bytes_each, MOST_S / seconds_each)
            least = min(FIRST_PAGE, one.size)
            one.size = min(one.ceiling, max(least, int(min(GROWTH * max(asked, least), possible))))

    def failed(self, type_name: str, asked: int, *, too_large: bool) -> None:
        """A search for ``asked`` objects has failed. ``too_large``: the server said that it asks for too many."""
        with self._lock:
            one = self._of(type_name)
            one.size = min(one.size, max(SMALLEST_PAGE, asked // 2))
            one.failures += asked > FIRST_PAGE
            if too_large:
                one.ceiling = min(one.ceiling, one.size)
            elif one.failures > 1:
                # Once may be chance.
                one.ceiling = min(one.ceiling, max(FIRST_PAGE, one.size))

    def reached(self, type_name: str, size: int) -> None:
        """The pages of another process have grown to this size."""
        with self._lock:
            one = self._of(type_name)
            if not one.failures:
                one.size = min(max(one.size, size), one.ceiling)

    def may_be_cut(self, type_name: str, shown: int) -> bool:
        """Whether the server may have kept rows back after so many: as far as is known, it never shows more."""
        with self._lock:
            return shown >= self._of(type_name).shown

    def complete(self, type_name: str, shown: int) -> None:
        """A page of so many rows was complete: the server shows as many at least."""
        with self._lock:
            one = self._of(type_name)
            one.shown = max(one.shown, shown)

    def cut(self, type_name: str, shown: int) -> None:
        """The server shows so many rows at most, however many it is asked for."""
        with self._lock:
            one = self._of(type_name)
            one.ceiling = one.size = max(1, min(one.ceiling, shown))

    def _of(self, type_name: str) -> _OfType:
        return self._types.setdefault(type_name, _OfType(self._first))
