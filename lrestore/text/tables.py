"""Rows as aligned columns of a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lrestore.text.terminal import columns


def aligned(rows: Sequence[Sequence[str]], right: Collection[int]) -> list[str]:
    """A line for each row. The columns with a number in ``right`` are right-aligned."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(cell, widths[at], at in right) for at, cell in enumerate(row)).rstrip() for row in rows]


def numbered(rows: Sequence[Sequence[str]]) -> list[str]:
    """The same for a label and numbers: all columns but the first are right-aligned."""
    return aligned(rows, range(1, len(rows[0]))) if rows else []


def _padded(cell: str, width: int, right: bool) -> str:  # noqa: FBT001 (called once, above)
    space = " " * (width - columns(cell))
    return space + cell if right else cell + space
