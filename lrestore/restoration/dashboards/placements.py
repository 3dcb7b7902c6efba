"""The positions of tiles on the layouts of a dashboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lrestore.content.diff import changes, differing
from lrestore.content.payload import Releases, wanted_part
from lrestore.content.shapes.boundary import as_component
from lrestore.content.shapes.tile import tile_name
from lrestore.ontology import PARTS, fields
from lrestore.restoration.dashboards.sides import Sides
from lrestore.restoration.writes import Write

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import DashboardLayout, DashboardLayoutComponent

Spot = tuple[str, str]
"""The ids of a layout and of a tile."""

_FIXED = ("dashboard_layout_id", "dashboard_element_id")

_SPOT: Final = ("row", "column", "width", "height")
"""Fields in which null has no meaning: a tile always has a position and a size."""


@dataclass(slots=True)
class Placement:
    """The position of a backed-up tile on a backed-up layout. ``fields`` are the component's writable fields."""

    layout: str
    element: str
    path: str
    name: str
    fields: DashboardLayoutComponent


def placements(sides: Sides, known: Releases) -> list[Placement]:
    """The positions in the backup, of tiles that are restored. None where layouts or tiles are left alone."""
    if sides.layouts is None or sides.tiles is None:
        return []
    found = []
    names = {str(tile["id"]): tile_name(tile) for tile in sides.tiles.backed_up}
    fixed = _FIXED if sides.our_flags and sides.their_flags else (*_FIXED, "deleted")
    for index, layout in enumerate(sides.layouts.backed_up):
        for number, component in enumerate(layout.get("dashboard_layout_components") or ()):
            element = str(component.get("dashboard_element_id"))
            if element not in names:
                continue
            wanted = wanted_part(component, "DashboardLayoutComponent", known, ignored=fixed)
            wanted = {name: value for name, value in wanted.items() if value is not None or name not in _SPOT}
            path = f"{sides.layouts.paths[index]}.dashboard_layout_components[{number}]"
            found.append(Placement(str(layout["id"]), element, path, names[element], as_component(wanted)))
    return found


def places_of(layouts: Iterable[DashboardLayout]) -> dict[Spot, DashboardLayoutComponent]:
    """The layout components of some layouts, by layout and tile."""
    return {
        (str(layout["id"]), str(component.get("dashboard_element_id"))): component
        for layout in layouts
        for component in layout.get("dashboard_layout_components") or ()
    }


def placement_write(placement: Placement, component: DashboardLayoutComponent) -> Write | None:
    """The update that moves a tile to its position; None if it is there already."""
    part = PARTS["dashboard_layout_component"]
    body = differing(placement.fields, component, fields.sdk_model(part.model))
    if not body:
        return None
    return Write(
        operation=part.update or "",
        type="dashboard_layout_component",
        source_id="",
        live_id=str(component["id"]),
        path=placement.path,
        name=placement.name,
        body=body,
        changes=changes(body, component, f"{placement.path}."),
    )
