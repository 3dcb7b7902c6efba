"""The rule of the limiter: takes the shared record and an event, changes the record and returns a verdict.

There are two events: a caller asks to make a call, and a caller reports the result of a call. The rule has no clock:
each event brings the time.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec

from lrestore.looker.retries import MAX_RETRY_AFTER_S
from lrestore.run.limiter import chance, concurrency, growth, outage, slowness
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.events import Asking, CallResult
from lrestore.run.limiter.state import NEVER, LimiterState

CLOSE_ENOUGH_S = 1e-6
LOOK_AGAIN_S = 0.25
"""Longest time until a caller that waits for the end of an outage, or for its turn, notices a change."""
POLLS_PER_LATENCY = 25
SHORTEST_POLL_S, LONGEST_POLL_S = 0.001, 0.02


class Why(enum.Enum):
    """The reason of a verdict. GO and PROBE let the call go out, GONE and SPENT end the run, the others
    mean waiting.
    """

    GO = enum.auto()
    PROBE = enum.auto()
    RATE = enum.auto()
    QUEUE = enum.auto()
    SLOT = enum.auto()
    PAUSE = enum.auto()
    OUTAGE = enum.auto()
    GONE = enum.auto()
    SPENT = enum.auto()


class Verdict(NamedTuple):
    """``GO``: the call may go out. ``PROBE``: it may, to test whether an outage is over. ``GONE``: give up. ``SPENT``:
    no call is left.

    Otherwise ask again after ``wait_s``; after ``RATE`` with ``queued`` set.
    """

    why: Why
    wait_s: float = 0.0


_GO = Verdict(Why.GO)
_PROBE = Verdict(Why.PROBE)
_GONE = Verdict(Why.GONE)
_SPENT = Verdict(Why.SPENT)


class Controller:
    """Decides on the basis of a :class:`LimiterState` that the caller holds exclusively, and changes it in place."""

    def __init__(self, config: LimiterConfig) -> None:
        self.config = config

    def begin(self, now_s: float) -> LimiterState:
        """The record at the start of a run."""
        window = float(min(self.config.start_in_flight, self.config.max_in_flight))
        ceiling = self.config.start_ceiling
        return LimiterState(limit=self.config.first_limit, window=window, ceiling=ceiling, tick_at_s=now_s)

    def widened(self, before: LimiterState, now_s: float) -> LimiterState:
        """The record when more processes take part. Counts, pauses and the next due time stay. Limits that
        one process alone has reached stay only if a refusal has shown that they are the destination's.
        """
        if before.rate_limited and (before.ceiling or before.bound):
            window = before.window if before.bound else self.begin(now_s).window
            return msgspec.structs.replace(before, window=window)
        return msgspec.structs.replace(
            self.begin(now_s),
            due_at_s=before.due_at_s,
            queue_until_s=before.queue_until_s,
            paused_until_s=before.paused_until_s,
            granted=before.granted,
            rate_limited=before.rate_limited,
        )

    def ask(self, state: LimiterState, now_s: float, asking: Asking) -> Verdict:
        """Decide whether a call may go out. ``GO`` and ``PROBE`` count it as let through."""
        if self.config.max_calls is not None and state.granted >= self.config.max_calls:
            return _SPENT
        if state.outage_since_s != NEVER:
            return self._ask_in_outage(state, now_s)
        if now_s < state.paused_until_s:
            return Verdict(Why.PAUSE, state.paused_until_s - now_s)
        if now_s - state.tick_at_s >= growth.TICK_S:
            self._tick(state, now_s)
        if asking.in_flight >= int(state.window):
            state.tick_slot_waits += 1
            poll_s = state.typical_s / POLLS_PER_LATENCY
            return Verdict(Why.SLOT, min(max(poll_s, SHORTEST_POLL_S), LONGEST_POLL_S))
        return self._ask_rate(state, now_s, queued=asking.queued)

    def answered(self, state: LimiterState, now_s: float, answer: CallResult) -> None:
        """Adapt to the result of a call."""
        outage.counted(state, now_s, answer.status, self.config)
        if answer.retry_after_s is not None and answer.status in (429, 503):
            self._pause(state, now_s, answer.retry_after_s)
        fresh = answer.status is not None and answer.sent_at_s > state.cut_at_s
        if fresh:
            chance.counted(state, now_s, answer)
            concurrency.counted(state, answer)
        if answer.status == 429:
            state.rate_limited += 1
            if fresh:
                self._refused(state, now_s, answer)
        elif answer.status is not None and answer.status < 500:
            growth.delivered(state, now_s)
            slowness.observed(state, answer.latency_s)

    def _refused(self, state: LimiterState, now_s: float, answer: CallResult) -> None:
        """A 429 to a call that was sent since the last cut."""
        if answer.retry_after_s is None and not chance.believed(state):
            chance.begin_test(state, now_s)
            return
        if not concurrency.found(state, now_s):
            growth.refused(state, now_s)
        chance.acted_upon(state)

    def _ask_rate(self, state: LimiterState, now_s: float, *, queued: bool) -> Verdict:
        """GCRA. The queue only sets when to ask again; the right to send is granted when it is used. A process that is
        killed while it waits therefore wastes nothing.
        """
        turn_s = state.due_at_s - self.config.tolerance_s(state.limit)
        if not queued and state.queue_until_s > turn_s:
            turn_s = state.queue_until_s
        if turn_s <= now_s + CLOSE_ENOUGH_S:
            self._let_go(state, now_s)
            return _GO
        if not queued and turn_s > now_s + LOOK_AGAIN_S:
            return Verdict(Why.QUEUE, LOOK_AGAIN_S)
        state.queue_until_s = max(state.queue_until_s, turn_s + 1 / state.limit)
        return Verdict(Why.RATE, turn_s - now_s)

    def _let_go(self, state: LimiterState, now_s: float) -> None:
        state.due_at_s = max(now_s, state.due_at_s) + 1 / state.limit
        state.tick_granted += 1
        state.granted += 1

    def _ask_in_outage(self, state: LimiterState, now_s: float) -> Verdict:
        if now_s - state.outage_since_s >= self.config.give_up_after_s:
            return _GONE
        if outage.may_probe(state, now_s):
            self._let_go(state, now_s)
            return _PROBE
        return Verdict(Why.OUTAGE, min(state.probe_at_s - now_s, LOOK_AGAIN_S))

    def _tick(self, state: LimiterState, now_s: float) -> None:
        span_s = now_s - state.tick_at_s
        growth.measure(state, now_s, span_s)
        slowness.measure(state)
        chance.end_test(state, now_s)
        if slowness.calm(state, now_s, min(span_s, 1.0)):
            growth.grow(state, now_s, min(span_s, 1.0), self.config)
            concurrency.widen(state, now_s, min(span_s, 1.0), self.config)
        state.tick_slot_waits = 0.0

    def _pause(self, state: LimiterState, now_s: float, for_s: float) -> None:
        """Pause all callers. No burst follows: calls that came due meanwhile are not made up for, and no measuring
        period spans the pause.
        """
        until_s = now_s + min(for_s, MAX_RETRY_AFTER_S)
        if until_s <= state.paused_until_s:
            return
        state.paused_until_s = until_s
        state.due_at_s = max(state.due_at_s, until_s + self.config.tolerance_s(state.limit))
        state.queue_until_s = max(state.queue_until_s, until_s)
        state.delivered_at_s = max(until_s - 0.25, state.delivered_at_s)
        state.tick_at_s, state.tick_granted, state.tick_slot_waits = until_s, 0.0, 0.0
