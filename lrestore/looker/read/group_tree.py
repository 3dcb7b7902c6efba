"""How the destination's groups lie in each other, and which roles they give: one listing, read when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lrestore.errors import BadRequestError, ForbiddenError, NotFoundError
from lrestore.json_types import JsonObject


class Hierarchy:
    """Answers are None where Looker does not tell (the listing is younger than API 4.0)."""

    def __init__(self, pages: Callable[[str, Mapping[str, Any]], Iterator[JsonObject]]) -> None:
        self._pages = pages
        self._groups: dict[str, JsonObject] | None = None
        self._named: dict[str, dict[str, set[str]]] = {}
        self._lock = threading.Lock()

    def above(self, group_id: str) -> set[str] | None:
        """The groups that hold this one, at any depth."""
        if not self._known():
            return None
        found: set[str] = set()
        waiting = [group_id]
        while waiting:
            for parent in map(str, self._known().get(waiting.pop(), {}).get("parent_group_ids") or ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def inside(self, group_id: str) -> set[str] | None:
        """The groups directly in this one."""
        return self._turned("parent_group_ids").get(group_id, set()) if self._known() else None

    def holders(self, role_id: str) -> set[str] | None:
        """The groups that have this role."""
        return self._turned("role_ids").get(role_id, set()) if self._known() else None

    def _turned(self, name: str) -> dict[str, set[str]]:
        """The groups that name each id in a list of theirs."""
        found = self._named.get(name)
        if found is None:
            found = {}
            for group_id, row in list(self._known().items()):
                for one in row.get(name) or ():
                    found.setdefault(str(one), set()).add(group_id)
            self._named = {**self._named, name: found}
        return found

    def roles(self, group_id: str) -> set[str] | None:
        """The roles that members get from this group and those above it."""
        above = self.above(group_id)
        if above is None:
            return None
        return {str(role) for one in {group_id, *above} for role in self._known().get(one, {}).get("role_ids") or ()}

    def note(self, group_id: str, other: str, *, inside: bool) -> None:
        """A group has been put into another, or taken out of it."""
        with self._lock:
            if self._groups:
                row = self._groups.setdefault(group_id, {"id": group_id})
                above = [one for one in map(str, row.get("parent_group_ids") or ()) if one != other]
                row["parent_group_ids"] = [*above, other] if inside else above
                self._named = {}

    def _known(self) -> dict[str, JsonObject]:
        with self._lock:
            if self._groups is None:
                try:
                    rows = self._pages("search_groups_with_hierarchy", {"fields": "id,parent_group_ids,role_ids"})
                    self._groups = {str(row["id"]): row for row in rows}
                except (BadRequestError, ForbiddenError, NotFoundError):
                    self._groups = {}
            return self._groups
