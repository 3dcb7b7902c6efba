"""The table of docs/calls.md says how many calls each case takes."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.calls import BOARD_ITEMS, counted, row

PAGE = Path(__file__).parents[2] / "docs" / "calls.md"


def test_each_case_takes_as_many_calls_as_the_documentation_says() -> None:
    told = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| a ")]
    ran = dict(counted())
    assert [row(name, one) for name, one in ran.items()] == told
    assert ran["a deleted board of 36 items"].operations["create_board_item"] == BOARD_ITEMS
