"""Finds which selected items need which others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from lrestore.graph import circles
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Reference
from lrestore.run.contents import Contents, ItemReferences, has_texts, references, shape_of, values
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
    """

    needs: Needs
    hard: frozenset[tuple[ItemKey, ItemKey]]
    awaits: Needs
    mentions: Needs = field(default_factory=dict)


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


def _is_home(key: ItemKey, homes: Mapping[str, str]) -> bool:
    return key.type == "folder" and key.id in homes


class _Reading:
    """The references of the selected items to each other."""

    def __init__(self, contents: Contents, keys: Collection[ItemKey]) -> None:
        self.wanted = {key: key for key in keys}
        self.types = {key.type for key in self.wanted}
        self._homes = contents.vault.personal_folders if any(key.type == "user" for key in keys) else {}
        self.hard: _Found = defaultdict(set)
        self.first: _Found = defaultdict(set)
        self.awaits: _Found = defaultdict(set)
        self.mentions: Needs = {}
        self._named: dict[tuple[str, str], list[ItemKey]] = defaultdict(list)

    def over(self, contents: Contents, type_name: str) -> None:
        """Follow the references of one type."""
        if not references(type_name) and not has_texts(type_name):
            return
        followed = [(place, one) for place, one in enumerate(references(type_name)) if self._counts(one)]
        for key, named in contents.of(type_name, [key for key in self.wanted if key.type == type_name]):
            if named.user is not None:
                self._named[named.user].append(key)
            for place, reference in followed:
                if named.ids[place] or self._homes:
                    self._refers(key, reference, named.ids[place])
            if named.mentions:
                self._texts(key, named)

    def _counts(self, reference: Reference) -> bool:
        """Whether some item of the run may be meant: itself, or through a personal folder its owner."""
        return reference.target in self.types or (reference.target == "folder" and bool(self._homes))

    def order_namesakes(self) -> None:
        """Order users of the same name one after the other, oldest first.

        A user is created by several calls. Until it has its login, it looks like any other user of its name without
        one.
        """
        for keys in self._named.values():
            in_turn = sorted(keys, key=lambda key: (len(key.id), key.id))
            for earlier, later in pairwise(in_turn):
                self.first[later].add(earlier)

    def _refers(self, key: ItemKey, reference: Reference, ids: Collection[str]) -> None:
        named = [ItemKey(reference.target, one) for one in ids]
        first = _comes_first(reference)
        if reference.target == "folder" and first and self._homes:
            self._owners(key, [*named, key])
        others = [self.wanted[other] for other in named if other in self.wanted and other != key]
        if others:
            kind = self.hard if _is_hard(key.type, reference) else self.first if first else self.awaits
            kind[key].update(others)

    def _owners(self, key: ItemKey, places: Collection[ItemKey]) -> None:
        """Looker creates a personal folder together with its user, so the content of the folder comes
        after the user.
        """
        owners = [ItemKey("user", self._homes[place.id]) for place in places if _is_home(place, self._homes)]
        wanted = [self.wanted[owner] for owner in owners if owner in self.wanted]
        if wanted:
            self.first[key].update(wanted)

    def _texts(self, key: ItemKey, named: ItemReferences) -> None:
        others = [self.wanted[other] for other in named.mentions if other in self.wanted]
        if others:
            self.mentions[key] = tuple(sorted(others))


def links_of(contents: Contents, keys: Collection[ItemKey]) -> Links:
    """The references between the items. Circles of needs are broken at needs that are not hard."""
    found = _Reading(contents, keys)
    for type_name in found.types:
        found.over(contents, type_name)
    found.order_namesakes()
    hard, first = found.hard, found.first
    _open_circles(hard, first, found.awaits)
    needs = {key: tuple(sorted(others)) for key, others in _both(hard, first).items()}
    pairs = frozenset((key, other) for key, others in hard.items() for other in others)
    awaits = {key: tuple(sorted(others)) for key, others in found.awaits.items()}
    return Links(needs, pairs, awaits, found.mentions)


def _both(hard: _Found, first: _Found) -> _Found:
    both = dict(hard)
    for key, others in first.items():
        both[key] = both[key] | others if key in both else others
    return both


def _open_circles(hard: _Found, first: _Found, awaits: _Found) -> None:
    """No item of a circle would ever become ready: turn its needs that are not hard into ``awaits``."""
    both = _both(hard, first)
    needed = set().union(*both.values())
    # A circle has none but items that need others and are needed.
    for circle in circles({key: others & both.keys() for key, others in both.items() if key in needed}):
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
        named = [(reference.path, reference.target) for reference in references(type_name)]
        named += [(path, "lookml_model") for path in _MODELS.get(type_name, ())]
        paths = {tuple(path.split(".")): target for path, target in named}
        only = {key.id for key in keys if key.type == type_name}
        if not paths:
            continue
        for key, content, _ in vault.scan(type_name, shape_of(list(paths)), only):
            if key.id in only:
                found |= {ItemKey(target, value) for path, target in paths.items() for value in values(content, path)}
    folders = {key for key in {*found, *keys} if key.type == "folder"}
    homes = vault.personal_folders if folders else {}
    return found | {ItemKey("user", homes[key.id]) for key in folders if key.id in homes}


def looks_shown(contents: Contents, keys: Collection[ItemKey]) -> dict[ItemKey, ItemKey]:
    """The looks that tiles of the dashboards among ``keys`` show, each with a dashboard that shows it."""
    dashboards = [key for key in keys if key.type == "dashboard"]
    shown = contents.of("dashboard", dashboards)
    return {ItemKey("look", look): dashboard for dashboard, named in shown for look in named.looks}
