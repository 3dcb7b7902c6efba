"""Outages of the destination: all callers wait, one at a time probes, the first answer ends the outage.

An outage is a number of failures in a row over all processes, without an answer in between. A single item on which the
server fails is not an outage: answers to other calls come in between. Any answer ends it, even to a call sent before.
"""

from __future__ import annotations

from lrestore.run.limiter.config import GENTLE_PER_SECOND, LimiterConfig
from lrestore.run.limiter.state import NEVER, LimiterState

FAILURES = 8
"""Failures in a row. If every tenth call fails by chance, this happens once in a hundred million calls."""
FIRST_PROBE_S = 0.5
LONGEST_PROBE_S = 30.0


def is_failure(status: int | None) -> bool:
    """No answer, or a gateway's status for an unreachable server."""
    return status is None or 502 <= status <= 504


def counted(state: LimiterState, now_s: float, status: int | None, config: LimiterConfig) -> None:
    """Count the result of a call."""
    if is_failure(status):
        _failed(state, now_s, config)
        return
    state.failures = 0
    if state.outage_since_s != NEVER:
        _ended(state, now_s, config)


def _failed(state: LimiterState, now_s: float, config: LimiterConfig) -> None:
    """Enough failures in a row are an outage. Few callers need fewer, so that tries are left."""
    if state.failures == 0:
        state.failing_since_s = now_s
    state.failures += 1
    if state.outage_since_s == NEVER and state.failures >= min(FAILURES, config.max_in_flight + 1):
        state.outage_since_s = state.failing_since_s
        state.probe_wait_s = FIRST_PROBE_S
        state.probe_at_s = now_s + FIRST_PROBE_S


def _ended(state: LimiterState, now_s: float, config: LimiterConfig) -> None:
    """Continue with a lower limit: the caches of the destination are cold."""
    state.outage_since_s = NEVER
    if not config.per_second:
        state.ceiling = state.ceiling or state.limit
        state.limit = max(min(state.limit, GENTLE_PER_SECOND), state.limit / 2)
    state.tick_at_s = max(now_s, state.paused_until_s)
    state.tick_granted = 0


def may_probe(state: LimiterState, now_s: float) -> bool:
    """Whether this caller probes now. The time of the next probe is set, even if this caller never reports."""
    if now_s < state.probe_at_s:
        return False
    state.probe_wait_s = min(2 * state.probe_wait_s, LONGEST_PROBE_S)
    state.probe_at_s = now_s + state.probe_wait_s
    return True
