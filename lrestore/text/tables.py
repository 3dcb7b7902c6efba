"""Rows as aligned columns of a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from lrestore.text.terminal import columns

_INDENT = "    "
_NOTHING = frozenset({"", "0"})


def aligned(rows: Sequence[Sequence[str]], right: Collection[int]) -> list[str]:
    """A line for each row. The columns with a number in ``right`` are right-aligned."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(_padded(cell, widths[at], right=at in right) for at, cell in enumerate(row)).rstrip() for row in rows
    ]


def fitted(header: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int], width: int) -> list[str]:
    """The rows below their header, in at most ``width`` columns (0: any number). A table that is wider has several
    lines for each row: its first cell, then the names and values of the others but zeros, as many on a line as fit.
    """
    lines = aligned([header, *rows], right)
    if not width or max(map(columns, lines)) <= width:
        return lines
    return [line for row in rows for line in _stacked(header, row, width)]


def _stacked(header: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    yield row[0]
    cells = [f"{name} {cell}" for name, cell in zip(header[1:], row[1:], strict=True) if cell not in _NOTHING]
    line = _INDENT
    for at, cell in enumerate(cells):
        entry = cell + ("," if at + 1 < len(cells) else "")
        if line != _INDENT and columns(line) + 1 + columns(entry) > width:
            yield line
            line = _INDENT
        line += entry if line == _INDENT else f" {entry}"
    if line != _INDENT:
        yield line


def numbered(rows: Sequence[Sequence[str]]) -> list[str]:
    """The same for a label and numbers: all columns but the first are right-aligned."""
    return aligned(rows, range(1, len(rows[0]))) if rows else []


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - columns(cell))
    return space + cell if right else cell + space
