"""Titles of copies beside the originals."""

from __future__ import annotations

import pytest

from lrestore.restoration.beside import TITLE, filled_template, free_title

VALUES = {"title": "Sales {id}", "date": "2026-11-20", "id": "42"}


@pytest.mark.parametrize(
    ("template", "title"),
    [
        (TITLE, "Sales {id} (backup 2026-11-20)"),
        ("{id}: {title} {braces}", "42: Sales {id} {braces}"),
        ("  check  ", "check"),
    ],
)
def test_only_the_template_is_filled_in(template: str, title: str) -> None:
    assert filled_template(template, VALUES) == title


def test_a_long_title_is_cut_and_the_date_stays() -> None:
    title = filled_template(TITLE, {**VALUES, "title": "long " * 60})
    assert len(title) <= 245 and title.startswith("long long") and title.endswith("… (backup 2026-11-20)")


def test_a_taken_title_gets_the_next_number_whatever_its_case() -> None:
    assert free_title("Sales", set()) == "Sales"
    assert free_title("Sales", {"sales", "sales (2)"}) == "Sales (3)"
