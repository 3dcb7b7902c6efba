"""Links between content inside texts: translated where the target is known, reported where it is not.

Text tiles, rich content, visualisations and custom fields, descriptions, messages: the paths of kind *text* in the
ontology. A link to the content of another host stays as it is.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from lrestore.content.links import (
    Link,
    New,
    at,
    has_links,
    hosts,
    may_hold_links,
    mentioned,
    rewritten_anywhere,
    rewritten_at,
)
from lrestore.content.palettes import Colours, may_name_colours, recoloured
from lrestore.content.query_links import may_hold_query_links, query_links
from lrestore.content.shapes.boundary import as_dashboard
from lrestore.content.shapes.tile import tile_name
from lrestore.errors import ItemError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.free_maps import VIS_CONFIG
from lrestore.restoration.backup import Backup
from lrestore.restoration.context import Context
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.resolve import mapped, resolve
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard

_BASE = "custom_url_base"
_TILE = re.compile(r"dashboard_elements\[(\d+)\]")
_HOST = re.compile(r"^(https?://)[\w.-]+(?::\d+)?")


@cache
def _paths(type_name: str, *, own: bool) -> tuple[str, ...]:
    """Where an object of the type has texts: in its own fields, or in its parts."""
    entry = CONTENT_TYPES[type_name]
    parts = {part.path.partition("[]")[0] for part in entry.parts}
    texts = (one.path for one in entry.references if one.kind == "text" and one.target != "address")
    return tuple(path for path in texts if (path.partition("[]")[0] not in parts) is own)


class Linker:
    """Rewrites the links of one item, whose id in the destination is ``live_id``, "" before it is made.

    ``planned_again``: what is planned before it is made is planned once more when its id is known, so that a link to
    the item itself needs no second pass. ``warnings`` names the links that cannot be rewritten.
    """

    def __init__(
        self, context: Context, key: ItemKey, deferred: Deferred, live_id: str, *, planned_again: bool = False
    ) -> None:
        self._context = context
        self._planned_again = planned_again
        self._key = key
        self._deferred = deferred
        self._live_id = live_id
        self._same_instance = context.backup.same_instance
        self._hosts = _own_hosts(context.backup)
        self._raw: JsonObject = {}
        self._lost_colours: set[tuple[str, Colours]] = set()
        self.warnings: list[str] = []

    def own(self, item: VaultItem) -> JsonObject:
        """The content of ``item`` with the links of its own fields rewritten."""
        paths, raw = _paths(self._key.type, own=True), item.raw
        values = [raw.get(path.partition("[]")[0]) for path in paths]
        named = not self._same_instance and any(any(query_links(value)) for value in values)
        if not any(map(may_hold_links, values)) and not raw.get(_BASE) and not named:
            whole: JsonObject = raw
            return whole
        return self._over(item, paths)

    def parts(self, item: VaultItem) -> JsonObject:
        """The content of ``item`` with the links of its parts rewritten."""
        return self._over(item, _paths(self._key.type, own=False))

    def value(self, value: Any, path: str) -> Any:
        """Any value with its links rewritten; itself where nothing changes."""
        if path == _BASE:
            return self._moved(value)
        if not self._same_instance:
            self._warn_of_query_links(value, path)
            if path.endswith(VIS_CONFIG):
                value = recoloured(value, partial(self._colours, path=path))
        return rewritten_anywhere(value, lambda link: self._new(link, path))

    def _colours(self, named: Colours, *, path: str) -> Colours:
        """The ids that a visualisation is to have; those that cannot be translated are named with their tile."""
        known = self._context.backup.definitions.colours()
        found = known.translated(named)
        part = self._part(path)
        if found is None and not named.own and (part, named) not in self._lost_colours:
            self._lost_colours.add((part, named))
            ids = ", ".join(
                f"{what} {one!r}"
                for what, one in (("collection", named.collection), ("palette", named.palette))
                if one and not known.has(one)
            )
            why = f"may not be in the destination ({known.unknown})" if known.unknown else "is not in the destination"
            self.warnings.append(f"{part}: colour {ids} {why}: the chart may stay blank until other colours are chosen")
        return found or named

    def _warn_of_query_links(self, value: Any, path: str) -> None:
        for link in query_links(value):
            if not link.host or link.host in self._hosts:
                self.warnings.append(
                    f"{self._part(path)}: the link {link.text!r} ({path}) is left as it is: it names a query of the "
                    "instance that was backed up"
                )

    def _part(self, path: str) -> str:
        """The part of the item in which a path lies, as people would name it."""
        place = _TILE.match(path)
        tiles = as_dashboard(self._raw).get("dashboard_elements") or ()
        return f"tile {tile_name(tiles[int(place[1])])!r}" if place and int(place[1]) < len(tiles) else path

    def _moved(self, url: Any) -> Any:
        """A URL that is followed by a link is one of this instance, too."""
        here = self._context.backup.hosts.here
        own = isinstance(url, str) and here and not self._same_instance and hosts([url]) & self._hosts
        return _HOST.sub(rf"\g<1>{here}", url, count=1) if own else url

    def _over(self, item: VaultItem, paths: tuple[str, ...]) -> JsonObject:
        raw: JsonObject = item.raw
        self._raw = raw
        if not paths or not (self._worth_it(item.blob) or raw.get(_BASE)):
            return raw
        self._hosts = _own_hosts(self._context.backup) | hosts(_share_urls(as_dashboard(raw)))
        if self._same_instance:
            return rewritten_at(raw, [path for path in paths if path != _BASE], self._new)
        for path in paths:
            raw = at(raw, path, self.value)
        return raw

    def _worth_it(self, blob: bytes) -> bool:
        """Whether any link may have to change. Each blob contains the address of its own object, which counts only if
        the object has another id now.
        """
        if not self._same_instance or self._live_id != self._key.id:
            return has_links(blob) or may_name_colours(blob) or may_hold_query_links(blob)
        return any(ItemKey(*named) != self._key for named in mentioned(blob))

    def _new(self, link: Link, path: str) -> New | None:
        if link.host and link.host not in self._hosts:
            return None
        found = self._target(link, path)
        host = self._context.backup.hosts.here if link.host and not self._same_instance else ""
        return None if found is None else (found, host or None)

    def _target(self, link: Link, path: str) -> str | None:
        """The id that the link is to have; None where it stays as it is."""
        key = ItemKey(link.type, link.id)
        if not link.id.isdecimal():
            return link.id if link.host else None
        if key == self._key and (self._live_id or self._planned_again):
            return (self._live_id or None) if link.host or link.id != self._live_id else None
        later = self._deferred.defer_until(key)
        # An item still to come may be on record from an earlier run: keep a link that already leads there.
        known = mapped(self._context, key.type, key.id)
        if known is not None:
            return known
        if later:
            return None
        if self._same_instance:
            return link.id if link.host else None
        found = self._found(key)
        if found is None:
            self.warnings.append(f"{path}: the link to {key} is left as it is: the destination has no such {key.type}")
        return found

    def _found(self, key: ItemKey) -> str | None:
        """Items of the backup may be in the destination without a record of a restore."""
        return self._context.linked.of(
            key, lambda: self._resolved(key) if self._context.backup.source.holds(key) else None
        )

    def _resolved(self, key: ItemKey) -> str | None:
        try:
            return resolve(self._context, key.type, key.id, path="", key=self._key)
        except ItemError:
            return None


def _own_hosts(backup: Backup) -> frozenset[str]:
    here = backup.hosts.here.partition(":")[0]
    return backup.hosts.source | {here} if backup.same_instance and here else backup.hosts.source


def _share_urls(raw: Dashboard) -> set[str]:
    """Queries show the address of the instance that they are of."""
    for tile in raw.get("dashboard_elements") or ():
        query = tile.get("query") or (tile.get("result_maker") or {}).get("query")
        shared = query.get("share_url") if query else None
        if shared:
            return {str(shared)}
    return set()
