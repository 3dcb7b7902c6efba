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
from lrestore.simulator.http.remote import SimulatorProcess

GATE = GATES["limiter"]
PER_SECOND = 400.0
SECONDS = 3.0


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
def test_processes_together_use_a_fixed_rate_to_95_percent(tmp_path: Path) -> None:
    path = tmp_path / "limiter"
    config = LimiterConfig(max_in_flight=32, per_second=PER_SECOND, start_in_flight=32)
    context = multiprocess.get_context("fork")
    with SharedLimiter.alone(config) as limiter:
        limiter.share(path, config)
        begin_s = time.monotonic()
        children = [context.Process(target=call_until, args=(path, begin_s + SECONDS)) for _ in range(8)]
        for child in children:
            child.start()
        for child in children:
            child.join(60)
        granted, took_s = limiter.snapshot().granted, time.monotonic() - begin_s
    assert GATE["used_of_fixed_rate"] <= granted / (PER_SECOND * took_s) <= 1.0


def test_processes_find_out_what_a_destination_admits_and_use_it() -> None:
    admitted, seconds, warm_up_s = 200.0, 20, 8
    with SimulatorProcess(["--latency-ms", "20", "--rate", str(admitted)], clean_environment()) as simulator:
        tally = limiter_bench.measure(simulator, limiter_bench.Callers(4, 4, seconds))
    used = tally.rate(warm_up_s, seconds) / admitted
    refused = tally.refused_share(0, seconds)
    print(f"\n{used:.1%} of what is admitted from second {warm_up_s} on, {refused:.2%} refused in all")
    assert used >= GATE["used_of_found_rate"]
    assert refused <= GATE["refused"]
