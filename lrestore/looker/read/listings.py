"""All objects of one type, read at most once and updated by the run's own writes.

A listing that fails proves nothing about its objects: they are then read or searched for one by one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from copy import copy

from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.folder_tree import FolderTree
from lrestore.looker.read.reads import Reads, has
from lrestore.ontology import CONTENT_TYPES

ObjectsById = dict[str, JsonObject]

SEARCHED: Mapping[str, frozenset[str]] = {
    "folder": frozenset({"name", "parent_id"}),
    **dict.fromkeys(("group", "role", "permission_set", "model_set"), frozenset({"name"})),
    "board": frozenset({"title"}),
}
"""The search fields of a type, used if its listing is not available (specification, search_…)."""

_SEARCHED_FLAGS = frozenset({"is_shared_root", "is_users_root"})
"""The same, for marks of which search_folders takes some."""

_ASK_AGAIN_AFTER_S = 60.0
"""A listing that took too long, or that failed, is not requested again before this time."""

log = logging.getLogger("lrestore.looker")


class Listing:
    """The listing of one type. Safe for threads: they get copies, rows are replaced and never changed in place."""

    def __init__(self, type_name: str, reads: Reads) -> None:
        self._type = type_name
        self._id_field = CONTENT_TYPES[type_name].id_field
        self._reads = reads
        self._rows: ObjectsById | None = None
        self._single: dict[str, JsonObject | None] = {}
        """The objects that were read one by one; None for an object that does not exist."""
        self._failure: LookerError | None = None
        self._failed_at_s = 0.0
        self._tree: FolderTree | None = None
        self._lock = threading.RLock()

    def given(self, rows: ObjectsById | None) -> None:
        """Take over the listing of another process; None if it failed there."""
        with self._lock:
            self._rows = rows
            if rows is None:
                what = f"the {self._type}s could not be listed when the run began"
                self._fail(LookerError(what, hint="see the log for the reason; a new run lists them again"))

    def table(self) -> ObjectsById:
        """A copy of the listing, by id. Raises the LookerError of a failed listing."""
        with self._lock:
            return dict(self._all())

    def table_if_any(self) -> ObjectsById | None:
        """A copy of the listing; None if it failed."""
        with self._lock:
            return dict(self._all()) if self._listed() else None

    def get(self, object_id: str) -> JsonObject | None:
        """One object; None if the listing lacks it. LookerErrors of a single read are raised."""
        with self._lock:
            if self._listed():
                return self._all().get(object_id)
            if object_id in self._single:
                return self._single[object_id]
        found = self._reads.whole(self._type, object_id)
        with self._lock:
            return self._single.setdefault(object_id, found)

    def shown(self, object_id: str) -> JsonObject | None:
        """One object if the listing shows it. No call is made for it alone."""
        with self._lock:
            return self._all().get(object_id) if self._listed() else None

    def read_ids(self) -> frozenset[str]:
        """The ids of the objects if they have been listed, none if not. Makes no call."""
        with self._lock:
            return frozenset(self._rows or ())

    def read(self, object_id: str) -> JsonObject | None:
        """One object as Looker shows it now, kept for the next :meth:`get`."""
        found = self._reads.whole(self._type, object_id)
        if found is not None:
            self.put(found)
        return found

    def find(self, key: Mapping[str, str | None]) -> list[JsonObject]:
        """The objects whose fields equal ``key`` exactly. Raises LookerErrors if only the listing can answer."""
        if self._listed():
            with self._lock:
                return [row for row in self._all().values() if has(row, key)]
        return [row for row in self._searched(key) if has(row, key)]

    def _searched(self, key: Mapping[str, str | None]) -> list[JsonObject]:
        """Candidates for ``key`` without the listing: found by id, or by the fields that a search takes."""
        object_id = key.get(self._id_field)
        if object_id is not None:
            found = self.get(object_id)
            return [found] if found is not None else []
        asked = {name: value for name, value in key.items() if value and name in SEARCHED.get(self._type, ())}
        if not asked:
            return list(self.table().values())
        return self._reads.search(self._type, asked)

    def put(self, obj: JsonObject) -> None:
        """Record Looker's answer to a write."""
        object_id = str(obj[self._id_field])
        with self._lock:
            if self._rows is not None:
                old = self._rows.get(object_id)
                self._rows[object_id] = new = {**(old or {}), **obj}
                self._shift(old, new)
            elif self._failure is not None:
                self._single[object_id] = {**(self._single.get(object_id) or {}), **obj}

    def forget(self, object_id: str) -> None:
        """Remove a recorded object that does not exist."""
        with self._lock:
            self._single.pop(object_id, None)
            if self._rows is not None:
                self._shift(self._rows.pop(object_id, None), None)

    def look_anew(self) -> None:
        """Forget the listing: another process has written since."""
        with self._lock:
            self._rows = self._tree = None
            self._single.clear()

    def at(self, parent_id: str, name: str) -> list[JsonObject]:
        """The folders of a parent that have the name, whatever its case."""
        if self._listed():
            with self._lock:
                rows = self._all()
                return [rows[object_id] for object_id in sorted(self._folders().at(parent_id, name))]
        rows_found = self._reads.search(self._type, {"parent_id": parent_id, "name": name})
        return [
            row
            for row in rows_found
            if str(row.get("parent_id")) == parent_id and str(row.get("name")).casefold() == name.casefold()
        ]

    def flagged(self, flag: str) -> str | None:
        """The id of the first folder with that mark."""
        if self._listed() or flag not in _SEARCHED_FLAGS:
            rows = list(self.table().values())
        else:
            rows = self._reads.flagged(self._type, flag)
        return next((str(row[self._id_field]) for row in rows if row.get(flag)), None)

    def personal(self, user_id: str) -> frozenset[str]:
        """The ids of the personal folders that the listing shows as made for a user."""
        if not self._listed():
            return frozenset()
        with self._lock:
            return self._folders().personal(user_id)

    def _folders(self) -> FolderTree:
        if self._tree is None:
            self._tree = FolderTree(self._all().values())
        return self._tree

    def _shift(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if self._tree is None:
            return
        if old is not None:
            self._tree.drop(old)
        if new is not None:
            self._tree.put(new)

    def _listed(self) -> bool:
        """Whether there is a listing. A failed one is not requested again if single reads are sufficient."""
        with self._lock:
            if self._rows is None and self._failure is None:
                try:
                    self._all()
                except LookerError as error:
                    log.warning("bulk read of %ss failed; reading them one by one: %s", self._type, error)
            return self._rows is not None

    def _all(self) -> ObjectsById:
        if self._rows is None:
            if self._failure is not None and time.monotonic() - self._failed_at_s < _ASK_AGAIN_AFTER_S:
                raise copy(self._failure)
            try:
                self._rows = self._reads.listing(self._type)
            except LookerError as error:
                self._fail(error)
                raise
            self._failure = None
        return self._rows

    def _fail(self, error: LookerError) -> None:
        self._failure, self._failed_at_s = error, time.monotonic()
