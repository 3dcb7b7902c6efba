"""Which selected items need which others: one pass over the backup, in which only references are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from lrestore.errors import ItemError
from lrestore.graph import circles
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Reference
from lrestore.references import occurrences
from lrestore.vault.reader import Vault

Needs = dict[ItemKey, tuple[ItemKey, ...]]

_Found = dict[ItemKey, set[ItemKey]]

HARD = frozenset({"hard", "parent"})


@dataclass(frozen=True, slots=True)
class Links:
    """How selected items hang together.

    ``needs``: what is to be settled before an item; ``hard``: those of these pairs without which it cannot be (folder,
    look, set; not an owner). ``awaits``: what an item refers to without having to wait for it (the roles of a user):
    if it is not there yet, the item is restored once more in the end.
    """

    needs: Needs
    hard: frozenset[tuple[ItemKey, ItemKey]]
    awaits: Needs


@cache
def _references(type_name: str) -> tuple[Reference, ...]:
    """References by id to other types of content."""
    return tuple(
        reference
        for reference in CONTENT_TYPES[type_name].references
        if reference.target in CONTENT_TYPES and reference.kind in HARD | {"soft", "edge"}
    )


def _comes_first(reference: Reference) -> bool:
    """Owners come before what they own, so that they can be named; roles and home folders of users come after them."""
    return reference.kind in HARD or (reference.kind == "soft" and reference.target == "user")


def _shape(paths: Collection[tuple[str, ...]]) -> type[msgspec.Struct]:
    """A Struct that has just the fields on these paths, nested as they are."""
    below: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for step, *rest in paths:
        below[step].append(tuple(rest))
    fields: list[tuple[str, Any, Any]] = []
    for step, rests in below.items():
        deeper = [rest for rest in rests if rest]
        inner: Any = _shape(deeper) if deeper else Any
        fields.append((step.removesuffix("[]"), list[inner] | None if step.endswith("[]") else inner | None, None))
    return msgspec.defstruct("Links", fields)


def _values(node: Any, steps: tuple[str, ...]) -> Iterator[str]:
    if node is None:
        return
    if not steps:
        if isinstance(node, str | int) and not isinstance(node, bool) and node != "":
            yield str(node)
        return
    found = getattr(node, steps[0].removesuffix("[]"), None)
    for entry in (found or ()) if steps[0].endswith("[]") else (found,):
        yield from _values(entry, steps[1:])


def links_of(vault: Vault, keys: Collection[ItemKey]) -> Links:
    """What each item needs, and what it refers to besides. Circles of needs are opened where a need is not hard."""
    wanted = set(keys)
    hard: _Found = defaultdict(set)
    first: _Found = defaultdict(set)
    awaits: _Found = defaultdict(set)
    for type_name in {key.type for key in wanted}:
        references = _references(type_name)
        paths = {reference: tuple(reference.path.split(".")) for reference in references}
        if not paths:
            continue
        for key, links in vault.contents(type_name, _shape(list(paths.values()))):
            if key not in wanted:
                continue
            for reference, path in paths.items():
                others = {ItemKey(reference.target, value) for value in _values(links, path)} & wanted
                others.discard(key)
                if others:
                    into = hard if reference.kind in HARD else first if _comes_first(reference) else awaits
                    into[key] |= others
    _open_circles(hard, first, awaits)
    needs = {key: tuple(sorted({*hard.get(key, ()), *first.get(key, ())})) for key in {*hard, *first}}
    pairs = frozenset((key, other) for key, others in hard.items() for other in others)
    return Links(needs, pairs, {key: tuple(sorted(others)) for key, others in awaits.items()})


def _open_circles(hard: _Found, first: _Found, awaits: _Found) -> None:
    """In a circle nobody would ever be ready: what is not hard in it is not waited for but awaited."""
    both = {key: {*hard.get(key, ()), *first.get(key, ())} for key in {*hard, *first}}
    for circle in circles(both):
        members = set(circle)
        for key in circle:
            soft = first.get(key, set()) & members - hard.get(key, set())
            if soft:
                first[key] -= soft
                awaits[key] |= soft


def referred_to(vault: Vault, key: ItemKey) -> Iterator[ItemKey]:
    """What one item refers to by id, memberships included. An unreadable item refers to nothing."""
    try:
        raw = vault.read(key).raw
    except ItemError:
        return
    for reference in _references(key.type):
        for named in occurrences(raw, reference.path):
            yield ItemKey(reference.target, named.value)
