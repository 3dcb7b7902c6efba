"""Dashboards: settings, trash, slugs. Their parts are in ``tiles`` and ``layouts``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api.access import add_metadata, move_metadata, remove_metadata
from lrestore.simulator.api.crud import Draft, TypeRules, handles, key_in_path, provide, search_some
from lrestore.simulator.api.layouts import add_default_layout
from lrestore.simulator.api.looks import check_place, in_trash_filter, move_content, out_of_trash, set_trash_fields
from lrestore.simulator.core.refusal import conflict
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record

CAN = dict.fromkeys(
    (
        "index",
        "show",
        "copy",
        "run",
        "create",
        "move",
        "update",
        "destroy",
        "see_lookml",
        "schedule",
        "explore",
        "download",
        "use_custom_theme",
        "render",
    ),
    True,
)
PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")
_SLUG = re.compile(r"[A-Za-z0-9_-]+")


def _check(draft: Draft) -> None:
    draft.require("title", "folder_id")
    if draft.old is not None and draft.new["slug"] is None:
        draft.values["slug"] = draft.new["slug"] = draft.old["slug"]
    if draft.new["slug"] is not None and not _SLUG.fullmatch(draft.new["slug"]):
        draft.problem("slug", "slug may hold letters, digits, - and _ only")
    check_place(draft, "dashboard")
    draft.raise_problems()
    if draft.sets("slug") and _slug_taken(draft):
        raise conflict("resource already exists")


def _slug_taken(draft: Draft) -> bool:
    """Slugs are unique in the whole instance, including the trash."""
    slug = draft.new["slug"]
    twins = draft.call.world.table("dashboard").where("slug", slug) if slug else ()
    return any(twin is not draft.old and twin["slug"] == slug for twin in twins)


def _made(call: OperationCall, dashboard: Record) -> None:
    who = call.user_id or None
    slug = dashboard["slug"] or hashlib.sha256(f"dashboard {dashboard['id']}".encode()).hexdigest()[:22]
    owner = dashboard["user_id"] or who
    values = {"slug": slug, "user_id": owner, **call.stamp}
    call.world.table("dashboard").change(dashboard["id"], values)
    add_metadata(call.world, "dashboard", dashboard)
    add_default_layout(call.world, dashboard)
    if dashboard["deleted"]:
        set_trash_fields(call, "dashboard", dashboard, {"deleted": False})


def _changed(call: OperationCall, dashboard: Record, before: Mapping[str, Any]) -> None:
    dashboard.update(call.stamp)
    if dashboard["user_id"] != before["user_id"]:
        dashboard["user_name"] = None
    set_trash_fields(call, "dashboard", dashboard, before)
    move_metadata(call.world, dashboard)


def _removed(call: OperationCall, dashboard: Record) -> None:
    world = call.world
    remove_metadata(world, dashboard)
    for tile in world.table("dashboard_element").where("dashboard_id", dashboard["id"]):
        world.table("dashboard_element").remove(tile["id"])
        for alert in world.table("alert").where("dashboard_element_id", tile["id"]):
            call.simulation.journal.incident("alert_orphaned", id=alert["id"], dashboard_element_id=tile["id"])
    for row in world.table("dashboard_filter").where("dashboard_id", dashboard["id"]):
        world.table("dashboard_filter").remove(row["id"])
    for layout in world.table("dashboard_layout").where("dashboard_id", dashboard["id"]):
        world.table("dashboard_layout").remove(layout["id"])
        for component in world.table("dashboard_layout_component").where("dashboard_layout_id", layout["id"]):
            world.table("dashboard_layout_component").remove(component["id"])
    for plan in world.table("scheduled_plan").where("dashboard_id", dashboard["id"]):
        world.table("scheduled_plan").remove(plan["id"])
        call.simulation.journal.incident("plan_deleted", id=plan["id"], dashboard_id=dashboard["id"])


DASHBOARD = TypeRules(
    type="dashboard",
    references={"folder_id": "folder", "user_id": "user"},
    defaults={
        "can": CAN,
        "crossfilter_enabled": True,
        "preferred_viewer": "dashboards-next",
        "view_count": 0,
        "favorite_count": 0,
        "show_filters_bar": True,
        "show_title": True,
    },
    check=_check,
    made=_made,
    changed=_changed,
    removed=_removed,
    visible=out_of_trash,
    special={"deleted": in_trash_filter},
)
provide(
    DASHBOARD,
    get="dashboard",
    all="all_dashboards",
    create="create_dashboard",
    update="update_dashboard",
    delete="delete_dashboard",
)


@handles("search_dashboards")
def _search(call: OperationCall) -> object:
    return [_as_found(call, row) for row in search_some(call, DASHBOARD)]


def _as_found(call: OperationCall, shown: Record) -> Record:
    """Show the parts of a found dashboard as ``Config.nested_in_search`` says."""
    nested = call.simulation.config.nested_in_search
    if nested == "full":
        return shown
    present = [part for part in PARTS if part in shown]
    if nested == "absent":
        return {name: value for name, value in shown.items() if name not in present}
    return {**shown, **dict.fromkeys(present, [] if nested == "empty" else None)}


@handles("move_dashboard")
def _move(call: OperationCall) -> object:
    dashboard = call.need("dashboard", key_in_path(call))
    move_content(call, DASHBOARD, dashboard)
    return call.show("dashboard", dashboard)
