"""How the limit grows between refusals, and how a refusal cuts it.

    no refusal yet     double every second (slow start)
    below the ceiling  approach it: fast while far, slower when near
    at the ceiling     hold, twice as long each time that it is confirmed: every probe costs a refusal, and if the
                       server names a Retry-After, a pause of all callers
    hold is over       probe beyond it, slowly at first, then faster; refused: back to the level known to be good;
                       far beyond: the ceiling has moved, go for the one before it, or for slow start

The limit grows only while callers use it: otherwise a higher limit proves nothing.

A refusal counts once per congestion event: a call that was sent before the last decrease says nothing about the new
level. Refusals by chance (``chance``), and those of too many concurrent calls (``concurrency``), are told apart before.
Refusals in quick succession cut deeper each time: a limit that fell to a fifth is found within a few.
"""

from __future__ import annotations

import math

from lrestore.run.limiter.config import LOWEST_LIMIT, LimiterConfig
from lrestore.run.limiter.state import LimiterState

TICK_S = 0.25
"""Length of a measuring period; the limit grows once per period."""
PACE_OVER_S = 0.5
DELIVERED_OVER_S = 0.5
"""Time constants of the averages of calls let through, and of calls done."""
BINDS_FROM = 0.8
"""Share of the limit that must be used for it to count as the bottleneck."""

DOUBLES_IN_S = 1.0
LATENCIES_PER_DOUBLING = 4.0
"""The answers to one step must arrive before the next step: slow start is slower with a slow server."""
APPROACHED_IN_S = 2.0
BELOW_CEILING, ARRIVED = 0.98, 0.995
"""Share of the ceiling at which the limit is held, and share of that which counts as reached: the
approach never ends.
"""
FIRST_HOLD_S, LONGEST_HOLD_S = 2.0, 90.0
PAUSES_PER_HOLD = 45.0
"""A refused probe costs the pause that the server names: at most one part in this many of the time."""
PROBE_GAIN, PROBE_GAIN_BELOW_ROOF = 0.01, 0.03
"""Initial growth of a probe per second; the second value applies if much more was possible not long ago."""
PROBE_GAIN_UNREFUSED = 0.15
"""The same while no call was refused yet: the ceiling comes from slow answers, and a probe costs no refusal."""
FASTEST_PROBE = math.log(2)
CEILING_IS_GONE = 1.25
"""A deep token bucket lets a probe pass for a while; beyond this factor the ceiling itself must have moved."""

CUTS = (0.94, 0.88, 0.7, 0.5, 0.4)
"""Factors of a cut, by the number of refusals in succession. Slow start overshoots by far and begins with the third."""
SLOW_START_SEVERITY = 2.0
FLOORS = (0.9, 0.85, 0.6, 0.4, 0.3)
"""A cut never goes below this share of the calls that are being done, by severity as above."""
SETTLED_S = 1.0
"""A refusal this long after a cut is a new event; an earlier one means that the cut was not deep enough."""
AFTERMATH_S = 0.1
"""The destination's bucket is empty at first, even for the right rate: refusals this soon after a cut are ignored."""
OVERSHOT = 0.97
"""Factor for a refusal while approaching: the level at which a refusal arrives is above the level that caused it."""
LONG_S = 10.0
"""A level that was admitted for this long before a refusal is hardly above the admitted rate."""
LEARNT = 0.1
"""Refused while probing: the share of the growth beyond the good level that is kept. The bucket allowed the rest."""
NEAR, FAR_BELOW = 0.6, 0.8
"""Shares of the roof: above the first, a refusal corrects the roof; below the second, the roof may still be valid."""


def measure(state: LimiterState, now_s: float, span_s: float) -> None:
    """Close the period: measure the rate of calls, and whether the limit was used."""
    rate = state.tick_granted / span_s
    state.pace += (rate - state.pace) * (1 - math.exp(-span_s / PACE_OVER_S))
    state.used = float(state.tick_granted + 1 >= BINDS_FROM * state.limit * span_s)
    state.tick_at_s, state.tick_granted = now_s, 0.0


def level(state: LimiterState) -> float:
    """The rate that a refusal refers to: the limit if it is used, otherwise an estimate from the calls
    that went out.
    """
    return state.limit if state.used else min(state.limit, max(state.pace, LOWEST_LIMIT, state.limit / 4))


def grow(state: LimiterState, now_s: float, span_s: float, config: LimiterConfig) -> None:
    """Grow after a period of length ``span_s``; a test of refusals is not disturbed."""
    if state.used and not state.testing:
        state.limit = min(_grown(state, now_s, span_s), config.highest_limit)


def _grown(state: LimiterState, now_s: float, span_s: float) -> float:
    if not state.ceiling:
        return _doubling(state, span_s)
    target = BELOW_CEILING * state.ceiling
    if state.limit < ARRIVED * target and not state.good:
        return state.limit + (target - state.limit) * (1 - math.exp(-span_s / APPROACHED_IN_S))
    if now_s < state.hold_until_s:
        return state.limit
    return _beyond(state, now_s, span_s)


def _doubling(state: LimiterState, span_s: float) -> float:
    in_s = max(DOUBLES_IN_S, LATENCIES_PER_DOUBLING * state.typical_s)
    return float(state.limit * 2 ** (span_s / in_s))


def _beyond(state: LimiterState, now_s: float, span_s: float) -> float:
    if not state.good:
        state.good, state.probing_since_s = state.limit, now_s
    if state.limit > CEILING_IS_GONE * state.ceiling:
        state.ceiling = state.roof if state.roof > state.limit else 0.0
        state.good = state.roof = 0.0
        return state.limit
    first = PROBE_GAIN if state.ceiling >= FAR_BELOW * state.roof else PROBE_GAIN_BELOW_ROOF
    if not state.rate_limited:
        first = PROBE_GAIN_UNREFUSED
    gain = min(first * 2 ** (now_s - state.probing_since_s), FASTEST_PROBE)
    return state.limit * (1 + gain * span_s)


def refused(state: LimiterState, now_s: float) -> None:
    """Process a 429 to a call that was sent since the last cut.

    While probing, the limit returns to the good level. In slow start it falls to the measured rate, if that is known
    well enough. Otherwise it falls by a factor, deeper each time that the last cut did not help.
    """
    at, before, starting = level(state), state.limit, not state.ceiling
    long_held = now_s - state.cut_at_s > LONG_S
    if _judge(state, now_s, at) and state.good:
        state.limit = min(0.99 * state.good, CUTS[0] * at)
        state.ceiling = (state.good + LEARNT * (at - state.good)) / BELOW_CEILING
    elif starting and _delivered(state, now_s) >= at / 2:
        state.ceiling = OVERSHOT * _delivered(state, now_s)
        state.limit = min(FLOORS[0] * state.ceiling, CUTS[int(SLOW_START_SEVERITY)] * at)
    else:
        _cut(state, at, _delivered(state, now_s))
        state.ceiling *= 1.0 if long_held else OVERSHOT
    state.limit = max(state.limit, min(LOWEST_LIMIT, before))
    state.good = state.testing = 0.0
    state.cut_at_s = max(now_s + AFTERMATH_S, state.paused_until_s)
    state.hold_until_s = state.cut_at_s + state.hold_s


def _cut(state: LimiterState, at: float, done: float) -> None:
    depth = int(min(state.severity, len(CUTS) - 1))
    state.limit = max(CUTS[depth] * at, min(CUTS[0] * at, FLOORS[depth] * done))
    state.ceiling = max(at, min(done, state.ceiling))


def delivered(state: LimiterState, now_s: float) -> None:
    """Count a call that the destination carried out: it provably admits this rate."""
    state.delivered = _delivered(state, now_s) + 1 / DELIVERED_OVER_S
    state.delivered_at_s = max(now_s, state.delivered_at_s)


def _delivered(state: LimiterState, now_s: float) -> float:
    passed_s = max(0.0, now_s - state.delivered_at_s)
    return state.delivered * math.exp(-passed_s / DELIVERED_OVER_S)


def _judge(state: LimiterState, now_s: float, at: float) -> bool:
    """Whether this is a new event; sets its severity, and how long the level is held after it."""
    settled = now_s - state.cut_at_s > max(SETTLED_S, LATENCIES_PER_DOUBLING * state.typical_s)
    if not state.ceiling:
        state.severity, state.hold_s = SLOW_START_SEVERITY, FIRST_HOLD_S
        return settled
    state.severity = 0.0 if settled else state.severity + 1
    if settled and at >= NEAR * state.roof:
        state.roof = at
    if settled and now_s >= state.hold_until_s:
        state.hold_s = _longer_hold_s(state, now_s, at)
    elif not settled and at < FAR_BELOW * state.roof:
        state.hold_s = FIRST_HOLD_S
    return settled


def _longer_hold_s(state: LimiterState, now_s: float, at: float) -> float:
    """The next hold, after the level was refused again. Far below the roof the cost is ignored: the limit may soon
    rise.
    """
    pause_s = max(0.0, state.paused_until_s - now_s)
    worth_s = PAUSES_PER_HOLD * pause_s if at >= FAR_BELOW * state.roof else 0.0
    return min(max(2 * state.hold_s, worth_s), LONGEST_HOLD_S)
