"""The changes inside a value: the paths that differ, and the parts that an object is created with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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


_ALWAYS_SET = {"dashboard_elements": "type", "dashboard_filters": "name", "dashboard_layouts": "type"}
"""A field that each live part has: where it is null on the live side, there is no such part."""
_NAMES = ("title", "title_text", "name", "label")


def new_parts(changes: Iterable[Change]) -> dict[str, str]:
    """The parts that a live object gets: ``dashboard_elements[19]`` and words for it, ``new tile 'Revenue'``."""
    fields: dict[str, dict[str, Change]] = {}
    for change in changes:
        if (found := _PART.match(change.path)) is not None:
            fields.setdefault(found[0], {})[change.path[found.end() + 1 :]] = change
    return {
        part: _new(part.partition("[")[0], of_part)
        for part, of_part in fields.items()
        if (known := of_part.get(_ALWAYS_SET.get(part.partition("[")[0], ""))) is not None
        and known.old is None
        and known.new is not None
    }


def _new(list_name: str, fields: Mapping[str, Change]) -> str:
    names = [str(fields[name].new) for name in _NAMES if name in fields and fields[name].new]
    return " ".join(["new", _word(list_name, 1), *map(repr, names[:1])])


def part_path(path: str) -> str:
    """``dashboard_elements[19]`` of each path inside it; "" for a path that begins with no part."""
    return found[0] if (found := _PART.match(path)) is not None else ""


def _word(name: str, count: int) -> str:
    one, many = _WORDS.get(name, (name, name))
    return one if count == 1 else many
