"""Reacts to answers that get much slower: a sign of overload before the server refuses calls.

At twice the best usual latency, the limit does not grow. At three times, it falls slowly. If that does not help, the
cause is not our load but other work or costlier calls: the new latency counts as usual, and the limit grows again.
"""

from __future__ import annotations

from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.state import NEVER, State

MEMORY = 64
"""Number of answers over which latency is smoothed, by its logarithm, so that one time-out does not dominate."""
ENOUGH = 2.0
TOO_MUCH = 3.0
SLACK_S = 0.005
"""A server that answers in 1 ms may take 6 without anything being wrong."""
EASED_PER_S = 0.95
TRIED_S = 10.0
"""After this time the limit is a third lower: enough for a queue to get visibly shorter."""
HELPED = 0.8
"""Share of the worst latency below which the lower limit has helped."""
FORGOTTEN_IN_S = 120.0
SLOW_HOLD_S = 5.0


def observed(state: State, latency_s: float) -> None:
    """Record the latency of an answer that was not a refusal or a failure."""
    latency_s = max(latency_s, 1e-4)
    if not state.typical_s:
        state.typical_s = state.best_s = latency_s
        return
    state.typical_s *= (latency_s / state.typical_s) ** (1 / MEMORY)
    state.best_s = min(state.best_s, state.typical_s)


def calm(state: State, now_s: float, span_s: float, config: LimiterConfig) -> bool:
    """Whether the limit may grow after a period of ``span_s``; lowers the limit if answers have become far too slow."""
    if state.typical_s <= ENOUGH * state.best_s + SLACK_S:
        state.slow_since_s = NEVER
        return True
    state.best_s += (state.typical_s - state.best_s) * span_s / FORGOTTEN_IN_S
    if state.typical_s > TOO_MUCH * state.best_s + SLACK_S:
        _ease(state, now_s, span_s, config)
    return False


def _ease(state: State, now_s: float, span_s: float, config: LimiterConfig) -> None:
    if state.slow_since_s == NEVER:
        state.slow_since_s, state.slow_typical_s = now_s, state.typical_s
    # While the server's queue is not empty, its measured rate is its capacity.
    state.ceiling, state.good = state.delivered, 0.0
    state.hold_until_s = now_s + SLOW_HOLD_S
    eased = min(state.limit, state.pace) * EASED_PER_S**span_s
    state.limit = max(eased, min(state.limit, config.start_per_second))
    state.slow_typical_s = max(state.slow_typical_s, state.typical_s)
    if now_s - state.slow_since_s < TRIED_S:
        return
    if state.typical_s > HELPED * state.slow_typical_s:
        state.best_s = state.typical_s / ENOUGH
    state.slow_since_s = NEVER
