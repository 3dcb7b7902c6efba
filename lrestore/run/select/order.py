"""The order of a restore: tiers of the ontology first, folders by depth, ids in natural order.

``lrestore.graph.DependencyGraph`` hands out ready items in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES


def in_order(keys: Iterable[ItemKey], parents: Mapping[str, str]) -> list[ItemKey]:
    """``keys`` in an order in which items come after those that they need. ``parents``: folder id → parent id in the
    backup.
    """
    tiers: dict[int, list[ItemKey]] = {}
    for key in keys:
        tiers.setdefault(CONTENT_TYPES[key.type].tier, []).append(key)
    found: list[ItemKey] = []
    for _, of_tier in sorted(tiers.items()):
        if any(key.type == "folder" for key in of_tier):
            of_tier.sort(key=lambda key: (depth(key, parents), natural(key.id)))
        else:
            of_tier.sort(key=lambda key: natural(key.id))
        found += of_tier
    return found


def depth(key: ItemKey, parents: Mapping[str, str]) -> int:
    """The number of folders from this one to the root; 0 for other types. A circle, which only broken data contains, is
    followed once.
    """
    if key.type != "folder":
        return 0
    seen: set[str] = set()
    here: str | None = key.id
    while here is not None and here not in seen:
        seen.add(here)
        here = parents.get(here)
    return len(seen)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts 9 before 10, also inside names."""
    if text.isascii() and text.isdecimal():
        return ((0, int(text), ""),)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D+", text))
