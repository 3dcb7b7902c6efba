"""Pages of searches grow while answers are small and quick, and shrink where searches fail."""

from __future__ import annotations

from lrestore.looker.read.page_sizes import (
    FIRST_PAGE,
    GROWTH,
    LARGEST_PAGE,
    MOST_BYTES,
    MOST_LETTERS,
    MOST_S,
    SMALLEST_PAGE,
    PageSizes,
)

IDS = [str(number) for number in range(10_000, 20_000)]


def answered(sizes: PageSizes, times: int = 1, *, each_bytes: int = 2_000, each_s: float = 0.001) -> int:
    """All objects are shown, so many times; returns what the next search may ask for."""
    for _ in range(times):
        asked = sizes.of("look")
        sizes.answered("look", asked, asked, asked * each_bytes, asked * each_s)
    return sizes.of("look")


def test_pages_grow_from_a_hundred_on_to_a_limit() -> None:
    sizes = PageSizes()
    assert [answered(sizes, times) for times in (0, 1, 1, 1)] == [
        FIRST_PAGE,
        GROWTH * FIRST_PAGE,
        LARGEST_PAGE,
        LARGEST_PAGE,
    ]
    assert sizes.of("dashboard") == FIRST_PAGE


def test_pages_stay_below_the_bytes_and_the_seconds_of_an_answer() -> None:
    assert answered(PageSizes(), 5, each_bytes=MOST_BYTES // 150) == 150
    assert answered(PageSizes(), 5, each_s=MOST_S / 120) == 120
    # A hundred are asked for in any case: fewer would cost more calls, and are not needed.
    assert answered(PageSizes(), 5, each_s=MOST_S) == FIRST_PAGE


def test_a_page_that_has_become_slow_is_followed_by_a_smaller_one() -> None:
    sizes = PageSizes()
    answered(sizes, 4)
    assert answered(sizes, 1, each_s=MOST_S / 200) == 200


def test_few_objects_say_nothing_about_large_pages() -> None:
    sizes = PageSizes()
    sizes.answered("look", FIRST_PAGE - 1, FIRST_PAGE - 1, 1, 0.0)
    sizes.answered("look", FIRST_PAGE, 0, 2, 0.0)
    assert sizes.of("look") == FIRST_PAGE


def test_missing_objects_are_expected_to_be_shown_by_the_next_page() -> None:
    sizes = PageSizes()
    sizes.answered("look", FIRST_PAGE, 10, MOST_BYTES // 12, 0.01)
    assert sizes.of("look") == 120


def test_a_failed_search_halves_the_page_which_grows_again() -> None:
    sizes = PageSizes()
    answered(sizes, 4)
    sizes.failed("look", LARGEST_PAGE, too_large=False)
    assert sizes.of("look") == LARGEST_PAGE // 2
    assert answered(sizes) == LARGEST_PAGE
    sizes.failed("look", LARGEST_PAGE, too_large=False)
    assert answered(sizes, 3) == LARGEST_PAGE // 2, "twice is no chance"


def test_what_the_server_calls_too_large_is_not_asked_for_again() -> None:
    sizes = PageSizes()
    for _ in range(20):
        sizes.failed("look", sizes.of("look"), too_large=True)
    assert answered(sizes, 9) == SMALLEST_PAGE


def test_small_pages_that_fail_while_the_server_is_down_grow_again() -> None:
    sizes = PageSizes()
    for _ in range(9):
        sizes.failed("look", sizes.of("look"), too_large=False)
    assert sizes.of("look") == SMALLEST_PAGE
    assert answered(sizes, 20) >= FIRST_PAGE


def test_a_size_of_another_process_is_taken_over_unless_searches_failed_here() -> None:
    sizes = PageSizes()
    sizes.reached("look", 400)
    assert sizes.of("look") == 400
    sizes.failed("look", 400, too_large=False)
    sizes.reached("look", 400)
    assert sizes.of("look") == 200


def test_the_address_stays_short_and_pages_are_of_equal_size() -> None:
    sizes = PageSizes()
    assert sizes.first("look", IDS[:120]) == 60
    answered(sizes, 4)
    assert sizes.first("look", IDS[: LARGEST_PAGE + 200]) == (LARGEST_PAGE + 200) // 2
    long = ["9" * 30] * LARGEST_PAGE
    assert sizes.first("look", long) == MOST_LETTERS // 31
    assert sizes.first("look", []) == 0


def test_a_cut_is_remembered() -> None:
    sizes = PageSizes()
    assert sizes.may_be_cut("look", 1)
    sizes.complete("look", 60)
    assert not sizes.may_be_cut("look", 59)
    assert sizes.may_be_cut("look", 60)
    sizes.cut("look", 25)
    sizes.reached("look", 400)
    assert answered(sizes, 3) == 25
