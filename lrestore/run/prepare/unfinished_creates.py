"""Open creates: calls whose end is not recorded. Looker may still be working on them.

An object that such a call creates is adopted as soon as it exists (:mod:`lrestore.restoration.apply.create_once`).
Their items come last, so that most of the waiting is over by then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from lrestore.messages import ItemKey
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute


def unanswered(state: Path | str, route: MappingRoute) -> frozenset[ItemKey]:
    """Items with an open create, of any session between these two instances."""
    with StateReader.open(state) as reader:
        return frozenset(row.intent.key for row in reader.open_intents_of_route(route))


def doubtful_last(
    keys: Sequence[ItemKey], doubtful: Collection[ItemKey], needs: Mapping[ItemKey, Collection[ItemKey]]
) -> list[ItemKey]:
    """``keys``, given in an order of restoring, with the doubtful ones and those that need them at the end. The order
    is otherwise kept.
    """
    late: set[ItemKey] = set()
    for key in keys:
        if key in doubtful or not late.isdisjoint(needs.get(key, ())):
            late.add(key)
    return sorted(keys, key=lambda key: key in late)
