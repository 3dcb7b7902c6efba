"""Copies beside the originals: looks and dashboards that are made anew in one live folder, whatever exists already.

A copied item has a title, a slug and a folder of its own. It is never matched with an existing object: only what the
copying session has made itself is its counterpart. Mappings of copies are recorded under a source instance of their
own, so that no other session takes a copy for the original.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Self

import msgspec

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.stand_in_names import generated_slug
from lrestore.state.records import MappingRoute
from lrestore.vault.items import VaultItem

COPIED = frozenset({"dashboard", "look"})
"""The types that can be copied."""

TITLE = "{title} (backup {date})"

_PLACEHOLDER = re.compile(r"\{(title|date|id)\}")

_LONGEST = 245
"""Characters of a title, with room for a number: a database column commonly holds 255."""

_QUERIES = frozenset({"query", "merge_query"})

_PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Where copies go and what they are called.

    ``folder`` is the id of a live folder, ``title`` a template. ``id`` is the session that began the copies (or that
    planned them): sessions that complete these copies have the same. ``titles`` holds the title of each copied item,
    by item ("dashboard=42"). ``sessions`` are those that made or completed these copies before.
    """

    folder: str
    title: str = TITLE
    id: str = ""
    titles: dict[str, str] = {}
    sessions: tuple[str, ...] = ()

    def completed_after(self, session_id: str) -> Self:
        """The same copies, for a session that completes what that one could not."""
        return msgspec.structs.replace(self, sessions=(*self.sessions, session_id))

    def copies(self, key: ItemKey) -> bool:
        """Whether the item is copied."""
        return str(key) in self.titles

    def copy_of(self, item: VaultItem) -> VaultItem:
        """The item as it is copied: with the title and the slug of the copy, and out of the trash. An item that is not
        copied comes back as it is.
        """
        title = self.titles.get(str(item.key))
        if title is None:
            return item
        raw = _alive(item.raw)
        raw |= {"title": title, "folder_id": self.folder}
        if raw.get("public"):
            # A copy is to be looked at: it gets no public address.
            raw["public"] = False
        if "slug" in CONTENT_TYPES[item.key.type].natural_key:
            raw["slug"] = generated_slug(item.key, {"slug": self.id})
        return replace(item, name=title, raw=raw)

    def recorded_elsewhere(self, type_name: str, source_id: str) -> bool:
        """Whether the mappings of ordinary sessions count for an object of the backup: it is not copied, and no part
        of a copied item.
        """
        if type_name in _QUERIES:
            return True
        return type_name in CONTENT_TYPES and not self.copies(ItemKey(type_name, source_id))

    def instance(self, source_instance: str) -> str:
        """The name under which mappings of these copies are recorded."""
        return f"{source_instance} (copies {self.id})"


def _alive(raw: JsonObject) -> JsonObject:
    """The content of an item that is not in the trash: the parts of a trashed dashboard are shown as deleted, too."""
    if not raw.get("deleted"):
        return dict(raw)
    found = {**raw, "deleted": False}
    for path in _PARTS:
        if isinstance(raw.get(path), list):
            found[path] = [_part_alive(part) for part in raw[path]]
    return found


def _part_alive(part: JsonObject) -> JsonObject:
    found = {name: value for name, value in part.items() if name != "deleted"}
    places = found.get("dashboard_layout_components")
    return found | ({"dashboard_layout_components": [_part_alive(one) for one in places]} if places else {})


def for_items(judgement: Judgement, beside: Beside | None) -> Judgement:
    """The judgement that counts for the items themselves: an id of the backup does not identify a copy."""
    return judgement if beside is None else replace(judgement, instance="other")


def filled_template(template: str, values: dict[str, str]) -> str:
    """The template with its placeholders filled in. A long title is cut so that the text around it fits."""
    text = _PLACEHOLDER.sub(lambda found: values[found[1]], template).strip()
    over, title = len(text) - _LONGEST, values["title"]
    if over <= 0:
        return text
    cut = title[: max(0, len(title) - over - 1)].rstrip() + "…"
    return _PLACEHOLDER.sub(lambda found: {**values, "title": cut}[found[1]], template).strip()[:_LONGEST]


def free_title(wanted: str, taken: set[str]) -> str:
    """``wanted``, with a number if it is taken. ``taken`` holds case-folded titles: Looker's database may compare them
    without case.
    """
    title, number = wanted, 1
    while title.casefold() in taken:
        number += 1
        title = f"{wanted} ({number})"
    return title


def route_of(route: MappingRoute, beside: Beside | None) -> MappingRoute:
    """The key of the mappings that a session records. ``route`` is that of ordinary sessions."""
    if beside is None:
        return route
    return msgspec.structs.replace(route, source_instance=beside.instance(route.source_instance))
