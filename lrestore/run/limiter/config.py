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


GENTLE_PER_SECOND, GENTLE_IN_FLIGHT = 16.0, 8
"""A start that needs no knowledge: Looker's limits are not published, but 4 to 8 concurrent calls are safe."""
START_ALONE_PER_SECOND = 250.0
"""The start of a process that makes all calls: the number of its concurrent calls, 4 to 8, holds it back enough."""
IN_FLIGHT_SPARE = 1.25
"""Concurrent calls at the start, as a multiple of what the rate needs on average."""


class LimiterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``max_in_flight``: calls that all workers together can have in progress (``workers * in_flight``).

    ``per_second`` and ``burst`` are those of ``[rate]``: 0 means measured and derived. A run begins with
    ``start_per_second`` and ``start_in_flight``, and takes ``start_ceiling`` for the admitted rate (0: not known): see
    :meth:`starting`. ``max_calls`` ends the run after this number of calls; None: no such limit.
    """

    max_in_flight: int
    per_second: float = 0.0
    burst: int = 0
    give_up_after_s: float = 600.0
    start_per_second: float = GENTLE_PER_SECOND
    start_in_flight: int = GENTLE_IN_FLIGHT
    start_ceiling: float = 0.0
    max_calls: int | None = None

    def __post_init__(self) -> None:
        if self.max_in_flight < 1 or self.start_in_flight < 1 or self.start_per_second <= 0:
            raise ValueError(f"a limiter must allow at least one call, got {self}")
        if self.per_second < 0 or self.burst < 0 or self.give_up_after_s < 0:
            raise ValueError(f"limiter settings must not be negative, got {self}")

    def starting(self, reached: float, latency_s: float, *, refused: bool) -> LimiterConfig:
        """The same, beginning where the last run to this destination ended: at ``reached`` calls per second, each of
        which took ``latency_s``. Never below the gentle start. ``refused``: more than that were refused.
        """
        in_flight = math.ceil(IN_FLIGHT_SPARE * reached * latency_s)
        return msgspec.structs.replace(
            self,
            start_per_second=max(self.start_per_second, reached),
            start_ceiling=max(self.start_per_second, reached) if refused else 0.0,
            start_in_flight=max(self.start_in_flight, min(in_flight, self.max_in_flight)),
        )

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
