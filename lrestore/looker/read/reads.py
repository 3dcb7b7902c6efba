"""Reading the destination's objects, one by one, by search, or all of a type. Nothing is remembered here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import Any

from lrestore.errors import NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.users import PEOPLE_FIELDS
from lrestore.ontology import CONTENT_TYPES, OPERATIONS

LISTED = frozenset(
    {"folder", "group", "role", "permission_set", "model_set", "lookml_model", "board", "scheduled_plan"}
)
"""Types that are few or small enough to be read whole: a row per user (personal folders), some per user (plans)."""

_LISTING_QUERY: Mapping[str, Mapping[str, Any]] = {
    # Without it the list holds the caller's own (specification, all_scheduled_plans).
    "scheduled_plan": {"all_users": True},
    "lookml_model": {"fields": "name,project_name,allowed_db_connection_names,unlimited_db_connections,explores"},
}

_UNTIL_EMPTY = 10_000
"""Pages after which a search that never ends is taken for broken."""
_LARGEST_PAGE = 10_000
"""Rows with three fields: half a megabyte."""


class ShiftedPagesError(Exception):
    """The pages of a search do not join: the server ignored the offset, or objects came or went meanwhile."""


def never(ids: Set[str]) -> bool:
    """No number of rows shows by itself that there are no more."""
    return False


def identifying_fields(type_name: str) -> tuple[str, ...]:
    """The fields that say whether an object is there, and tell it from others of its type."""
    if type_name == "user":
        return PEOPLE_FIELDS
    entry = CONTENT_TYPES[type_name]
    flags = (*(["deleted"] if entry.trash else []), *(["created_at"] if entry.created_at else []))
    return tuple(dict.fromkeys((entry.id_field, *flags, *entry.natural_key)))


class Reads:
    """Each method calls Looker, and raises the LookerErrors of the session."""

    def __init__(self, session: Caller) -> None:
        self._session = session

    def whole(self, type_name: str, object_id: str) -> JsonObject | None:
        """One object, None where Looker says 404."""
        return self._one(type_name, object_id, {})

    def brief(self, type_name: str, object_id: str) -> JsonObject | None:
        """The :func:`identifying_fields` of one object; None for a 404."""
        takes_fields = OPERATIONS[CONTENT_TYPES[type_name].get].takes_fields
        return self._one(
            type_name, object_id, {"fields": ",".join(identifying_fields(type_name))} if takes_fields else {}
        )

    def _one(self, type_name: str, object_id: str, query: Mapping[str, object]) -> JsonObject | None:
        operation = OPERATIONS[CONTENT_TYPES[type_name].get]
        try:
            found: JsonObject = self._session.call(operation.id, path={operation.answer.same: object_id}, query=query)
        except NotFoundError:
            return None
        return found

    def listing(self, type_name: str) -> dict[str, JsonObject]:
        """All objects of a listed type by id.

        A listing without any is read once more: an empty answer that is false would have everything made again.
        """
        return self._listing(type_name) or self._listing(type_name)

    def _listing(self, type_name: str) -> dict[str, JsonObject]:
        entry = CONTENT_TYPES[type_name]
        if entry.list_all is None:
            raise ValueError(f"{type_name} has no listing")
        query = _LISTING_QUERY.get(type_name, {})
        if type_name == "group":
            rows: Iterator[JsonObject] = self.pages(entry.list_all, query)
        else:
            rows = iter(self._session.call(entry.list_all, query=query))
        return {str(row[entry.id_field]): row for row in rows}

    def search(self, type_name: str, key: Mapping[str, str | None]) -> list[JsonObject]:
        """The results of a search by these fields, which may be too many; types with a trash include it."""
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query = {name: pattern(value) for name, value in key.items() if value is not None}
        rows = list(self.pages(entry.search, query))
        if entry.trash:
            rows += self.pages(entry.search, {**query, "deleted": True})
        return rows

    def all_live(self, type_name: str) -> Iterator[JsonObject]:
        """Of all objects of a searched type that are not in the trash, id and natural key: one answer."""
        entry = CONTENT_TYPES[type_name]
        if entry.list_all is None:
            raise ValueError(f"{type_name} has no listing")
        yield from self._session.call(entry.list_all, query={"fields": ",".join((entry.id_field, *entry.natural_key))})

    def page_of_all(self, type_name: str, offset: int, limit: int, field_names: str) -> list[JsonObject]:
        """A page of all objects of a type, by id, with the named fields."""
        entry = CONTENT_TYPES[type_name]
        if entry.list_all is None:
            raise ValueError(f"{type_name} has no listing")
        query = {"fields": field_names, "limit": limit, "offset": offset, "sorts": "id"}
        rows: list[JsonObject] = self._session.call(entry.list_all, query=query)
        return rows

    def search_all(self, type_name: str, *, trash: bool) -> Iterator[JsonObject]:
        """Id, natural key and ``deleted`` of all objects that the search shows, page by page, by id; ``trash``: of
        those in the trash. Each page begins with the last row of the page before, which is left out.

        Raises ShiftedPagesError for pages that do not join.
        """
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query: dict[str, Any] = {"fields": ",".join((entry.id_field, *entry.natural_key, "deleted")), "sorts": "id"}
        query |= {"deleted": True} if trash else {}
        last, count = "", 0
        for _ in range(_UNTIL_EMPTY):
            paging = {"limit": min(max(count, 100), _LARGEST_PAGE), "offset": count - 1} if count else {}
            rows = self._session.call(entry.search, query={**query, **paging})
            if count:
                if not rows or str(rows[0][entry.id_field]) != last:
                    raise ShiftedPagesError(f"{entry.search}: the page from row {count} on does not follow the others")
                rows = rows[1:]
            if not rows:
                return
            yield from rows
            last, count = str(rows[-1][entry.id_field]), count + len(rows)

    def flagged(self, type_name: str, flag: str) -> list[JsonObject]:
        """The results of a search for this mark."""
        return list(self.pages(CONTENT_TYPES[type_name].search or "", {flag: True}))

    def by_ids(
        self, type_name: str, ids: Collection[str], field_names: str | None, *, deleted: bool | None = None
    ) -> dict[str, JsonObject]:
        """Those of the objects that exist, with the named fields, in one search (integer parameters take a list).

        ``deleted``: only those in the trash. None for fields: all that a search shows.
        """
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query = {"id": ",".join(sorted(ids)), "fields": field_names, "deleted": deleted}
        found: dict[str, JsonObject] = {}
        for row in self.pages(entry.search, {name: value for name, value in query.items() if value is not None}):
            if str(row.get(entry.id_field)) in ids:
                found[str(row[entry.id_field])] = row
            if len(found) == len(ids):
                break
        return found

    def at_once(self, type_name: str, ids: Collection[str], field_names: str | None = None) -> list[JsonObject]:
        """Those of the objects that one page of a search shows; None: with all that it shows."""
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query = {"id": ",".join(sorted(ids)), "limit": len(ids), "fields": field_names}
        rows = self._session.call(entry.search, query=query)
        return [row for row in rows if str(row["id"]) in ids]

    def pages(
        self, operation_id: str, query: Mapping[str, Any], complete: Callable[[Set[str]], bool] = never
    ) -> Iterator[JsonObject]:
        """All rows of a paged operation, whatever page size the server insists on.

        The first request names no limit; pages follow until one is empty or brings nothing new, or until ``complete``
        says that the ids so far are all. A first page of one row or none is complete: no server pages by one.
        """
        seen: set[str] = set()
        offset = 0
        for _ in range(_UNTIL_EMPTY):
            paging = {"limit": max(offset, 100), "offset": offset} if offset else {}
            rows = self._session.call(operation_id, query={**query, **paging})
            fresh = [row for row in rows if str(row["id"]) not in seen]
            yield from fresh
            seen.update(str(row["id"]) for row in fresh)
            offset += len(rows)
            if not fresh or (offset == len(rows) and len(rows) <= 1) or complete(seen):
                return


def pattern(value: str) -> str:
    """A search parameter that matches ``value``, and perhaps more: results are compared exactly afterwards.

    String search is a case-insensitive LIKE (specification, search_dashboards). ``%`` and ``_`` match themselves when
    left alone; a backslash might be taken for an escape, so it becomes the wildcard for one character.
    """
    return value.replace("\\", "_")


def has(row: Mapping[str, Any], key: Mapping[str, str | None]) -> bool:
    """Whether the fields of a row equal ``key`` exactly; None stands for a field that is null or empty."""
    return all(
        row.get(name) in (None, "") if value is None else row.get(name) is not None and str(row[name]) == value
        for name, value in key.items()
    )
