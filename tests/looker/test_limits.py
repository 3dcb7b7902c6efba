"""A fixed rate is never exceeded, in any window."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.errors import StoppedError
from lrestore.looker.limits import FixedRate, Unlimited
from tests.looker.conftest import Connect, Serve
from tests.looker.faults import hang_up, reply


class Clock:
    """Time that passes only where a test lets it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> bool:
        self.now_s += seconds
        return False


@given(
    per_second=st.floats(min_value=0.1, max_value=1000),
    burst=st.integers(min_value=1, max_value=20),
    idle_s=st.lists(st.floats(min_value=0, max_value=5), min_size=2, max_size=60),
)
def test_never_more_than_burst_plus_rate_times_window(per_second: float, burst: int, idle_s: list[float]) -> None:
    clock = Clock()
    limiter = FixedRate(per_second, burst, clock=clock, pause=clock.pause)
    passed: list[float] = []
    for idle in idle_s:
        clock.now_s += idle if idle > 1 else 0
        limiter.acquire()
        passed.append(clock.now_s)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window_s = passed[last] - passed[first]
            assert last - first + 1 <= burst + per_second * window_s + 1e-6


@given(per_second=st.floats(min_value=0.1, max_value=1000), burst=st.integers(min_value=1, max_value=20))
def test_the_rate_is_used_up_to_the_full(per_second: float, burst: int) -> None:
    clock = Clock()
    limiter = FixedRate(per_second, burst, clock=clock, pause=clock.pause)
    for _ in range(burst + 10):
        limiter.acquire()
    assert clock.now_s == pytest.approx(10 / per_second)


def test_threads_share_one_rate() -> None:
    limiter = FixedRate(10, 5, clock=lambda: 0.0, pause=lambda seconds: False)
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.extend(limiter.reserve() for _ in range(100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([0.0] * 5 + [n / 10 for n in range(1, 396)])


def test_a_429_that_names_a_pause_holds_everybody_back() -> None:
    clock = Clock()
    limiter = FixedRate(10, 5, clock=clock, pause=clock.pause)
    limiter.report(429, 0.1, 30.0)
    limiter.report(429, 0.1, 2.0)
    assert limiter.reserve() == 30.0 and limiter.reserve() == pytest.approx(30.1)


@pytest.mark.parametrize("report", [(200, 0.1, None), (429, 0.1, None), (503, 0.1, 9.0), (None, 0.1, None)])
def test_other_reports_change_nothing(report: tuple[int | None, float, float | None]) -> None:
    limiter = FixedRate(10, 5, clock=lambda: 0.0)
    limiter.report(*report)
    assert limiter.reserve() == 0.0


def test_an_absurd_pause_is_cut() -> None:
    limiter = FixedRate(10, clock=lambda: 0.0)
    limiter.report(429, 0.1, 86_400.0)
    assert limiter.reserve() == 300.0


@pytest.mark.parametrize(("per_second", "burst"), [(0.5, 1), (10, 1), (200, 20)])
def test_a_burst_that_is_not_given_is_a_tenth_of_a_second(per_second: float, burst: int) -> None:
    limiter = FixedRate(per_second, clock=lambda: 0.0)
    assert [limiter.reserve() > 1e-9 for _ in range(burst + 1)] == [False] * burst + [True]


def test_waiting_for_the_rate_ends_when_the_run_stops() -> None:
    limiter = FixedRate(1, clock=lambda: 0.0, pause=lambda seconds: True)
    limiter.acquire()
    with pytest.raises(StoppedError):
        limiter.acquire()


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, -1)])
def test_impossible_rates_are_refused(per_second: float, burst: int) -> None:
    with pytest.raises(ValueError, match="per_second"):
        FixedRate(per_second, burst)


def test_a_session_asks_before_each_try_and_tells_after_it(serve: Serve, connect: Connect) -> None:
    class Spy(Unlimited):
        def __init__(self) -> None:
            self.seen: list[object] = []

        def acquire(self) -> None:
            self.seen.append("acquire")

        def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
            assert 0 < latency_s < 5
            self.seen.append((status, retry_after_s))

    spy = Spy()
    server = serve(reply(429, {"message": "x"}, {"Retry-After": "2"}), hang_up, reply(200, {}))
    connect(server, limiter=spy).call("dashboard", path={"dashboard_id": "1"})
    tried = [(200, None), (429, 2.0), (None, None), (200, None)]
    assert spy.seen == [step for report in tried for step in ("acquire", report)]
