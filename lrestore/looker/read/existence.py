"""Which objects can be referred to: asked once per run for each, and known again from what the run writes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.looker.read.reads import Reads


class Existence:
    """Objects of types that are not listed. Safe for threads."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[tuple[str, str], bool] = {}
        self._born: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def of(self, type_name: str, object_id: str) -> bool:
        """Whether the object is there, and not in the trash."""
        key = (type_name, object_id)
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = self._reads.brief(type_name, object_id)
        with self._lock:
            self._born[key] = (found or {}).get("created_at")
            return self._known.setdefault(key, found is not None and not found.get("deleted"))

    def created_at(self, type_name: str, object_id: str) -> Any:
        """When the object was created, as far as it has been shown."""
        with self._lock:
            return self._born.get((type_name, object_id))

    def seen(self, type_name: str, rows: Iterable[JsonObject]) -> None:
        """Looker has just shown these objects."""
        with self._lock:
            for row in rows:
                self._known[type_name, str(row["id"])] = not row.get("deleted")
                self._born[type_name, str(row["id"])] = row.get("created_at")

    def note(self, type_name: str, object_id: str) -> None:
        """The object is there now: this run has just written it."""
        with self._lock:
            self._known[type_name, object_id] = True

    def forget(self, type_name: str, object_id: str) -> None:
        """The object that was noted is not there after all."""
        with self._lock:
            self._known.pop((type_name, object_id), None)
