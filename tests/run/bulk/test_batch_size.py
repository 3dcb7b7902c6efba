"""How many items a worker gets at once: few while things differ, a page while nothing does, never crumbs."""

from __future__ import annotations

from lrestore.messages import Outcome
from lrestore.run.bulk.batch_size import LEAST, PAGE, SMALL, Portions

IN_FLIGHT = 4


def after(*outcomes: Outcome, times: int = 200) -> Portions:
    portions = Portions(IN_FLIGHT)
    for _ in range(times):
        for outcome in outcomes:
            portions.settled(outcome)
    return portions


def test_nobody_knows_at_first_what_differs_so_portions_are_small() -> None:
    assert Portions(IN_FLIGHT).of(0, share=10_000) == SMALL


def test_where_nothing_differs_a_worker_gets_a_whole_page() -> None:
    assert after("unchanged", "skipped").of(0, share=10_000) == PAGE


def test_where_much_differs_portions_stay_small() -> None:
    assert after("unchanged", "updated").of(0, share=10_000) == SMALL
    assert after("created", "failed").of(0, share=10_000) == SMALL


def test_it_learns_anew_when_things_begin_to_differ() -> None:
    portions = after("unchanged")
    for _ in range(100):
        portions.settled("updated")
    assert portions.of(0, share=10_000) == SMALL


def test_the_next_portion_comes_before_the_last_is_done_and_not_earlier() -> None:
    portions = Portions(IN_FLIGHT)
    assert portions.of(IN_FLIGHT + SMALL, share=10_000) > 0
    assert portions.of(IN_FLIGHT + SMALL + 1, share=10_000) == 0


def test_towards_the_end_portions_shrink_but_never_to_a_call_for_each_item() -> None:
    assert Portions(IN_FLIGHT).of(0, share=12) == 12
    assert Portions(IN_FLIGHT).of(0, share=1) == LEAST > 1
