"""Pair live objects and backed-up ones of the same name, where names are not unique. Pure functions.

Items and objects are paired by what they hold, by the strictest trait first. Only objects that are equal in everything
may be exchanged for each other; where less is equal, a pair has to be the only one. An item that fits several objects
is in doubt: it is neither written nor created again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

P = TypeVar("P", bound=Mapping[str, object])
"""One type of object."""

Trait = tuple[Callable[[P], Hashable], Callable[[P], Hashable]]
"""A value to compare: of an item of the backup, and of a live object. None equals nothing."""

Likeness = Literal["same", "doubtful", "other"]
"""The verdict on a live object that has the name of an item and no trait in common: the item, if no other has that
name; perhaps the item; another object."""


@dataclass(frozen=True, slots=True)
class Traits(Generic[P]):
    """The traits that distinguish objects of the same name. ``traits``: the strictest first; ``rest`` judges an item
    and an object that have none in common.
    """

    traits: Sequence[Trait[P]]
    rest: Callable[[P, P], Likeness]


@dataclass(frozen=True, slots=True)
class Pairing(Generic[P]):
    """The live object that an item is, none, or several of which each may be it (``doubtful``)."""

    rows: tuple[P, ...] = ()
    doubtful: bool = False


def pair_namesakes(
    item_id: str, items: Mapping[str, P], rows: Mapping[str, P], traits_of_type: Traits[P]
) -> Pairing[P]:
    """The live object of the item ``item_id`` among ``rows``, all by id. ``items`` are the backup's of the same name,
    the item itself included; nothing on either side is known to belong to something else.
    """
    ours = {one: items[one] for one in sorted(items, key=_by_age)}
    theirs = {one: rows[one] for one in sorted(rows, key=_by_age)}
    for index, trait in enumerate(traits_of_type.traits):
        for our_ids, their_ids in _alike(ours, theirs, trait):
            if index == 0 and item_id in our_ids and len(their_ids) > len(our_ids):
                return Pairing(tuple(theirs[one] for one in their_ids), doubtful=True)
            if index > 0 and not len(our_ids) == len(their_ids) == 1:
                continue
            for our_id, their_id in zip(our_ids, their_ids, strict=False):
                if our_id == item_id:
                    return Pairing((theirs[their_id],))
                del ours[our_id]
                del theirs[their_id]
    return _of_the_rest(items[item_id], list(ours.values()), list(theirs.values()), traits_of_type)


def _of_the_rest(item: P, items: list[P], rows: list[P], traits_of_type: Traits[P]) -> Pairing[P]:
    left = [row for row in rows if traits_of_type.rest(item, row) != "other"]
    if not left:
        return Pairing()
    rivals = [one for one in items if traits_of_type.rest(one, left[0]) != "other"]
    alone = len(left) == len(rivals) == 1
    return Pairing(tuple(left), doubtful=not (alone and traits_of_type.rest(item, left[0]) == "same"))


def _alike(ours: Mapping[str, P], theirs: Mapping[str, P], trait: Trait[P]) -> list[tuple[list[str], list[str]]]:
    """The ids on both sides that have a trait in common."""
    groups: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, (objects, value_of) in enumerate(zip((ours, theirs), trait, strict=True)):
        for one, obj in objects.items():
            value = value_of(obj)
            if value is not None:
                groups[value][side].append(one)
    return [group for group in groups.values() if all(group)]


def _by_age(object_id: str) -> tuple[int, str]:
    """Looker counts: a shorter id is older."""
    return len(object_id), object_id
