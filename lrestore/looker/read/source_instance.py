"""The instance that a backup came from, if it still lives: read for what no backup holds, never written to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from lrestore.errors import ForbiddenError, LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import PageCaller
from lrestore.looker.read.access_lists import AccessList, AccessLists
from lrestore.looker.read.live import Live

log = logging.getLogger("lrestore.looker")

_RECENT = 256
"""Number of definitions, of a few kB each, that are kept: planning, creating and checking each need them."""


class Nesting(msgspec.Struct, frozen=True):
    """Which groups are directly in a group, and which have a role: ids of the source, for as many as it tells."""

    inside: dict[str, list[str]] = {}
    holders: dict[str, list[str]] = {}


class Origin:
    """Answers are None where that instance does not have, or does not show, what is asked for.

    Other failures are raised as the LookerErrors that they are, and say where they come from.
    """

    def __init__(self, session: PageCaller) -> None:
        self._session = session
        self._hierarchy = Live(session).hierarchy
        self._single = False
        self._recent = lru_cache(_RECENT)(self._read)

    def query(self, query_id: str) -> JsonObject | None:
        """The definition of a query."""
        return self._recent("query", query_id)

    def merge_query(self, merge_query_id: str) -> JsonObject | None:
        """The definition of a merged query; its source queries are named by id."""
        return self._recent("merge_query", merge_query_id)

    def nesting(self, groups: Iterable[str], roles: Iterable[str]) -> Nesting:
        """The groups in ``groups``, by one listing where the release has it, and the groups that have ``roles``,
        role by role: the specification does not say whether the listing shows inherited roles.
        """
        inside = {group_id: self._inside(group_id) for group_id in groups}
        holders = {role_id: self._ids("role_groups", {"role_id": role_id}) for role_id in roles}
        return Nesting(_known(inside), _known(holders))

    def access(self, folders: Iterable[str]) -> dict[str, AccessList]:
        """The access lists of these folders, if the source instance shows them: one listing, then one or two reads
        each.
        """
        wanted = set(folders)
        rows = self._ask("all_folders", {}, {"fields": "id,content_metadata_id"}) if wanted else None
        lists, found = AccessLists(self._session), {}
        for row in rows or ():
            if str(row["id"]) not in wanted or row.get("content_metadata_id") is None:
                continue
            try:
                found[str(row["id"])] = lists.effective(str(row["content_metadata_id"]))
            except LookerError as error:
                log.warning("cannot read the access list of folder %s from the source instance: %s", row["id"], error)
        return found

    def _inside(self, group_id: str) -> list[str] | None:
        try:
            listed = None if self._single else self._hierarchy.inside(group_id)
        except LookerError as error:
            log.warning("bulk read of the source's groups failed; reading them one by one: %s", error)
            listed, self._single = None, True
        return self._ids("all_group_groups", {"group_id": group_id}) if listed is None else sorted(listed)

    def _ids(self, operation: str, path: Mapping[str, str]) -> list[str] | None:
        """None where the call fails: the other ids can still be read."""
        try:
            rows = self._ask(operation, path, {"fields": "id"})
        except LookerError as error:
            log.warning("%s", error)
            return None
        return None if rows is None else [str(row["id"]) for row in rows]

    def _read(self, operation: str, object_id: str) -> JsonObject | None:
        found: JsonObject | None = self._ask(operation, {f"{operation}_id": object_id}, {})
        return found

    def _ask(self, operation: str, path: Mapping[str, str], query: Mapping[str, object]) -> Any:
        try:
            return self._session.call(operation, path=path, query=query)
        except (ForbiddenError, NotFoundError):
            return None
        except LookerError as error:
            message = f"reading from the source ([source] base_url): {error.message}"
            raise error.with_context(message=message) from error.__cause__


def _known(found: Mapping[str, list[str] | None]) -> dict[str, list[str]]:
    return {one: ids for one, ids in found.items() if ids is not None}
