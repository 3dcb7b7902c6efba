"""Invariants of the limiter's rule: the controller alone, with a generated record and generated events."""

from __future__ import annotations

import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.run.limiter import concurrency
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.controller import Controller, Why
from lrestore.run.limiter.events import Asking, CallResult
from lrestore.run.limiter.state import NEVER, LimiterState, packed, unpacked
from tests.run.limiter.limiter_world import BEGIN_S, bursts

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask queued", "200", "429", "429 pause", "503", "lost"]),
        st.floats(min_value=0, max_value=0.5),
    ),
    max_size=200,
)
LET_GO = (Why.GO, Why.PROBE)
ANSWERS: dict[str, tuple[int | None, float | None]] = {
    "200": (200, None),
    "429": (429, None),
    "429 pause": (429, 0.7),
    "503": (503, None),
    "lost": (None, None),
}


def go_out(controller: Controller, state: LimiterState, now_s: float) -> None:
    assert controller.ask(state, now_s, Asking(in_flight=0, queued=True)).why is Why.GO


@given(events=EVENTS, per_second=st.sampled_from([1.0, 7.0, 50.0, 333.0]))
def test_a_fixed_rate_is_never_exceeded_whatever_happens(events: list[tuple[str, float]], per_second: float) -> None:
    """Any order of questions, refusals, pauses and outages: no second sees more than ``per_second`` calls."""
    controller = Controller(LimiterConfig(max_in_flight=50, per_second=per_second))
    state, now_s = controller.begin(BEGIN_S), BEGIN_S
    sent = [BEGIN_S]
    for event, passed_s in events:
        now_s += passed_s / per_second
        if event in ANSWERS:
            status, retry_after_s = ANSWERS[event]
            controller.answered(state, now_s, CallResult(sent[-1], status, 0.05, retry_after_s))
        elif controller.ask(state, now_s, Asking(0, queued=event == "ask queued")).why in LET_GO:
            sent.append(now_s)
        assert 0 < state.limit <= per_second
    assert bursts(sent[1:]) <= per_second


@given(events=EVENTS, max_calls=st.integers(min_value=1, max_value=20))
def test_no_more_calls_are_let_through_than_allowed(events: list[tuple[str, float]], max_calls: int) -> None:
    """This also holds in an outage, when one caller at a time probes: the next one gets SPENT."""
    controller = Controller(LimiterConfig(max_in_flight=50, max_calls=max_calls))
    state, now_s, sent = controller.begin(BEGIN_S), BEGIN_S, 0
    for event, passed_s in events:
        now_s += passed_s
        if event in ANSWERS:
            status, retry_after_s = ANSWERS[event]
            controller.answered(state, now_s, CallResult(now_s, status, 0.05, retry_after_s))
            continue
        why = controller.ask(state, now_s, Asking(0, queued=event == "ask queued")).why
        assert (why is Why.SPENT) is (sent == max_calls)
        sent += why in LET_GO


@given(events=EVENTS, in_flight=st.lists(st.integers(min_value=0, max_value=12), min_size=1, max_size=20))
def test_concurrent_calls_never_exceed_the_window(events: list[tuple[str, float]], in_flight: list[int]) -> None:
    """Except for the probe of an outage, no call goes out while the window is full; the window stays in its bounds."""
    controller = Controller(LimiterConfig(max_in_flight=10, start_in_flight=4))
    state, now_s = controller.begin(BEGIN_S), BEGIN_S
    for number, (event, passed_s) in enumerate(events):
        now_s += passed_s
        under_way = in_flight[number % len(in_flight)]
        if event in ANSWERS:
            status, retry_after_s = ANSWERS[event]
            controller.answered(state, now_s, CallResult(now_s - 0.1, status, 0.1, retry_after_s, under_way + 1))
        elif controller.ask(state, now_s, Asking(under_way, queued=event == "ask queued")).why is Why.GO:
            assert under_way < state.window
        assert 1 <= state.window <= 10


@given(events=EVENTS)
def test_every_verdict_to_wait_has_a_time(events: list[tuple[str, float]]) -> None:
    """Every wait is positive and bounded, so that asking in a loop neither spins nor hangs."""
    controller = Controller(LimiterConfig(max_in_flight=8))
    state, now_s = controller.begin(BEGIN_S), BEGIN_S
    for event, passed_s in events:
        now_s += passed_s
        if event in ANSWERS:
            status, retry_after_s = ANSWERS[event]
            controller.answered(state, now_s, CallResult(now_s - 0.1, status, 0.1, retry_after_s))
            continue
        verdict = controller.ask(state, now_s, Asking(0, queued=event == "ask queued"))
        assert verdict.wait_s == 0 if verdict.why in LET_GO else 0 < verdict.wait_s <= 2 / state.limit + 0.7


@given(events=EVENTS)
def test_the_record_survives_packing(events: list[tuple[str, float]]) -> None:
    controller = Controller(LimiterConfig(max_in_flight=8))
    state, now_s = controller.begin(BEGIN_S), BEGIN_S
    for event, passed_s in events:
        now_s += passed_s
        if event in ANSWERS:
            controller.answered(state, now_s, CallResult(now_s - 0.1, *ANSWERS[event][:1], 0.1, ANSWERS[event][1]))
        else:
            controller.ask(state, now_s, Asking(0, queued=False))
    assert unpacked(packed(state)) == state
    assert not any(math.isnan(value) for value in msgspec.structs.astuple(state))


def test_refusals_of_concurrent_calls_count_once() -> None:
    """One congestion event: thirty-two answers, one decrease."""
    controller = Controller(LimiterConfig(max_in_flight=32))
    state = controller.begin(BEGIN_S)
    state.limit, state.used, state.ceiling = 100.0, 1.0, 110.0
    for number in range(32):
        controller.answered(state, BEGIN_S + 1 + number / 100, CallResult(BEGIN_S + number / 100, 429, 1.0))
    assert state.rate_limited == 32
    assert state.limit == pytest.approx(94.0)


def test_a_refusal_of_a_later_call_is_a_new_decrease() -> None:
    controller = Controller(LimiterConfig(max_in_flight=32))
    state = controller.begin(BEGIN_S)
    state.limit, state.used, state.ceiling = 100.0, 1.0, 110.0
    controller.answered(state, BEGIN_S + 1, CallResult(BEGIN_S + 0.5, 429, 0.5, retry_after_s=0.01))
    controller.answered(state, BEGIN_S + 1.6, CallResult(BEGIN_S + 1.2, 429, 0.4, retry_after_s=0.01))
    assert state.limit < 0.9 * 94


def test_a_single_refusal_among_many_answers_cuts_nothing_unless_the_server_asks_for_a_pause() -> None:
    controller = Controller(LimiterConfig(max_in_flight=32))
    state = controller.begin(BEGIN_S)
    state.limit, state.used, state.ceiling = 500.0, 1.0, 510.0
    for number in range(1000):
        now_s = BEGIN_S + number / 500
        controller.answered(state, now_s, CallResult(now_s - 0.05, 429 if number % 200 == 199 else 200, 0.05))
    assert state.limit == 500.0
    controller.answered(state, BEGIN_S + 2, CallResult(BEGIN_S + 1.99, 429, 0.01, retry_after_s=0.1))
    assert state.limit < 500.0


@pytest.mark.parametrize(("spared", "bound"), [(0, 8), (1, 8), (20, 0)])
def test_refusals_above_a_number_of_concurrent_calls_bound_these_and_not_the_rate(spared: int, bound: int) -> None:
    """``spared``: calls that were done at nine concurrent ones. Many of them mean that the rate is the cause."""
    state = Controller(LimiterConfig(max_in_flight=32)).begin(BEGIN_S)
    state.window, state.ceiling, state.recent_answers = 12.0, 90.0, 50.0
    statuses = [*([200] * 8), 429, 429, 429, *([200] * spared), 429]
    for status, in_flight in zip(statuses, [*range(1, 9), *([9] * (spared + 4))], strict=True):
        concurrency.counted(state, CallResult(BEGIN_S, status, 0.05, None, in_flight))
    assert concurrency.found(state, BEGIN_S) is bool(bound)
    assert (state.bound, state.window, state.ceiling) == ((bound, bound, 0.0) if bound else (0.0, 12.0, 90.0))


def test_a_retry_after_pauses_all_callers_and_no_burst_follows() -> None:
    controller = Controller(LimiterConfig(max_in_flight=32, per_second=100.0))
    state = controller.begin(BEGIN_S)
    go_out(controller, state, BEGIN_S)
    controller.answered(state, BEGIN_S + 0.1, CallResult(BEGIN_S, 429, 0.1, retry_after_s=3.0))
    verdict = controller.ask(state, BEGIN_S + 1, Asking(0))
    assert verdict.why is Why.PAUSE and verdict.wait_s == pytest.approx(2.1)
    assert controller.ask(state, BEGIN_S + 3.11, Asking(0, queued=True)).why is Why.GO
    assert controller.ask(state, BEGIN_S + 3.11, Asking(0, queued=True)).why is Why.RATE


def test_a_shorter_retry_after_does_not_end_a_longer_one() -> None:
    controller = Controller(LimiterConfig(max_in_flight=32))
    state = controller.begin(BEGIN_S)
    controller.answered(state, BEGIN_S, CallResult(BEGIN_S - 1, 429, 1.0, retry_after_s=30.0))
    controller.answered(state, BEGIN_S + 1, CallResult(BEGIN_S - 1, 429, 1.0, retry_after_s=1.0))
    assert state.paused_until_s == BEGIN_S + 30


def test_a_retry_after_of_hours_is_shortened() -> None:
    """A typing error in a proxy must not end the run."""
    controller = Controller(LimiterConfig(max_in_flight=32))
    state = controller.begin(BEGIN_S)
    controller.answered(state, BEGIN_S, CallResult(BEGIN_S - 1, 429, 1.0, retry_after_s=86400.0))
    assert state.paused_until_s == BEGIN_S + 300


@pytest.mark.parametrize(("max_in_flight", "tries"), [(1, 2), (4, 5), (32, 8)])
def test_an_outage_is_declared_before_few_callers_use_up_their_tries(max_in_flight: int, tries: int) -> None:
    controller = Controller(LimiterConfig(max_in_flight=max_in_flight))
    state = controller.begin(BEGIN_S)
    for number in range(tries):
        assert state.outage_since_s == NEVER
        controller.answered(state, BEGIN_S + number, CallResult(BEGIN_S, None, 1.0))
    assert state.outage_since_s == BEGIN_S


def test_one_caller_per_interval_probes_during_an_outage() -> None:
    controller = Controller(LimiterConfig(max_in_flight=1))
    state = controller.begin(BEGIN_S)
    for _ in range(2):
        controller.answered(state, BEGIN_S, CallResult(BEGIN_S - 1, 502, 1.0))
    looked = [
        BEGIN_S + tick / 10
        for tick in range(700)
        for _ in range(8)
        if controller.ask(state, BEGIN_S + tick / 10, Asking(0)).why is Why.PROBE
    ]
    gaps_s = [round(later - earlier, 1) for earlier, later in itertools.pairwise(looked)]
    assert gaps_s == [1, 2, 4, 8, 16, 30]


def test_any_answer_ends_an_outage_with_a_lower_limit() -> None:
    """Even a refusal shows that the server answers; and a server that comes back does not get the full load."""
    controller = Controller(LimiterConfig(max_in_flight=1))
    state = controller.begin(BEGIN_S)
    state.limit = 400.0
    for _ in range(2):
        controller.answered(state, BEGIN_S, CallResult(BEGIN_S - 1, 504, 1.0))
    controller.answered(state, BEGIN_S + 9, CallResult(BEGIN_S + 8, 404, 1.0))
    assert state.outage_since_s == NEVER
    assert state.limit == 200.0


@pytest.mark.parametrize(
    "wrong",
    [{"max_in_flight": 0}, {"max_in_flight": 4, "per_second": -1.0}, {"max_in_flight": 4, "start_per_second": 0.0}],
)
def test_a_configuration_that_allows_no_call_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="limiter"):
        LimiterConfig(**wrong)  # type: ignore[arg-type]
