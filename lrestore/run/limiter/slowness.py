"""Reacts to answers that get much slower: a sign of overload before the server refuses calls.

What counts is the fastest answer of each measuring period. A server that is overloaded answers all calls late; a client
that is short of processor time reads many answers late, but some in time. Its own waiting is therefore not taken for
the server's.

At twice the best usual latency, the limit does not grow. At three times, it falls slowly. If that does not help, the
cause is not our load but other work or costlier calls: the new latency counts as usual, and the limit grows again.
"""

from __future__ import annotations

from lrestore.run.limiter.config import GENTLE_PER_SECOND
from lrestore.run.limiter.state import NEVER, LimiterState

MEMORY = 64
"""Number of answers over which latency is smoothed, by its logarithm, so that one time-out does not dominate."""
SHORTEST_S = 1e-4
ENOUGH = 2.0
TOO_MUCH = 3.0
PERIODS = 4.0
"""Number of measuring periods over which the fastest answer is smoothed, if there are enough answers."""
SLACK_S = 0.005
"""A server that answers in 1 ms may take 6 without anything being wrong."""
EASED_PER_S = 0.95
TRIED_S = 10.0
"""After this time the limit is a third lower: enough for a queue to get visibly shorter."""
HELPED = 0.8
"""Share of the worst latency below which the lower limit has helped."""
FORGOTTEN_IN_S = 120.0
SLOW_HOLD_S = 1.0


def observed(state: LimiterState, latency_s: float) -> None:
    """Record the latency of an answer that was not a refusal or a failure."""
    latency_s = max(latency_s, SHORTEST_S)
    state.typical_s *= (latency_s / state.typical_s) ** (1 / MEMORY) if state.typical_s else 0.0
    state.typical_s = state.typical_s or latency_s
    state.tick_fastest_s = min(state.tick_fastest_s or latency_s, latency_s)
    state.tick_answers += 1


def measure(state: LimiterState) -> None:
    """Close the period: few answers say little about the fastest one that is possible."""
    if not state.tick_answers:
        return
    weight = min(1 - (1 - 1 / MEMORY) ** state.tick_answers, 1 / PERIODS)
    if not state.fastest_s:
        state.fastest_s = state.best_s = state.tick_fastest_s
    state.fastest_s *= (state.tick_fastest_s / state.fastest_s) ** weight
    state.best_s = min(state.best_s, state.fastest_s)
    state.tick_fastest_s = state.tick_answers = 0.0


def calm(state: LimiterState, now_s: float, span_s: float) -> bool:
    """Whether the limit may grow after a period of ``span_s``; lowers the limit if answers have become far too slow."""
    if state.fastest_s <= ENOUGH * state.best_s + SLACK_S:
        state.slow_since_s = NEVER
        return True
    state.best_s += (state.fastest_s - state.best_s) * span_s / FORGOTTEN_IN_S
    if state.fastest_s > TOO_MUCH * state.best_s + SLACK_S:
        _ease(state, now_s, span_s)
    return False


def _ease(state: LimiterState, now_s: float, span_s: float) -> None:
    if state.slow_since_s == NEVER:
        state.slow_since_s, state.slow_fastest_s = now_s, state.fastest_s
    # While the server's queue is not empty, its measured rate is its capacity.
    state.ceiling, state.good = state.delivered, 0.0
    state.hold_until_s = now_s + SLOW_HOLD_S
    eased = min(state.limit, state.pace) * EASED_PER_S**span_s
    state.limit = max(eased, min(state.limit, GENTLE_PER_SECOND))
    state.slow_fastest_s = max(state.slow_fastest_s, state.fastest_s)
    if now_s - state.slow_since_s < TRIED_S:
        return
    if state.fastest_s > HELPED * state.slow_fastest_s:
        state.best_s = state.fastest_s / ENOUGH
    state.slow_since_s = NEVER
