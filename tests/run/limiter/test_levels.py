"""The limiter finds the admitted rate, keeps to it, and recovers: in simulated time.

The destination, its callers and their clock are simulated (``limiter_world``); rule and cells are the real ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrestore.run.limiter.cell import Cell
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.controller import Controller
from lrestore.run.limiter.file import FileCell
from tests.run.limiter.limiter_world import (
    BEGIN_S,
    Bucket,
    Fickle,
    MembersCell,
    Narrow,
    Processor,
    Queueing,
    Server,
    Slowed,
    Windows,
    World,
    bursts,
)

WARM_S = 20.0
Build = Callable[..., World]


BUSY = LimiterConfig(max_in_flight=32, start_per_second=1e5, start_in_flight=32)
"""Begins without any limit that would matter."""


def memory(_: Path, config: LimiterConfig, members: int) -> list[Cell]:
    first = MembersCell(Controller(config).begin(BEGIN_S))
    return [first, *(first.joined() for _ in range(members - 1))]


def mapped(path: Path, config: LimiterConfig, members: int) -> list[Cell]:
    first = FileCell.create(path, config, Controller(config).begin(BEGIN_S))
    return [first, *(FileCell(path) for _ in range(members - 1))]


@pytest.fixture
def world(tmp_path: Path) -> Build:
    """Builds a world with a number of processes, of four threads each."""

    def build(
        server: Server,
        *,
        processes: int = 8,
        members: Callable[[Path, LimiterConfig, int], list[Cell]] = memory,
        **settings: Any,
    ) -> World:
        config = LimiterConfig(**{"max_in_flight": processes * 4, **settings})
        cells = members(tmp_path / "limiter", config, processes)
        made = World(server, cells[0], config)
        made.start(cells, threads=4)
        return made

    return build


@pytest.mark.parametrize("depth_s", [0.1, 1.0])
@pytest.mark.parametrize("per_second", [50, 200, 800])
def test_the_admitted_rate_is_used(world: Build, per_second: int, depth_s: float) -> None:
    """FR: achieved at least 95 % of what is admitted after warm-up, with less than 2 % refused."""
    run = world(Bucket(per_second, depth_s), processes=8 if per_second < 800 else 16)
    run.run(60)
    assert run.per_second(WARM_S, 60) >= 0.95 * per_second
    assert 0 < run.refused_share() < 0.02


def test_the_admitted_rate_is_used_by_processes_that_share_a_file(world: Build) -> None:
    run = world(Bucket(50), members=mapped)
    run.run(40)
    assert run.per_second(WARM_S, 40) >= 0.95 * 50


@pytest.mark.parametrize("per_second", [50, 200, 800])
def test_less_than_one_call_in_a_hundred_is_refused_in_the_long_run(world: Build, per_second: int) -> None:
    run = world(Bucket(per_second), processes=8 if per_second < 800 else 16)
    run.run(60)
    assert 0 < run.refused_share() < 0.01


@pytest.mark.parametrize(("share", "least"), [(0.001, 0.97), (0.01, 0.9), (0.02, 0.85)])
def test_refusals_by_chance_cost_little_throughput(world: Build, share: float, least: float) -> None:
    """32 callers, 55 ms a call; a refused caller waits a quarter of a second by itself."""
    run = world(Fickle(share))
    run.run(60)
    assert run.per_second(WARM_S, 60) >= least * 32 / (0.055 + share * 0.25)


@pytest.mark.parametrize("others", [3, 7])
def test_a_client_that_is_short_of_processor_time_is_not_slowed_by_the_limiter(world: Build, others: int) -> None:
    """Others take the processor for 7 s of every 21. The same run without any limit shows what is possible."""
    runs = [
        World(Server(), MembersCell(Controller(config).begin(BEGIN_S)), config)
        for config in (LimiterConfig(max_in_flight=32), BUSY)
    ]
    for run in runs:
        run.processor = Processor(0.0013, others=others)
        run.start([run.cell], threads=32)
        run.run(84)
    assert runs[0].per_second(WARM_S, 84) >= 0.98 * runs[1].per_second(WARM_S, 84)


def test_a_server_that_was_slow_for_a_while_is_used_again_soon(world: Build) -> None:
    run = world(Slowed(8))
    run.run(21)
    assert run.per_second(15, 21) <= 100
    run.run(13)
    assert run.per_second(31, 34) >= 0.9 * 32 / 0.055


@pytest.mark.parametrize("per_second", [50, 800])
def test_a_retry_after_of_a_second_costs_little_throughput(world: Build, per_second: int) -> None:
    """Each refusal then pauses all callers for a second: one in thirty would cost 3 % of the throughput."""
    run = world(Bucket(per_second, retry_after=True), processes=8 if per_second < 800 else 16)
    run.run(80)
    assert run.per_second(WARM_S, 80) >= 0.95 * per_second
    assert 0 < run.refused_share() < 0.02


@pytest.mark.parametrize("per_second", [50, 200])
def test_fixed_windows_are_used_fully(world: Build, per_second: int) -> None:
    """A server that counts per second refuses all until the second is over, whatever the rate has become."""
    run = world(Windows(per_second))
    run.run(60)
    assert run.per_second(WARM_S, 60) >= 0.95 * per_second
    assert 0 < run.refused_share() < 0.02


@pytest.mark.parametrize("retry_after", [False, True])
def test_a_limit_that_falls_to_a_fifth_and_recovers_is_followed(world: Build, *, retry_after: bool) -> None:
    run = world(Bucket(200, retry_after=retry_after))
    run.run(40)
    run.server.per_second = 40  # type: ignore[attr-defined]
    run.run(10)
    run.server.per_second = 200  # type: ignore[attr-defined]
    run.run(25)
    assert run.per_second(47, 50) <= 1.1 * 40
    assert run.per_second(68, 75) >= 0.8 * 200
    assert any(run.per_second(begin, begin + 2) >= 0.95 * 200 for begin in range(50, 69))
    assert run.refused_share() < 0.02


def test_the_start_is_slow(world: Build) -> None:
    run = world(Server())
    run.run(1.0)
    assert len(run.sent) <= 40
    assert run.server.under_way <= 8


@pytest.mark.parametrize("refused", [False, True])
def test_a_run_begins_where_the_last_one_to_the_destination_ended(world: Build, *, refused: bool) -> None:
    known = LimiterConfig(max_in_flight=32).starting(200.0, 0.055, refused=refused)
    run = world(Bucket(205) if refused else Server(), **msgspec.structs.asdict(known))
    run.run(1.0)
    assert len(run.sent) >= 0.9 * 200
    assert run.refused_share() < 0.01


def test_a_server_without_limits_is_used_by_all_threads(world: Build) -> None:
    run = world(Server(latency_s=0.05, jitter=0.0))
    run.run(30)
    assert run.per_second(10, 30) >= 0.95 * 32 / 0.05


def test_a_bound_on_concurrent_calls_is_found(world: Build) -> None:
    """Eight at once on a server of 50 ms would be 145 calls/s with its jitter."""
    run = world(Narrow(8))
    run.run(60)
    assert run.per_second(WARM_S, 60) >= 0.92 * 145
    assert 0 < run.refused_share() < 0.01


def test_answers_that_get_slow_stop_the_growth_and_cost_no_throughput(world: Build) -> None:
    """100 calls/s are all that this server does; it never refuses, its answers wait."""
    run = world(Queueing(100))
    run.run(60)
    assert run.per_second(WARM_S, 60) >= 0.95 * 100
    with run.cell.lock:
        assert run.cell.load()[0].limit < 200


def test_the_limit_falls_if_that_makes_answers_fast_again(world: Build) -> None:
    run = world(Queueing(1000, latency_s=0.02), processes=16)
    run.run(20)
    run.server.per_second = 100  # type: ignore[attr-defined]
    run.run(4)
    slow = run.server.under_way
    run.run(26)
    assert run.server.under_way < slow
    assert run.per_second(30, 50) >= 0.85 * 100


def test_answers_that_stay_slow_count_as_usual(world: Build) -> None:
    """The cause is costlier calls, not our load: a lower limit would not help."""
    server = Server(latency_s=0.05, jitter=0.0)
    run = world(server)
    run.run(20)
    server.latency_s = 0.4
    run.run(40)
    assert run.per_second(40, 60) >= 0.95 * 32 / 0.4


def test_callers_who_do_not_use_the_limit_do_not_raise_it(world: Build) -> None:
    run = world(Server(), processes=1, start_in_flight=4)
    for process in run.processes:
        process.idle = 1
    run.think_s = 0.5
    run.run(60)
    assert run.limits[-1][1] <= 20


@pytest.mark.parametrize("per_second", [3.5, 20.0, 50.0, 400.0])
def test_a_fixed_rate_is_never_exceeded_in_any_second(world: Build, per_second: float) -> None:
    run = world(Server(latency_s=0.04), processes=8, per_second=per_second, start_in_flight=32)
    run.run(20)
    assert bursts(run.sent) <= math.ceil(per_second)
    assert len(run.sent) >= 0.95 * per_second * 20


def test_a_configured_burst_comes_on_top_once(world: Build) -> None:
    run = world(Server(latency_s=0.04), per_second=50.0, burst=20, start_in_flight=32)
    run.run(10)
    assert 50 < bursts(run.sent) <= 50 + 20


def test_a_fixed_rate_still_falls_when_the_server_refuses(world: Build) -> None:
    run = world(Bucket(50), per_second=100.0)
    run.run(60)
    assert run.per_second(WARM_S, 60) >= 0.95 * 50
    assert run.refused_share() < 0.02


def test_one_caller_at_a_time_probes_during_an_outage(world: Build) -> None:
    run = world(Server())
    run.run(20)
    run.server.down = True
    run.run(2)
    before = len(run.sent)
    run.run(60)
    assert 2 <= len(run.sent) - before <= 10
    run.server.down = False
    run.run(45)
    assert run.per_second(117, 127) >= 0.9 * 32 / 0.055


def test_an_outage_spends_few_tries(world: Build) -> None:
    """Items do not use up their retries: only the concurrent calls and the probes fail."""
    run = world(Server())
    run.run(20)
    run.server.down = True
    run.run(5)
    assert sum(status is None for _, status in run.log) <= 32 + 4


def test_the_run_stops_after_give_up_after_s(world: Build) -> None:
    run = world(Server(), give_up_after_s=100.0)
    run.run(10)
    run.server.down = True
    run.run(130)
    assert run.gone_at_s is not None
    assert 100 <= run.gone_at_s - BEGIN_S - 10 <= 102


def test_failures_between_answers_are_not_an_outage(world: Build) -> None:
    """Every second call fails: the destination is there, and throughput stays."""
    server = Server(jitter=0.0)
    turns = iter(range(10**9))
    server.status = lambda now_s: (503, None) if next(turns) % 2 else (200, None)  # type: ignore[method-assign]
    run = world(server)
    run.run(20)
    with run.cell.lock:
        assert run.cell.load()[0].outage_since_s < 0
    assert run.per_second(10, 20) > 50


def test_the_slots_of_a_dead_process_are_freed(tmp_path: Path) -> None:
    config = LimiterConfig(max_in_flight=8, start_in_flight=8)
    cells = memory(tmp_path, config, 2)
    run = World(Server(latency_s=10.0, jitter=0.0), cells[0], config)
    run.start(cells, threads=8)
    run.run(5)
    doomed = next(process for process in run.processes if process.gate.own)
    doomed.alive = False
    assert isinstance(doomed.gate.cell, MembersCell)
    doomed.gate.cell.die()
    run.run(1)
    with run.cell.lock:
        assert run.cell.load()[1] == sum(process.gate.own for process in run.processes if process.alive) == 8
