"""``acquire`` and ``report`` from several threads: waiting, waking and freeing slots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lrestore.errors import CallsSpentError, StoppedError
from lrestore.looker.limits import Limiter
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.run.limiter.cell import MemoryCell
from lrestore.run.limiter.controller import Controller
from tests.run.limiter.limiter_world import BEGIN_S
from tests.waiting import HANG_S


class Clock:
    """Time that passes only while a caller waits, a limited number of times."""

    def __init__(self, waits: int = 10_000) -> None:
        self.now_s = BEGIN_S
        self.waits_left = waits

    def __call__(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> bool:
        self.now_s += seconds
        self.waits_left -= 1
        return self.waits_left < 0


def limiter(clock: Clock, *, probe: Callable[[], bool] | None = None, **settings: float) -> SharedLimiter:
    config = LimiterConfig(**{"max_in_flight": 4, **settings})  # type: ignore[arg-type]
    cell = MemoryCell(Controller(config).begin(clock()))
    return SharedLimiter(cell, config, clock=clock, pause=clock.pause, probe=probe)


def fail(calls: SharedLimiter, times: int) -> None:
    for _ in range(times):
        calls.acquire()
        calls.report(None, 0.1, None)


def test_the_limiter_fits_the_transport() -> None:
    calls: Limiter = limiter(Clock())
    calls.acquire()
    calls.report(200, 0.05, None)


def test_a_fixed_rate_paces_a_caller() -> None:
    clock = Clock()
    calls = limiter(clock, per_second=10.0)
    for _ in range(21):
        calls.acquire()
        calls.report(200, 0.05, None)
    assert clock.now_s - BEGIN_S == pytest.approx(2.0, rel=0.01)


def test_calls_before_the_limiter_is_shared_count_afterwards(tmp_path: Path) -> None:
    clock = Clock()
    config = LimiterConfig(max_in_flight=4, per_second=10.0, max_calls=30)
    calls = SharedLimiter.alone(config, clock=clock, pause=clock.pause)

    def make(times: int) -> None:
        for _ in range(times):
            calls.acquire()
            calls.report(200, 0.0, None)

    make(11)
    calls.share(tmp_path / "limiter", msgspec.structs.replace(config, max_in_flight=8))
    make(10)
    assert clock.now_s - BEGIN_S == pytest.approx(2.0, rel=0.01)
    make(9)
    with pytest.raises(CallsSpentError, match="--max-calls"):
        make(1)
    calls.close()


def test_a_limit_that_one_process_found_holds_for_many_and_an_unused_one_does_not(tmp_path: Path) -> None:
    for refused in (False, True):
        clock = Clock()
        config = LimiterConfig(max_in_flight=4, start_per_second=200.0)
        calls = SharedLimiter.alone(config, clock=clock, pause=clock.pause)
        calls.acquire()
        calls.report(*((429, 0.1, 1.0) if refused else (200, 0.1, None)))
        found = calls.snapshot().limit
        calls.share(tmp_path / "limiter", LimiterConfig(max_in_flight=32, start_per_second=16.0))
        assert calls.snapshot().limit == (found if refused else 16.0)
        calls.close()


def test_a_retry_after_is_waited_out() -> None:
    clock = Clock()
    calls = limiter(clock)
    calls.acquire()
    calls.report(429, 0.05, 7.0)
    calls.acquire()
    assert clock.now_s - BEGIN_S >= 7.0


def test_a_waiting_caller_is_stopped_with_the_run() -> None:
    calls = limiter(Clock(waits=0))
    calls.acquire()
    calls.report(429, 0.05, 60.0)
    with pytest.raises(StoppedError, match="stopped while waiting"):
        calls.acquire()


def test_all_waiting_threads_are_stopped() -> None:
    stop = threading.Event()
    config = LimiterConfig(max_in_flight=4)
    calls = SharedLimiter(MemoryCell(Controller(config).begin(0.0)), config, clock=lambda: 0.0, pause=stop.wait)
    calls.acquire()
    calls.report(429, 0.05, 60.0)
    stopped: list[StoppedError] = []

    def wait() -> None:
        try:
            calls.acquire()
        except StoppedError as error:
            stopped.append(error)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    stop.set()
    for thread in threads:
        thread.join(HANG_S)
    assert len(stopped) == 4


def test_a_destination_that_stays_unreachable_stops_the_run() -> None:
    """FR: exit code 4, and ``--resume`` continues."""
    clock = Clock()
    calls = limiter(clock, give_up_after_s=90.0)
    with pytest.raises(StoppedError, match="not answered for 90 s") as caught:
        fail(calls, 1000)
    assert caught.value.exit_code == 4
    assert 90 <= clock.now_s - BEGIN_S < 92


def test_with_a_probe_no_call_is_spent_on_an_outage() -> None:
    """The items' own calls wait until the probe has seen the destination."""
    clock = Clock()
    looks: list[float] = []

    def look() -> bool:
        looks.append(clock.now_s)
        return len(looks) == 4

    calls = limiter(clock, probe=look)
    fail(calls, 5)
    assert calls.snapshot().outage_since is not None
    calls.acquire()
    assert len(looks) == 4
    assert calls.snapshot().outage_since is None


def test_a_probe_that_raises_frees_its_slot() -> None:
    def look() -> bool:
        raise RuntimeError("probe is broken")

    calls = limiter(Clock(), probe=look)
    fail(calls, 5)
    with pytest.raises(RuntimeError, match="probe is broken"):
        calls.acquire()
    assert calls.snapshot().in_flight == 0


def test_a_call_without_report_frees_its_slot() -> None:
    calls = limiter(Clock(), max_in_flight=1)
    calls.acquire()
    calls.acquire()
    assert calls.snapshot().in_flight == 1


def test_the_slot_of_a_dead_thread_is_freed() -> None:
    calls = limiter(Clock(), max_in_flight=1)
    thread = threading.Thread(target=calls.acquire)
    thread.start()
    thread.join()
    assert calls.snapshot().in_flight == 1
    calls.acquire()
    assert calls.snapshot().in_flight == 1


def test_a_report_without_a_call_changes_nothing() -> None:
    calls = limiter(Clock())
    before = calls.snapshot()
    calls.report(429, 0.05, 60.0)
    assert calls.snapshot() == before


def test_the_view_shows_the_current_state() -> None:
    clock = Clock()
    calls = limiter(clock)
    calls.acquire()
    under_way = calls.snapshot()
    calls.report(429, 0.05, 5.0)
    paused = calls.snapshot()
    assert (under_way.in_flight, under_way.granted, under_way.paused_until) == (1, 1, None)
    assert (paused.in_flight, paused.rate_limited, paused.paused_until) == (0, 1, BEGIN_S + 5)
    assert paused.limit < under_way.limit
