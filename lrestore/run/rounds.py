"""Items in order in one process. Those that refer to items still to come take a second turn when these are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from lrestore.messages import ItemKey, ItemResult
from lrestore.run.items import ItemLoop, Turn


class Rounds:
    """Applies a turn to every item, to some twice. ``everything`` are all items of the run."""

    def __init__(self, loop: ItemLoop, everything: Collection[ItemKey]) -> None:
        self._loop = loop
        self._to_come = set(everything)
        self._halves: dict[ItemKey, ItemResult] = {}

    def over(self, keys: Iterable[ItemKey], turn: Turn) -> bool:
        """False when it was asked to stop before the end. RunErrors end it."""

        def first(item: Any) -> ItemResult | None:
            self._to_come.discard(item.key)
            result, again = turn(item, self._to_come, None)
            if again:
                self._halves[item.key] = result
            return None if again else result

        def second(item: Any) -> ItemResult:
            return turn(item, (), self._halves[item.key])[0]

        return self._loop.over(keys, first) and self._loop.over(list(self._halves), second)
