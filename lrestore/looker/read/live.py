"""The destination's objects, read with few calls: small types in one listing each, big ones one by one.

Listings (folders, groups, roles, sets, models with their explores) are read at most once per run and updated by the
run's own writes. Dashboards and looks are read when they are restored, because their copy must be fresh. Each cache has
one owner with a lock: a listing per type, copies read in advance, existence, explores.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import PageCaller
from lrestore.looker.read.existence import Existence, Expected
from lrestore.looker.read.explores import Explores
from lrestore.looker.read.group_tree import GroupTree
from lrestore.looker.read.index import InstanceIndex, SeesAll, never
from lrestore.looker.read.index_files import Shared
from lrestore.looker.read.listings import Listing, ObjectsById
from lrestore.looker.read.lookml import LookmlDefinitions
from lrestore.looker.read.made import Made
from lrestore.looker.read.page_sizes import PageSizes
from lrestore.looker.read.personal_folders import PersonalFolders
from lrestore.looker.read.reads import LISTED, Reads, has, identifying_fields
from lrestore.looker.read.searches import Searches
from lrestore.looker.read.single_objects import SingleObjects, whole
from lrestore.looker.read.users import People
from lrestore.ontology import CONTENT_TYPES

__all__ = ["LISTED", "Live", "whole"]

log = logging.getLogger("lrestore.looker")

_PASSED_ON = frozenset({"folder", "group", "role", "permission_set", "model_set"})
"""Types of which others need a field of the object that they refer to. Each row is whole when it is created: that of a
board, to which its parts are added later, is never passed on."""


class Live:
    """Reads the objects of the destination. Callers may change the lists and maps that they get: none is shared."""

    def __init__(
        self,
        session: PageCaller,
        tables: Mapping[str, ObjectsById | None] | None = None,
        *,
        sees_all: SeesAll = never,
        shared: Shared | None = None,
    ) -> None:
        """``tables`` are listings that another process has read for all, None where that failed, and copies of
        objects of other types: see :meth:`tables`, :meth:`read_ahead`. ``sees_all``, ``shared``: see
        :class:`InstanceIndex`.
        """
        self._session = session
        self._reads = Reads(session)
        self.index = InstanceIndex(self._reads, sees_all, shared)
        self._listings = {type_name: Listing(type_name, self._reads) for type_name in LISTED}
        for type_name in LISTED & (tables or {}).keys():
            self._listings[type_name].given((tables or {})[type_name])
        given = {name: table or {} for name, table in (tables or {}).items() if name not in LISTED}
        self._existence = Existence(self._reads)
        for type_name, copies in given.items():
            self._existence.seen(type_name, copies.values())
        rows = (((name, one), row) for name, copies in given.items() for one, row in copies.items())
        self.page_sizes = PageSizes()
        self._searches = Searches(session, self.page_sizes)
        self._single = SingleObjects(self._reads, self._searches, self._existence, self.index, rows)
        self._made = Made(shared, self._take_over)
        self._second_hand: set[tuple[str, str]] = set()
        """Objects whose rows another process has passed on when it wrote them."""
        self._explores = Explores(session, self._listings["lookml_model"])
        self._personal = PersonalFolders(session, self._listings["folder"])
        self.definitions = LookmlDefinitions(session, shared)
        self.people = People(session, self.pages)
        self.hierarchy = GroupTree(self._reads.pages, self._listings["group"].read_ids)

    def get(self, type_name: str, object_id: str) -> JsonObject | None:
        """One object whole, or None where Looker says 404. A copy put by :meth:`prefetch` is given out once."""
        if type_name in LISTED:
            return self._listings[type_name].get(object_id)
        return self._single.get(type_name, object_id)

    def prefetch(self, type_name: str, object_id: str) -> JsonObject | None:
        """Read one object now and keep the copy for the next :meth:`get` of it."""
        return self._single.prefetch(type_name, object_id)

    def brief_all(self, type_name: str, object_ids: Collection[str], field_names: str) -> dict[str, JsonObject]:
        """The named fields of those objects that one page of a search shows, by id."""
        return {str(row["id"]): row for row in self._reads.at_once(type_name, object_ids, field_names)}

    def prefetch_all(self, type_name: str, object_ids: Collection[str], *, trash: bool = False) -> None:
        """Read several objects with few searches, and keep the copies for :meth:`get`. ``trash``: it also gives out
        those that the search of the trash shows, perhaps without their parts; otherwise each of these is read.

        Whether a search shows an object whole is up to the server: if it does not, this is given up for the type.
        """
        self._single.prefetch_all(type_name, object_ids, trash=trash)

    def read_ahead(self, type_name: str) -> dict[str, JsonObject]:
        """The objects of a type that :meth:`prefetch_all` has read and that are still unused, by id."""
        return self._single.read_ahead(type_name)

    def searched_in_vain(self, type_name: str, object_id: str) -> bool:
        """Whether the searches of :meth:`prefetch_all` have shown no such object. Makes no call."""
        return self._single.searched_in_vain(type_name, object_id)

    def trashed(self, type_name: str, object_id: str) -> JsonObject | None:
        """The object as a search of the trash shows it, perhaps without its parts; None if it is not there."""
        return self._single.trashed(type_name, object_id)

    def tables(self, types: Collection[str]) -> dict[str, ObjectsById | None]:
        """The listings of ``types``, read now unless they are known; None for those that Looker does not give."""
        return {name: self._listings[name].table_if_any() for name in types if name in LISTED}

    def beyond(self, type_name: str, object_id: str) -> JsonObject | None:
        """As :meth:`get`, also for an object that the listing lacks: hidden, cut off, or made since it was read."""
        if (type_name, object_id) in self._second_hand:
            # Its item is restored here, perhaps in a second pass: another process may have written to it since.
            self._second_hand.discard((type_name, object_id))
            return self._listings[type_name].read(object_id)
        found = self.get(type_name, object_id)
        return self._listings[type_name].read(object_id) if found is None and type_name in LISTED else found

    def table(self, type_name: str) -> ObjectsById:
        """All objects of a listed type by id. Raises the LookerError of a listing that fails: where one object
        is wanted, :meth:`get` does without it.
        """
        return self._listings[type_name].table()

    def put(self, type_name: str, obj: JsonObject, changed: Collection[str] | None = None) -> None:
        """Record Looker's answer to a write, so that listing and index stay correct. ``changed``: the fields that were
        written of an object that was there: the index has it already, unless they identify it.
        """
        if changed is None or not {"deleted", *CONTENT_TYPES[type_name].natural_key}.isdisjoint(changed):
            self.index.note(type_name, obj)
        if type_name in LISTED:
            self._listings[type_name].put(obj)

    def forget(self, type_name: str, object_id: str) -> None:
        """The object that was noted is not there after all."""
        if type_name in LISTED:
            self._listings[type_name].forget(object_id)
        self._existence.forget(type_name, object_id)

    def folders_at(self, parent_id: str, name: str) -> list[JsonObject]:
        """The folders of a parent that have the name, whatever its case: Looker lets there be but one."""
        return self._listings["folder"].at(parent_id, name)

    def flagged_folder(self, flag: str) -> str | None:
        """The id of the folder that Looker marks so (``is_shared_root`` …), None where there is none."""
        return self._listings["folder"].flagged(flag)

    def personal_folder(self, user_id: str) -> str | None:
        """The id of a user's personal folder, from the listing where that tells, else as the user's own record says."""
        return self._personal.of(user_id)

    def exists(self, type_name: str, object_id: str) -> bool:
        """Whether the object can be referred to: it is there, and not in the trash. Asked once per run."""
        if type_name in LISTED:
            return self._listings[type_name].get(object_id) is not None
        return self._existence.of(type_name, object_id)

    def expect(self, expected: Expected) -> None:
        """The item that this thread works on from now on refers to these objects: see :class:`Existence`."""
        self._existence.expect(expected)

    def created_at(self, type_name: str, object_id: str) -> Any:
        """When an object that :meth:`exists` was created, as far as it has been shown."""
        if type_name in LISTED:
            return (self._listings[type_name].get(object_id) or {}).get("created_at")
        return self._existence.created_at(type_name, object_id)

    def facts(self, type_name: str, object_id: str) -> JsonObject | None:
        """The fields that identify the object, in the trash or not; None where Looker shows no such object. Costs a
        call where none of it has been read yet.
        """
        if type_name in LISTED:
            return self.beyond(type_name, object_id)
        return self._existence.facts(type_name, object_id)

    def facts_now(self, type_name: str, object_id: str) -> JsonObject | None:
        """The same, read again: another process has written the object since."""
        if type_name in LISTED:
            return self._listings[type_name].read(object_id)
        return self._existence.facts_now(type_name, object_id)

    def note(self, type_name: str, object_id: str) -> None:
        """The object is there now: this run has just written it."""
        self._existence.note(type_name, object_id)
        row = self._listings[type_name].shown(object_id) if type_name in _PASSED_ON else None
        if row is not None or type_name not in _PASSED_ON:
            self._made.note(type_name, object_id, row)

    def exists_surely(self, type_name: str, object_id: str) -> None:
        """Looker has shown that the object is there, if not all that identifies it."""
        self._existence.note(type_name, object_id)

    def confirm(self, type_name: str, object_id: str, source_id: str) -> None:
        """The object is there, not in the trash, and provably the backed-up one: this run has just compared it."""
        if type_name not in LISTED:
            self._existence.note(type_name, object_id)
            self._made.note(type_name, object_id, source_id=source_id)

    def confirmed(self, type_name: str, object_id: str, source_id: str) -> bool:
        """Whether a process of this run has confirmed that. Makes no call."""
        return type_name not in LISTED and self._made.has(type_name, object_id, source_id)

    def _take_over(self, type_name: str, row: JsonObject) -> None:
        """Another process has written the object. What this one has been shown of it may be newer."""
        listing = self._listings[type_name]
        self._second_hand.add((type_name, str(row[CONTENT_TYPES[type_name].id_field])))
        if listing.shown(str(row[CONTENT_TYPES[type_name].id_field])) is None:
            listing.put(row)

    def made(self, type_name: str, object_id: str) -> bool:
        """Whether a process of this run has written or confirmed the object, so that it is there. Makes no call."""
        return self._made.has(type_name, object_id)

    def explore_exists(self, model: str, explore: str) -> bool:
        """Whether a LookML model, and the explore where one is named, is there."""
        return self._explores.exists(model, explore)

    def find(self, type_name: str, key: Mapping[str, str | None]) -> list[JsonObject]:
        """The objects whose fields equal ``key`` exactly, None for one that is unset; of types with a trash, those in
        the trash too.
        """
        if type_name == "folder" and {"parent_id", "name"} <= key.keys():
            return [row for row in self.folders_at(str(key["parent_id"]), str(key["name"])) if has(row, key)]
        if type_name in LISTED:
            return self._listings[type_name].find(key)
        return self._single.find(type_name, key)

    def foresee(self, type_name: str, object_id: str, fields: JsonObject) -> None:
        """Let searches show the object with these fields from now on: a plan would give it them."""
        self._single.foresee(type_name, object_id, fields)

    def find_now(self, type_name: str, key: Mapping[str, str | None]) -> list[JsonObject]:
        """As :meth:`find`, but of a listed type the listing is read anew: to see what a lost answer has left behind."""
        self.look_anew(type_name)
        return self.find(type_name, key)

    def look_anew(self, type_name: str) -> None:
        """Forget everything read of a type: another process has written since."""
        if type_name in LISTED:
            self._listings[type_name].look_anew()
        self._single.look_anew(type_name)

    def brief(self, type_name: str, object_id: str) -> JsonObject | None:
        """Of one object its id and ``created_at``, as Looker shows them now; None for a 404."""
        return self._reads.brief(type_name, object_id)

    def by_ids(
        self, type_name: str, ids: Collection[str], field_names: str | None, *, deleted: bool | None = None
    ) -> dict[str, JsonObject]:
        """Those of the objects that exist, with the named fields, in one search (integer parameters take a list).

        ``deleted``: only those in the trash. None for fields: all that a search shows.
        """
        return self._reads.by_ids(type_name, ids, field_names, deleted=deleted)

    def shown_by_ids(self, type_name: str, ids: Collection[str], field_names: str) -> dict[str, JsonObject]:
        """The named fields of those of the objects that few searches show, by id. A search that fails shows none."""
        found: dict[str, JsonObject] = {}
        try:
            for _, rows in self._searches.of(field_names).by_ids(type_name, ids):
                found |= {one: row.head for one, row in rows.items()}
        except LookerError as error:
            log.debug("bulk read of %ss failed after %d of %d: %s", type_name, len(found), len(ids), error)
        return found

    def seen_by_ids(self, type_name: str, ids: Collection[str]) -> dict[str, JsonObject]:
        """The same with the fields that identify an object; what is shown is not asked for again."""
        found = self.shown_by_ids(type_name, ids, ",".join(identifying_fields(type_name)))
        self.shown(type_name, found.values())
        return found

    def shown(self, type_name: str, rows: Collection[JsonObject]) -> None:
        """Looker has just shown these objects, with the fields that identify them, as part of others or in a search."""
        self._existence.seen(type_name, rows)

    def pages(self, operation_id: str, query: Mapping[str, Any]) -> Iterator[JsonObject]:
        """All rows of a paged operation, whatever page size the server insists on."""
        return self._reads.pages(operation_id, query)
