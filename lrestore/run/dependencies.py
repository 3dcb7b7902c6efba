"""Which selected items need which others: one pass over the backup, in which only references are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec

from lrestore.errors import ItemError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Reference
from lrestore.references import occurrences
from lrestore.vault.reader import Vault

Needs = dict[ItemKey, tuple[ItemKey, ...]]

HARD = frozenset({"hard", "parent"})


@cache
def _references(type_name: str) -> tuple[Reference, ...]:
    """References by id to other types: hard ones, and the owners, who come first so that they can be named."""
    return tuple(
        reference
        for reference in CONTENT_TYPES[type_name].references
        if reference.target in CONTENT_TYPES
        and (reference.kind in HARD or (reference.kind == "soft" and reference.target == "user"))
    )


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


def needs_of(vault: Vault, keys: Collection[ItemKey]) -> tuple[Needs, frozenset[tuple[ItemKey, ItemKey]]]:
    """What each item needs of the others, and which of these needs are hard (folder, look, set; not an owner)."""
    wanted = set(keys)
    needs: Needs = {}
    hard: set[tuple[ItemKey, ItemKey]] = set()
    for type_name in {key.type for key in wanted}:
        references = _references(type_name)
        paths = {reference: tuple(reference.path.split(".")) for reference in references}
        if not paths:
            continue
        for key, links in vault.contents(type_name, _shape(list(paths.values()))):
            if key not in wanted:
                continue
            found = {
                (ItemKey(reference.target, value), reference.kind in HARD)
                for reference, path in paths.items()
                for value in _values(links, path)
            }
            others = sorted({other for other, _ in found if other in wanted and other != key})
            if others:
                needs[key] = tuple(others)
                hard |= {(key, other) for other, is_hard in found if is_hard and other in wanted and other != key}
    return needs, frozenset(hard)


def referred_to(vault: Vault, key: ItemKey) -> Iterator[ItemKey]:
    """What one item refers to by id: hard references and owners. An unreadable item refers to nothing."""
    try:
        raw = vault.read(key).raw
    except ItemError:
        return
    for reference in _references(key.type):
        for named in occurrences(raw, reference.path):
            yield ItemKey(reference.target, named.value)
