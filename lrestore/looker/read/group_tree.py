"""The nesting of the destination's groups and their roles: one listing, read at the first question.

It is paged, and complete once it shows all groups that the listing of groups has shown: that one was read to its end.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import Any

from lrestore.errors import (
    AnswerTimeoutError,
    BadAnswerError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ServerError,
)
from lrestore.json_types import JsonObject

log = logging.getLogger(__name__)

Pages = Callable[[str, Mapping[str, Any], Callable[[Set[str]], bool]], Iterator[JsonObject]]


class GroupTree:
    """Answers are None if Looker does not have the listing (it is younger than API 4.0), or if it has failed once, all
    repetitions included. Safe for threads: maps and rows are replaced, never changed in place.
    """

    def __init__(self, pages: Pages, listed: Callable[[], Collection[str]]) -> None:
        """``pages`` reads all rows of a paged operation, or as many as complete it. ``listed``: the ids of all groups;
        none if they have not been read.
        """
        self._pages = pages
        self._listed = listed
        self._groups: Mapping[str, JsonObject] | None = None
        self._named: dict[str, dict[str, set[str]]] = {}
        self._lock = threading.RLock()

    def above(self, group_id: str) -> set[str] | None:
        """The groups that hold this one, at any depth."""
        known = self._known()
        return _above(known, group_id) if known else None

    def inside(self, group_id: str) -> set[str] | None:
        """The groups directly in this one."""
        return self._naming("parent_group_ids", group_id)

    def holders(self, role_id: str) -> set[str] | None:
        """The groups that have this role."""
        return self._naming("role_ids", role_id)

    def _naming(self, name: str, object_id: str) -> set[str] | None:
        """The groups that name an id in a list of theirs."""
        with self._lock:
            known = self._known()
            if not known:
                return None
            if name not in self._named:
                turned: dict[str, set[str]] = {}
                for group_id, row in known.items():
                    for one in row.get(name) or ():
                        turned.setdefault(str(one), set()).add(group_id)
                self._named[name] = turned
            return set(self._named[name].get(object_id, ()))

    def roles(self, group_id: str) -> set[str] | None:
        """The roles that members get from this group and those above it."""
        known = self._known()
        if not known:
            return None
        over = {group_id, *_above(known, group_id)}
        return {str(role) for one in over for role in known.get(one, {}).get("role_ids") or ()}

    def note(self, group_id: str, other: str, *, inside: bool) -> None:
        """A group has been put into another, or taken out of it."""
        with self._lock:
            if self._groups:
                row = self._groups.get(group_id, {"id": group_id})
                above = [one for one in map(str, row.get("parent_group_ids") or ()) if one != other]
                changed = {**row, "parent_group_ids": [*above, other] if inside else above}
                self._groups = {**self._groups, group_id: changed}
                self._named = {}

    def _known(self) -> Mapping[str, JsonObject]:
        with self._lock:
            if self._groups is None:
                groups = set(self._listed())
                query = {"fields": "id,parent_group_ids,role_ids"}
                try:
                    rows = self._pages(
                        "search_groups_with_hierarchy", query, lambda ids: bool(groups) and groups <= ids
                    )
                    self._groups = {str(row["id"]): row for row in rows}
                except (BadRequestError, ForbiddenError, NotFoundError):
                    self._groups = {}
                except (AnswerTimeoutError, BadAnswerError, ServerError) as error:
                    # Asked again for each user, with all its repetitions, it would hold up the whole run.
                    log.warning(
                        "the listing of nested groups failed; what depends on it is asked of Looker one by one: %s",
                        error,
                    )
                    self._groups = {}
            return self._groups


def _above(known: Mapping[str, JsonObject], group_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [group_id]
    while waiting:
        for parent in map(str, known.get(waiting.pop(), {}).get("parent_group_ids") or ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
