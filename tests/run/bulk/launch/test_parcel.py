"""A parcel arrives as what it holds, and multiprocess's own pickler does not look into it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lrestore.messages import ItemKey
from lrestore.run.bulk.launch.parcel import Parcel

ForkingPickler: Any = import_module("multiprocess.reduction").ForkingPickler


class _Counting(ForkingPickler):  # type: ignore[misc]
    """Counts the objects that the pickler written in Python visits."""

    visited = 0

    def save(self, *arguments: Any, **more: Any) -> None:
        _Counting.visited += 1
        super().save(*arguments, **more)


def _visited(value: object) -> int:
    _Counting.visited = 0
    _Counting.dumps(value)
    return _Counting.visited


def test_a_parcel_arrives_as_its_value() -> None:
    keys = frozenset(ItemKey("look", str(number)) for number in range(100))
    assert ForkingPickler.loads(ForkingPickler.dumps((Parcel(keys), 1))) == (keys, 1)


def test_the_slow_pickler_visits_no_more_for_more_items() -> None:
    few, many = (frozenset(ItemKey("look", str(number)) for number in range(count)) for count in (10, 1000))
    assert _visited(Parcel(many)) == _visited(Parcel(few))
    assert _visited(many) > 1000
