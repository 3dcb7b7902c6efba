"""Snapshots of an instance in which no id occurs: what two instances must have in common after a migration.

An oracle that shares no code with the restore: whatever refers to something else is described by what that is called
and where it lies. Two instances with the same content have the same snapshots, however their ids differ.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import Record, World

WRITABLE: dict[str, frozenset[str]] = {
    schema: frozenset(names)
    for schema, names in json.loads(
        Path(__file__).with_name("snapshot_fields.json").read_text(encoding="utf-8")
    ).items()
}
"""The fields of each schema that can be written: those that neither of Looker's published documents (Swagger 2 and
OpenAPI 3 of API 4.0, release 26.12) marks as read-only, and three that only the SDK's models have. This is not the
product's own list, so that a field that it forgets is missed. Left out are ids that mean nothing elsewhere
(``result_maker_id``, ``client_id``), what only acts (``run_once``, image data) and the deprecated alias of
``filters_string`` (``dashboard_filters``).
"""

SCHEMAS = {
    "user": "User",
    "group": "Group",
    "role": "Role",
    "permission_set": "PermissionSet",
    "model_set": "ModelSet",
    "folder": "UpdateFolder",
    "lookml_model": "LookmlModel",
    "look": "LookWithQuery",
    "dashboard": "Dashboard",
    "board": "Board",
    "scheduled_plan": "ScheduledPlan",
}
"""Types that have a snapshot of their own, with the schema that says what of them can be written."""

_LINK = re.compile(r"/(dashboards-next|embed/dashboards|dashboards|looks|folders|boards)/(\d+)(?!\w)")
_LINKED = {"looks": "look", "folders": "folder", "boards": "board"}
_BY_CHANCE = frozenset({"ui_state", "models_dir_validated", "lookml_link_id", "primary_homepage", "client_id"})
_ROOTS = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root")


def snapshots(world: World) -> dict[str, Counter[str]]:
    """For each type, how often each snapshot occurs; what Looker makes by itself is left out."""
    painter = _Painter(world)
    return {kind: Counter(painter.all(kind)) for kind in SCHEMAS}


class _Painter:
    def __init__(self, world: World) -> None:
        self._world = world

    def all(self, kind: str) -> Iterator[str]:
        paint: Callable[[Record], Any] = getattr(self, f"_{kind}", lambda record: {})
        for record in self._world.table(kind):
            if not _of_looker(kind, record):
                yield self._text({**self._own(kind, record), **paint(record)})

    def _text(self, snapshot: Any) -> str:
        text = json.dumps(snapshot, sort_keys=True, default=str, ensure_ascii=False)
        return _LINK.sub(self._link, text)

    def _link(self, found: re.Match[str]) -> str:
        kind = _LINKED.get(found[1], "dashboard")
        return f"/{found[1]}/<{self.name(kind, found[2])}>"

    def name(self, kind: str, object_id: str | None) -> Any:
        """The name and the location of the object."""
        record = self._world.table(kind).get(object_id)
        if record is None:
            return None if object_id is None else f"no {kind} {object_id}"
        if kind == "folder":
            return self._path(record)
        if kind in ("dashboard", "look"):
            return f"{self.name('folder', record['folder_id'])}/{record['title']}"
        if kind == "user":
            return record["email"] or f"{record['first_name']} {record['last_name']}"
        if kind == "query":
            return self._query(record)
        return record.get("name") or record.get("title")

    def _path(self, folder: Record) -> str:
        if folder["is_personal"]:
            return f"~{self.name('user', folder['creator_id'])}"
        if any(folder[flag] for flag in _ROOTS) or folder["parent_id"] is None:
            return str(folder["name"])
        return f"{self.name('folder', folder['parent_id'])}/{folder['name']}"

    def _own(self, kind: str, record: Record) -> JsonObject:
        found = {name: record.get(name) for name in WRITABLE[SCHEMAS[kind]] if name not in _BY_CHANCE}
        targets = {"user_id": "user", "folder_id": "folder", "parent_id": "folder", "home_folder_id": "folder"}
        targets |= {"dashboard_id": "dashboard", "look_id": "look", "query_id": "query"}
        targets |= {"permission_set_id": "permission_set", "model_set_id": "model_set"}
        return {
            name: self.name(targets[name], value) if name in targets else _plain(value) for name, value in found.items()
        }

    def _query(self, query: Record) -> JsonObject:
        names = WRITABLE["Query"] - _BY_CHANCE - {"slug"}
        return {name: _plain(query.get(name)) for name in names}

    def _merged(self, merge_id: str | None) -> Any:
        merge = self._world.table("merge_query").get(merge_id)
        if merge is None:
            return merge_id
        sources = [
            {
                **{k: v for k, v in one.items() if k not in ("query_id", "query_slug")},
                "query": self.name("query", one["query_id"]),
            }
            for one in merge["source_queries"]
        ]
        names = ("column_limit", "dynamic_fields", "pivots", "sorts", "total", "limit", "vis_config")
        return {"sources": sources, **{name: _plain(merge.get(name)) for name in names}}

    def _user(self, user: Record) -> JsonObject:
        world = self._world
        credentials = user["credentials_email"] or {}
        groups = sorted(str(self.name("group", one)) for one in world.edges["group_user"].lefts(user["id"]))
        roles = sorted(str(self.name("role", one)) for one in world.edges["role_user"].lefts(user["id"]))
        return {"e-mail": credentials.get("email"), "groups": groups, "roles": roles}

    def _dashboard(self, dashboard: Record) -> JsonObject:
        dashboard_id = dashboard["id"]
        filters = [self._filter(one) for one in self._parts("dashboard_filter", dashboard_id)]
        tabs = [self._tab(one) for one in self._parts("dashboard_layout", dashboard_id)]
        return {"filters": sorted(filters), "tabs": sorted(tabs)}

    def _parts(self, kind: str, dashboard_id: str) -> list[Record]:
        return self._world.table(kind).where("dashboard_id", dashboard_id)

    def _filter(self, part: Record) -> str:
        return self._text({name: _plain(part.get(name)) for name in WRITABLE["DashboardFilter"]})

    def _tab(self, layout: Record) -> str:
        names = WRITABLE["DashboardLayout"] - {"dashboard_id", "lookml_link_id"}
        components = self._world.table("dashboard_layout_component").where("dashboard_layout_id", layout["id"])
        places = [self._place(one) for one in components if not one["deleted"]]
        return self._text({**{name: _plain(layout.get(name)) for name in names}, "tiles": sorted(places)})

    def _place(self, component: Record) -> str:
        where = {name: component.get(name) for name in ("row", "column", "width", "height")}
        tile = self._world.table("dashboard_element").get(component["dashboard_element_id"])
        return self._text({**where, "tile": self._tile(tile) if tile else None})

    def _tile(self, tile: Record) -> JsonObject:
        by_id = {"dashboard_id", "dashboard_layout_id", "result_maker_id", "filter_id", "result_maker"}
        shown = {name: _plain(tile.get(name)) for name in WRITABLE["DashboardElement"] - by_id - _BY_CHANCE}
        maker = tile.get("result_maker") or {}
        listens = [_plain(one) for one in maker.get("filterables") or ()]
        return {
            **shown,
            "look_id": self.name("look", tile["look_id"]),
            "query_id": self.name("query", tile["query_id"]),
            "merge_result_id": self._merged(tile["merge_result_id"]),
            "listens": listens,
        }

    def _board(self, board: Record) -> JsonObject:
        sections = {one["id"]: one for one in self._world.table("board_section").where("board_id", board["id"])}
        order = [one for one in board["section_order"] or () if one in sections]
        order += [one for one in sections if one not in order]
        return {"section_order": None, "sections": [self._section(sections[one]) for one in order]}

    def _section(self, section: Record) -> JsonObject:
        items = {one["id"]: one for one in self._world.table("board_item").where("board_section_id", section["id"])}
        order = [one for one in section["item_order"] or () if one in items]
        order += [one for one in items if one not in order]
        own = {name: section.get(name) for name in ("title", "description", "deleted_at")}
        return {**own, "items": [self._board_item(items[one]) for one in order]}

    def _board_item(self, item: Record) -> JsonObject:
        names = WRITABLE["BoardItem"] - {"board_section_id", "order"}
        linked = {"dashboard_id": "dashboard", "look_id": "look"}
        return {
            name: self.name(linked[name], item.get(name)) if name in linked else _plain(item.get(name))
            for name in names
        }

    def _scheduled_plan(self, plan: Record) -> JsonObject:
        unlike = ("id", "scheduled_plan_id", "looker_recipient", "can")
        destinations = [
            self._text({name: value for name, value in one.items() if name not in unlike and value is not None})
            for one in plan["scheduled_plan_destination"] or ()
        ]
        return {"scheduled_plan_destination": sorted(destinations), "dashboard_filters": None, "run_once": None}


def _of_looker(kind: str, record: Record) -> bool:
    """Whether the object comes with an instance or with a user's login."""
    if kind == "folder":
        return bool(record["is_personal"] or record["parent_id"] is None or any(record[flag] for flag in _ROOTS))
    if kind in ("permission_set", "model_set"):
        return bool(record["built_in"] or record["all_access"])
    if kind == "group":
        return bool(record["include_by_default"] or record["externally_managed"] or record["external_group_id"])
    if kind == "role":
        return str(record["name"]) == "Admin"
    return False


def _plain(value: Any) -> Any:
    """Nothing said, and nothing said at length, are the same."""
    if isinstance(value, dict):
        return {
            name: _plain(inner) for name, inner in value.items() if name != "can" and inner not in (None, [], {}, "")
        }
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return None if value in ([], {}, "", False) else value
