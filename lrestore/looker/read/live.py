"""What the destination holds, read as cheaply as possible: small types in one listing each, big ones one by one.

Listings (folders, groups, roles, sets, models with their explores) are read at most once per run and kept up to date
with what the run itself writes. Dashboards and looks are read when their turn comes, because their copy must be fresh.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lrestore.errors import NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.folder_tree import FolderTree
from lrestore.looker.read.group_tree import Hierarchy
from lrestore.looker.read.lookml import Definitions
from lrestore.looker.read.users import People, emails_of
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


class Live:
    """The destination's objects, for reading."""

    def __init__(self, session: Caller, tables: dict[str, dict[str, JsonObject]] | None = None) -> None:
        """``tables`` are listings that somebody else has read for all: see :meth:`tables`, :meth:`read_ahead`."""
        self._session = session
        given = tables or {}
        self._tables = {type_name: table for type_name, table in given.items() if type_name in LISTED}
        self._explore_names: dict[str, tuple[JsonObject, frozenset[str]]] = {}
        self._bare: set[str] = set()
        self._known: dict[tuple[str, str], bool] = {}
        self._born: dict[tuple[str, str], Any] = {}
        self._fresh: dict[tuple[str, str], JsonObject | None] = {
            (type_name, object_id): row
            for type_name, table in given.items()
            if type_name not in LISTED
            for object_id, row in table.items()
        }
        self._trash: dict[tuple[str, str], JsonObject | None] = {}
        self._tree: FolderTree | None = None
        self._personal: dict[str, str] = {}
        self._lock = threading.RLock()
        self.definitions = Definitions(session)
        self.people = People(session, self.pages)
        self.hierarchy = Hierarchy(self.pages)

    def get(self, type_name: str, object_id: str) -> JsonObject | None:
        """One object whole, or None where Looker says 404. A copy put by :meth:`prefetch` is given out once."""
        if type_name in LISTED:
            return self.table(type_name).get(object_id)
        with self._lock:
            if (type_name, object_id) in self._fresh:
                return self._fresh.pop((type_name, object_id))
        return self._read(type_name, object_id)

    def prefetch(self, type_name: str, object_id: str) -> JsonObject | None:
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
        with self._lock:
            object_ids = {one for one in object_ids if (type_name, one) not in self._fresh}
        if not object_ids:
            return
        query = {"id": ",".join(sorted(object_ids)), "limit": len(object_ids)}
        rows = [row for row in self._session.call(entry.search, query=query) or () if str(row.get("id")) in object_ids]
        if not all(whole(type_name, row) for row in rows):
            self._bare.add(type_name)
            return
        with self._lock:
            self._fresh.update({(type_name, str(row["id"])): row for row in rows})
            self._known.update({(type_name, str(row["id"])): not row.get("deleted") for row in rows})
            self._born.update({(type_name, str(row["id"])): row.get("created_at") for row in rows})
        if entry.trash:
            self._prefetch_trash(type_name, {*object_ids} - {str(row["id"]) for row in rows})

    def read_ahead(self, type_name: str) -> dict[str, JsonObject]:
        """What :meth:`prefetch_all` has read of a type and nobody has asked for yet, by id."""
        with self._lock:
            return {key[1]: row for key, row in self._fresh.items() if key[0] == type_name and row is not None}

    def _prefetch_trash(self, type_name: str, object_ids: Collection[str]) -> None:
        if not object_ids:
            return
        rows = self.by_ids(type_name, object_ids, None, deleted=True)
        with self._lock:
            self._trash.update({(type_name, object_id): rows.get(object_id) for object_id in object_ids})

    def trashed(self, type_name: str, object_id: str) -> JsonObject | None:
        """The object as a search of the trash shows it, perhaps without its parts; None if it is not there."""
        if not CONTENT_TYPES[type_name].trash:
            return None
        with self._lock:
            if (type_name, object_id) in self._trash:
                return self._trash.pop((type_name, object_id))
        return self.by_ids(type_name, {object_id}, None, deleted=True).get(object_id)

    def tables(self, types: Collection[str]) -> dict[str, dict[str, JsonObject]]:
        """The listings of ``types``, read now unless they are known."""
        return {type_name: self.table(type_name) for type_name in types if type_name in LISTED}

    def beyond(self, type_name: str, object_id: str) -> JsonObject | None:
        """As :meth:`get`, also for an object that the listing lacks: hidden, cut off, or made since it was read."""
        found = self.get(type_name, object_id)
        if found is None and type_name in LISTED:
            found = self._read(type_name, object_id)
            if found is not None:
                self.put(type_name, found)
        return found

    def _read(self, type_name: str, object_id: str) -> JsonObject | None:
        operation = OPERATIONS[CONTENT_TYPES[type_name].get]
        try:
            return _object(self._session.call(operation.id, path={_parameter(operation.path): object_id}))
        except NotFoundError:
            return None

    def table(self, type_name: str) -> dict[str, JsonObject]:
        """All objects of a listed type by id."""
        with self._lock:
            if type_name not in self._tables:
                self._tables[type_name] = self._list(type_name)
            return self._tables[type_name]

    def _list(self, type_name: str) -> dict[str, JsonObject]:
        entry = CONTENT_TYPES[type_name]
        if entry.list_all is None:
            raise ValueError(f"{type_name} has no listing")
        query = _LISTING_QUERY.get(type_name, {})
        if type_name == "group":
            rows: Iterator[JsonObject] = self.pages(entry.list_all, query)
        else:
            rows = iter(self._session.call(entry.list_all, query=query) or ())
        return {str(row[entry.id_field]): row for row in rows}

    def put(self, type_name: str, obj: JsonObject) -> None:
        """Note what Looker answered to a write, so that the listing stays true."""
        with self._lock:
            table = self._tables.get(type_name)
            if table is not None:
                key = str(obj[CONTENT_TYPES[type_name].id_field])
                old = table.get(key)
                table[key] = {**(old or {}), **obj}
                self._shift(type_name, old, table[key])

    def forget(self, type_name: str, object_id: str) -> None:
        """The object that was noted is not there after all."""
        with self._lock:
            old = self._tables.get(type_name, {}).pop(object_id, None)
            self._shift(type_name, old, None)
            self._known.pop((type_name, object_id), None)

    def _shift(self, type_name: str, old: JsonObject | None, new: JsonObject | None) -> None:
        if type_name != "folder" or self._tree is None:
            return
        if old is not None:
            self._tree.drop(old)
        if new is not None:
            self._tree.put(new)

    def tree(self) -> FolderTree:
        """The folders by place and owner."""
        with self._lock:
            if self._tree is None:
                self._tree = FolderTree(self.table("folder").values())
            return self._tree

    def folders_at(self, parent_id: str, name: str) -> list[JsonObject]:
        """The folders of a parent that have the name, whatever its case: Looker lets there be but one."""
        with self._lock:
            table = self.table("folder")
            return [table[object_id] for object_id in sorted(self.tree().at(parent_id, name))]

    def personal_folder(self, user_id: str) -> str | None:
        """The id of a user's personal folder, from the listing where that tells, else as the user's own record says."""
        with self._lock:
            shown = self.tree().personal(user_id)
            known = self._personal.get(user_id)
        if known is not None or len(shown) == 1:
            return known or next(iter(shown))
        fields = {"fields": "id,personal_folder_id"}
        try:
            user = _object(self._session.call("user", path={"user_id": user_id}, query=fields)) or {}
        except NotFoundError:
            return None
        found = user.get("personal_folder_id")
        if found is None:
            return None
        with self._lock:
            self._personal[user_id] = str(found)
        return str(found)

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
            self._born[key] = (found or {}).get("created_at")
            return self._known[key]

    def created_at(self, type_name: str, object_id: str) -> Any:
        """When an object that :meth:`exists` was created, as far as it has been shown."""
        if type_name in LISTED:
            return self.table(type_name).get(object_id, {}).get("created_at")
        with self._lock:
            return self._born.get((type_name, object_id))

    def note(self, type_name: str, object_id: str) -> None:
        """The object is there now: this run has just written it."""
        with self._lock:
            self._known[type_name, object_id] = True

    def _brief(self, type_name: str, object_id: str) -> JsonObject | None:
        entry = CONTENT_TYPES[type_name]
        operation = OPERATIONS[entry.get]
        names = [entry.id_field, *(["deleted"] if entry.trash else []), *(["created_at"] if entry.created_at else [])]
        query = {"fields": ",".join(names)} if operation.takes_fields else {}
        try:
            return _object(self._session.call(operation.id, path={_parameter(operation.path): object_id}, query=query))
        except NotFoundError:
            return None

    def _explores(self, model: str) -> frozenset[str] | None:
        """The names of a model's explores, put together once: they are asked for with every tile."""
        listed = self.table("lookml_model").get(model)
        if listed is None:
            return None
        known = self._explore_names.get(model)
        if known is None or known[0] is not listed:
            names = frozenset(str(explore.get("name")) for explore in listed.get("explores") or ())
            known = self._explore_names[model] = (listed, names)
        return known[1]

    def explore_exists(self, model: str, explore: str) -> bool:
        """Whether a LookML model, and the explore where one is named, is there.

        A listing leaves out internal and hidden models, so the explore itself is asked for before it is called missing.
        """
        explores = self._explores(model)
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

    def find(self, type_name: str, key: Mapping[str, str]) -> list[JsonObject]:
        """The objects whose fields equal ``key`` exactly; of types with a trash, those in the trash too."""
        if type_name == "folder" and {"parent_id", "name"} <= key.keys():
            return [row for row in self.folders_at(key["parent_id"], key["name"]) if _has(row, key)]
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

    def find_now(self, type_name: str, key: Mapping[str, str]) -> list[JsonObject]:
        """As :meth:`find`, but of a listed type the listing is read anew: to see what a lost answer has left behind."""
        self.look_anew(type_name)
        return self.find(type_name, key)

    def look_anew(self, type_name: str) -> None:
        """Forget what has been read of a type: somebody else has written since."""
        with self._lock:
            self._tables.pop(type_name, None)
            self._fresh = {key: row for key, row in self._fresh.items() if key[0] != type_name}
            self._trash = {key: row for key, row in self._trash.items() if key[0] != type_name}
            if type_name == "folder":
                self._tree = None

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

    def pages(self, operation_id: str, query: Mapping[str, Any]) -> Iterator[JsonObject]:
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


def whole(type_name: str, row: JsonObject) -> bool:
    """Whether a row of a search is all that a read would show, as far as a restore needs it."""
    if type_name == "user":
        explained = not row.get("email") or bool(emails_of({**row, "email": None}))
        members = isinstance(row.get("role_ids"), list) and isinstance(row.get("group_ids"), list)
        return members and "is_disabled" in row and explained
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


def _object(answer: Any) -> JsonObject | None:
    return answer if isinstance(answer, dict) else None
