"""Reading what is about to be compared, many objects with one search instead of one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lrestore.errors import LookerError
from lrestore.identity import Judgement
from lrestore.looker.live import Live
from lrestore.messages import ItemKey

PREFETCHED = frozenset({"dashboard", "look"})
"""Types too many to be listed and too often compared to be read one by one."""

_CHUNK = 50
_WORTH_IT = 4
"""Below so many objects single reads cost as little."""


def prefetched(live: Live, keys: Sequence[ItemKey], judgement: Judgement) -> Iterator[ItemKey]:
    """``keys``, the live objects of the next few of which have been read when each comes."""
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        if len(chunk) >= _WORTH_IT:
            prefetch(live, chunk, judgement)
        yield from chunk


def prefetch(live: Live, keys: Iterable[ItemKey], judgement: Judgement) -> None:
    """Read the objects of ``keys`` with one search per type, where ids of the backup mean the same in the
    destination.
    """
    if judgement.instance != "same":
        return
    wanted: dict[str, set[str]] = {}
    for key in keys:
        if key.type in PREFETCHED:
            wanted.setdefault(key.type, set()).add(key.id)
    for type_name, ids in wanted.items():
        if len(ids) > 1:
            try:
                live.prefetch_all(type_name, ids)
            except LookerError:
                # The items' own reads will meet the same trouble, and have a place to report it.
                return
