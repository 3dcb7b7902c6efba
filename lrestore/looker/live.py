"""What the destination holds, read as cheaply as possible: small types in one listing each, big ones one by one.

Listings (folders, groups, roles, sets, models with their explores) are read at most once per run and kept up to date
with what the run itself writes. Dashboards and looks are read when their turn comes, because their copy must be fresh.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from lrestore.errors import NotFoundError
from lrestore.ontology import CONTENT_TYPES, OPERATIONS

Object = dict[str, Any]

LISTED = frozenset({"folder", "group", "role", "permission_set", "model_set", "lookml_model"})
"""Types that are few enough to be read whole: at most one row per user (personal folders)."""

_LISTING_QUERY: Mapping[str, Mapping[str, Any]] = {
    "lookml_model": {"fields": "name,project_name,allowed_db_connection_names,unlimited_db_connections,explores"},
}

_UNTIL_EMPTY = 10_000
"""Pages after which a search that never ends is taken for broken."""


class Caller(Protocol):
    """The one thing that is needed of a session: see :class:`lrestore.looker.session.LookerSession`."""

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, str] = ...,
        query: Mapping[str, object] = ...,
        body: object = ...,
    ) -> Any: ...


class Live:
    """The destination's objects, for reading."""

    def __init__(self, session: Caller, tables: dict[str, dict[str, Object]] | None = None) -> None:
        """``tables`` are listings that somebody else has read for all: see :meth:`tables`."""
        self._session = session
        self._tables: dict[str, dict[str, Object]] = tables or {}
        self._bare: set[str] = set()
        self._known: dict[tuple[str, str], bool] = {}
        self._fresh: dict[tuple[str, str], Object | None] = {}
        self._trash: dict[tuple[str, str], Object | None] = {}
        self._lock = threading.RLock()

    def get(self, type_name: str, object_id: str) -> Object | None:
        """One object whole, or None where Looker says 404. A copy put by :meth:`prefetch` is given out once."""
        if type_name in LISTED:
            return self.table(type_name).get(object_id)
        with self._lock:
            if (type_name, object_id) in self._fresh:
                return self._fresh.pop((type_name, object_id))
        return self._read(type_name, object_id)

    def prefetch(self, type_name: str, object_id: str) -> Object | None:
        """Read one object now and keep the copy for the next :meth:`get` of it."""
        found = self._read(type_name, object_id)
        with self._lock:
            self._fresh[type_name, object_id] = found
        return found

    def prefetch_all(self, type_name: str, object_ids: Collection[str]) -> None:
        """Read several objects with one search, and keep the copies for :meth:`get`.

        Whether a search shows an object whole is up to the server: if it does not, this is given up for the type.
        """
        entry = CONTENT_TYPES[type_name]
        if entry.search is None or type_name in self._bare or type_name in LISTED:
            return
        query = {"id": ",".join(sorted(object_ids)), "limit": len(object_ids)}
        rows = [row for row in self._session.call(entry.search, query=query) or () if str(row.get("id")) in object_ids]
        if not all(_whole(type_name, row) for row in rows):
            self._bare.add(type_name)
            return
        with self._lock:
            self._fresh.update({(type_name, str(row["id"])): row for row in rows})
        self._prefetch_trash(type_name, {*object_ids} - {str(row["id"]) for row in rows})

    def _prefetch_trash(self, type_name: str, object_ids: Collection[str]) -> None:
        if not object_ids:
            return
        rows = self.by_ids(type_name, object_ids, None, deleted=True)
        with self._lock:
            self._trash.update({(type_name, object_id): rows.get(object_id) for object_id in object_ids})

    def trashed(self, type_name: str, object_id: str) -> Object | None:
        """The object as a search of the trash shows it, perhaps without its parts; None if it is not there."""
        if not CONTENT_TYPES[type_name].trash:
            return None
        with self._lock:
            if (type_name, object_id) in self._trash:
                return self._trash.pop((type_name, object_id))
        return self.by_ids(type_name, {object_id}, None, deleted=True).get(object_id)

    def tables(self, types: Collection[str]) -> dict[str, dict[str, Object]]:
        """The listings of ``types``, read now unless they are known."""
        return {type_name: self.table(type_name) for type_name in types if type_name in LISTED}

    def beyond(self, type_name: str, object_id: str) -> Object | None:
        """As :meth:`get`, also for an object that the listing lacks: hidden, cut off, or made since it was read."""
        found = self.get(type_name, object_id)
        if found is None and type_name in LISTED:
            found = self._read(type_name, object_id)
            if found is not None:
                with self._lock:
                    self._tables[type_name][object_id] = found
        return found

    def _read(self, type_name: str, object_id: str) -> Object | None:
        operation = OPERATIONS[CONTENT_TYPES[type_name].get]
        try:
            return _object(self._session.call(operation.id, path={_parameter(operation.path): object_id}))
        except NotFoundError:
            return None

    def table(self, type_name: str) -> dict[str, Object]:
        """All objects of a listed type by id."""
        with self._lock:
            if type_name not in self._tables:
                self._tables[type_name] = self._list(type_name)
            return self._tables[type_name]

    def _list(self, type_name: str) -> dict[str, Object]:
        entry = CONTENT_TYPES[type_name]
        if entry.list_all is None:
            raise ValueError(f"{type_name} has no listing")
        query = _LISTING_QUERY.get(type_name, {})
        if type_name == "group":
            rows: Iterator[Object] = self.pages(entry.list_all, query)
        else:
            rows = iter(self._session.call(entry.list_all, query=query) or ())
        return {str(row[entry.id_field]): row for row in rows}

    def put(self, type_name: str, obj: Object) -> None:
        """Note what Looker answered to a write, so that the listing stays true."""
        with self._lock:
            table = self._tables.get(type_name)
            if table is not None:
                key = str(obj[CONTENT_TYPES[type_name].id_field])
                table[key] = {**table.get(key, {}), **obj}

    def forget(self, type_name: str, object_id: str) -> None:
        """The object that was noted is not there after all."""
        with self._lock:
            self._tables.get(type_name, {}).pop(object_id, None)
            self._known.pop((type_name, object_id), None)

    def exists(self, type_name: str, object_id: str) -> bool:
        """Whether the object can be referred to: it is there, and not in the trash. Asked once per run."""
        if type_name in LISTED:
            return object_id in self.table(type_name)
        key = (type_name, object_id)
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = self._brief(type_name, object_id)
        with self._lock:
            self._known[key] = found is not None and not found.get("deleted")
            return self._known[key]

    def note(self, type_name: str, object_id: str) -> None:
        """The object is there now: this run has just written it."""
        with self._lock:
            self._known[type_name, object_id] = True

    def _brief(self, type_name: str, object_id: str) -> Object | None:
        entry = CONTENT_TYPES[type_name]
        operation = OPERATIONS[entry.get]
        names = [entry.id_field, *(["deleted"] if entry.trash else [])]
        query = {"fields": ",".join(names)} if operation.takes_fields else {}
        try:
            return _object(self._session.call(operation.id, path={_parameter(operation.path): object_id}, query=query))
        except NotFoundError:
            return None

    def models(self) -> dict[str, frozenset[str]]:
        """The LookML models and the names of their explores."""
        return {
            name: frozenset(str(explore.get("name")) for explore in model.get("explores") or ())
            for name, model in self.table("lookml_model").items()
        }

    def explore_exists(self, model: str, explore: str) -> bool:
        """Whether a LookML model, and the explore where one is named, is there.

        A listing leaves out internal and hidden models, so the explore itself is asked for before it is called missing.
        """
        explores = self.models().get(model)
        if explores is not None and (not explore or explore in explores):
            return True
        key = ("explore", f"{model}::{explore}")
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = self._ask_for_explore(model, explore)
        with self._lock:
            self._known[key] = found
        return found

    def _ask_for_explore(self, model: str, explore: str) -> bool:
        try:
            if explore:
                path = {"lookml_model_name": model, "explore_name": explore}
                self._session.call("lookml_model_explore", path=path, query={"fields": "name"})
            else:
                self._session.call("lookml_model", path={"lookml_model_name": model}, query={"fields": "name"})
        except NotFoundError:
            return False
        return True

    def find(self, type_name: str, key: Mapping[str, str]) -> list[Object]:
        """The objects whose fields equal ``key`` exactly; of types with a trash, those in the trash too."""
        if type_name in LISTED:
            return [row for row in self.table(type_name).values() if _has(row, key)]
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query = {name: pattern(value) for name, value in key.items()}
        rows = list(self.pages(entry.search, query))
        if entry.trash:
            rows += self.pages(entry.search, {**query, "deleted": True})
        exact = {str(row.get(entry.id_field)): row for row in rows if _has(row, key)}
        return list(exact.values())

    def find_now(self, type_name: str, key: Mapping[str, str]) -> list[Object]:
        """As :meth:`find`, but of a listed type the listing is read anew: to see what a lost answer has left behind."""
        with self._lock:
            self._tables.pop(type_name, None)
        return self.find(type_name, key)

    def by_ids(
        self, type_name: str, ids: Collection[str], field_names: str | None, *, deleted: bool | None = None
    ) -> dict[str, Object]:
        """Those of the objects that exist, with the named fields, in one search (integer parameters take a list).

        ``deleted``: only those in the trash. None for fields: all that a search shows.
        """
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query = {"id": ",".join(sorted(ids)), "fields": field_names, "deleted": deleted}
        rows = self.pages(entry.search, {name: value for name, value in query.items() if value is not None})
        return {str(row[entry.id_field]): row for row in rows if str(row.get(entry.id_field)) in ids}

    def pages(self, operation_id: str, query: Mapping[str, Any]) -> Iterator[Object]:
        """All rows of a paged operation, whatever page size the server insists on.

        The first request names no limit; pages follow until one is empty or brings nothing new. A first page of one row
        or none is complete: no server pages by one.
        """
        seen: set[str] = set()
        offset = 0
        for _ in range(_UNTIL_EMPTY):
            paging = {"limit": max(offset, 100), "offset": offset} if offset else {}
            rows = list(self._session.call(operation_id, query={**query, **paging}) or ())
            fresh = [row for row in rows if str(row.get("id")) not in seen]
            yield from fresh
            seen.update(str(row.get("id")) for row in fresh)
            offset += len(rows)
            if not fresh or (offset == len(rows) and len(rows) <= 1):
                return


def _whole(type_name: str, row: Object) -> bool:
    """Whether a row of a search is all that a read would show, as far as a restore needs it."""
    if type_name != "dashboard":
        return True
    lists = (row.get("dashboard_elements"), row.get("dashboard_filters"), row.get("dashboard_layouts"))
    if not all(isinstance(parts, list) for parts in lists) or not row.get("dashboard_layouts"):
        return False
    return all("dashboard_layout_components" in layout for layout in row["dashboard_layouts"]) and all(
        tile.get("result_maker") or not (tile.get("query_id") or tile.get("look_id"))
        for tile in row["dashboard_elements"]
    )


def pattern(value: str) -> str:
    """A search parameter that matches ``value``, and perhaps more: results are compared exactly afterwards.

    String search is a case-insensitive LIKE (specification, search_dashboards). ``%`` and ``_`` match themselves when
    left alone; a backslash might be taken for an escape, so it becomes the wildcard for one character.
    """
    return value.replace("\\", "_")


def _has(row: Mapping[str, Any], key: Mapping[str, str]) -> bool:
    return all(row.get(name) is not None and str(row[name]) == value for name, value in key.items())


def _parameter(path: str) -> str:
    return path[path.index("{") + 1 : path.index("}")]


def _object(answer: Any) -> Object | None:
    return answer if isinstance(answer, dict) else None
