"""Items that need an item which failed and does not exist: they fail without a call, with the whole chain named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from lrestore.messages import ItemKey

_LONGEST_CHAIN = 50
_LONGEST_REASON = 1000
"""Characters of the original reason that each dependent repeats; the dead letter of the failed item has all of it."""


class FailedNeeds:
    """``needs``: the items that each item needs; ``hard``: the pairs without which an item cannot be restored."""

    def __init__(self, needs: Mapping[ItemKey, Sequence[ItemKey]], hard: Set[tuple[ItemKey, ItemKey]]) -> None:
        self._needs = needs
        self._hard = hard
        self._lost: dict[ItemKey, str] = {}

    def lose(self, key: ItemKey, reason: str) -> None:
        """An item has failed, and the destination has no such object."""
        self._lost[key] = reason

    def why(self, key: ItemKey) -> str:
        """Why the item cannot be restored, with the whole chain; "" if it may be tried."""
        chain = self._chain(key)
        return _message(key, chain, self._lost[chain[-1]]) if chain else ""

    def _chain(self, key: ItemKey) -> list[ItemKey]:
        """The item that this one lacks, the one that it lacks, and so on to the original failure. Circles end once
        closed.
        """
        chain: list[ItemKey] = []
        lacked = self._lacked(key)
        while lacked is not None and lacked not in chain:
            chain.append(lacked)
            lacked = self._lacked(lacked)
        return chain

    def _lacked(self, key: ItemKey) -> ItemKey | None:
        needed = self._needs.get(key, ())
        return next((other for other in needed if other in self._lost and (key, other) in self._hard), None)


def _message(key: ItemKey, chain: Sequence[ItemKey], reason: str) -> str:
    named = [str(link) for link in chain]
    if len(named) > _LONGEST_CHAIN:
        left_out = len(named) - _LONGEST_CHAIN
        named = [*named[: _LONGEST_CHAIN - 1], f"({left_out} more, each of which needs the next)", named[-1]]
    needed = ", which needs ".join(named)
    short = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
    return f"{key} needs {needed}, which is not in the destination and could not be restored: {short}"
