"""Warnings and skips by reason: one line for many items of the same reason, the items themselves with ``-v``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from lrestore.ontology import CONTENT_TYPES
from lrestore.report.model import Item, Report
from lrestore.report.packed_items import Has, having

_ITEM = re.compile(rf"((?:{'|'.join(CONTENT_TYPES)})=[^\s:]+(?:::[^\s:]+)?): (.*)", re.DOTALL)
_INDEX = re.compile(r"\[\d+\]")


def by_reason(
    warnings: Iterable[str], names: Mapping[str, str] = MappingProxyType({})
) -> dict[str, list[tuple[str, str]]]:
    """Warnings (item, text) by reason, in the order of the first of each. Positions of parts do not count; a warning
    of the whole run has no item and is a reason of its own. An item is ``dashboard=42``, and its name if ``names`` has
    it.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for warning in warnings:
        match = _ITEM.fullmatch(warning)
        item, text = (f"{match[1]} {names.get(match[1], '')}".rstrip(), match[2]) if match else ("", warning)
        found.setdefault(_INDEX.sub("[…]", text) if item else warning, []).append((item, text))
    return found


def warned(report: Report) -> dict[str, str]:
    """The names of the items to which the report has warnings."""
    return {str(item.key): item.name for item in having(report.items, Has.WARNINGS)}


def skipped_by_reason(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The skipped ones of the items by reason, in the order of the first of each."""
    found: dict[str, list[Item]] = {}
    for item in having(items, Has.SKIPPED):
        found.setdefault(item.reason, []).append(item)
    return found
