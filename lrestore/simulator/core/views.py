"""Records as the API shows them: stored fields, and those that Looker derives from other records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias

from lrestore.simulator.core import schema
from lrestore.simulator.core.projection import Tree, project
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.vintage import full_name, unborn

Derive: TypeAlias = "Callable[[World, Record, Tree | None], Any]"

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def render(world: World, kind: str, record: Record, schema_name: str, tree: Tree | None = None) -> Record:
    """The record as an answer of type *schema_name*, or only the parts in *tree*."""
    plan = _plan(kind, schema_name, world.release)
    if tree is None:
        return {name: derive(world, record, None) if derive else record.get(name) for name, derive in plan.items()}
    shown = {}
    for name, below in tree.items():
        derive = plan.get(name)
        shown[name] = derive(world, record, below) if derive else project(record.get(name), below)
    return shown


@cache
def _plan(kind: str, schema_name: str, release: str) -> Mapping[str, Derive | None]:
    derived = DERIVED.get(kind, {})
    missing = unborn(release)
    names = [name for name in schema.schema(schema_name).fields if full_name(schema_name, name) not in missing]
    return {name: derived.get(name) for name in names}


def _render_all(world: World, kind: str, records: Iterable[Record], tree: Tree | None) -> list[Record]:
    return [render(world, kind, record, SCHEMA_OF[kind], tree) for record in records]


def refresh_seconds(text: object) -> int | None:
    """``refresh_interval_to_i``: "5 minutes" is 300; None unless it is a number and a unit."""
    words = text.split() if isinstance(text, str) else []
    if len(words) != 2 or not words[0].isdecimal():
        return None
    unit = _SECONDS.get(words[1].rstrip("s").lower())
    return int(words[0]) * unit if unit else None


def html(text: object) -> str | None:
    """Approximates how Looker shows a Markdown text."""
    return f"<p>{text}</p>" if isinstance(text, str) else None


def _folder(world: World, record: Record, tree: Tree | None) -> Any:
    folder = world.get("folder", record.get("folder_id"))
    return folder and render(world, "folder", folder, "FolderBase", tree)


def _query(world: World, record: Record, tree: Tree | None) -> Any:
    return project(world.get("query", record.get("query_id")), tree)


def _name_of(field: str) -> Derive:
    name_field = field.removesuffix("_id") + "_name"

    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        user = world.get("user", record.get(field))
        return record.get(name_field) or (user["display_name"] if user else None)

    return derive


def _refresh(world: World, record: Record, tree: Tree | None) -> Any:
    return refresh_seconds(record.get("refresh_interval"))


def _owner_disabled(world: World, record: Record, tree: Tree | None) -> Any:
    user = world.get("user", record.get("user_id"))
    return bool(user and user["is_disabled"])


def _children(kind: str, parent_field: str) -> Derive:
    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        return _render_all(world, kind, world.table(kind).where(parent_field, record["id"]), tree)

    return derive


def _result_maker(world: World, record: Record, tree: Tree | None) -> Any:
    maker = record.get("result_maker")
    if maker is None:
        return None
    return project({**maker, "query": world.get("query", maker.get("query_id"))}, tree)


def _look_of_tile(world: World, record: Record, tree: Tree | None) -> Any:
    look = world.get("look", record.get("look_id"))
    return look and render(world, "look", look, "LookWithQuery", tree)


def _alert_count(world: World, record: Record, tree: Tree | None) -> Any:
    return world.table("alert").count("dashboard_element_id", record["id"])


def _layout_title(world: World, record: Record, tree: Tree | None) -> Any:
    dashboard = world.get("dashboard", record.get("dashboard_id"))
    return dashboard["title"] if dashboard else None


def _layout_deleted(world: World, record: Record, tree: Tree | None) -> Any:
    """The layouts of a dashboard in the trash are shown as deleted, and so are their components."""
    dashboard = world.get("dashboard", record.get("dashboard_id"))
    return bool(record.get("deleted") or (dashboard and dashboard["deleted"]))


def _place_deleted(world: World, record: Record, tree: Tree | None) -> Any:
    layout = world.get("dashboard_layout", record.get("dashboard_layout_id"))
    return bool(record.get("deleted") or (layout and _layout_deleted(world, layout, tree)))


def _of_tile(field: str) -> Derive:
    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        element = world.get("dashboard_element", record.get("dashboard_element_id"))
        return element[field] if element else None

    return derive


def _vis_type(world: World, record: Record, tree: Tree | None) -> Any:
    element = world.get("dashboard_element", record.get("dashboard_element_id")) or {}
    vis = (element.get("result_maker") or {}).get("vis_config") or {}
    return vis.get("type", "")


def _look_model(world: World, record: Record, tree: Tree | None) -> Any:
    query = world.get("query", record.get("query_id"))
    if query is None:
        return None
    shown = record.get("model")
    if shown and shown["id"] == query["model"]:
        return project(shown, tree)
    model = world.get("lookml_model", query["model"])
    return project({"id": query["model"], "label": model["label"] if model else query["model"]}, tree)


def _child_count(world: World, record: Record, tree: Tree | None) -> Any:
    return world.table("folder").count("parent_id", record["id"])


def _content_of_folder(kind: str, schema_name: str) -> Derive:
    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        rows = [r for r in world.table(kind).where("folder_id", record["id"]) if not r["deleted"]]
        return [render(world, kind, row, schema_name, tree) for row in rows]

    return derive


def _embedded(kind: str, field: str) -> Derive:
    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        return project(world.get(kind, record.get(field)), tree)

    return derive


def _group_ids(world: World, record: Record, tree: Tree | None) -> Any:
    everyone = [g["id"] for g in world.table("group").records.values() if g["include_by_default"]]
    found = everyone + [g for g in world.edges["group_user"].lefts(record["id"]) if g not in everyone]
    for group_id in found if world.inherited_lists else ():
        found += [above for above in world.edges["group_group"].lefts(group_id) if above not in found]
    return found


def _role_ids(world: World, record: Record, tree: Tree | None) -> Any:
    found = world.edges["role_user"].lefts(record["id"])
    for group_id in _group_ids(world, record, tree) if world.inherited_lists else ():
        found += [role for role in world.edges["role_group"].lefts(group_id) if role not in found]
    return found


def _user_count(world: World, record: Record, tree: Tree | None) -> Any:
    if record["include_by_default"]:
        return len(world.table("user"))
    return len(world.edges["group_user"].rights(record["id"]))


def _public_user(world: World, record: Record, tree: Tree | None) -> Any:
    user = world.get("user", record.get("user_id"))
    if user is None:
        return record.get("user")
    shown = {name: user[name] for name in ("id", "first_name", "last_name", "display_name", "avatar_url", "url")}
    return project({"can": {"show": True}, **shown, **(record.get("user") or {})}, tree)


def _nothing(world: World, record: Record, tree: Tree | None) -> Any:
    return None


def _alias_of(field: str) -> Derive:
    """A deprecated field that shows the value of another one."""

    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        return record.get(field)

    return derive


def _link(pattern: str) -> Derive:
    def derive(world: World, record: Record, tree: Tree | None) -> Any:
        return pattern.format(**record)

    return derive


SCHEMA_OF: Mapping[str, str] = {
    "dashboard": "Dashboard",
    "dashboard_element": "DashboardElement",
    "dashboard_filter": "DashboardFilter",
    "dashboard_layout": "DashboardLayout",
    "dashboard_layout_component": "DashboardLayoutComponent",
    "look": "LookWithQuery",
    "query": "Query",
    "color_collection": "ColorCollection",
    "merge_query": "MergeQuery",
    "folder": "Folder",
    "board": "Board",
    "board_section": "BoardSection",
    "board_item": "BoardItem",
    "user": "User",
    "group": "Group",
    "role": "Role",
    "permission_set": "PermissionSet",
    "model_set": "ModelSet",
    "lookml_model": "LookmlModel",
    "scheduled_plan": "ScheduledPlan",
    "alert": "Alert",
    "content_metadata": "ContentMeta",
    "content_metadata_access": "ContentMetaGroupUser",
    "user_attribute": "UserAttribute",
    "user_attribute_group_value": "UserAttributeGroupValue",
    "user_attribute_user_value": "UserAttributeWithValue",
}
"""The schema with the most fields of each type."""

DERIVED: Mapping[str, Mapping[str, Derive]] = {
    "dashboard": {
        "folder": _folder,
        "user_name": _name_of("user_id"),
        "last_updater_name": _name_of("last_updater_id"),
        "refresh_interval_to_i": _refresh,
        "is_owner_disabled": _owner_disabled,
        "edit_uri": _link("/dashboards/{id}/edit"),
        "url": _link("/dashboards/{id}"),
        "dashboard_elements": _children("dashboard_element", "dashboard_id"),
        "dashboard_filters": _children("dashboard_filter", "dashboard_id"),
        "dashboard_layouts": _children("dashboard_layout", "dashboard_id"),
    },
    "dashboard_element": {
        "query": _query,
        "look": _look_of_tile,
        "result_maker": _result_maker,
        "alert_count": _alert_count,
        "refresh_interval_to_i": _refresh,
        "edit_uri": _link("/dashboards/{dashboard_id}?edit={id}"),
        # Only the create accepts it; layouts show the position of a tile.
        "dashboard_layout_id": _nothing,
    },
    "dashboard_layout": {
        "deleted": _layout_deleted,
        "dashboard_title": _layout_title,
        "dashboard_layout_components": _children("dashboard_layout_component", "dashboard_layout_id"),
    },
    "dashboard_layout_component": {
        "deleted": _place_deleted,
        "element_title": _of_tile("title"),
        "element_title_hidden": _of_tile("title_hidden"),
        "vis_type": _vis_type,
    },
    "look": {"folder": _folder, "query": _query, "model": _look_model, "user_name": _name_of("user_id")},
    "folder": {
        "child_count": _child_count,
        "dashboards": _content_of_folder("dashboard", "DashboardBase"),
        "looks": _content_of_folder("look", "LookWithDashboards"),
    },
    "board": {"board_sections": _children("board_section", "board_id")},
    "board_section": {"board_items": _children("board_item", "board_section_id")},
    "user": {"group_ids": _group_ids, "role_ids": _role_ids},
    "group": {"user_count": _user_count},
    "role": {
        "permission_set": _embedded("permission_set", "permission_set_id"),
        "model_set": _embedded("model_set", "model_set_id"),
    },
    "scheduled_plan": {"user": _public_user, "dashboard_filters": _alias_of("filters_string")},
}
"""Fields that are not stored but derived from other records."""
