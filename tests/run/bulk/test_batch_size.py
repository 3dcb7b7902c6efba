"""Batch sizes: small while items differ, a page while nothing differs, never single items."""

from __future__ import annotations

from lrestore.messages import Outcome
from lrestore.run.bulk.batch_size import LEAST, PAGE, SMALL, BatchSizes

IN_FLIGHT = 4


def after(*outcomes: Outcome, times: int = 200) -> BatchSizes:
    portions = BatchSizes(IN_FLIGHT)
    for _ in range(times):
        for outcome in outcomes:
            portions.settled(outcome)
    return portions


def test_the_first_batches_are_small() -> None:
    assert BatchSizes(IN_FLIGHT).of(0, share=10_000) == SMALL


def test_a_worker_gets_a_whole_page_if_nothing_differs() -> None:
    assert after("unchanged", "skipped").of(0, share=10_000) == PAGE


def test_batches_stay_small_if_much_differs() -> None:
    assert after("unchanged", "updated").of(0, share=10_000) == SMALL
    assert after("created", "failed").of(0, share=10_000) == SMALL


def test_batches_shrink_when_items_begin_to_differ() -> None:
    portions = after("unchanged")
    for _ in range(100):
        portions.settled("updated")
    assert portions.of(0, share=10_000) == SMALL


def test_the_next_batch_comes_shortly_before_the_last_one_is_done() -> None:
    portions = BatchSizes(IN_FLIGHT)
    assert portions.of(IN_FLIGHT + SMALL, share=10_000) > 0
    assert portions.of(IN_FLIGHT + SMALL + 1, share=10_000) == 0


def test_batches_shrink_towards_the_end_but_not_to_single_items() -> None:
    assert BatchSizes(IN_FLIGHT).of(0, share=12) == 12
    assert BatchSizes(IN_FLIGHT).of(0, share=1) == LEAST > 1
