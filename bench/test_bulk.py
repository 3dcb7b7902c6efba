"""Gates of a bulk restore: calls per item, speed with more workers, constant speed over a long run.

The real command against a simulated instance in a process of its own. Gates are counts, or ratios of two runs beside
each other; ``python -m bench.bulk`` prints the absolute numbers. Run with ``python -m pytest bench/test_bulk.py -s``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import writer
from bench.gates import GATES
from bench.ground import Ground
from bench.measured import Instance, Run, Setting

GATE = GATES["bulk"]
SLOW_MS = 100.0
"""Long compared with the processor time of an item, so that the number of concurrent calls decides."""
ADMITTED = 2000.0
"""Calls per second: more than needed, so that the limiter spends no time measuring."""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An instance in which everything differs and every call has a latency."""
    setting = Setting(latency_ms=SLOW_MS, per_second=ADMITTED)
    with Instance(Ground(800), tmp_path_factory.mktemp("slow"), setting) as instance:
        yield instance


@pytest.fixture(scope="module")
def changed(slow: Instance) -> tuple[Run, list[float]]:
    """A run of 4 workers, and when each item's result was recorded."""
    slow.forget()
    run = slow.restore(setting=Setting(workers=4, latency_ms=SLOW_MS, per_second=ADMITTED))
    assert run.report["totals"]["updated"] == 800
    return run, slow.results_at_s()


STRETCH = 80
"""Results of which a speed is measured: with 16 calls at a time, five rounds of them."""


def items_per_s(times_s: list[float]) -> float:
    """The speed in the best stretch: other programs on the machine can only slow a stretch down. Without the first
    results, which come together when the first calls have been answered.
    """
    settled_s = times_s[len(times_s) // 20 :]
    return STRETCH / min(end_s - begin_s for begin_s, end_s in zip(settled_s, settled_s[STRETCH:], strict=False))


def test_a_changed_item_costs_its_writes_and_a_part_of_a_search(changed: tuple[Run, list[float]]) -> None:
    calls = changed[0].report["api"]["calls"]
    print(f"\n{calls} calls for 800 items of which each needs one write: {calls / 800:.3f} per item")
    assert calls / 800 <= GATE["calls_per_changed_item"]


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which nothing differs, with as many threads as two cores get by default."""
    setting = Setting(workers=2, in_flight=16, latency_ms=0, per_second=ADMITTED)
    with Instance(Ground(4000, changed=0.0), tmp_path_factory.mktemp("unchanged"), setting) as instance:
        run = instance.restore()
    assert run.report["totals"]["unchanged"] == 4000
    return run


def test_a_worker_does_not_grow_with_the_pages_that_its_threads_have_read(unchanged: Run) -> None:
    """The writer is forked from the same process, and reads no pages."""
    worker, writer = unchanged.peak_mb("workers"), unchanged.peak_mb("writer")
    print(f"\nlargest worker {worker:.0f} MB, writer {writer:.0f} MB: {worker / writer:.2f} times as much")
    assert worker / writer <= GATE["worker_memory_against_writer"]


def test_unchanged_items_cost_a_page_for_a_hundred(unchanged: Run) -> None:
    calls = unchanged.report["api"]["calls"]
    print(f"\n{calls} calls for 4,000 unchanged items: {100 * calls / 4000:.2f} per 100")
    assert calls / 4000 <= GATE["calls_per_unchanged_item"]


@pytest.fixture(scope="module")
def alone(slow: Instance, changed: tuple[Run, list[float]]) -> tuple[Run, list[float]]:
    """A run of 1 worker, with looks alone, which cost the same each; after the one of 4 workers."""
    slow.forget()
    slow.simulator.call("POST", "load", (slow.folder / "world.ndjson").read_bytes())
    run = slow.restore("--exclude", "dashboard", setting=Setting(workers=1, latency_ms=SLOW_MS, per_second=ADMITTED))
    return run, slow.results_at_s()


def test_the_second_half_of_a_run_costs_no_more_than_the_first(alone: tuple[Run, list[float]]) -> None:
    """In processor time, which depends little on other programs: what slows a long run down is work that grows."""
    run, times_s = alone
    skipped, last = len(times_s) // 10, len(times_s) - 1
    middle = (skipped + last) // 2
    begin_s, middle_s, end_s = (run.spent_until_s(times_s[number]) for number in (skipped, middle, last))
    first, second = (middle - skipped) / (middle_s - begin_s), (last - middle) / (end_s - middle_s)
    print(f"\nfirst half {first:.0f} items per processor second, second half {second:.0f}: {second / first:.2f}")
    assert second / first >= GATE["second_half_against_first"]


def test_four_workers_do_nearly_four_times_as_much_as_one(
    alone: tuple[Run, list[float]], changed: tuple[Run, list[float]]
) -> None:
    one, four = items_per_s(alone[1]), items_per_s(changed[1])
    print(f"\n1 worker {one:.0f} items/s, 4 workers {four:.0f} items/s: {four / one:.2f} times as many")
    assert four / one >= GATE["workers_4_against_1"]


def test_many_results_share_a_commit(tmp_path: Path) -> None:
    """At a pace at which every result could have a commit, and an fsync, of its own."""
    found = writer.measure(tmp_path, results=900, senders=8, per_second=300)
    print(f"\n{found.commits_per_1000:.0f} commits per 1,000 results at {found.results / found.wall_s:.0f} per second")
    assert found.commits_per_1000 <= GATE["commits_per_1000_results"]


def test_the_writer_takes_far_more_results_than_a_looker_admits_calls(tmp_path: Path) -> None:
    found = writer.measure(tmp_path, results=8000, senders=4)
    print(f"\n{found.results / found.wall_s:.0f} results/s, {found.per_core_second:.0f} per second of processor")
    assert found.per_core_second >= GATES["writer"]["results_per_core_second"]
