"""Warnings and skips by reason: one line for many items of the same reason, the items themselves with ``-v``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lrestore.ontology import CONTENT_TYPES
from lrestore.report.model import Item
from lrestore.report.packed_items import Has, having

_ITEM = re.compile(rf"((?:{'|'.join(CONTENT_TYPES)})=[^\s:]+(?:::[^\s:]+)?): (.*)", re.DOTALL)
_INDEX = re.compile(r"\[\d+\]")


def by_reason(warnings: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Warnings (item, text) by reason, in the order of the first of each. Positions of parts do not count; a warning
    of the whole run has no item and is a reason of its own.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for warning in warnings:
        match = _ITEM.fullmatch(warning)
        item, text = (match[1], match[2]) if match else ("", warning)
        found.setdefault(_INDEX.sub("[…]", text) if item else warning, []).append((item, text))
    return found


def skipped_by_reason(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The skipped ones of the items by reason, in the order of the first of each."""
    found: dict[str, list[Item]] = {}
    for item in having(items, Has.SKIPPED):
        found.setdefault(item.reason, []).append(item)
    return found
