"""The plan for the parts of a dashboard."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lrestore.content.shapes.tile import tile_name
from lrestore.json_types import JsonObject
from lrestore.restoration.writes import Plan

if TYPE_CHECKING:
    from lrestore.content.shapes.tile import DashboardTile


@dataclass(frozen=True, slots=True)
class Placement:
    """The position of a backed-up tile on a backed-up layout, by their ids in the backup. ``fields`` are the writable
    fields of the component. ``hidden``: the tile has no place on the layout.
    """

    layout: str
    element: str
    tile: DashboardTile
    path: str
    fields: JsonObject
    hidden: bool

    @property
    def name(self) -> str:
        """A readable name of the tile."""
        return tile_name(self.tile)


@dataclass(slots=True)
class DashboardPlan(Plan):
    """``writes`` are all writes in order. ``pending`` are positions of tiles, or on layouts, that do not exist yet:
    their components are known only afterwards.
    """

    pending: list[Placement] = field(default_factory=list)
    again: bool = False
    """Whether the dashboard is read, and its parts are planned, once more when it is out of the trash."""

    def calls(self) -> Counter[str]:
        """Positions of new tiles are counted as if each had to be moved."""
        calls = Plan.calls(self)
        if self.again:
            calls["dashboard"] += 1
        if self.pending:
            calls["dashboard_dashboard_layouts"] += 1
            calls["update_dashboard_layout_component"] += len(self.pending)
        return calls
