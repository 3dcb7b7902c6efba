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


def calls_until_each_has(count: int, pids: set[int], read: int) -> list[tuple[float, int]]:
    """The calls from now on until each of these processes has made so many."""
    found: list[tuple[float, int]] = []
    left = dict.fromkeys(pids, count)
    while any(number > 0 for number in left.values()):
        assert wait([read], HANG_S), f"no call, although {left} are to come"
        data = os.read(read, _CALL.size * 256)
        found += [_CALL.unpack_from(data, at) for at in range(0, len(data), _CALL.size)]
        for _, pid in found[-(len(data) // _CALL.size) :]:
            left[pid] = left.get(pid, 0) - 1
    return found


def test_a_fixed_rate_holds_over_processes_that_are_killed(tmp_path: Path) -> None:
    """Four processes, one of them killed -9 and replaced ten times: never above the rate, and each survivor calls.
    bench/test_limiter.py shows that they use the rate.
    """
    path = tmp_path / "limiter"
    read, write = os.pipe()
    chance = random.Random(3)
    calls: list[tuple[float, int]] = []
    config = LimiterConfig(max_in_flight=16, per_second=PER_SECOND, start_in_flight=16)
    with shared(path, config) as limiter, children(call, [(path, write)] * 4) as running:
        for _ in range(10):
            victim = chance.randrange(4)
            kill(running[victim])
            running.append(running[victim])
            running[victim] = start(call, path, write)
            calls += calls_until_each_has(3, {child.pid or 0 for child in running[:4]}, read)
        calls += calls_until_each_has(20, {child.pid or 0 for child in running[:4]}, read)
        assert limiter.snapshot().in_flight <= 4
    os.close(read)
    os.close(write)
    # A process may note its turn a little late: four of them, four turns.
    assert bursts(sorted(at for at, _ in calls)) <= PER_SECOND + 4


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
