"""Tables of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lrestore.text.tables import fitted
from lrestore.text.terminal import columns

HEADER = ("type", "selected", "name")
ROWS = [("dashboard", "11", "Überblick"), ("look", "0", "東京")]


def test_a_table_that_fits_has_a_line_for_each_row() -> None:
    assert fitted(HEADER, ROWS, [1], 40) == fitted(HEADER, ROWS, [1], 0)
    assert fitted(HEADER, ROWS, [1], 0)[1:] == ["dashboard        11  Überblick", "look              0  東京"]


def test_a_wider_table_has_several_lines_for_each_row_and_leaves_zeros_out() -> None:
    lines = ["dashboard", "    selected 11,", "    name Überblick", "look", "    name 東京"]
    assert fitted(HEADER, ROWS, [1], 20) == lines


@given(st.lists(st.tuples(*[st.text("ab東", max_size=9)] * 4), min_size=1), st.integers(25, 60))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(columns(line) <= width for line in fitted(("a", "b", "c", "d"), rows, (), width))
