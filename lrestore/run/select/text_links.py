"""Finds links in texts whose target gets its id only during the run.

An item with such a link gets a second pass when the target exists. Every other target keeps its id or is mapped to an
existing object, so no item has to wait for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from lrestore.content.identity import Judgement, same_origin
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED, Live
from lrestore.messages import ItemKey, MappingOf, Recorded
from lrestore.restoration.identify.proof import proves
from lrestore.run.contents import Contents
from lrestore.run.select.dependencies import Links, links_of
from lrestore.vault.reader import Vault


def links_here(
    contents: Contents, keys: Collection[ItemKey], live: Live, judgement: Judgement, mapped: MappingOf
) -> Links:
    """The references between the items, including links in texts. Costs one search for hundreds of link targets, none
    if no item links to another.
    """
    links = links_of(contents, keys)
    if not links.mentions:
        return links
    targets = {other for key, others in links.mentions.items() for other in others if other != key}
    new = frozenset(_without_id(contents.vault, targets, live, judgement, mapped))
    awaits = dict(links.awaits)
    for key, others in links.mentions.items():
        # An item's own id is new only if it is created, which is known when the item is restored.
        waited = {other for other in others if other == key or other in new}
        if waited:
            awaits[key] = tuple(sorted(waited.union(awaits.get(key, ()))))
    return replace(links, awaits=awaits, mentions={})


def _without_id(
    vault: Vault, targets: Collection[ItemKey], live: Live, judgement: Judgement, mapped: MappingOf
) -> Iterator[ItemKey]:
    """The items that have no live object yet, as far as this can be determined without comparing content."""
    by_type: dict[str, list[tuple[ItemKey, str, Recorded | None]]] = {}
    for key in targets:
        recorded = mapped(key.type, key.id)
        if recorded is None and judgement.instance != "same":
            yield key
        else:
            live_id = key.id if recorded is None else recorded.destination_id
            by_type.setdefault(key.type, []).append((key, live_id, recorded))
    for type_name, known in by_type.items():
        there = _there(live, type_name, sorted({live_id for _, live_id, _ in known}))
        for key, live_id, recorded in known:
            if live_id not in there or not _is_it(vault, key, recorded, there[live_id]):
                yield key


def _is_it(vault: Vault, key: ItemKey, recorded: Recorded | None, shown: JsonObject) -> bool:
    """Whether a live object is provably the item. In doubt, the items that link to it get a second pass."""
    return _same(vault, key, shown) if recorded is None else proves(key.type, recorded, shown) is True


def _there(live: Live, type_name: str, ids: Sequence[str]) -> dict[str, JsonObject]:
    if type_name in LISTED:
        return live.tables({type_name})[type_name] or {}
    # Not shown is treated as missing: the items that link to them get a second pass.
    return live.shown_by_ids(type_name, ids, "id,created_at")


def _same(vault: Vault, key: ItemKey, shown: JsonObject) -> bool:
    """Whether the id still belongs to the item; otherwise the item gets a new id."""
    row = vault.row(key)
    return row is None or same_origin(row.created_at, shown.get("created_at")) is not False
