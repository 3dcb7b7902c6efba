"""The listed items of a report, encoded: as objects, those of a large run would take a kilobyte each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntFlag
from itertools import islice
from typing import cast, get_type_hints, overload

import msgspec

from lrestore.content.live_facts import unnamed, with_user_names
from lrestore.report.model import Difference, Item, Report

_HINTS = get_type_hints(Item)
_DECODER = msgspec.msgpack.Decoder(tuple[tuple(_HINTS[name] for name in Item.__struct_fields__)])  # type: ignore[misc]

FEW_ITEMS = 2_000
"""Up to this many items of a report are objects, a tuple that every library can encode."""


class Has(IntFlag):
    """Properties by which items are found without decoding the others. ``UNNAMED``: it shows users without a name."""

    DELETIONS = 1
    URL = 2
    SKIPPED = 4
    EARLIER = 8
    UNNAMED = 16
    WARNINGS = 32


PackedItem = bytes | Item
"""An encoded item, behind a byte that tells what it has; or the item itself."""


def pack(item: Item) -> PackedItem:
    """The item, encoded; itself where msgpack cannot hold it, as a number of more than 64 bits.

    Values must be those of JSON: others may be decoded as something else.
    """
    try:
        return bytes([_has(item)]) + msgspec.msgpack.encode(msgspec.structs.astuple(item))
    except (TypeError, ValueError, OverflowError):
        return item


def unpack(packed: PackedItem) -> Item:
    """The item again."""
    return packed if isinstance(packed, Item) else Item(*_DECODER.decode(packed[1:]))


def _has(packed: PackedItem) -> int:
    if isinstance(packed, bytes):
        return packed[0]
    found = Has.DELETIONS if packed.deletions else Has(0)
    found |= Has.URL if packed.url else 0
    found |= Has.SKIPPED if packed.outcome == "skipped" else 0
    found |= Has.EARLIER if packed.earlier else 0
    found |= Has.WARNINGS if packed.warnings else 0
    return found | (Has.UNNAMED if packed.live is not None and unnamed(packed.live) else 0)


class Items(Sequence[Item]):
    """Items that are decoded each time they are asked for. Equal to any sequence of equal items."""

    def __init__(self, packed: Sequence[PackedItem] = (), names: Mapping[str, str] | None = None) -> None:
        """``names``: users by id, to be filled in; None: nothing is filled in."""
        self._packed = packed
        self._names = names

    def with_names(self, names: Mapping[str, str]) -> Items:
        """The same items with the names of users; others are called by id."""
        return Items(self._packed, names)

    def having(self, what: Has) -> Iterator[Item]:
        """Those that have it, in their order."""
        return (self._item(one) for one in self._packed if _has(one) & what)

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Item]:
        return map(self._item, self._packed)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Items: ...
    def __getitem__(self, index: int | slice) -> Item | Items:
        if isinstance(index, slice):
            return Items(self._packed[index], self._names)
        return self._item(self._packed[index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        more = ", …" if len(self) > 3 else ""
        return f"[{', '.join(map(repr, islice(self, 3)))}{more}]"

    def _item(self, packed: PackedItem) -> Item:
        item = unpack(packed)
        if self._names is None or item.live is None:
            return item
        return msgspec.structs.replace(item, live=with_user_names(item.live, self._names))


def report_items(items: Items) -> tuple[Item, ...]:
    """The items of a report: objects where these take little memory, otherwise this sequence, which is read like a
    tuple.
    """
    return tuple(items) if len(items) <= FEW_ITEMS else cast("tuple[Item, ...]", items)


def as_items(items: Sequence[Item]) -> Items:
    """Any sequence of items as this one."""
    return items if isinstance(items, Items) else Items(tuple(items))


def having(items: Sequence[Item], what: Has) -> Iterator[Item]:
    """The items that have it, in their order."""
    return as_items(items).having(what)


def deleting(report: Report) -> Sequence[Item | Difference]:
    """The listed objects that lose parts, or would lose some."""
    if report.entries is report.items:
        return list(having(report.items, Has.DELETIONS))
    return [entry for entry in report.entries if entry.deletions]
