"""The standing of a run, its speed over the last seconds, and the time that is left."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

RATE_WINDOW_S = 10.0  # speed of the last seconds: an average since the start would hide a run that has stalled
LEFT_HALF_LIFE_S = 30.0
IDLE_S = 15.0  # a run without a finished item for so long waits for something: no rate foretells its end


class Standing(msgspec.Struct, frozen=True):
    """The progress of a run. ``ok``: items that now equal the backup; ``limit``: allowed calls per second, None without
    a limit.
    """

    items: int = 0
    ok: int = 0
    failed: int = 0
    calls: int = 0
    limit: float | None = None
    in_flight: int = 0
    skipped: int = 0


class PerSecond(NamedTuple):
    """Items and calls per second."""

    items: float
    calls: float


class Speed:
    """Items and calls per second over the last seconds."""

    def __init__(self, window_s: float = RATE_WINDOW_S) -> None:
        self._window_s = window_s
        self._points: deque[tuple[float, int, int]] = deque()

    def add(self, now_s: float, standing: Standing) -> None:
        self._points.append((now_s, standing.items, standing.calls))
        while len(self._points) > 2 and self._points[1][0] <= now_s - self._window_s:
            self._points.popleft()

    def per_second(self) -> PerSecond:
        """Zeros before two points are known."""
        (begin_s, items, calls), (end_s, items_now, calls_now) = self._points[0], self._points[-1]
        elapsed_s = end_s - begin_s
        if elapsed_s <= 0:
            return PerSecond(0.0, 0.0)
        return PerSecond((items_now - items) / elapsed_s, (calls_now - calls) / elapsed_s)


class TimeLeft:
    """The time left, from a smoothed rate: items end in bursts, and an estimate from one burst, or from a gap between
    two, would jump.

    The rate is an average whose weights halve every ``half_life_s`` seconds. Time before the start has no weight: at
    first it is the plain average.
    """

    def __init__(self, half_life_s: float = LEFT_HALF_LIFE_S) -> None:
        self._half_life_s = half_life_s
        self._last: tuple[float, int] | None = None
        self._items = 0.0
        self._seconds = 0.0
        self._moved_s = 0.0

    def add(self, now_s: float, items: int) -> None:
        if self._last is not None:
            elapsed_s = max(now_s - self._last[0], 0.0)
            kept = 0.5 ** (elapsed_s / self._half_life_s)
            # Both sums lose weight at the same pace; their quotient is the rate.
            self._items = self._items * kept + (items - self._last[1])
            self._seconds = self._seconds * kept + elapsed_s
        if self._last is None or items != self._last[1]:
            self._moved_s = now_s
        self._last = (now_s, items)

    def seconds(self, total: int) -> float | None:
        """Until ``total`` items are done; None: nothing is left, or nothing is known, yet or any more."""
        if self._last is None or self._items <= 0 or total <= self._last[1] or self._last[0] - self._moved_s > IDLE_S:
            return None
        return (total - self._last[1]) * self._seconds / self._items
