"""Layouts (several layouts are tabs) and the components that place tiles on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api.crud import Draft, TypeRules, delete, handles, key_in_path, provide, show_page
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import not_allowed
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record, World

TYPES = frozenset({"newspaper", "grid", "static", "drag"})
DEFAULT_WIDTH, DEFAULT_HEIGHT = 8, 6


def touch(call: OperationCall, dashboard_id: str | None) -> None:
    """Changing a part changes its dashboard."""
    if call.world.get("dashboard", dashboard_id) is not None:
        values = {"updated_at": call.world.now(), **call.stamp}
        call.world.table("dashboard").change(str(dashboard_id), values)


def add_default_layout(world: World, dashboard: Record) -> Record:
    """Create the active layout of a new dashboard."""
    layout = schema.blank("DashboardLayout")
    layout.update(
        can={"show": True},
        id=world.new_id("dashboard_layout"),
        dashboard_id=dashboard["id"],
        type="newspaper",
        active=True,
        order=0,
    )
    return world.table("dashboard_layout").put(layout)


def add_component(world: World, layout: Record, element: Record) -> Record:
    """Place a tile on a layout, below all others, in the default size."""
    there = world.table("dashboard_layout_component").where("dashboard_layout_id", layout["id"])
    component = schema.blank("DashboardLayoutComponent")
    component.update(
        can={"show": True},
        id=world.new_id("dashboard_layout_component"),
        dashboard_layout_id=layout["id"],
        dashboard_element_id=element["id"],
        row=max(((c["row"] or 0) + (c["height"] or 0) for c in there if not c["deleted"]), default=0),
        column=0,
        width=DEFAULT_WIDTH,
        height=DEFAULT_HEIGHT,
        deleted=False,
    )
    return world.table("dashboard_layout_component").put(component)


def place_tile(world: World, element: Record, layout_id: str | None) -> None:
    """Place a new tile on the layout named in the request, or on each layout of its dashboard."""
    layouts = world.table("dashboard_layout").where("dashboard_id", element["dashboard_id"])
    for layout in layouts:
        if layout_id in (None, layout["id"]):
            add_component(world, layout, element)


def move_tile(world: World, element: Record, layout_id: str) -> None:
    """Place a tile on one layout only. A component that it has there stays."""
    components = world.table("dashboard_layout_component")
    places = {one["dashboard_layout_id"]: one for one in components.where("dashboard_element_id", element["id"])}
    for other, component in places.items():
        if other != layout_id:
            components.remove(component["id"])
    if layout_id not in places:
        place_tile(world, element, layout_id)


def _check_layout(draft: Draft) -> None:
    draft.require("dashboard_id")
    if draft.old is not None and draft.sets("dashboard_id"):
        draft.problem("dashboard_id", "a layout cannot be moved to another dashboard")
    if draft.new["type"] is not None and draft.new["type"] not in TYPES:
        draft.problem("type", f"type must be one of {', '.join(sorted(TYPES))}")
    if draft.old is not None and draft.old["active"] and not draft.new["active"]:
        draft.problem("active", "one layout must be active: activate another instead")


def _layout_made(call: OperationCall, layout: Record) -> None:
    """Give every tile of the dashboard a component on a new layout."""
    layout["type"] = layout["type"] or "newspaper"
    _only_active(call.world, layout)
    for element in call.world.table("dashboard_element").where("dashboard_id", layout["dashboard_id"]):
        add_component(call.world, layout, element)
    touch(call, layout["dashboard_id"])


def _only_active(world: World, layout: Record) -> None:
    if not layout["active"]:
        return
    for other in world.table("dashboard_layout").where("dashboard_id", layout["dashboard_id"]):
        if other is not layout:
            other["active"] = False


def _layout_changed(call: OperationCall, layout: Record, before: Mapping[str, Any]) -> None:
    _only_active(call.world, layout)
    touch(call, layout["dashboard_id"])


def _layout_removed(call: OperationCall, layout: Record) -> None:
    """Tiles that have no place on another layout go along, with their alerts."""
    world = call.world
    components = world.table("dashboard_layout_component")
    for component in components.where("dashboard_layout_id", layout["id"]):
        components.remove(component["id"])
        element_id = component["dashboard_element_id"]
        if not components.where("dashboard_element_id", element_id):
            world.table("dashboard_element").remove(element_id)
            for alert in world.table("alert").where("dashboard_element_id", element_id):
                call.simulation.journal.incident("alert_orphaned", id=alert["id"], dashboard_element_id=element_id)
    touch(call, layout["dashboard_id"])


LAYOUT = TypeRules(
    type="dashboard_layout",
    references={"dashboard_id": "dashboard"},
    defaults={"can": {"show": True}},
    check=_check_layout,
    made=_layout_made,
    changed=_layout_changed,
    removed=_layout_removed,
)
provide(LAYOUT, get="dashboard_layout", create="create_dashboard_layout", update="update_dashboard_layout")


@handles("delete_dashboard_layout")
def _delete_layout(call: OperationCall) -> object:
    if call.need("dashboard_layout", key_in_path(call))["active"]:
        raise not_allowed("the active layout cannot be deleted")
    return delete(call, LAYOUT)


def _check_component(draft: Draft) -> None:
    dashboards = {
        (draft.call.world.get(kind, draft.new[name]) or {}).get("dashboard_id")
        for kind, name in (("dashboard_layout", "dashboard_layout_id"), ("dashboard_element", "dashboard_element_id"))
    }
    if len(dashboards) > 1:
        draft.problem("dashboard_layout_id", "layout and tile must belong to one dashboard")
    if draft.sets("dashboard_element_id"):
        draft.problem("dashboard_element_id", "a component cannot be given to another tile")
    for name in ("width", "height"):
        if name in draft.values and not (draft.new[name] or 0) > 0:
            draft.problem(name, f"{name} must be greater than 0")
    for name in ("row", "column"):
        if name in draft.values and not (draft.new[name] if draft.new[name] is not None else -1) >= 0:
            draft.problem(name, f"{name} must not be negative")


def _component_changed(call: OperationCall, component: Record, before: Mapping[str, Any]) -> None:
    layout = call.world.get("dashboard_layout", component["dashboard_layout_id"])
    touch(call, layout["dashboard_id"] if layout else None)


COMPONENT = TypeRules(
    type="dashboard_layout_component",
    references={"dashboard_layout_id": "dashboard_layout", "dashboard_element_id": "dashboard_element"},
    check=_check_component,
    changed=_component_changed,
)
provide(COMPONENT, get="dashboard_layout_component", update="update_dashboard_layout_component")


def _parts(call: OperationCall, parent: str, kind: str, field: str) -> object:
    row = call.need(parent, key_in_path(call))
    return show_page(call, kind, call.world.table(kind).where(field, row["id"]))


handles("dashboard_dashboard_layouts")(lambda call: _parts(call, "dashboard", "dashboard_layout", "dashboard_id"))
handles("dashboard_dashboard_elements")(lambda call: _parts(call, "dashboard", "dashboard_element", "dashboard_id"))
handles("dashboard_dashboard_filters")(lambda call: _parts(call, "dashboard", "dashboard_filter", "dashboard_id"))
handles("dashboard_layout_dashboard_layout_components")(
    lambda call: _parts(call, "dashboard_layout", "dashboard_layout_component", "dashboard_layout_id")
)
