"""What the limiter costs, and how much of a fixed rate it lets through. Gates are ratios within one run."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest

from lrestore.run.limiter import LimiterConfig, SharedLimiter

LOCKS_PER_CALL = 2
"""``acquire`` and ``report`` lock the file once each: no limiter over a file could do with less."""
COST_IN_LOCKS = 25
"""A call may cost so many times the bare locks: about 13 us where a lock and its release take 0.8."""
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
    with SharedLimiter.create(tmp_path / "limiter", config) as limiter:

        def call() -> None:
            limiter.acquire()
            limiter.report(200, 0.05, None)

        benchmark(call)
    lock_s = cost_of_a_lock_s(tmp_path / "lock")
    assert benchmark.stats["min"] <= COST_IN_LOCKS * LOCKS_PER_CALL * lock_s


def call_until(path: Path, end_s: float) -> None:
    with SharedLimiter.attach(path) as limiter:
        while time.monotonic() < end_s:
            limiter.acquire()
            limiter.report(200, 0.001, None)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_together_use_a_fixed_rate_to_95_percent(tmp_path: Path) -> None:
    path = tmp_path / "limiter"
    config = LimiterConfig(max_in_flight=32, per_second=PER_SECOND, start_in_flight=32)
    context = multiprocessing.get_context("fork")
    with SharedLimiter.create(path, config) as limiter:
        begin_s = time.monotonic()
        children = [context.Process(target=call_until, args=(path, begin_s + SECONDS)) for _ in range(8)]
        for child in children:
            child.start()
        for child in children:
            child.join(60)
        granted, took_s = limiter.snapshot().granted, time.monotonic() - begin_s
    assert 0.95 <= granted / (PER_SECOND * took_s) <= 1.0
