"""Tells refusals that come by chance from refusals of the rate.

Some gateways, and busy servers, refuse one call in a hundred whatever the rate. If each of these cut the limit, almost
nothing would be left of it. So a refusal counts if the server names a Retry-After, or if the latest refusals are more
than chance explains:

    expected   the share of refusals among earlier answers, times the number of the latest ones
    believed   clearly more than that
    in doubt   many for a while, but never clearly more: a test lowers the limit for a moment. Refusals of the rate
               end with that, and the lower limit is kept; those by chance go on, and the limit is restored
"""

from __future__ import annotations

import math

from lrestore.run.limiter.config import LOWEST_LIMIT
from lrestore.run.limiter.events import CallResult
from lrestore.run.limiter.growth import AFTERMATH_S, FIRST_HOLD_S, LONGEST_HOLD_S, level
from lrestore.run.limiter.state import NEVER, LimiterState

RECENT_S = 1.0
"""Time constant of the counts of the latest answers."""
LEAST, DEVIATIONS = 1.0, 3.0
"""A refusal is believed at this number, plus the expected one, plus so many standard deviations (Poisson)."""
EARLIER_ANSWERS = 50.0
"""Weight of what was known before the present counts, as a number of answers."""
REMEMBERED = 1000.0
"""Number of answers at which the counts are halved: what comes by chance may change."""
LEAST_BY_CHANCE, MOST_BY_CHANCE = 0.0005, 0.03
"""Bounds of the share that is put down to chance. A server that refuses more at any rate is treated as overloaded."""
TESTED_REFUSALS, TESTED_SHARE = 4.0, 0.007
"""Number and share of refusals from which on a test is worth its cost."""
TEST_CUT = 0.85
TEST_EXPECTS = 4.0
"""A test lasts until so many refusals are expected by chance, or for the following time."""
LONGEST_TEST_S = 6.0
WENT_ON = 0.4
"""Share of the expected refusals from which on they have gone on."""
FIRST_TEST_S = 4.0
"""Time until the next test; doubled each time that the refusals went on."""


def counted(state: LimiterState, now_s: float, answer: CallResult) -> None:
    """Count an answer to a call that was sent since the last cut."""
    refused = answer.status == 429
    passed_s = max(0.0, now_s - state.recent_at_s) if state.recent_at_s != NEVER else 0.0
    fading = math.exp(-passed_s / RECENT_S)
    state.recent_answers = state.recent_answers * fading + 1
    state.recent_refusals = state.recent_refusals * fading + refused
    state.recent_at_s = max(now_s, state.recent_at_s)
    state.all_answers += 1
    state.all_refusals += refused
    if state.all_answers > REMEMBERED:
        state.all_answers /= 2
        state.all_refusals /= 2


def believed(state: LimiterState) -> bool:
    """Whether the latest refusals are more than come by chance."""
    earlier = max(0.0, state.all_answers - state.recent_answers)
    refused = max(0.0, state.all_refusals - state.recent_refusals)
    share = (refused + state.share_before * EARLIER_ANSWERS) / (earlier + EARLIER_ANSWERS)
    expected = min(share, MOST_BY_CHANCE) * state.recent_answers
    return state.recent_refusals >= LEAST + expected + DEVIATIONS * math.sqrt(expected)


def acted_upon(state: LimiterState) -> None:
    """The latest refusals have led to a cut: they were not by chance, and others are less likely to be."""
    state.all_answers = max(0.0, state.all_answers - state.recent_answers)
    state.all_refusals = max(0.0, state.all_refusals - state.recent_refusals)
    state.recent_answers = state.recent_refusals = 0.0
    state.share_before = max(LEAST_BY_CHANCE, state.share_before / 2)


def begin_test(state: LimiterState, now_s: float) -> None:
    """Lower the limit for a moment, if refusals are many and the last test is long ago."""
    if state.testing or now_s < state.test_at_s:
        return
    if state.all_refusals < TESTED_REFUSALS or state.all_refusals < TESTED_SHARE * state.all_answers:
        return
    state.share_before = min(state.all_refusals / state.all_answers, MOST_BY_CHANCE)
    state.recent_answers = state.recent_refusals = state.all_answers = state.all_refusals = 0.0
    state.testing = 1.0
    state.limit = max(TEST_CUT * level(state), min(LOWEST_LIMIT, state.limit))
    state.cut_at_s = now_s + AFTERMATH_S


def end_test(state: LimiterState, now_s: float) -> None:
    """End a test that has lasted long enough: restore the limit, or keep the lower one as after a refusal."""
    if not state.testing:
        return
    expected = state.share_before * state.all_answers
    if expected < TEST_EXPECTS and now_s - state.cut_at_s < LONGEST_TEST_S:
        return
    state.testing = 0.0
    tested = state.limit / TEST_CUT
    if state.all_refusals >= WENT_ON * expected:
        state.limit = tested
        state.test_hold_s = min(max(2 * state.test_hold_s, FIRST_TEST_S), LONGEST_HOLD_S)
    else:
        state.ceiling = min(state.ceiling or math.inf, tested)
        state.good = 0.0
        state.hold_s = max(state.hold_s, FIRST_HOLD_S)
        state.hold_until_s = now_s + state.hold_s
        state.test_hold_s = FIRST_TEST_S
    state.test_at_s = now_s + state.test_hold_s
