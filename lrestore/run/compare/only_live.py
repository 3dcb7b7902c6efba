"""``--verify=both``: the live objects that the backup does not have. Bulk listings only, and nothing is deleted for it.

Listed are the types that are selected as a whole, narrowed by the filters of the selection. Left out are objects of
Looker's own, the trash, and embed users, whom Looker creates when they log in. In doubt an object counts as backed up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from lrestore.content.identity import same_origin
from lrestore.content.live_facts import live_facts
from lrestore.errors import LookerError
from lrestore.filters import matches, subtree
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED, Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.report.model import OnlyLive
from lrestore.restoration.context import Context
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.resolve import presumed, user_there
from lrestore.run.job import Job
from lrestore.run.select.choose import owner_ids, read_list
from lrestore.selection import Selection, parse_selection

log = logging.getLogger(__name__)

_FIELDS = {
    "dashboard": "id,title,created_at,updated_at,last_updater_id,last_updater_name,user_id,folder_id,deleted,"
    "readonly,model",
    "look": "id,title,created_at,updated_at,last_updater_id,user_id,folder_id,deleted",
    "user": "id,display_name,first_name,last_name,email,verified_looker_employee,is_service_account,credentials_email,"
    "credentials_embed",
}
"""The fields to ask for of types that are searched."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The findings of the comparison, by type and live id: objects that items are, and other objects that have the id
    of an item.
    """

    matched: Set[tuple[str, str]]
    strangers: Set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LiveStrangers:
    """``unlisted``: why the objects of a type are not known, by type; ``types``: those that were to be listed."""

    objects: tuple[OnlyLive, ...] = ()
    unlisted: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _LiveRow:
    """A live object as the filters of a selection read it."""

    key: ItemKey
    name: str
    owner_id: str | None
    updated_at: str
    folder_id: str | None
    deleted: bool = False


def only_live(job: Job, context: Context, seen: Seen) -> LiveStrangers:
    """The live objects that no item of the backup is. Raises StoppedError if no call is left."""
    types = _types(job)
    found: list[OnlyLive] = []
    unlisted: dict[str, str] = {}
    listing = _Listing(job, context, seen)
    for type_name in types:
        try:
            found += listing.of(type_name)
        except LookerError as error:
            log.warning("cannot list %ss to find those that the backup lacks: %s", type_name, error)
            unlisted[type_name] = str(error)
    return LiveStrangers(tuple(found), unlisted, tuple(types))


def _types(job: Job) -> list[str]:
    """The types that are selected as a whole."""
    whole = _selection(job).whole_types()
    known = job.facts.specification.no_types if job.facts.specification is not None else ()
    return [
        name for name in CONTENT_TYPES if name not in known and name != "explore" and (whole is None or name in whole)
    ]


class _Listing:
    def __init__(self, job: Job, context: Context, seen: Seen) -> None:
        self._job = job
        self._context = context
        self._seen = seen
        self._live: Live = context.destination.live
        self._selection = _selection(job)
        self._same = context.backup.same_instance
        self._names: dict[str, frozenset[str]] = {}

    def of(self, type_name: str) -> Iterator[OnlyLive]:
        """Those of one type, by id. Raises LookerError if the type cannot be listed."""
        entry = CONTENT_TYPES[type_name]
        below, owners = self._folders(), self._owners()
        for row in self._rows(type_name):
            if row.get("deleted") or row.get("deleted_at") or is_built_in(entry, row) or _is_embedded(type_name, row):
                continue
            shown = _row(type_name, row)
            wanted = self._is_selected(shown) and matches(shown, self._job.request.filters, below, owners)
            if wanted and not self._is_backed_up(shown.key, shown.name, row):
                facts = live_facts(row)
                yield OnlyLive(
                    type_name, shown.key.id, shown.name, facts.updated_at, facts.updated_by, facts.updated_by_id
                )

    def _rows(self, type_name: str) -> Iterable[JsonObject]:
        if type_name in LISTED:
            return self._live.table(type_name).values()
        entry = CONTENT_TYPES[type_name]
        return self._live.pages(entry.search or "", {"fields": _FIELDS[type_name]})

    def _is_selected(self, row: _LiveRow) -> bool:
        """Ids of another instance mean nothing in the selection."""
        return not self._same or not self._selection.excluded.holds(row.key)

    def _is_backed_up(self, key: ItemKey, name: str, live: JsonObject) -> bool:
        at = (key.type, key.id)
        if at in self._seen.matched or self._on_record(key, live):
            return True
        if at in self._seen.strangers:
            return False
        if not self._same:
            return self._is_outside(key.type, name)
        backed_up = self._job.vault.row(key)
        if backed_up is None or (backed_up.deleted and not self._job.request.filters.include_deleted):
            return False
        own_time = CONTENT_TYPES[key.type].created_at
        return not own_time or same_origin(backed_up.created_at, live.get("created_at")) is not False

    def _on_record(self, key: ItemKey, live: JsonObject) -> bool:
        recorded = self._context.records.recorded_as(key.type, key.id)
        return any(
            proves(key.type, one, live) is not False and self._job.vault.holds(ItemKey(key.type, source_id))
            for source_id, one in recorded.items()
        )

    def _is_outside(self, type_name: str, name: str) -> bool:
        """In another instance: whether a backed-up item that was not compared may be the object, by its name."""
        if type_name not in self._names:
            compared = set(self._job.keys)
            rows = self._job.vault.index({type_name})
            self._names[type_name] = frozenset(row.name for row in rows if row.key not in compared)
        return name in self._names[type_name]

    def _folders(self) -> frozenset[str] | None:
        folder = self._job.request.filters.folder
        if not folder:
            return None
        live_id = presumed(self._context, "folder", folder)
        parents = {one: str(row.get("parent_id") or "") for one, row in self._live.table("folder").items()}
        return frozenset() if live_id is None else subtree(live_id, parents)

    def _owners(self) -> frozenset[str] | None:
        owner = self._job.request.filters.owner
        if not owner:
            return None
        there = (user_there(self._context, one) for one in owner_ids(self._job.vault, owner))
        return frozenset(one for one in there if one is not None)


def _selection(job: Job) -> Selection:
    return parse_selection(job.request.select, job.request.exclude, read_list, include_deleted=True)


def _row(type_name: str, live: JsonObject) -> _LiveRow:
    entry = CONTENT_TYPES[type_name]
    folder = live.get("parent_id") if type_name == "folder" else live.get("folder_id")
    owner = live.get("creator_id") if type_name == "folder" else live.get("user_id")
    return _LiveRow(
        ItemKey(type_name, str(live[entry.id_field])),
        str(live.get(entry.title_field) or live.get("display_name") or ""),
        None if owner is None else str(owner),
        str(live.get("updated_at") or ""),
        None if folder is None else str(folder),
    )


def _is_embedded(type_name: str, live: JsonObject) -> bool:
    """A user whom Looker created when an embedding application logged it in."""
    return type_name == "user" and bool(live.get("credentials_embed")) and not live.get("credentials_email")
