"""Formats of a table: aligned text, CSV, JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from lrestore.text.storable import to_json
from lrestore.text.tables import fitted
from lrestore.text.terminal import plain, plain_json

TableRow = Sequence[object]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (full-width ones count, too)


def text_table(header: Sequence[str], rows: Iterable[TableRow], width: int = 0) -> str:
    """Columns under a header: text left-aligned, numbers right-aligned. Terminal control characters are escaped.

    ``width``: the columns of the terminal, 0 where there is none; a row of a wider table has several lines.
    """
    body = list(rows)
    cells = [[_cell(value) for value in row] for row in body]
    numbers = [index for index in range(len(header)) if all(isinstance(row[index], int | float) for row in body)]
    return "".join(f"{line}\n" for line in fitted(header, cells, numbers, width))


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """``name: value`` lines with aligned values; empty values are left out."""
    width = max(len(name) for name, _ in rows) + 1
    return "".join(f"{name + ':':<{width}} {plain(value)}\n" for name, value in rows if value)


def comma_separated(header: Sequence[str], rows: Iterable[TableRow]) -> str:
    """The lines of :func:`csv_lines` as one text."""
    return "".join(csv_lines(header, rows))


def csv_lines(header: Sequence[str], rows: Iterable[TableRow]) -> Iterator[str]:
    """RFC 4180 with ``\\n`` as line end. Control characters are escaped, so that one item is one line.

    A spreadsheet evaluates text that begins like a formula, so such text gets an apostrophe before it
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    yield _csv_line(header)
    yield from (_csv_line([_defused(value) for value in row]) for row in rows)


def _csv_line(cells: Sequence[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerow(cells)
    return target.getvalue()


def as_json(value: object) -> str:
    """Indented JSON with a newline at the end."""
    import msgspec

    return plain_json(msgspec.json.format(to_json(value), indent=2)) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return plain(value if isinstance(value, str) else str(value))


def _defused(value: object) -> str:
    cell = _cell(value)
    return f"'{cell}" if isinstance(value, str) and value.startswith(_FORMULA) else cell
