"""The tabs of a dashboard: which tab a tile is created on or moved to, and which extra tabs have to stay.

A tile is visible where it has a component, and only Looker creates components. A tab that is deleted can take the tiles
along that have no other place, with their alerts: the API does not say that it leaves them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Final

from lrestore.content.payload import Releases
from lrestore.content.shapes.tile import tile_name
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.sides import Sides
from lrestore.restoration.identify.parts import present
from lrestore.restoration.writes import FutureId

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import DashboardLayout, DashboardLayoutComponent
    from lrestore.content.shapes.tile import DashboardTile

TAB: Final = "dashboard_layout_id"

_Place = tuple[str, "DashboardLayoutComponent"]


class Tabs:
    """The tabs on both sides, while the parts of one dashboard are planned."""

    def __init__(self, sides: Sides, plan: DashboardPlan, known: Releases) -> None:
        self._sides = sides
        self._plan = plan
        self._can_name_tab = known.can_write("DashboardElement", TAB)
        self._can_hide = known.can_write("DashboardLayoutComponent", "deleted")

    def of_new_tile(self, element: str) -> str | FutureId | None:
        """The one tab on which a tile that names no tab is visible, as Looker would put it on every tab, or on the
        first; None where Looker decides. A tile that is hidden on other tabs, and can be hidden there again, is not
        bound to one.
        """
        backed_up = self._backed_up()
        places, seen = self._places_in_backup(element)
        if len(backed_up) < 2 or len(seen) != 1:
            return None
        alone = len(places) == 1 or not self._can_hide
        return self._live(seen[0]) if alone and self._can_name_tab else None

    def of_stray_tile(self, element: str, live: DashboardTile) -> str | FutureId | None:
        """The tab to which a live tile has to be moved, as it has no place on any tab of the backup that shows it."""
        if self._sides.layouts is None or not self._can_name_tab:
            return None
        seen = self._places_in_backup(element)[1]
        here = self._live_places(self._sides.layouts.live, str(live["id"]))
        if not seen or not here or here & {self._live(one) for one in seen}:
            return None
        return self._live(seen[0])

    def removable(self, kept: Iterable[DashboardTile]) -> list[DashboardLayout]:
        """The extra tabs that can be deleted. One that holds a tile of ``kept`` without any other place has to stay: a
        warning names it.

        The extra tab that is active goes, too, if the plan makes another one active.
        """
        side = self._sides.layouts
        if side is None:
            return []
        extra = {str(one["id"]) for one in side.matching.extra}
        moved = {
            one.live_id
            for one in self._plan.writes
            if one.type == "dashboard_element" and self._will_stay(one.body.get(TAB), extra)
        }
        another_active = any(one.get("active") for one in side.backed_up)
        needed: dict[str, list[str]] = {}
        for tile in kept:
            places = self._live_places(side.live, str(tile["id"])) | ({str(tile[TAB])} if tile.get(TAB) else set())
            if str(tile["id"]) not in moved and places and places <= extra:
                for one in places:
                    needed.setdefault(one, []).append(f"{tile_name(tile)!r} (id {tile['id']})")
        self._plan.warnings += [
            f"tab {_name(one)!r} (id {one['id']}) is not in the backup, but holds tiles that stay: kept, with tile "
            f"{', '.join(needed[str(one['id'])])}"
            for one in side.matching.extra
            if str(one["id"]) in needed
        ]
        return [
            one
            for one in side.matching.extra
            if str(one["id"]) not in needed and (another_active or not one.get("active"))
        ]

    def _will_stay(self, tab: object, extra: Container[str]) -> bool:
        """Whether a tile can be moved to that tab, and stays there."""
        if isinstance(tab, FutureId):
            layouts = (one for one in self._plan.writes if one.type == tab.type and one.creates)
            return any(one.source_id == tab.source_id for one in layouts)
        return tab is not None and tab not in extra

    def _backed_up(self) -> list[DashboardLayout]:
        return self._sides.layouts.backed_up if self._sides.layouts else []

    def _live(self, layout: str) -> str | FutureId:
        return self._plan.matched.get(("dashboard_layout", layout)) or FutureId("dashboard_layout", layout)

    def _places_in_backup(self, element: str) -> tuple[list[_Place], list[str]]:
        """All places of a backed-up tile, and the tabs on which it is visible."""
        every = _places(self._backed_up(), element)
        return every, [one for one, place in every if not (self._sides.our_flags and place.get("deleted"))]

    def _live_places(self, layouts: Iterable[DashboardLayout], element: str) -> set[str]:
        return {
            one for one, place in _places(layouts, element) if not (self._sides.their_flags and place.get("deleted"))
        }


def kept_tiles(sides: Sides, live: Iterable[DashboardTile], removed: Container[str]) -> list[DashboardTile]:
    """The live tiles that stay: all but those whose ids are in ``removed``."""
    shown = sides.tiles.live if sides.tiles else present(live, flags=sides.their_flags)
    return [one for one in shown if str(one["id"]) not in removed]


def _places(layouts: Iterable[DashboardLayout], element: str) -> list[_Place]:
    every = ((str(one["id"]), place) for one in layouts for place in one.get("dashboard_layout_components") or ())
    return [(one, place) for one, place in every if str(place.get("dashboard_element_id")) == element]


def _name(layout: DashboardLayout) -> str:
    return str(layout.get("label") or layout.get("type") or "")
