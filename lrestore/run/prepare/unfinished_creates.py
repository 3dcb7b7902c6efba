"""Creates whose end is not on record: Looker may still be at work on them.

What such a call makes is adopted once it is there (:mod:`lrestore.restoration.apply.create_once`). Their items come
last, so that most of the waiting is over by then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from lrestore.messages import ItemKey
from lrestore.state.read import StateReader
from lrestore.state.records import Route


def unanswered(state: Path | str, route: Route) -> frozenset[ItemKey]:
    """Items of which a session between these two instances has begun a create whose end is not on record."""
    with StateReader.open(state) as reader:
        return frozenset(row.intent.key for row in reader.open_intents_of_route(route))


def doubtful_last(
    keys: Sequence[ItemKey], doubtful: Collection[ItemKey], needs: Mapping[ItemKey, Collection[ItemKey]]
) -> list[ItemKey]:
    """``keys``, which are in an order in which they can be restored: the doubtful ones last, and after them, in the
    same order as before, those that need them.
    """
    late: set[ItemKey] = set()
    for key in keys:
        if key in doubtful or not late.isdisjoint(needs.get(key, ())):
            late.add(key)
    return sorted(keys, key=lambda key: key in late)
