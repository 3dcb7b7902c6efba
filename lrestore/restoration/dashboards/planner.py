"""Plans the restore of a dashboard: its own fields, filters, layouts, tiles, and the positions of tiles.

The live dashboard is read once, completely. Parts are matched, never deleted and created again: alerts, schedules and
links depend on their ids. ``update_dashboard`` does not write parts (specification), so each part has its own write.

An absent list is not an empty one: a dashboard that was backed up without its tiles keeps its live tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from lrestore.content.diff import differing
from lrestore.content.payload import create_body, wanted_part
from lrestore.content.shapes.tile import tile_name
from lrestore.json_types import JsonObject
from lrestore.messages import Deletion, ItemKey
from lrestore.ontology import PARTS, fields
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.alerts import AlertGuard
from lrestore.restoration.dashboards.placements import plan_placements
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.sides import Side, Sides
from lrestore.restoration.dashboards.tabs import TAB, Tabs, kept_tiles
from lrestore.restoration.dashboards.tile_planner import TilePlanner
from lrestore.restoration.dashboards.tiles import SOURCES, shows_nothing, source_field
from lrestore.restoration.identify.absence import LookmlLink
from lrestore.restoration.plan.queries import Rewrite, as_it_is
from lrestore.restoration.writes import FutureId, Removal, Write, named_changes

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import (
        Dashboard,
        DashboardFilter,
        DashboardLayout,
    )
    from lrestore.content.shapes.tile import DashboardTile

P = TypeVar("P", bound=Mapping[str, object])
"""One kind of part."""


class DashboardPlanner:
    """Plans the parts of one dashboard. ``live`` is None for a dashboard that is to be created."""

    def __init__(
        self, context: Context, key: ItemKey, raw: Dashboard, live: Dashboard | None, *, ids_hold: bool
    ) -> None:
        self._context = context
        self._key = key
        self._raw = raw
        self._live = live or {}
        self._ids_hold = ids_hold
        self._sides = Sides(context.records, raw, self._live, ids_hold=ids_hold)
        self._plan = DashboardPlan(warnings=self._sides.warnings, matched=self._sides.matched())
        self._tabs = Tabs(self._sides, self._plan, context.destination.releases)
        self._unknown: set[str] = set()
        """Sources of tiles that are not restored, by field."""
        self._spared: set[str] = set()
        """Live ids of those tiles, as far as they are known."""
        self.rewrite: Rewrite = as_it_is
        """Gives the links in what tiles only name, such as merged queries, the ids of the destination."""
        self._parent: str | FutureId = str(live["id"]) if live else FutureId("dashboard", key.id)

    def plan(self) -> DashboardPlan:
        """All writes to the parts. Tiles whose look or query is not available are left out, and named in ``unmet``.

        Raises DependencyError for a look if ``[run] missing_looks`` is ``fail``.
        """
        self._plan_filters(self._sides.filters)
        self._plan_layouts(self._sides.layouts)
        self._plan_tiles(self._sides.tiles)
        plan_placements(self._sides, self._plan, self._context.destination.releases)
        self._plan_removals()
        return self._plan

    def _plan_filters(self, side: Side[DashboardFilter] | None) -> None:
        if side is None:
            return
        for index in _listened_first(side.backed_up):
            part = side.backed_up[index]
            needs = _FILTER + (_FIELD_FILTER if part.get("type") == "field_filter" else ())
            lacking = [one for one in needs if not part.get(one)]
            if lacking and index not in side.matching.live_of:
                self._plan.warnings.append(
                    f"filter {_filter_name(part)!r} ({side.paths[index]}) is left out: it names no "
                    f"{' and no '.join(lacking)}, and Looker cannot create such a filter"
                )
                continue
            wanted = wanted_part(part, "DashboardFilter", self._context.destination.releases, ignored=("dashboard_id",))
            self._write(side, index, wanted, _filter_name)

    def _plan_layouts(self, side: Side[DashboardLayout] | None) -> None:
        if side is None:
            return
        for index, part in enumerate(side.backed_up):
            wanted = wanted_part(part, "DashboardLayout", self._context.destination.releases, ignored=("dashboard_id",))
            self._link_to_lookml(wanted, side.matching.live_of.get(index), side.paths[index])
            self._write(side, index, wanted, _layout_name)

    def _link_to_lookml(self, wanted: JsonObject, live: DashboardLayout | None, path: str) -> None:
        linked = LookmlLink(self._context.destination.live, self._key, f"{path}.lookml_link_id")
        linked.keep_if_there(wanted, live)
        self._plan.warnings += linked.warnings
        self._plan.unmet += linked.unmet

    def _plan_tiles(self, side: Side[DashboardTile] | None) -> None:
        if side is None:
            return
        planner = TilePlanner(self._context, self._key, self._plan, self.rewrite)
        for index, part in enumerate(side.backed_up):
            live = side.matching.live_of.get(index)
            if live is None and (reason := self._why_impossible(part)):
                self._plan.warnings.append(f"tile {tile_name(part)!r} ({side.paths[index]}) is left out: {reason}")
                self._spare(part)
                continue
            wanted = planner.wanted(part, live, side.paths[index])
            if wanted is None:
                if live is None:
                    self._unknown.add(source_field(part))
                    self._spare(part)
                continue
            self._put_on_its_tab(str(part["id"]), live, wanted)
            self._write(side, index, wanted, tile_name)

    def _put_on_its_tab(self, element: str, live: DashboardTile | None, wanted: JsonObject) -> None:
        if wanted.get(TAB) is not None:
            return
        tab = self._tabs.of_new_tile(element) if live is None else self._tabs.of_stray_tile(element, live)
        if tab is not None:
            wanted[TAB] = tab

    def _spare(self, tile: DashboardTile) -> None:
        """Keep the live tile that may be this one, which is left out, although it shows something of another kind."""
        source_id = str(tile["id"])
        self._spared |= {source_id} if self._ids_hold else set()
        # A record counts here without a proof: a tile that may be this one is not deleted.
        recorded = self._context.records.recorded("dashboard_element", source_id)
        self._spared |= {recorded.destination_id} if recorded else set()

    def _why_impossible(self, tile: DashboardTile) -> str:
        """The reason why the tile cannot be created, or "". Found before the first write, since Looker would refuse it
        after a part of the dashboard is written.
        """
        known = self._context.destination.releases
        beyond = [name for name in _KINDS_OF_TILE if tile.get(name) and not known.can_write("DashboardElement", name)]
        if beyond:
            return f"Looker {known.destination} has no {beyond[0]}"
        return "it shows nothing, and Looker cannot create such a tile" if shows_nothing(tile) else ""

    def _write(self, side: Side[P], index: int, wanted: Mapping[str, object], name_of: Callable[[P], str]) -> None:
        """Plan the create or update of one part, if anything differs."""
        part, live = side.backed_up[index], side.matching.live_of.get(index)
        entry, path = PARTS[side.type], side.paths[index]
        body = create_body(wanted) if live is None else differing(wanted, live, fields.sdk_model(entry.model))
        if live is not None and not body:
            return
        if live is not None and wanted.get("result_maker") and any(name in body for name in SOURCES):
            # It is not documented whether anything in it survives a change of the source.
            body["result_maker"] = wanted["result_maker"]
        write = Write(
            operation=(entry.create if live is None else entry.update) or "",
            type=side.type,
            source_id=str(part["id"]),
            live_id="" if live is None else str(live["id"]),
            path=path,
            name=name_of(part),
            body=body,
            changes=named_changes(body, live or {}, f"{path}."),
        )
        if live is None:
            write.body[entry.parent_field] = self._parent
        self._plan.writes.append(write)

    def _plan_removals(self) -> None:
        if self._context.policy.keep_extra:
            return
        tiles, filters = self._sides.tiles, self._sides.filters
        guard = AlertGuard(self._context.destination.live, self._context.policy)
        for tile in tiles.matching.extra if tiles else ():
            self._remove_tile(tile, guard)
        for one in filters.matching.extra if filters else ():
            self._remove("dashboard_filter", str(one["id"]), _filter_name(one))
        removed = {one.deletion.id for one in self._plan.removals if one.deletion.type == "dashboard_element"}
        for layout in self._tabs.removable(
            kept_tiles(self._sides, self._live.get("dashboard_elements") or (), removed)
        ):
            self._remove("dashboard_layout", str(layout["id"]), str(layout.get("label") or ""))

    def _remove_tile(self, tile: DashboardTile, guard: AlertGuard) -> None:
        """Plan the removal of a tile, unless it has live alerts or may be a tile that is left out."""
        protected = guard.protects(tile)
        self._plan.alerts += bool(protected or tile.get("alert_count"))
        if protected:
            self._plan.warnings.append(
                f"tile {tile_name(tile)!r} (id {tile['id']}) is not in the backup but has live alerts: kept "
                "(--allow-alert-loss deletes it)"
            )
        elif source_field(tile) in self._unknown or str(tile["id"]) in self._spared:
            self._plan.warnings.append(
                f"tile {tile_name(tile)!r} (id {tile['id']}) is kept: it may be one of those that the "
                "dashboard is restored without"
            )
        else:
            self._remove("dashboard_element", str(tile["id"]), tile_name(tile))

    def _remove(self, kind: str, live_id: str, name: str) -> None:
        operation = PARTS[kind].delete
        if operation is None:
            raise ValueError(f"Looker cannot delete a {kind}")
        self._plan.removals.append(Removal(operation, Deletion(kind, live_id, name)))


_FILTER: Final = ("name", "title", "type")
"""Required fields of a filter (specification, CreateDashboardFilter)."""

_FIELD_FILTER: Final = ("model", "explore", "dimension")
"""Required fields of a filter by a field."""

_KINDS_OF_TILE: Final = ("extension_id", "filter_id")
"""Contents of a tile that came after the first release of API 4.0."""


def _listened_first(filters: list[DashboardFilter]) -> list[int]:
    """The order in which filters can be made: those that others listen to come first; a circle keeps its order."""
    position = {str(part.get("name")): index for index, part in enumerate(filters)}
    order: list[int] = []
    for index in range(len(filters)):
        _append_after_listened(index, filters, position, order, set())
    return order


def _append_after_listened(
    index: int, filters: list[DashboardFilter], position: dict[str, int], order: list[int], begun: set[int]
) -> None:
    if index in begun or index in order:
        return
    begun.add(index)
    for name in filters[index].get("listens_to_filters") or ():
        if name in position:
            _append_after_listened(position[name], filters, position, order, begun)
    order.append(index)


def _filter_name(part: DashboardFilter) -> str:
    return str(part.get("title") or part.get("name") or "")


def _layout_name(part: DashboardLayout) -> str:
    return str(part.get("label") or part.get("type") or "")
