"""Which items the report lists: all that are not plainly unchanged, as long as a report of them can be opened."""

from __future__ import annotations

from collections.abc import Sequence

from lrestore.content.live_facts import with_user_names
from lrestore.messages import Change, ItemKey, ItemResult
from lrestore.report.model import Item
from lrestore.report.packed_items import Items, PackedItem, pack, report_items, unpack
from lrestore.text.storable import to_json

LISTED_ITEMS = 100_000
LISTED_BYTES = 50_000_000
"""The list ends at this number, or at about this size as JSON: the coordinator holds it, and people open the file.
50,000 items with three changed fields each take 30 MB.
"""
_BARE = 300
"""About the bytes of an item without its changes."""


class ItemList:
    """The listed items, in the order of their latest results. Items with deletions are always listed."""

    def __init__(self, listed_items: int = LISTED_ITEMS, listed_bytes: int = LISTED_BYTES) -> None:
        self._most = listed_items
        self._room = listed_bytes
        self._omitted: set[ItemKey] = set()
        self._items: dict[ItemKey, PackedItem] = {}

    @property
    def omitted(self) -> int:
        """The number of items that have no room."""
        return len(self._omitted)

    @property
    def items(self) -> tuple[Item, ...]:
        """The listed ones so far."""
        return report_items(Items(tuple(self._items.values())))

    def add(self, result: ItemResult, url: str, *, earlier: bool = False, recorded: bool = False) -> None:
        """Take a result, in place of an earlier one of the same item. ``url``: the address of a copy. ``earlier``: it
        is of an earlier start of the session. ``recorded``: it was read from the state file, so that its values are
        those of JSON.
        """
        former = self._items.pop(result.key, None)
        if former is not None:
            self._room += _size(unpack(former).changes)
        self._omitted.discard(result.key)
        if result.outcome == "unchanged" and not (result.reason or result.warnings or url):
            return
        size = _size(result.changes)
        if (len(self._items) >= self._most or size > self._room) and not result.deletions:
            self._omitted.add(result.key)
            return
        self._room -= size
        item = _item(result, url, earlier=earlier)
        self._items[result.key] = pack(item) if recorded else item


def _size(changes: Sequence[Change]) -> int:
    return _BARE + (len(to_json(changes)) if changes else 0)


def _item(result: ItemResult, url: str, *, earlier: bool) -> Item:
    return Item(
        type=result.key.type,
        id=result.key.id,
        name=result.name,
        outcome=result.outcome,
        destination_id=result.destination_id,
        reason=result.reason,
        changes=result.changes,
        deletions=result.deletions,
        warnings=result.warnings,
        earlier=earlier,
        url=url,
        live=None if result.live is None else with_user_names(result.live, {}),
    )
