"""Numbers and long listings in sentences."""

from __future__ import annotations

import pytest

from lrestore.text.words import counted, nearest, shortened


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 retries"), (1, "1 retry"), (2, "2 retries")], ids=["none", "one", "two"]
)
def test_a_number_is_told_with_the_right_form_of_its_noun(count: int, told: str) -> None:
    assert counted(count, "retry", "retries") == told


@pytest.mark.parametrize(
    ("names", "told"),
    [([], ""), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")],
    ids=["none", "all", "more"],
)
def test_a_listing_names_the_first_and_counts_the_rest(names: list[str], told: str) -> None:
    assert shortened(names, 2) == told


def test_names_that_contain_commas_are_separated_by_semicolons() -> None:
    assert shortened(["a, b", "c", "d"], 2, separator="; ", last="; and ") == "a, b; c; and 1 more"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("trsh", "trash"), ("same", "same-instance"), ("KEEP", "keep"), ("e", ""), ("", ""), ("xyz", "")],
    ids=["slip", "beginning", "capitals", "beginning of none", "nothing", "far from all"],
)
def test_the_nearest_word_is_the_only_one_that_begins_so_or_the_most_similar(typed: str, meant: str) -> None:
    assert nearest(typed, ("trash", "same-instance", "keep", "skip")) == meant
