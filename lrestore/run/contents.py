"""The references in the items of a backup, read once for each item: the selection reads all, before the first item.

The order of the items, the looks that tiles show and the links in texts come from here. Only ids are kept, about half a
kilobyte for an item: a backup may have gigabytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec

from lrestore.content.links import mentioned
from lrestore.content.palettes import may_name_colours
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Reference
from lrestore.vault.reader import Vault

FOLLOWED = frozenset({"hard", "parent", "soft", "edge"})
_NAMES = (("first_name",), ("last_name",), ("credentials_embed",))
"""Fields that tell which users can be confused while they are created. Embed users are created with their login."""
_TILES = (("dashboard_elements[]", "look_id"), ("dashboard_elements[]", "deleted"))


class ItemReferences(msgspec.Struct, frozen=True, gc=False):
    """The references in one item: the ids for each reference of its type (:func:`references`); the looks that its tiles
    show; the targets of links in its texts. ``user``: first and last name of a user that another one can be confused
    with.
    """

    ids: tuple[tuple[str, ...], ...]
    looks: tuple[str, ...] = ()
    mentions: tuple[ItemKey, ...] = ()
    user: tuple[str, str] | None = None


class Contents:
    """The references in the items of a backup. Only for one thread."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._kept: dict[ItemKey, ItemReferences | None] = {}
        self._known: dict[str, tuple[str]] = {}
        self._targets: dict[ItemKey, ItemKey] = {}

    def keep(self, key: ItemKey, blob: bytes) -> None:
        """Remember what the item names: ``blob`` is its row. An unreadable one names nothing."""
        try:
            content = _decoder(key.type).decode(blob)
        except (ValueError, RecursionError):
            self._kept[key] = None
            return
        self._kept[key] = self._named(key, content, blob)

    def of(self, type_name: str, keys: Collection[ItemKey]) -> Iterator[tuple[ItemKey, ItemReferences]]:
        """The references in these objects of a type, without those that cannot be read. Items that the selection has
        not read are read now.
        """
        lacking = {key.id for key in keys if key not in self._kept}
        if lacking:
            self._kept.update((ItemKey(type_name, one), None) for one in lacking)
            for key, content, blob in self.vault.scan(type_name, _shape(type_name), lacking):
                if key.id in lacking:
                    self._kept[key] = self._named(key, content, blob)
        for key in keys:
            named = self._kept[key]
            if named is not None:
                yield key, named

    def forget(self) -> None:
        """Give the memory back. Later questions read the backup again."""
        self._kept.clear()
        self._known.clear()
        self._targets.clear()

    def _named(self, key: ItemKey, content: Any, blob: bytes) -> ItemReferences:
        type_name = key.type
        return ItemReferences(
            ids=tuple([self._once(values(content, path)) for path in _paths(type_name)]),
            looks=self._once(_looks(content)) if type_name == "dashboard" else (),
            mentions=self._mentioned(key, blob) if has_texts(type_name) else (),
            user=_user(content) if type_name == "user" else None,
        )

    def _mentioned(self, key: ItemKey, blob: bytes) -> tuple[ItemKey, ...]:
        """The targets of links; equal ones of all items share their memory. Most items have links to themselves."""
        targets = [ItemKey(*one) for one in mentioned(blob)]
        return tuple([key if one == key else self._targets.setdefault(one, one) for one in targets])

    def _once(self, ids: list[str]) -> tuple[str, ...]:
        """The ids without repetitions; equal ones of all items share their memory."""
        if len(ids) > 1:
            return tuple([self._alone(one)[0] for one in set(ids)])
        return self._alone(ids[0]) if ids else ()

    def _alone(self, one: str) -> tuple[str]:
        """Most references of most items are a single id that others have too: an owner, a folder."""
        known = self._known.get(one)
        if known is None:
            known = self._known[one] = (one,)
        return known


@cache
def references(type_name: str) -> tuple[Reference, ...]:
    """References by id to other objects: not those of a part to the object that it is a part of."""
    entry = CONTENT_TYPES[type_name]
    to_whole = {f"{part.path}[].{part.parent_field}" for part in entry.parts if part.parent_field}
    return tuple(
        reference
        for reference in entry.references
        if reference.target in CONTENT_TYPES and reference.kind in FOLLOWED
        if reference.target != type_name or reference.path not in to_whole
    )


@cache
def has_texts(type_name: str) -> bool:
    """Whether objects of the type have texts with links."""
    return any(one.kind == "text" and one.target == "any" for one in CONTENT_TYPES[type_name].references)


def name_colours(vault: Vault, keys: Collection[ItemKey]) -> bool:
    """Whether some item may name colour collections. Reads the items again, up to the first one that does: only a
    restore into another instance asks.
    """
    for type_name in sorted({key.type for key in keys if has_texts(key.type)}):
        ids = {key.id for key in keys if key.type == type_name}
        rows = vault.scan(type_name, msgspec.Struct, ids)
        if any(may_name_colours(blob) for key, _, blob in rows if key.id in ids):
            return True
    return False


@cache
def _paths(type_name: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(reference.path.split(".")) for reference in references(type_name))


@cache
def _shape(type_name: str) -> type[msgspec.Struct]:
    more = {"user": _NAMES, "dashboard": _TILES}.get(type_name, ())
    return shape_of([*_paths(type_name), *more])


@cache
def _decoder(type_name: str) -> msgspec.msgpack.Decoder[msgspec.Struct]:
    return msgspec.msgpack.Decoder(_shape(type_name))


def _looks(dashboard: Any) -> list[str]:
    tiles = [tile for tile in dashboard.dashboard_elements or () if not tile.deleted and tile.look_id]
    return _ids([tile.look_id for tile in tiles]) if tiles else []


def _user(user: Any) -> tuple[str, str] | None:
    name = (str(user.first_name or ""), str(user.last_name or ""))
    return name if any(name) and not user.credentials_embed else None


def shape_of(paths: Collection[tuple[str, ...]]) -> type[msgspec.Struct]:
    """A Struct with only the fields on these paths, nested like the paths."""
    below: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for step, *rest in paths:
        below[step].append(tuple(rest))
    fields: list[tuple[str, Any, Any]] = []
    for step, rests in below.items():
        deeper = [rest for rest in rests if rest]
        inner: Any = shape_of(deeper) if deeper else Any
        fields.append((step.removesuffix("[]"), list[inner] | None if step.endswith("[]") else inner | None, None))
    return msgspec.defstruct("Named", fields)


def values(node: Any, steps: tuple[str, ...]) -> list[str]:
    """The ids at the end of a path. Asked of every reference of every item: so in lists, level by level."""
    nodes = [node]
    for name, many in _levels(steps):
        nodes = [value for node in nodes if (value := getattr(node, name, None)) is not None]
        if many:
            nodes = [entry for entries in nodes for entry in entries if entry is not None]
    return _ids(nodes)


def _ids(found: list[Any]) -> list[str]:
    return [
        str(value)
        for value in found
        if value != "" and isinstance(value, str | int) and value is not True and value is not False
    ]


@cache
def _levels(steps: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The name of each step, and whether it leads to a list."""
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in steps)
