"""The limiter's configuration: settings and constants."""

from __future__ import annotations

import math

import msgspec

LATENESS_S = 0.02
"""A sleeping thread wakes up to this much late on a busy machine; only this much lateness may be made up for."""
BURST_SHARE = 0.025
"""Share of a fixed rate that is kept in reserve, so that calls that make up for lateness never exceed the rate."""
EXACTLY = 0.9999
"""Rounding must not put the first call of the next second into this one."""
LOWEST_LIMIT = 4.0
"""Lowest limit in calls per second, whatever is refused: some refusals have other reasons than the rate."""


class LimiterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``max_in_flight``: calls that all workers together can have in progress (``workers * in_flight``).

    ``per_second`` and ``burst`` are those of ``[rate]``: 0 means measured and derived. A run begins with
    ``start_per_second`` and ``start_in_flight``: Looker's limits are not published, but 4 to 8 concurrent calls are
    safe. ``max_calls`` ends the run after this number of calls; None: no such limit.
    """

    max_in_flight: int
    per_second: float = 0.0
    burst: int = 0
    give_up_after_s: float = 600.0
    start_per_second: float = 16.0
    start_in_flight: int = 8
    max_calls: int | None = None

    def __post_init__(self) -> None:
        if self.max_in_flight < 1 or self.start_in_flight < 1 or self.start_per_second <= 0:
            raise ValueError(f"a limiter must allow at least one call, got {self}")
        if self.per_second < 0 or self.burst < 0 or self.give_up_after_s < 0:
            raise ValueError(f"limiter settings must not be negative, got {self}")

    @property
    def highest_limit(self) -> float:
        """The highest limit in calls per second; infinite if the rate is measured.

        With a derived burst it is a little less than ``per_second``, so that burst and rate together stay within it in
        any one second. A configured burst comes on top.
        """
        return (self.per_second - (0 if self.burst else self._spare)) * EXACTLY if self.per_second else math.inf

    @property
    def first_limit(self) -> float:
        """The limit at the start: the configured rate, or a low one if the rate is measured."""
        return self.highest_limit if self.per_second else self.start_per_second

    def tolerance_s(self, limit: float) -> float:
        """How much earlier than due a call may go out, to make up for earlier lateness."""
        if self.burst:
            return (self.burst - 1) / (self.highest_limit if self.per_second else limit)
        return self._spare / self.highest_limit if self.per_second else LATENESS_S

    @property
    def _spare(self) -> int:
        return int(self.per_second * BURST_SHARE)
