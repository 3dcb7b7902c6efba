"""Plans the restore of a dashboard: its own fields, filters, layouts, tiles, and the positions of tiles.

The live dashboard is read once, completely. Parts are matched, never deleted and created again: alerts, schedules and
links depend on their ids. ``update_dashboard`` does not write parts (specification), so each part has its own write.

An absent list is not an empty one: a dashboard that was backed up without its tiles keeps its live tiles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lrestore.content.diff import changes, differing
from lrestore.content.payload import create_body, wanted_part
from lrestore.content.tile_name import tile_name
from lrestore.json_types import JsonObject
from lrestore.messages import Deletion, ItemKey
from lrestore.ontology import PARTS, fields
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.alerts import AlertGuard
from lrestore.restoration.dashboards.tile_planner import TilePlanner
from lrestore.restoration.dashboards.tiles import (
    SOURCES,
    kind_of_tile,
    kind_shown,
    linkless_key,
    shows_nothing,
    source_key,
    strict_key,
    title_key,
)
from lrestore.restoration.identify.parts import ContentKey, Matching, match_parts
from lrestore.restoration.identify.presence import flags_count, present
from lrestore.restoration.identify.recorded_parts import mapped_part
from lrestore.restoration.plan.lookml_links import LookmlLink
from lrestore.restoration.plan.queries import Rewrite, as_it_is
from lrestore.restoration.writes import Made, Plan, Removal, Write

PART_LISTS = {
    "dashboard_filter": "dashboard_filters",
    "dashboard_layout": "dashboard_layouts",
    "dashboard_element": "dashboard_elements",
}


@dataclass(slots=True)
class Placement:
    """The position of a backed-up tile on a backed-up layout. ``fields`` are the component's writable fields."""

    layout: str
    element: str
    path: str
    name: str
    fields: JsonObject


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


@dataclass(slots=True)
class _Side:
    """One kind of part on both sides. ``paths``: the paths of the backed-up parts in their item."""

    type: str
    paths: list[str]
    backed_up: list[JsonObject]
    live: list[JsonObject]
    matching: Matching


class DashboardPlanner:
    """Plans the parts of one dashboard. ``live`` is None for a dashboard that is to be created."""

    def __init__(
        self, context: Context, key: ItemKey, raw: JsonObject, live: JsonObject | None, *, ids_hold: bool
    ) -> None:
        self._context = context
        self._key = key
        self._raw = raw
        self._live = live or {}
        self._ids_hold = ids_hold
        self._our_flags, self._their_flags = flags_count(raw), flags_count(self._live)
        self._plan = DashboardPlan()
        self._unknown: set[str] = set()
        """Sources of tiles that are not restored, by field."""
        self._spared: set[str] = set()
        """Live ids of those tiles, as far as they are known."""
        self.rewrite: Rewrite = as_it_is
        """Gives the links in what tiles only name, such as merged queries, the ids of the destination."""
        self._parent: str | Made = str(live["id"]) if live else Made("dashboard", key.id)

    def plan(self) -> DashboardPlan:
        """All writes to the parts. Tiles whose look or query is not available are left out, and named in ``unmet``.

        Raises DependencyError for a look if ``[run] missing_looks`` is ``fail``.
        """
        sides = {kind: self._side(kind) for kind in PART_LISTS}
        for side in sides.values():
            if side:
                self._plan.matched.update(
                    {
                        (side.type, str(side.backed_up[i]["id"])): str(live["id"])
                        for i, live in side.matching.live_of.items()
                    }
                )
        self._plan_filters(sides["dashboard_filter"])
        self._plan_layouts(sides["dashboard_layout"])
        self._plan_tiles(sides["dashboard_element"])
        self._plan_placements(sides["dashboard_layout"], sides["dashboard_element"])
        self._plan_removals(sides)
        return self._plan

    def _side(self, kind: str) -> _Side | None:
        path = PART_LISTS[kind]
        if not isinstance(self._raw.get(path), list):
            self._plan.warnings.append(f"it was backed up without its {path}: the live ones are left alone")
            return None
        if self._live.get(path) is None and self._live.get("id"):
            self._plan.warnings.append(f"Looker does not show the {path} of the live dashboard: they are left alone")
            return None
        backed_up = present(self._raw[path], flags=self._our_flags)
        live = present(self._live.get(path) or (), flags=self._their_flags)
        matching = match_parts(
            backed_up,
            live,
            mapped=lambda source_id: mapped_part(self._context, kind, source_id, live),
            ids_hold=self._ids_hold,
            keys=_CONTENT_KEYS[kind],
            kind=kind_of_tile if kind == "dashboard_element" else None,
        )
        places = {id(part): f"{path}[{number}]" for number, part in enumerate(self._raw[path])}
        return _Side(kind, [places[id(part)] for part in backed_up], backed_up, live, matching)

    def _plan_filters(self, side: _Side | None) -> None:
        if side is None:
            return
        for index in _listened_first(side.backed_up):
            part, name = side.backed_up[index], _filter_name(side.backed_up[index])
            needs = _FILTER + (_FIELD_FILTER if part.get("type") == "field_filter" else ())
            lacking = [one for one in needs if not part.get(one)]
            if lacking and index not in side.matching.live_of:
                self._plan.warnings.append(
                    f"filter {name!r} ({side.paths[index]}) is left out: it names no {' and no '.join(lacking)}, and "
                    "Looker cannot create such a filter"
                )
                continue
            wanted = wanted_part(part, "DashboardFilter", self._context.destination.releases, ignored=("dashboard_id",))
            write = self._write(side, index, wanted, name)
            if write and write.creates:
                write.body["dashboard_id"] = self._parent

    def _plan_layouts(self, side: _Side | None) -> None:
        if side is None:
            return
        for index, part in enumerate(side.backed_up):
            wanted = wanted_part(part, "DashboardLayout", self._context.destination.releases, ignored=("dashboard_id",))
            self._link_to_lookml(wanted, side.matching.live_of.get(index), side.paths[index])
            write = self._write(side, index, wanted, str(part.get("label") or part.get("type") or ""))
            if write and write.creates:
                write.body["dashboard_id"] = self._parent

    def _link_to_lookml(self, wanted: JsonObject, live: JsonObject | None, path: str) -> None:
        linked = LookmlLink(self._context, self._key, f"{path}.lookml_link_id")
        linked.keep_if_there(wanted, live)
        self._plan.warnings += linked.warnings
        self._plan.unmet += linked.unmet

    def _plan_tiles(self, side: _Side | None) -> None:
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
                    self._unknown.add(kind_shown(part))
                    self._spare(part)
                continue
            if live is None:
                self._on_its_tab(str(part["id"]), wanted)
            write = self._write(side, index, wanted, tile_name(part))
            if write and write.creates:
                write.body["dashboard_id"] = self._parent

    def _spare(self, tile: JsonObject) -> None:
        """A tile that is left out: the live one that has its id, and shows something of another kind, stays."""
        source_id = str(tile["id"])
        self._spared |= {source_id} if self._ids_hold else set()
        # Whether it can be proved or not: what may be the part is not taken away.
        recorded = self._context.records.recorded("dashboard_element", source_id)
        self._spared |= {recorded.destination_id} if recorded else set()

    def _on_its_tab(self, element: str, wanted: JsonObject) -> None:
        """A new tile that names no tab and is seen on one alone is made there: Looker would put it on every tab, or on
        the first. Not so if it has places on others, too, that can be made as unseen as they were.
        """
        known = self._context.destination.releases
        layouts = present(self._raw.get("dashboard_layouts") or (), flags=self._our_flags)
        every = [(one, place) for one in layouts for place in one.get("dashboard_layout_components") or ()]
        places = [(one, place) for one, place in every if str(place.get("dashboard_element_id")) == element]
        seen = [str(one["id"]) for one, place in places if not (self._our_flags and place.get("deleted"))]
        if len(layouts) < 2 or len(seen) != 1 or wanted.get(TAB) is not None:
            return
        alone = len(places) == 1 or not known.can_write("DashboardLayoutComponent", "deleted")
        if alone and known.can_write("DashboardElement", TAB):
            wanted[TAB] = self._plan.matched.get(("dashboard_layout", seen[0])) or Made("dashboard_layout", seen[0])

    def _why_impossible(self, tile: JsonObject) -> str:
        """The reason why the tile cannot be created, or "". Found before the first write, since Looker would refuse it
        after a part of the dashboard is written.
        """
        known = self._context.destination.releases
        beyond = [name for name in _KINDS_OF_TILE if tile.get(name) and not known.can_write("DashboardElement", name)]
        if beyond:
            return f"Looker {known.destination} has no {beyond[0]}"
        return "it shows nothing, and Looker cannot create such a tile" if shows_nothing(tile) else ""

    def _write(self, side: _Side, index: int, wanted: JsonObject, name: str) -> Write | None:
        """Plan the create or update of one part, if anything differs."""
        part, live = side.backed_up[index], side.matching.live_of.get(index)
        entry, path = PARTS[side.type], side.paths[index]
        if live is None:
            body = create_body(wanted)
            write = Write(
                operation=entry.create or "",
                type=side.type,
                source_id=str(part["id"]),
                live_id="",
                path=path,
                name=name,
                body=body,
                changes=changes(body, {}, f"{path}."),
            )
        else:
            body = differing(wanted, live, fields.sdk_model(entry.model))
            if not body:
                return None
            if wanted.get("result_maker") and any(name in body for name in SOURCES):
                # Whether anything in it outlives another source is nowhere said.
                body["result_maker"] = wanted["result_maker"]
            write = Write(
                operation=entry.update or "",
                type=side.type,
                source_id=str(part["id"]),
                live_id=str(live["id"]),
                path=path,
                name=name,
                body=body,
                changes=changes(body, live, f"{path}."),
            )
        self._plan.writes.append(write)
        return write

    def _plan_placements(self, layouts: _Side | None, tiles: _Side | None) -> None:
        if layouts is None or tiles is None:
            return
        names = {str(tile["id"]): tile_name(tile) for tile in tiles.backed_up}
        live = places_of(layouts.live)
        made = {write.source_id for write in self._plan.writes if write.type == "dashboard_element" and write.creates}
        for placement in self._placements(layouts, names):
            layout_id = self._plan.matched.get(("dashboard_layout", placement.layout))
            element_id = self._plan.matched.get(("dashboard_element", placement.element))
            if element_id is None and placement.element not in made:
                continue
            if layout_id is None or element_id is None:
                self._plan.pending.append(placement)
            else:
                self._place(placement, live.get((layout_id, element_id)))

    def _placements(self, layouts: _Side, names: Mapping[str, str]) -> list[Placement]:
        found = []
        fixed = _FIXED if self._our_flags and self._their_flags else (*_FIXED, "deleted")
        known = self._context.destination.releases
        for index, layout in enumerate(layouts.backed_up):
            for number, component in enumerate(layout.get("dashboard_layout_components") or ()):
                element = str(component.get("dashboard_element_id"))
                if element not in names:
                    continue
                wanted = wanted_part(component, "DashboardLayoutComponent", known, ignored=fixed)
                wanted = {name: value for name, value in wanted.items() if value is not None or name not in _SPOT}
                path = f"{layouts.paths[index]}.dashboard_layout_components[{number}]"
                found.append(Placement(str(layout["id"]), element, path, names[element], wanted))
        return found

    def _place(self, placement: Placement, component: JsonObject | None) -> None:
        if component is None:
            if not placement.fields.get("deleted"):
                self._plan.warnings.append(
                    f"tile {placement.name!r} has no place on a tab ({placement.path}), and Looker's API "
                    "cannot make one"
                )
            return
        write = placement_write(placement, component)
        if write:
            self._plan.writes.append(write)

    def _plan_removals(self, sides: Mapping[str, _Side | None]) -> None:
        if self._context.policy.keep_extra:
            return
        tiles = sides["dashboard_element"]
        if tiles and tiles.matching.extra:
            guard = AlertGuard(self._context.destination.live, self._context.policy)
            for tile in tiles.matching.extra:
                protected = guard.protects(tile)
                self._plan.alerts += bool(protected or tile.get("alert_count"))
                if protected:
                    self._plan.warnings.append(
                        f"tile {tile_name(tile)!r} (id {tile['id']}) is not in the backup but has live alerts: kept "
                        "(--allow-alert-loss deletes it)"
                    )
                elif kind_shown(tile) in self._unknown or str(tile["id"]) in self._spared:
                    self._plan.warnings.append(
                        f"tile {tile_name(tile)!r} (id {tile['id']}) is kept: it may be one of those that the "
                        "dashboard is restored without"
                    )
                else:
                    self._remove("dashboard_element", tile, tile_name(tile))
        for kind in ("dashboard_filter", "dashboard_layout"):
            side = sides[kind]
            for part in side.matching.extra if side else ():
                if kind == "dashboard_layout" and part.get("active"):
                    continue
                self._remove(kind, part, str(part.get("title") or part.get("label") or part.get("name") or ""))

    def _remove(self, kind: str, part: JsonObject, name: str) -> None:
        operation = PARTS[kind].delete
        if operation is None:
            raise ValueError(f"Looker cannot delete a {kind}")
        self._plan.removals.append(Removal(operation, Deletion(kind, str(part["id"]), name)))


_FILTER = ("name", "title", "type")
"""Required fields of a filter (specification, CreateDashboardFilter)."""

_FIELD_FILTER = ("model", "explore", "dimension")
"""Required fields of a filter by a field."""

_KINDS_OF_TILE = ("extension_id", "filter_id")
"""Contents of a tile that came after the first release of API 4.0."""

TAB = "dashboard_layout_id"

_FIXED = (TAB, "dashboard_element_id")

_SPOT = ("row", "column", "width", "height")
"""Fields in which null has no meaning: a tile always has a position and a size."""

Spot = tuple[str, str]
"""The ids of a layout and of a tile."""


def places_of(layouts: Iterable[JsonObject]) -> dict[Spot, JsonObject]:
    """The layout components of some layouts, by layout and tile."""
    return {
        (str(layout["id"]), str(component.get("dashboard_element_id"))): component
        for layout in layouts
        for component in layout.get("dashboard_layout_components") or ()
    }


def placement_write(placement: Placement, component: JsonObject) -> Write | None:
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


def _listened_first(filters: list[JsonObject]) -> list[int]:
    """The order in which filters can be made: those that others listen to come first; a circle keeps its order."""
    position = {str(part.get("name")): index for index, part in enumerate(filters)}
    order: list[int] = []
    begun: set[int] = set()

    def visit(index: int) -> None:
        if index in begun:
            return
        begun.add(index)
        for name in filters[index].get("listens_to_filters") or ():
            if name in position:
                visit(position[name])
        order.append(index)

    for index in range(len(filters)):
        visit(index)
    return order


def _filter_name(part: JsonObject) -> str:
    return str(part.get("title") or part.get("name") or "")


def _both(key: ContentKey) -> tuple[ContentKey, ContentKey]:
    return key, key


_CONTENT_KEYS: Mapping[str, tuple[tuple[ContentKey, ContentKey], ...]] = {
    "dashboard_filter": (
        _both(lambda part: part.get("name") or None),
        _both(lambda part: part.get("title") or None),
    ),
    "dashboard_layout": (
        _both(lambda part: (part.get("label") or "", part.get("order"), bool(part.get("active")))),
        _both(lambda part: "active" if part.get("active") else None),
        _both(lambda part: part.get("label") or None),
    ),
    "dashboard_element": (_both(strict_key), _both(linkless_key), _both(title_key), _both(source_key)),
}
