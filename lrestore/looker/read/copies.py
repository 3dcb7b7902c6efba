"""Copies of live objects, read in advance for the items that need them. Each copy is used once: it must be fresh."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping

from lrestore.json_types import JsonObject
from lrestore.looker.caller import UndecodedRow

Key = tuple[str, str]
Copy = JsonObject | UndecodedRow


class Copies:
    """Safe for threads. None stands for an object that is not there."""

    def __init__(self, given: Iterable[tuple[Key, JsonObject]] = ()) -> None:
        """``given`` are copies that another process has read, by type and id."""
        self._held: dict[Key, Copy | None] = dict(given)
        self._lock = threading.Lock()

    def take(self, type_name: str, object_id: str) -> tuple[bool, Copy | None]:
        """Whether there is a copy, and the copy, which is removed."""
        key = (type_name, object_id)
        with self._lock:
            return key in self._held, self._held.pop(key, None)

    def holds_none(self, type_name: str, object_id: str) -> bool:
        """Whether the object was looked for, and is not there."""
        with self._lock:
            return self._held.get((type_name, object_id), self) is None

    def keep(self, type_name: str, found: Mapping[str, Copy | None]) -> None:
        """Keep copies by id."""
        with self._lock:
            self._held.update({(type_name, object_id): row for object_id, row in found.items()})

    def without(self, type_name: str, object_ids: Collection[str]) -> set[str]:
        """The ids without a copy."""
        with self._lock:
            return {one for one in object_ids if (type_name, one) not in self._held}

    def of(self, type_name: str) -> dict[str, Copy]:
        """The copies of one type, by id."""
        with self._lock:
            return {key[1]: row for key, row in self._held.items() if key[0] == type_name and row is not None}

    def drop(self, type_name: str) -> None:
        """Drop all copies of a type."""
        with self._lock:
            self._held = {key: row for key, row in self._held.items() if key[0] != type_name}
