"""Reads objects that are about to be compared: many with one search instead of one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lrestore.content.identity import Judgement
from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey, MappingOf

PREFETCHED = frozenset({"dashboard", "look", "user"})
"""Types with too many objects to list, and too many comparisons to read one by one."""

_CHUNK_OF_USERS = 100
_USERS_AHEAD = 2000
"""Up to this many users are read before the work is distributed: small batches would cost a search for every few."""
_WORTH_IT = 4
"""Below this number of objects, single reads cost no more."""


def prefetched(
    live: Live, keys: Sequence[ItemKey], judgement: Judgement, mapped: MappingOf, *, trash: bool = False
) -> Iterator[ItemKey]:
    """Yield ``keys``; the live objects of the next few are read before the first of them is yielded. ``trash``: what a
    search of the trash shows is enough, for a mode that takes nothing out of it.
    """
    start = 0
    while start < len(keys):
        size = live.page_sizes.of(keys[start].type)
        chunk = keys[start : start + size]
        start += size
        if len(chunk) >= _WORTH_IT:
            prefetch(live, chunk, judgement, mapped, trash=trash)
        yield from chunk


def prefetch(
    live: Live, keys: Iterable[ItemKey], judgement: Judgement, mapped: MappingOf, *, trash: bool = False
) -> None:
    """Read the objects of ``keys`` with one search per type: mapped ones, and in the same instance those with the same
    id. ``trash``: see :func:`prefetched`.
    """
    wanted: dict[str, set[str]] = {}
    for key in keys:
        if key.type in PREFETCHED:
            recorded = mapped(key.type, key.id)
            if recorded is not None:
                wanted.setdefault(key.type, set()).add(recorded.destination_id)
            elif judgement.instance == "same":
                wanted.setdefault(key.type, set()).add(key.id)
    for type_name, ids in wanted.items():
        if len(ids) > 1:
            try:
                live.prefetch_all(type_name, ids, trash=trash)
            except LookerError:
                # The items' own reads fail in the same way and report it.
                return


def users_ahead(live: Live, keys: Iterable[ItemKey], judgement: Judgement, mapped: MappingOf) -> dict[str, JsonObject]:
    """The live users among ``keys``, by live id, for all workers. Empty if there are too many for every
    worker to hold.
    """
    users = [key for key in keys if key.type == "user"]
    if len(users) > _USERS_AHEAD:
        return {}
    for start in range(0, len(users), _CHUNK_OF_USERS):
        prefetch(live, users[start : start + _CHUNK_OF_USERS], judgement, mapped)
    return live.read_ahead("user")
