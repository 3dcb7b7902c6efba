"""The positions of tiles on the layouts of a dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from lrestore.content.diff import changes, differing
from lrestore.content.payload import Releases, wanted_part
from lrestore.ontology import PARTS, fields
from lrestore.restoration.dashboards.plan import DashboardPlan, Placement
from lrestore.restoration.dashboards.sides import Side, Sides
from lrestore.restoration.dashboards.tabs import TAB
from lrestore.restoration.writes import Write

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import DashboardLayout, DashboardLayoutComponent
    from lrestore.content.shapes.tile import DashboardTile

Spot = tuple[str, str]
"""The ids of a layout and of a tile."""

_FIXED = ("dashboard_layout_id", "dashboard_element_id")

_SPOT: Final = ("row", "column", "width", "height")
"""Fields in which null has no meaning: a tile always has a position and a size."""


def plan_placements(sides: Sides, plan: DashboardPlan, known: Releases) -> None:
    """Plan the moves of tiles to their positions. Those of tiles and layouts that are still to be created are pending.

    None where layouts or tiles are left alone. A tile that is not restored has no position.
    """
    if sides.layouts is None or sides.tiles is None:
        return
    live = places_of(sides.layouts.live)
    made = {write.source_id for write in plan.writes if write.type == "dashboard_element" and write.creates}
    moved = {write.live_id for write in plan.writes if write.type == "dashboard_element" and write.body.get(TAB)}
    for placement in _placements(sides, sides.layouts, sides.tiles, known):
        layout_id = plan.matched.get(("dashboard_layout", placement.layout))
        element_id = plan.matched.get(("dashboard_element", placement.element))
        if element_id is None and placement.element not in made:
            continue
        if layout_id is None or element_id is None or element_id in moved:
            # A tile that is put on a tab may get another component there, or lose its position.
            plan.pending.append(placement)
        elif (layout_id, element_id) in live:
            write = placement_write(placement, live[layout_id, element_id])
            plan.writes += [write] if write else []
        elif not placement.hidden:
            plan.warnings.append(
                f"tile {placement.name!r} has no place on a tab ({placement.path}), and Looker's API cannot make one"
            )


def _placements(
    sides: Sides, layouts: Side[DashboardLayout], tiles: Side[DashboardTile], known: Releases
) -> Iterator[Placement]:
    """The positions in the backup. A tile can be hidden there although the destination's release cannot hide it."""
    by_id = {str(tile["id"]): tile for tile in tiles.backed_up}
    ignored = _FIXED if sides.our_flags and sides.their_flags else (*_FIXED, "deleted")
    for index, layout in enumerate(layouts.backed_up):
        for number, component in enumerate(layout.get("dashboard_layout_components") or ()):
            tile = by_id.get(str(component.get("dashboard_element_id")))
            if tile is not None:
                wanted = wanted_part(component, "DashboardLayoutComponent", known, ignored=ignored)
                wanted = {name: value for name, value in wanted.items() if value is not None or name not in _SPOT}
                path = f"{layouts.paths[index]}.dashboard_layout_components[{number}]"
                hidden = bool(sides.our_flags and component.get("deleted"))
                yield Placement(str(layout["id"]), str(tile["id"]), tile, path, wanted, hidden)


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
