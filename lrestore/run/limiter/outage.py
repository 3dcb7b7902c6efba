"""When the destination is gone for everybody: all wait, one at a time looks, the first answer opens again.

Gone is: so many failures in a row over all processes, without one answer between them. A single item on which the
server fails is not: the answers to others come between. Any answer opens, also one to a call that was sent before.
"""

from __future__ import annotations

from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.state import NEVER, State

FAILURES = 8
"""In a row. With every tenth call failing by chance, that happens once in a hundred million calls."""
FIRST_PROBE_S = 0.5
LONGEST_PROBE_S = 30.0


def is_failure(status: int | None) -> bool:
    """No answer, or a gateway's word that nobody is behind it."""
    return status is None or 502 <= status <= 504


def failed(state: State, now_s: float, config: LimiterConfig) -> None:
    """Count a failure; so many in a row are an outage. A run with few callers must not lose all its tries first."""
    if state.failures == 0:
        state.failing_since_s = now_s
    state.failures += 1
    if state.outage_since_s == NEVER and state.failures >= min(FAILURES, config.max_in_flight + 1):
        state.outage_since_s = state.failing_since_s
        state.probe_wait_s = FIRST_PROBE_S
        state.probe_at_s = now_s + FIRST_PROBE_S


def answered(state: State, now_s: float, config: LimiterConfig) -> None:
    """The destination is there. After an outage go on gently: whoever comes back has cold caches."""
    state.failures = 0
    if state.outage_since_s == NEVER:
        return
    state.outage_since_s = NEVER
    if not config.per_second:
        state.ceiling = state.ceiling or state.limit
        state.limit = max(min(state.limit, config.start_per_second), state.limit / 2)
    state.tick_at_s = max(now_s, state.paused_until_s)
    state.tick_granted = 0


def may_probe(state: State, now_s: float) -> bool:
    """Whether the caller is the one who looks now. Whether it comes back or not, the next one's turn is set."""
    if now_s < state.probe_at_s:
        return False
    state.probe_wait_s = min(2 * state.probe_wait_s, LONGEST_PROBE_S)
    state.probe_at_s = now_s + state.probe_wait_s
    return True
