"""Batch sizes: small while items differ, a page while nothing differs, never single items."""

from __future__ import annotations

from lrestore.messages import Outcome
from lrestore.run.bulk.batch_size import PAGE, SMALL_BATCH, SMALLEST_BATCH, BatchSizes, InHand

IN_FLIGHT = 4
MANY = 100_000
LARGE = 400


def after(*outcomes: Outcome, times: int = 200, type_name: str = "look") -> BatchSizes:
    portions = BatchSizes(IN_FLIGHT)
    for _ in range(times):
        for outcome in outcomes:
            portions.settled(type_name, outcome)
    return portions


def size(portions: BatchSizes, type_name: str = "look", in_hand: int = 0, ready: int = MANY, others: int = 0) -> int:
    return portions.of(type_name, ready, InHand(in_hand, in_hand + others, workers=2))


def test_the_first_batches_are_small() -> None:
    assert size(BatchSizes(IN_FLIGHT)) == SMALL_BATCH


def test_a_worker_of_many_threads_gets_more_at_once() -> None:
    assert size(BatchSizes(64)) == 128


def test_a_worker_gets_a_whole_page_if_nothing_differs() -> None:
    assert size(after("unchanged", "skipped")) == PAGE


def test_the_first_unchanged_items_are_enough_for_a_page() -> None:
    assert size(after("unchanged", times=SMALL_BATCH - 1)) == SMALL_BATCH
    assert size(after("unchanged", times=SMALL_BATCH)) == PAGE


def test_batches_stay_small_if_much_differs() -> None:
    assert size(after("unchanged", "updated")) == SMALL_BATCH
    assert size(after("created", "failed")) == SMALL_BATCH


def test_batches_shrink_when_items_begin_to_differ() -> None:
    portions = after("unchanged")
    for _ in range(100):
        portions.settled("look", "updated")
    assert size(portions) == SMALL_BATCH


def test_batches_are_as_large_as_the_pages_that_the_searches_have_come_to() -> None:
    portions = after("unchanged")
    portions.pages_reached({"look": LARGE, "dashboard": LARGE})
    assert size(portions) == LARGE
    # No dashboard has been compared yet: all of them may differ.
    assert size(portions, "dashboard") == PAGE
    portions.pages_reached({"look": 3 * SMALLEST_BATCH})
    assert size(portions) == 3 * SMALLEST_BATCH


def test_copies_of_a_large_page_would_not_stay_fresh_if_one_in_ten_differs() -> None:
    mixed: list[Outcome] = [*["unchanged"] * 9, "updated"]  # type: ignore[list-item]
    portions = after(*mixed)
    portions.pages_reached({"look": LARGE})
    assert size(portions) == PAGE


def test_the_next_batch_comes_shortly_before_the_last_one_is_done() -> None:
    portions = BatchSizes(IN_FLIGHT)
    assert size(portions, in_hand=2 * IN_FLIGHT + SMALL_BATCH) > 0
    assert size(portions, in_hand=2 * IN_FLIGHT + SMALL_BATCH + 1) == 0


def test_batches_shrink_towards_the_end_but_not_to_single_items() -> None:
    assert size(BatchSizes(IN_FLIGHT), ready=24) == 12
    assert size(BatchSizes(IN_FLIGHT), ready=1) == SMALLEST_BATCH > 1


def test_unchanged_items_are_shared_until_a_page_is_left() -> None:
    portions = after("unchanged")
    portions.pages_reached({"look": LARGE})
    assert size(portions, ready=500) == 250
    assert size(portions, ready=120) == PAGE


def test_few_unchanged_items_wait_for_those_that_others_release() -> None:
    portions = after("unchanged")
    assert size(portions, ready=40, others=10) == 0
    assert size(portions, ready=40) == PAGE, "nothing else comes"
    assert size(portions, ready=50, others=10) == PAGE
    assert size(portions, "folder", ready=40, others=10) == PAGE, "folders cost no search"
    assert size(BatchSizes(IN_FLIGHT), ready=40, others=10) == SMALL_BATCH, "these may differ, which takes time"


def test_a_worker_searches_for_two_pages_at_a_time() -> None:
    portions = after("unchanged")
    portions.pages_reached({"look": LARGE})
    assert size(portions, in_hand=LARGE) == LARGE
    assert size(portions, in_hand=LARGE + 1) == 0
