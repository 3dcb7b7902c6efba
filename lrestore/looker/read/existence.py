"""Whether objects can be referred to: read once per run for each, and updated by the run's own writes.

An item that refers to many objects, as a board does, says so beforehand: then the first question about one of them is
asked about all of them, with one search. A search proves that an object is there, not that it is missing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import Any

from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.reads import Reads, identifying_fields
from lrestore.ontology import CONTENT_TYPES

Expected = Callable[[str], Collection[str]]
"""The ids of the objects of a type that the present item refers to."""

WORTH_A_SEARCH = 3
"""Fewer objects cost no more calls one by one."""
AT_ONCE = 50
USERS_AT_ONCE = 500
"""Nearly every item has an owner, and users are small: they are read in pages, as long as single ones are needed."""
_BETWEEN_PAGES = 10
"""Users that were read one by one before the next page: a page that helps nothing costs a tenth more."""

log = logging.getLogger("lrestore.looker")


class Existence:
    """Objects of types that are not listed. Safe for threads."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[tuple[str, str], bool] = {}
        self._facts: dict[tuple[str, str], JsonObject | None] = {}
        self._lock = threading.Lock()
        self._users = _UserPages()
        self._paging = threading.Lock()
        self._item = threading.local()

    def expect(self, expected: Expected) -> None:
        """The item that this thread works on from now on refers to these objects."""
        self._item.expected = expected

    def of(self, type_name: str, object_id: str) -> bool:
        """Whether the object exists and is not in the trash."""
        key = (type_name, object_id)
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = self._ask(key)
        with self._lock:
            # An object that Looker has shown along with another one has facts, and no entry here yet.
            return self._known.setdefault(key, _can_be_referred_to(found))

    def facts(self, type_name: str, object_id: str) -> JsonObject | None:
        """The fields that identify the object, in the trash or not; None if Looker shows no such object."""
        key = (type_name, object_id)
        with self._lock:
            if key in self._facts:
                return self._facts[key]
        return self._ask(key)

    def facts_now(self, type_name: str, object_id: str) -> JsonObject | None:
        """The same, read again."""
        return self._read((type_name, object_id))

    def _ask(self, key: tuple[str, str]) -> JsonObject | None:
        """Read the object, perhaps together with others that the item refers to."""
        found = self._search(*key).get(key[1])
        if found is None and key[0] == "user":
            found = self._among_users(key[1])
        return found if found is not None else self._read(key)

    def _among_users(self, user_id: str) -> JsonObject | None:
        """The user if a page of all users shows it: one that another thread is reading, or the next one."""
        with self._paging:
            with self._lock:
                known = self._facts.get(("user", user_id))
            if known is None and self._users.is_due():
                self._read_users(self._users.offset)
        with self._lock:
            return self._facts.get(("user", user_id))

    def _read_users(self, offset: int) -> None:
        """Read one page of all users. A page that fails shows none."""
        try:
            names = ",".join(identifying_fields("user"))
            rows = self._reads.page_of_all("user", offset, USERS_AT_ONCE, names)
        except LookerError as error:
            log.debug("bulk read of users failed; reading them one by one: %s", error)
            rows = []
        self._users.shown(len(rows))
        for row in rows:
            self._note(("user", str(row["id"])), row)

    def _read(self, key: tuple[str, str]) -> JsonObject | None:
        found = self._reads.brief(*key)
        self._note(key, found)
        return found

    def _note(self, key: tuple[str, str], found: JsonObject | None) -> None:
        """Remember what Looker shows; an earlier note of this run about the object takes precedence."""
        with self._lock:
            self._known.setdefault(key, _can_be_referred_to(found))
            self._facts[key] = found

    def _search(self, type_name: str, object_id: str) -> dict[str, JsonObject]:
        """The objects of the item that one search shows, by id; none where a search is not worth it, or fails."""
        expected: Expected | None = getattr(self._item, "expected", None)
        if expected is None or CONTENT_TYPES[type_name].search is None:
            return {}
        with self._lock:
            unknown = {one for one in expected(type_name) if (type_name, one) not in self._facts}
        if object_id not in unknown or len(unknown) < WORTH_A_SEARCH:
            return {}
        wanted = {object_id, *sorted(unknown)[: AT_ONCE - 1]}
        try:
            found = self._reads.by_ids(type_name, wanted, ",".join(identifying_fields(type_name)))
        except LookerError as error:
            log.debug("could not search for %d %ss; reading them one by one: %s", len(wanted), type_name, error)
            return {}
        for one, row in found.items():
            self._note((type_name, one), row)
        return found

    def created_at(self, type_name: str, object_id: str) -> Any:
        """The object's ``created_at``, if Looker has shown it."""
        with self._lock:
            return (self._facts.get((type_name, object_id)) or {}).get("created_at")

    def shown(self, type_name: str, obj: JsonObject) -> None:
        """Looker has just shown this object, whether it can be referred to or not."""
        names = identifying_fields(type_name)
        with self._lock:
            self._facts[type_name, str(obj["id"])] = {name: obj[name] for name in names if name in obj}

    def seen(self, type_name: str, rows: Collection[JsonObject]) -> None:
        """Looker has just shown these objects."""
        with self._lock:
            for row in rows:
                self._known[type_name, str(row["id"])] = not row.get("deleted")
        for row in rows:
            self.shown(type_name, row)

    def note(self, type_name: str, object_id: str) -> None:
        """The object is there now: this run has just written it."""
        with self._lock:
            self._known[type_name, object_id] = True

    def forget(self, type_name: str, object_id: str) -> None:
        """The recorded object does not exist."""
        with self._lock:
            self._known.pop((type_name, object_id), None)
            self._facts.pop((type_name, object_id), None)


def _can_be_referred_to(found: JsonObject | None) -> bool:
    return found is not None and not found.get("deleted")


class _UserPages:
    """Tells when the next page of all users is due, and where it begins. Used by one thread at a time."""

    def __init__(self) -> None:
        self._asked = _BETWEEN_PAGES - WORTH_A_SEARCH
        self._ended = False
        self.offset = 0

    def is_due(self) -> bool:
        """A user is asked for that no page has shown. False: it is to be read by itself."""
        self._asked += 1
        if self._ended or self._asked < _BETWEEN_PAGES:
            return False
        self._asked = 0
        return True

    def shown(self, count: int) -> None:
        """The page has shown so many users; after one without any there are no more."""
        self.offset += count
        self._ended = not count
