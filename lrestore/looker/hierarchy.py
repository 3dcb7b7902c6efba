"""How the destination's groups lie in each other, and which roles they give: one listing, read when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lrestore.errors import BadRequestError, ForbiddenError, NotFoundError

Object = dict[str, Any]


class Hierarchy:
    """Answers are None where Looker does not tell (the listing is younger than API 4.0)."""

    def __init__(self, pages: Callable[[str, Mapping[str, Any]], Iterator[Object]]) -> None:
        self._pages = pages
        self._groups: dict[str, Object] | None = None
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

    def roles(self, group_id: str) -> set[str] | None:
        """The roles that members get from this group and those above it."""
        above = self.above(group_id)
        if above is None:
            return None
        return {str(role) for one in {group_id, *above} for role in self._known().get(one, {}).get("role_ids") or ()}

    def _known(self) -> dict[str, Object]:
        with self._lock:
            if self._groups is None:
                try:
                    rows = self._pages("search_groups_with_hierarchy", {"fields": "id,parent_group_ids,role_ids"})
                    self._groups = {str(row["id"]): row for row in rows}
                except (BadRequestError, ForbiddenError, NotFoundError):
                    self._groups = {}
            return self._groups
