"""The number of concurrent calls: it grows while callers wait for a slot, and falls if the destination bounds it.

A destination that bounds concurrent calls refuses only calls beyond its bound; one that bounds the rate refuses calls
at any number of concurrent ones. If refusals come only at or above some number, and hardly any call is done there, that
number is too high. Then the rate is not the cause, and is free to grow again.
"""

from __future__ import annotations

from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.events import CallResult
from lrestore.run.limiter.growth import AFTERMATH_S, LONGEST_HOLD_S
from lrestore.run.limiter.state import LimiterState

FIRST_HOLD_S = 5.0
"""Time for which no more concurrent calls than a bound are tried; doubled each time that the bound is confirmed."""
ENOUGH, CONFIRMED = 4.0, 1.0
"""Number of refusals that show a bound, and that confirm a known one."""
MOST_DONE = 0.25
"""Calls that may be done beyond the bound, as a share of those that are refused there: Looker frees a slot earlier than
we do.
"""
REFUTED = 2.0
"""With more calls done than refused, and more than this, there is no bound at that number."""
OVERLOADED = 0.5
"""Share of refused calls beyond which they say nothing about concurrency."""


def widen(state: LimiterState, now_s: float, span_s: float, config: LimiterConfig) -> None:
    """Allow more concurrent calls after a period of ``span_s`` in which callers waited for a slot."""
    if not state.tick_slot_waits or now_s < state.window_hold_until_s:
        return
    more = span_s if state.ceiling or state.bound else state.window * (2**span_s - 1)
    state.window = min(state.window + more, float(config.max_in_flight))


def counted(state: LimiterState, answer: CallResult) -> None:
    """Count an answer to a call that was sent since the last cut."""
    if answer.status == 429:
        if not state.refused_from or answer.in_flight < state.refused_from:
            _begin(state, answer.in_flight)
        state.refused_above += 1
    elif state.refused_from and answer.in_flight >= state.refused_from:
        state.done_above += 1
        if state.done_above > max(REFUTED, state.refused_above):
            _begin(state, 0.0)


def found(state: LimiterState, now_s: float) -> bool:
    """Whether the latest refusals show a bound of concurrent calls. Then fewer are allowed for a while."""
    known = state.bound and state.refused_from > state.bound
    if state.refused_from < 2 or state.refused_above < (CONFIRMED if known else ENOUGH):
        return False
    if state.done_above > MOST_DONE * state.refused_above:
        return False
    if state.recent_refusals > OVERLOADED * state.recent_answers:
        return False
    state.window_hold_s = min(2 * state.window_hold_s, LONGEST_HOLD_S) if known else FIRST_HOLD_S
    state.window_hold_until_s = now_s + state.window_hold_s
    state.window = state.bound = min(state.window, state.refused_from - 1)
    state.ceiling = state.roof = state.good = 0.0
    state.cut_at_s = now_s + AFTERMATH_S
    _begin(state, 0.0)
    return True


def _begin(state: LimiterState, refused_from: float) -> None:
    state.refused_from, state.refused_above, state.done_above = refused_from, 0.0, 0.0
