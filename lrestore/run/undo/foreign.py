"""Finds content of other people in an object that an undo is about to delete. It is read right before the delete,
and for a plan.

Looker deletes dependent objects too: ``delete_folder`` all content and folders in it, ``delete_user`` the user's plans
(specification). A dashboard or look may take along the plans that send it: the specification does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from typing import Final

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.text.words import shortened

_NAMED = 3
_PLAN: Final = "scheduled_plan"
_ALL_PLANS: Final = {"all_users": True, "fields": "id"}


class Foreign:
    """``own``: objects that the undo deletes too; they do not count as foreign, unless one of them is kept. In a plan,
    neither do the objects in ``left``, which will have been moved out: with the types of the holders that they leave.
    """

    def __init__(self, context: Context, own: Collection[ItemKey], left: Mapping[ItemKey, Set[str]]) -> None:
        self._session = context.destination.session
        self._live = context.destination.live
        self._backup = context.backup
        self._own = set(own)
        self._left = left
        self._questions: dict[str, Callable[[str, JsonObject], Iterator[str]]] = {
            "dashboard": self._sent_dashboard,
            "look": self._sent_look,
            "folder": self._in_folder,
            "group": self._in_group,
            "role": self._with_role,
            "permission_set": self._with_permission_set,
            "model_set": self._with_model_set,
            "user": self._of_user,
        }

    def keep(self, key: ItemKey) -> None:
        """The object stays: from now on it counts as foreign in those that hold it."""
        self._own.discard(key)

    def inside(self, key: ItemKey, live: JsonObject) -> str:
        """The reason to keep the object; "" if it has no foreign content. Raises LookerError if a read fails."""
        question = self._questions.get(key.type)
        found = list(question(key.id, live)) if question else []
        return f"kept because it is in use: {shortened(found, _NAMED)}" if found else ""

    def _sent_dashboard(self, dashboard_id: str, live: JsonObject) -> Iterator[str]:
        path = {"dashboard_id": dashboard_id}
        plans = self._session.call("scheduled_plans_for_dashboard", path=path, query=_ALL_PLANS)
        yield from self._named("dashboard", _PLAN, [one for one in plans if not self._was_orphaned(one)])

    def _sent_look(self, look_id: str, live: JsonObject) -> Iterator[str]:
        plans = self._session.call("scheduled_plans_for_look", path={"look_id": look_id}, query=_ALL_PLANS)
        yield from self._named("look", _PLAN, [one for one in plans if not self._was_orphaned(one)])

    def _was_orphaned(self, plan: JsonObject) -> bool:
        """Whether the plan had nothing to send before the undone session: then it loses nothing."""
        key, undone = ItemKey(_PLAN, str(plan["id"])), self._backup.undone
        if undone is None or not self._backup.source.holds(key) or undone.action(key) != "restore":
            return False
        before = self._backup.read(key).raw
        sent = [(name, before[f"{name}_id"]) for name in ("dashboard", "look") if before.get(f"{name}_id") is not None]
        return bool(sent) and not any(self._live.exists(name, str(one)) for name, one in sent)

    def _in_folder(self, folder_id: str, live: JsonObject) -> Iterator[str]:
        rows = self._pages("search_folders", {"parent_id": folder_id, "fields": "id,parent_id"})
        yield from self._named("folder", "folder", [row for row in rows if str(row.get("parent_id")) == folder_id])
        for trashed in (False, True):
            for type_name, operation in (("dashboard", "search_dashboards"), ("look", "search_looks")):
                query = {"folder_id": folder_id, "fields": "id", "deleted": trashed}
                yield from self._named("folder", type_name, self._pages(operation, query))

    def _in_group(self, group_id: str, live: JsonObject) -> Iterator[str]:
        for type_name, operation in (("user", "all_group_users"), ("group", "all_group_groups")):
            rows = self._session.call(operation, path={"group_id": group_id}, query={"fields": "id"})
            yield from self._named("group", type_name, rows)

    def _with_role(self, role_id: str, live: JsonObject) -> Iterator[str]:
        query = {"fields": "id", "direct_association_only": True}
        yield from self._named("role", "user", self._session.call("role_users", path={"role_id": role_id}, query=query))
        rows = self._session.call("role_groups", path={"role_id": role_id}, query={"fields": "id"})
        yield from self._named("role", "group", rows)

    def _with_permission_set(self, set_id: str, live: JsonObject) -> Iterator[str]:
        yield from self._roles("permission_set", set_id)

    def _with_model_set(self, set_id: str, live: JsonObject) -> Iterator[str]:
        yield from self._roles("model_set", set_id)

    def _roles(self, name: str, set_id: str) -> Iterator[str]:
        rows = self._session.call("all_roles")
        yield from self._named(name, "role", [row for row in rows if str((row.get(name) or {}).get("id")) == set_id])

    def _of_user(self, user_id: str, live: JsonObject) -> Iterator[str]:
        if _has_logged_in(live):
            yield "the user has logged in"
        for type_name, operation in (("dashboard", "search_dashboards"), ("look", "search_looks")):
            yield from self._named("user", type_name, self._pages(operation, {"user_id": user_id, "fields": "id"}))
        plans = self._session.call("all_scheduled_plans", query={"user_id": user_id, "fields": "id"})
        yield from self._named("user", _PLAN, plans)
        if live.get("personal_folder_id") is not None:
            yield from self._in_folder(str(live["personal_folder_id"]), live)

    def _pages(self, operation: str, query: Mapping[str, object]) -> Iterable[JsonObject]:
        return self._live.pages(operation, dict(query))

    def _named(self, holder: str, type_name: str, rows: Iterable[JsonObject] | None) -> Iterator[str]:
        for row in rows or ():
            key = ItemKey(type_name, str(row["id"]))
            if key not in self._own and holder not in self._left.get(key, ()):
                yield str(key)


def _has_logged_in(live: JsonObject) -> bool:
    """Whether any login of the user has been used."""
    logins = [value for name, value in live.items() if name.startswith("credentials_")]
    listed = [one for login in logins for one in (login if isinstance(login, list) else [login])]
    return any(isinstance(one, dict) and one.get("logged_in_at") for one in listed)
