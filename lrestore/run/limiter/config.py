"""What the limiter is told by the settings, and the numbers that are its own."""

from __future__ import annotations

import math

import msgspec

LATENESS_S = 0.02
"""A sleeper wakes late by up to this on a busy machine; what it lost may be made up for, more may not."""
BURST_SHARE = 0.025
"""Of a fixed rate, how much is kept back so that what is made up for never exceeds it in any one second."""
EXACTLY = 0.9999
"""Rounding must not put the first call of the next second into this one."""
LOWEST_LIMIT = 4.0
"""Calls per second below which refusals are not believed: some come for other reasons than the rate."""
"""Calls per second that are tried, whatever is refused."""


class LimiterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``max_in_flight``: calls that all workers together can have under way (``workers * in_flight``).

    ``per_second`` and ``burst`` are those of ``[rate]``: 0 means found out and derived. A run begins with
    ``start_per_second`` and ``start_in_flight``: nobody has published what a Looker admits, 4 to 8 calls at once are
    safe. ``max_calls`` ends the run when so many have been let through; None: no such bound.
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
        """Calls per second that are never exceeded by the long run; infinite if the rate is to be found out.

        With a derived burst, a little less than ``per_second``, so that burst and rate together stay within it in any
        one second. A burst that was asked for comes on top.
        """
        return (self.per_second - (0 if self.burst else self._spare)) * EXACTLY if self.per_second else math.inf

    @property
    def first_limit(self) -> float:
        """Who names a rate has it from the start; otherwise the start is gentle."""
        return self.highest_limit if self.per_second else self.start_per_second

    def tolerance_s(self, limit: float) -> float:
        """How much earlier than due a call may go out, to make up for earlier lateness."""
        if self.burst:
            return (self.burst - 1) / (self.highest_limit if self.per_second else limit)
        return self._spare / self.highest_limit if self.per_second else LATENESS_S

    @property
    def _spare(self) -> int:
        return int(self.per_second * BURST_SHARE)
