"""The changes inside a value: the paths that differ, and the parts that an object is created with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lrestore.messages import Change

_PART = re.compile(r"\w+\[\d+\]")
_WORDS = {
    "dashboard_elements": ("tile", "tiles"),
    "dashboard_filters": ("filter", "filters"),
    "dashboard_layouts": ("layout", "layouts"),
    "board_sections": ("section", "sections"),
}
"""How people call the parts of a dashboard or board; other lists keep their names."""


def leaves(change: Change) -> list[Change]:
    """The paths inside an object or list of objects that differ, each with its old and new value; the change itself
    where the two sides have no common shape.
    """
    return list(_leaves(change)) or [change]


def _leaves(change: Change) -> Iterator[Change]:
    if change.old == change.new:
        return
    inside = _inside(change.path, change.old, change.new)
    if inside is None:
        yield change
    for inner in inside or ():
        yield from _leaves(inner)


def _inside(path: str, old: Any, new: Any) -> list[Change] | None:
    """The entries of two objects, or of two lists of equal length; None for any other pair of values."""
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        return [Change(f"{path}.{name}", old.get(name), new.get(name)) for name in {**new, **old}]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [Change(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(old, new, strict=True))]
    return None


def parts(changes: Iterable[Change]) -> str:
    """``6 tiles, 2 filters, 1 layout``: the parts that a created object brings with it; "" for none."""
    counts = dict.fromkeys(_WORDS, 0)
    for part in dict.fromkeys(found[0] for change in changes if (found := _PART.match(change.path))):
        name = part.partition("[")[0]
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} {_word(name, count)}" for name, count in counts.items() if count)


def _word(name: str, count: int) -> str:
    one, many = _WORDS.get(name, (name, name))
    return one if count == 1 else many
