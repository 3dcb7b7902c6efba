"""Whether objects can be referred to: read once per run for each, and updated by the run's own writes."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.looker.read.reads import Reads, telling


class Existence:
    """Objects of types that are not listed. Safe for threads."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[tuple[str, str], bool] = {}
        self._facts: dict[tuple[str, str], JsonObject | None] = {}
        self._lock = threading.Lock()

    def of(self, type_name: str, object_id: str) -> bool:
        """Whether the object exists and is not in the trash."""
        key = (type_name, object_id)
        with self._lock:
            if key in self._known:
                return self._known[key]
        self._ask(key)
        with self._lock:
            return self._known[key]

    def facts(self, type_name: str, object_id: str) -> JsonObject | None:
        """The fields that identify the object, in the trash or not; None if Looker shows no such object."""
        key = (type_name, object_id)
        with self._lock:
            if key in self._facts:
                return self._facts[key]
        return self._ask(key)

    def facts_now(self, type_name: str, object_id: str) -> JsonObject | None:
        """The same, read again."""
        return self._ask((type_name, object_id))

    def _ask(self, key: tuple[str, str]) -> JsonObject | None:
        """Read the object; an earlier note of this run about it takes precedence."""
        found = self._reads.brief(*key)
        with self._lock:
            self._known.setdefault(key, found is not None and not found.get("deleted"))
            self._facts[key] = found
            return found

    def created_at(self, type_name: str, object_id: str) -> Any:
        """The object's ``created_at``, if Looker has shown it."""
        with self._lock:
            return (self._facts.get((type_name, object_id)) or {}).get("created_at")

    def shown(self, type_name: str, obj: JsonObject) -> None:
        """Looker has just shown this object, whether it can be referred to or not."""
        names = telling(type_name)
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
