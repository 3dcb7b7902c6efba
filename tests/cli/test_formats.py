"""Tables: aligned for eyes, safe for terminals, one line per item for scripts."""

from __future__ import annotations

import csv
import io

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lrestore.cli import formats as tables
from lrestore.text.words import size


def test_wide_characters_take_two_columns() -> None:
    shown = tables.text_table(("name", "items"), [("売上", 5), ("abcd", 12)]).splitlines()
    assert shown == ["name  items", "売上      5", "abcd     12"]


def test_terminal_control_characters_are_escaped() -> None:
    shown = tables.text_table(("name",), [("\x1b[31mred\nline",)])
    assert shown.splitlines()[1] == "\\x1b[31mred\\nline"


def test_a_table_without_rows_is_its_header() -> None:
    assert tables.text_table(("a", "b"), []) == "a  b\n"


@given(st.lists(st.tuples(st.text(), st.integers()), max_size=5))
def test_each_csv_row_is_one_line(rows: list[tuple[str, int]]) -> None:
    written = tables.comma_separated(("name", "n"), rows)
    assert len(written.split("\n")) == len(rows) + 2
    read = list(csv.reader(io.StringIO(written)))
    assert [int(number) for _, number in read[1:]] == [number for _, number in rows]


def test_sizes_have_readable_units() -> None:
    assert [size(count) for count in (0, 1023, 1024, 3 * 1024**2, 5 * 1024**4)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.0 MiB",
        "5120.0 GiB",
    ]


@given(st.sampled_from(["=", "+", "-", "@", "\t", "\r"]), st.text(), st.integers(max_value=-1))
def test_csv_text_is_never_a_formula(first: str, rest: str, number: int) -> None:
    """Spreadsheets run them; a number stays one."""
    written = tables.comma_separated(("spec", "name", "n"), [("look=1", first + rest, number)])
    ((_, name, count),) = list(csv.reader(io.StringIO(written)))[1:]
    assert name.startswith("'") and count == str(number)


def test_json_shows_invisible_characters_and_keeps_its_meaning() -> None:
    value = {"name": "a\u061cb\u202ec\U000e0001\u0085 売上"}
    shown = tables.as_json(value)
    assert "\u061c" not in shown and "\\u061c" in shown and "売上" in shown and "\\udb40\\udc01" in shown
    assert msgspec.json.decode(shown) == value
