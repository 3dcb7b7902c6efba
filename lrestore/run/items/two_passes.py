"""Processes items in order, in one process. Items that refer to later items get a second pass at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lrestore.messages import ItemKey, ItemResult
from lrestore.run.items.loop import ItemLoop, Turn
from lrestore.vault.items import VaultItem


class TwoPasses:
    """Applies a turn to every item, to some twice. ``awaits``: items that an item refers to without needing them."""

    def __init__(self, loop: ItemLoop, awaits: Mapping[ItemKey, Sequence[ItemKey]]) -> None:
        self._loop = loop
        self._awaits = awaits
        self._over: set[ItemKey] = set()
        self._first_passes: dict[ItemKey, ItemResult] = {}

    def over(self, keys: Iterable[ItemKey], turn: Turn) -> bool:
        """Process the items. False: stopped before the end. RunErrors end it."""

        def first(item: VaultItem) -> ItemResult | None:
            to_come = [other for other in self._awaits.get(item.key, ()) if other not in self._over]
            result, again = turn(item, to_come, None)
            if again:
                self._first_passes[item.key] = result
            return None if again else result

        def second(item: VaultItem) -> ItemResult:
            return turn(item, (), self._first_passes[item.key])[0]

        return self._loop.over(self._ticked(keys), first) and self._loop.over(list(self._first_passes), second)

    def _ticked(self, keys: Iterable[ItemKey]) -> Iterator[ItemKey]:
        """Yield ``keys``, and mark each as processed when the next one is requested."""
        for key in keys:
            yield key
            self._over.add(key)
