"""Items that need what has failed and is not in the destination either: they fail without a call, the chain named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from lrestore.messages import ItemKey

_LONGEST_CHAIN = 50
_LONGEST_REASON = 1000
"""Of what each of a thousand dependents repeats of the one that failed, whose own dead letter has it whole."""


class Doomed:
    """``needs``: what each item needs; ``hard``: which of these needs it cannot do without."""

    def __init__(self, needs: Mapping[ItemKey, Sequence[ItemKey]], hard: Set[tuple[ItemKey, ItemKey]]) -> None:
        self._needs = needs
        self._hard = hard
        self._lost: dict[ItemKey, str] = {}

    def lose(self, key: ItemKey, reason: str) -> None:
        """An item has failed, and the destination has no such object."""
        self._lost[key] = reason

    def why(self, key: ItemKey) -> str:
        """Why the item cannot be restored, with everything in between; "" if it may be tried."""
        chain = self._chain(key)
        return _message(key, chain, self._lost[chain[-1]]) if chain else ""

    def _chain(self, key: ItemKey) -> list[ItemKey]:
        """What the item lacks, what that lacks …, down to what failed by itself; items in a circle come once."""
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
