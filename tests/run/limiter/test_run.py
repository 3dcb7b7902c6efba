"""Real processes with one limiter, killed at random: the rate holds and the survivors continue."""

from __future__ import annotations

import os
import random
import struct
import time
from pathlib import Path

import multiprocess
import pytest
from multiprocess.connection import wait

from lrestore.run.limiter import LimiterConfig, SharedLimiter
from tests.run.children import children, kill, start
from tests.run.limiter.limiter_world import bursts, shared
from tests.waiting import HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")]
_CALL = struct.Struct("=dI")
PER_SECOND = 200.0


def call(path: Path, pipe: int) -> None:
    """Calls that take no time; each writes its process and the time at which it was let through."""
    limiter = SharedLimiter.attach(path)
    while True:
        limiter.acquire()
        os.write(pipe, _CALL.pack(time.monotonic(), os.getpid()))
        limiter.report(200, 0.001, None)


def calls_until(read: int, end_s: float) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    while (left_s := end_s - time.monotonic()) > 0:
        if wait([read], left_s):
            data = os.read(read, _CALL.size * 256)
            found += [_CALL.unpack_from(data, at) for at in range(0, len(data), _CALL.size)]
    return found


def test_a_fixed_rate_holds_over_processes_that_are_killed(tmp_path: Path) -> None:
    """Four processes, one of them killed -9 and replaced ten times: never above the rate, and hardly under it."""
    path = tmp_path / "limiter"
    read, write = os.pipe()
    chance = random.Random(3)
    calls: list[tuple[float, int]] = []
    config = LimiterConfig(max_in_flight=16, per_second=PER_SECOND, start_in_flight=16)
    with shared(path, config) as limiter, children(call, [(path, write)] * 4) as running:
        calls += calls_until(read, time.monotonic() + 0.5)
        for _ in range(10):
            victim = chance.randrange(4)
            kill(running[victim])
            running.append(running[victim])
            running[victim] = start(call, path, write)
            calls += calls_until(read, time.monotonic() + 0.15)
        calls += calls_until(read, time.monotonic() + 0.5)
        last = {pid for at, pid in calls if at > calls[-1][0] - 0.4}
        assert last == {child.pid for child in running[:4]}, "each survivor calls"
        assert limiter.snapshot().in_flight <= 4
    os.close(read)
    os.close(write)
    times = sorted(at for at, _ in calls)
    assert bursts(times) <= PER_SECOND
    assert len(times) >= 0.9 * PER_SECOND * (times[-1] - times[0])


def test_a_spawned_worker_attaches_by_path(tmp_path: Path) -> None:
    """Only the path is inherited."""
    path = tmp_path / "limiter"
    with shared(path, LimiterConfig(max_in_flight=4)) as limiter:
        child = multiprocess.get_context("spawn").Process(target=call_once, args=(path,))
        child.start()
        child.join(HANG_S)
        assert child.exitcode == 0
        assert limiter.snapshot().granted == 1


def call_once(path: Path) -> None:
    with SharedLimiter.attach(path) as limiter:
        limiter.acquire()
        limiter.report(200, 0.001, None)
