"""Gates of the limiter: its cost per call, and the used share of a fixed rate. They are ratios within one run."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any

import multiprocess
import pytest

from bench import limiter as limiter_bench
from bench.gates import GATES
from bench.measured import clean_environment
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.run.limiter.controller import Controller
from lrestore.run.limiter.file import FileCell
from lrestore.simulator.http.remote import SimulatorProcess
from tests.run.limiter.limiter_world import BEGIN_S, Bucket, Fickle, MembersCell, Narrow, Processor, Server, World

GATE = GATES["limiter"]
PER_SECOND = 100.0
"""Each of eight processes has its turn every 80 ms: longer than a busy machine keeps one of them waiting."""
SECONDS = 5.0
LOOKS = 4
"""How often in a second the granted calls are counted: of seconds that overlap, one is more likely undisturbed."""


def cost_of_a_lock_s(path: Path) -> float:
    """Locking and unlocking a file, best of several rounds."""
    path.touch()
    descriptor = os.open(path, os.O_RDWR)
    best_s = float("inf")
    for _ in range(10):
        begin_s = time.perf_counter()
        for _ in range(1000):
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
            fcntl.lockf(descriptor, fcntl.LOCK_UN)
        best_s = min(best_s, (time.perf_counter() - begin_s) / 1000)
    os.close(descriptor)
    return best_s


def test_acquire_and_report_cost_little_more_than_the_lock(benchmark: Any, tmp_path: Path) -> None:
    config = LimiterConfig(max_in_flight=32, per_second=1e6)
    with SharedLimiter.alone(config) as limiter:
        limiter.share(tmp_path / "limiter", config)

        def call() -> None:
            limiter.acquire()
            limiter.report(200, 0.05, None)

        benchmark(call)
    lock_s = cost_of_a_lock_s(tmp_path / "lock")
    assert benchmark.stats["min"] <= GATE["cost_in_locks"] * GATE["locks_per_call"] * lock_s


def call_until(path: Path, end_s: float) -> None:
    with SharedLimiter.attach(path) as limiter:
        while time.monotonic() < end_s:
            limiter.acquire()
            limiter.report(200, 0.001, None)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_together_use_a_fixed_rate(tmp_path: Path) -> None:
    """In the best second: other programs can only keep the callers from their turns. The rate is never exceeded."""
    path = tmp_path / "limiter"
    config = LimiterConfig(max_in_flight=32, per_second=PER_SECOND, start_in_flight=32)
    context = multiprocess.get_context("fork")
    with SharedLimiter.alone(config) as limiter:
        limiter.share(path, config)
        begin_s = time.monotonic()
        children = [context.Process(target=call_until, args=(path, begin_s + SECONDS)) for _ in range(8)]
        for child in children:
            child.start()
        granted = [(begin_s, 0)]
        while granted[-1][0] < begin_s + SECONDS - 1:
            time.sleep(1 / LOOKS)
            before_s, count, after_s = time.monotonic(), limiter.snapshot().granted, time.monotonic()
            granted.append(((before_s + after_s) / 2, count))
        for child in children:
            child.join()
        in_all, took_s = limiter.snapshot().granted, time.monotonic() - begin_s
    seconds = zip(granted, granted[LOOKS:], strict=False)
    used = max((now - last) / (now_s - last_s) / PER_SECOND for (last_s, last), (now_s, now) in seconds)
    print(f"\n{used:.1%} of {PER_SECOND:.0f} calls per second in the best second")
    assert used >= GATE["used_of_fixed_rate"]
    assert in_all <= PER_SECOND * took_s


def test_what_a_destination_admits_is_found_and_used(tmp_path: Path) -> None:
    """In simulated time, with the rule, the gates and the file of a real run: no other program can disturb it."""
    admitted, seconds, warm_up_s = 200.0, 20.0, 8.0
    config = LimiterConfig(max_in_flight=16)
    path = tmp_path / "limiter"
    first = FileCell.create(path, config, Controller(config).begin(BEGIN_S))
    world = World(Bucket(admitted, latency_s=0.02), first, config)
    world.start([first, *(FileCell(path) for _ in range(3))], threads=4)
    world.run(seconds)
    used, refused = world.per_second(warm_up_s, seconds) / admitted, world.refused_share()
    print(f"\n{used:.1%} of what is admitted from second {warm_up_s:.0f} on, {refused:.2%} refused in all")
    assert used >= GATE["used_of_found_rate"]
    assert refused <= GATE["refused"]


def reached(server: Server, *, callers: int = 32, processor: Processor | None = None, **settings: float) -> float:
    """Successful calls per second, from second 20 on, of that many callers in simulated time."""
    config = LimiterConfig(**{"max_in_flight": callers, **settings})
    world = World(server, MembersCell(Controller(config).begin(BEGIN_S)), config)
    world.processor = processor
    world.start([world.cell], threads=callers)
    world.run(62)
    return world.per_second(20, 62)


def test_refusals_by_chance_are_not_taken_for_a_limit() -> None:
    ratio = reached(Fickle(0.01)) / reached(Server())
    print(f"\n{ratio:.1%} of the calls per second, if 1 % of the calls is refused at random")
    assert ratio >= GATE["at_random_1_percent"]


def test_a_client_short_of_processor_is_not_slowed_further() -> None:
    free = {"start_per_second": 1e5, "start_in_flight": 32}
    ratio = reached(Server(), processor=Processor(0.0013)) / reached(Server(), processor=Processor(0.0013), **free)
    print(f"\n{ratio:.1%} of the calls per second of callers without a limiter")
    assert ratio >= GATE["short_of_processor"]


def test_a_bound_on_concurrent_calls_is_used() -> None:
    ratio = reached(Narrow(8)) / reached(Server(), callers=8)
    print(f"\n{ratio:.1%} of the calls per second of eight callers, where eight calls at once are admitted")
    assert ratio >= GATE["used_of_concurrency"]


def done_after_s(config: LimiterConfig, calls: int) -> float:
    """Simulated time until 32 callers have had so many answers."""
    first = MembersCell(Controller(config).begin(BEGIN_S))
    world = World(Server(), first, config)
    world.start([first, *(first.joined() for _ in range(7))], threads=4)
    world.run(6)
    return [at - BEGIN_S for at, status in world.log if status == 200][calls - 1]


@pytest.mark.parametrize("calls", [80, 400])
def test_a_small_job_begins_where_the_last_session_was(calls: int) -> None:
    gentle = LimiterConfig(max_in_flight=32)
    first_s = done_after_s(gentle, calls)
    again_s, faster_s = (
        done_after_s(gentle.starting(reached, 0.055, refused=False), calls) for reached in (300.0, 580.0)
    )
    print(f"\n{calls} calls: {first_s:.2f} s, {again_s:.2f} s after 300 calls/s, {faster_s:.2f} s after 580")
    assert first_s / again_s >= GATE["remembered_against_first"]


def test_real_processes_find_out_what_a_destination_admits() -> None:
    """In their best seconds after the warm-up."""
    admitted, seconds, warm_up_s, stretch_s = 200.0, 20, 8, 3
    with SimulatorProcess(["--latency-ms", "20", "--rate", str(admitted)], clean_environment()) as simulator:
        tally = limiter_bench.measure(simulator, limiter_bench.Callers(4, 4, seconds))
    used = max(tally.rate(one, one + stretch_s) for one in range(warm_up_s, seconds - stretch_s)) / admitted
    refused = tally.refused_share(0, seconds)
    print(f"\n{used:.1%} of what is admitted in the best {stretch_s} seconds, {refused:.2%} refused in all")
    assert used >= GATE["used_of_rate_found_in_real_time"]
