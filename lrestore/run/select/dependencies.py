"""Finds which selected items need which others, in one pass over the backup that decodes only references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec

from lrestore.content.links import mentioned
from lrestore.content.palettes import may_name_colours
from lrestore.graph import circles
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Reference
from lrestore.vault.reader import Vault

Needs = dict[ItemKey, tuple[ItemKey, ...]]

_Found = dict[ItemKey, set[ItemKey]]

HARD = frozenset({"hard", "parent"})


@dataclass(frozen=True, slots=True)
class Links:
    """The references between selected items.

    ``needs``: items that must be settled before an item. ``hard``: the pairs of these without which the item cannot be
    restored (folder, set, content of a plan; not an owner, nor the look of a tile). ``awaits``: items that an item
    refers to without waiting for them (the roles of a user); if one does not exist yet, the item gets a second pass at
    the end. ``mentions``: items that its texts may link to, perhaps itself; see :mod:`lrestore.run.select.text_links`.
    ``colours``: whether some item may name colour collections.
    """

    needs: Needs
    hard: frozenset[tuple[ItemKey, ItemKey]]
    awaits: Needs
    mentions: Needs = field(default_factory=dict)
    colours: bool = False


@cache
def _references(type_name: str) -> tuple[Reference, ...]:
    """References by id to other types of content."""
    return tuple(
        reference
        for reference in CONTENT_TYPES[type_name].references
        if reference.target in CONTENT_TYPES and reference.kind in HARD | {"soft", "edge"}
    )


@cache
def _parts(type_name: str) -> frozenset[str]:
    """The fields in which an object of the type has its parts."""
    return frozenset(part.path.partition("[]")[0] for part in CONTENT_TYPES[type_name].parts)


def _is_hard(type_name: str, reference: Reference) -> bool:
    """Whether the item cannot be restored without the target. References of parts do not count: the item is restored
    without that part.
    """
    return reference.kind in HARD and reference.path.partition("[]")[0] not in _parts(type_name)


def _comes_first(reference: Reference) -> bool:
    """Owners come before their content, so that it can refer to them; roles and home folders come after their users."""
    return reference.kind in HARD or (reference.kind == "soft" and reference.target == "user")


def _shape(paths: Collection[tuple[str, ...]]) -> type[msgspec.Struct]:
    """A Struct with only the fields on these paths, nested like the paths."""
    below: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for step, *rest in paths:
        below[step].append(tuple(rest))
    fields: list[tuple[str, Any, Any]] = []
    for step, rests in below.items():
        deeper = [rest for rest in rests if rest]
        inner: Any = _shape(deeper) if deeper else Any
        fields.append((step.removesuffix("[]"), list[inner] | None if step.endswith("[]") else inner | None, None))
    return msgspec.defstruct("Links", fields)


def _values(node: Any, steps: tuple[str, ...]) -> list[str]:
    """The ids at the end of a path. Asked of every reference of every item: so in lists, level by level."""
    nodes = [node]
    for name, many in _levels(steps):
        nodes = [value for node in nodes if (value := getattr(node, name, None)) is not None]
        if many:
            nodes = [entry for entries in nodes for entry in entries if entry is not None]
    return [
        str(value)
        for value in nodes
        if value != "" and isinstance(value, str | int) and value is not True and value is not False
    ]


@cache
def _levels(steps: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The name of each step, and whether it leads to a list."""
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in steps)


def _is_home(key: ItemKey, homes: Mapping[str, str]) -> bool:
    return key.type == "folder" and key.id in homes


@cache
def _has_texts(type_name: str) -> bool:
    return any(one.kind == "text" and one.target == "any" for one in CONTENT_TYPES[type_name].references)


_NAMED = (("first_name",), ("last_name",), ("credentials_embed",))
"""Fields that tell which users can be confused while they are created. Embed users are created with their login."""


class _Reading:
    """The result of a pass over the selected items."""

    def __init__(self, vault: Vault, keys: Collection[ItemKey]) -> None:
        self.wanted = {key: key for key in keys}
        self._homes = vault.personal_folders if any(key.type == "user" for key in keys) else {}
        self.hard: _Found = defaultdict(set)
        self.first: _Found = defaultdict(set)
        self.awaits: _Found = defaultdict(set)
        self.mentions: Needs = {}
        self.colours = False
        self._named: dict[tuple[str, str], list[ItemKey]] = defaultdict(list)

    def over(self, vault: Vault, type_name: str) -> None:
        """Read the items of one type."""
        paths = {reference: tuple(reference.path.split(".")) for reference in _references(type_name)}
        if not paths and not _has_texts(type_name):
            return
        only = [key.id for key in self.wanted if key.type == type_name]
        named = _NAMED if type_name == "user" else ()
        for key, content, blob in vault.scan(type_name, _shape([*paths.values(), *named]), only):
            if key in self.wanted:
                if named:
                    self._name(self.wanted[key], content)
                self._references(self.wanted[key], content, paths)
                self._texts(self.wanted[key], blob)

    def _name(self, key: ItemKey, content: Any) -> None:
        name = (str(content.first_name or ""), str(content.last_name or ""))
        if any(name) and not content.credentials_embed:
            self._named[name].append(key)

    def order_namesakes(self) -> None:
        """Order users of the same name one after the other, oldest first.

        A user is created by several calls. Until it has its login, it looks like any other user of its name without
        one.
        """
        for keys in self._named.values():
            in_turn = sorted(keys, key=lambda key: (len(key.id), key.id))
            for earlier, later in pairwise(in_turn):
                self.first[later].add(earlier)

    def _references(self, key: ItemKey, content: Any, paths: Mapping[Reference, tuple[str, ...]]) -> None:
        for reference, path in paths.items():
            named = {ItemKey(reference.target, value) for value in set(_values(content, path))}
            if reference.target == "folder" and _comes_first(reference):
                self._owners(key, named | {key})
            others = named & self.wanted.keys()
            others.discard(key)
            if others:
                kind = self.first if _comes_first(reference) else self.awaits
                kind = self.hard if _is_hard(key.type, reference) else kind
                kind[key] |= {self.wanted[other] for other in others}

    def _owners(self, key: ItemKey, places: Collection[ItemKey]) -> None:
        """Looker creates a personal folder together with its user, so the content of the folder comes
        after the user.
        """
        if not self._homes:
            return
        owners = {ItemKey("user", self._homes[place.id]) for place in places if _is_home(place, self._homes)}
        if owners & self.wanted.keys():
            self.first[key] |= {self.wanted[owner] for owner in owners & self.wanted.keys()}

    def _texts(self, key: ItemKey, blob: bytes) -> None:
        if _has_texts(key.type):
            self.colours = self.colours or may_name_colours(blob)
            others = {ItemKey(*named) for named in mentioned(blob)} & self.wanted.keys()
            if others:
                self.mentions[key] = tuple(sorted(self.wanted[other] for other in others))


def links_of(vault: Vault, keys: Collection[ItemKey]) -> Links:
    """The references between the items. Circles of needs are broken at needs that are not hard."""
    found = _Reading(vault, keys)
    for type_name in {key.type for key in found.wanted}:
        found.over(vault, type_name)
    found.order_namesakes()
    hard, first = found.hard, found.first
    _open_circles(hard, first, found.awaits)
    needs = {key: tuple(sorted({*hard.get(key, ()), *first.get(key, ())})) for key in {*hard, *first}}
    pairs = frozenset((key, other) for key, others in hard.items() for other in others)
    awaits = {key: tuple(sorted(others)) for key, others in found.awaits.items()}
    return Links(needs, pairs, awaits, found.mentions, found.colours)


def _open_circles(hard: _Found, first: _Found, awaits: _Found) -> None:
    """No item of a circle would ever become ready: turn its needs that are not hard into ``awaits``."""
    both = {key: {*hard.get(key, ()), *first.get(key, ())} for key in {*hard, *first}}
    for circle in circles(both):
        members = set(circle)
        for key in circle:
            soft = first.get(key, set()) & members - hard.get(key, set())
            if soft:
                first[key] -= soft
                awaits[key] |= soft


_MODELS = {
    "dashboard": (
        *("dashboard_elements[].query.model", "dashboard_elements[].result_maker.query.model"),
        *("dashboard_elements[].result_maker.filterables[].model", "dashboard_filters[].model"),
    ),
    "look": ("query.model",),
}
"""Paths at which content names the LookML models that it needs: the name of a model is its id."""


def referred_to(vault: Vault, keys: Collection[ItemKey]) -> set[ItemKey]:
    """The objects that the items refer to by id, including memberships, the models of their queries, and the users
    whose personal folders they are in.

    Links in texts are not dependencies: content works without their targets. An unreadable item has no references.
    """
    found: set[ItemKey] = set()
    for type_name in {key.type for key in keys}:
        named = [(reference.path, reference.target) for reference in _references(type_name)]
        named += [(path, "lookml_model") for path in _MODELS.get(type_name, ())]
        paths = {tuple(path.split(".")): target for path, target in named}
        only = {key.id for key in keys if key.type == type_name}
        if not paths:
            continue
        for key, content, _ in vault.scan(type_name, _shape(list(paths)), only):
            if key.id in only:
                found |= {ItemKey(target, value) for path, target in paths.items() for value in _values(content, path)}
    folders = {key for key in {*found, *keys} if key.type == "folder"}
    homes = vault.personal_folders if folders else {}
    return found | {ItemKey("user", homes[key.id]) for key in folders if key.id in homes}


def looks_shown(vault: Vault, keys: Collection[ItemKey]) -> dict[ItemKey, ItemKey]:
    """The looks that tiles of the dashboards among ``keys`` show, each with a dashboard that shows it."""
    only = {key.id for key in keys if key.type == "dashboard"}
    if not only:
        return {}
    shape: Any = _shape([("dashboard_elements[]", "look_id"), ("dashboard_elements[]", "deleted")])
    found: dict[ItemKey, ItemKey] = {}
    for key, content, _ in vault.scan("dashboard", shape, only):
        if key.id in only:
            tiles = (tile for tile in content.dashboard_elements or () if not tile.deleted)
            found |= {ItemKey("look", look): key for tile in tiles for look in _values(tile, ("look_id",))}
    return found
