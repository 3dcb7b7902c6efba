"""Items that refer to items which come later are restored twice: first without these references, then with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from lrestore.messages import ItemKey, ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.run.items.loop import ItemLoop, Turn, joined, second_pass
from lrestore.vault.items import VaultItem


def restoring(restorer: ItemRestorer) -> Turn:
    """A turn that restores the item."""

    def turn(item: VaultItem, awaited: Collection[ItemKey], first_pass: ItemResult | None) -> tuple[ItemResult, bool]:
        with second_pass(first_pass):
            restored = restorer.restore(item, awaited, last=first_pass is not None)
        return joined(first_pass, restored.result), restored.needs_second_pass

    return turn


class FirstPasses:
    """The results of first passes. ``awaits``: items that an item refers to without needing them; ``waits``: whether an
    item has not been processed yet.
    """

    def __init__(self, awaits: Mapping[ItemKey, Sequence[ItemKey]], waits: Callable[[ItemKey], bool]) -> None:
        self._awaits = awaits
        self._waits = waits
        self._results: dict[ItemKey, ItemResult] = {}

    def awaited(self, key: ItemKey) -> tuple[ItemKey, ...]:
        """The items still to come that ``key`` refers to."""
        others = self._awaits.get(key, ())
        return tuple(other for other in others if other not in self._results and self._waits(other))

    def of(self, key: ItemKey) -> ItemResult | None:
        """The result of the item's first pass; None if it had none."""
        return self._results.get(key)

    def done(self, key: ItemKey, result: ItemResult) -> None:
        """The item's first pass is done, and a second one is needed."""
        self._results[key] = result

    @property
    def keys(self) -> list[ItemKey]:
        """The items that need a second pass."""
        return list(self._results)


class TwoPasses:
    """Applies a turn to every item, in order, and once more to those that need a second pass."""

    def __init__(self, loop: ItemLoop, awaits: Mapping[ItemKey, Sequence[ItemKey]]) -> None:
        self._loop = loop
        self._over: set[ItemKey] = set()
        self._first_passes = FirstPasses(awaits, lambda key: key not in self._over)

    def over(self, keys: Iterable[ItemKey], turn: Turn) -> bool:
        """Process the items. False: stopped before the end. RunErrors end it."""

        def first(item: VaultItem) -> ItemResult | None:
            result, again = turn(item, self._first_passes.awaited(item.key), None)
            if again:
                self._first_passes.done(item.key, result)
            return None if again else result

        def second(item: VaultItem) -> ItemResult:
            return turn(item, (), self._first_passes.of(item.key))[0]

        return self._loop.over(self._ticked(keys), first) and self._loop.over(self._first_passes.keys, second)

    def _ticked(self, keys: Iterable[ItemKey]) -> Iterator[ItemKey]:
        """Yield ``keys``, and mark each as processed when the next one is requested."""
        for key in keys:
            yield key
            self._over.add(key)
