"""Recognises a live dashboard whose parts are as they were backed up: nothing of them needs a plan.

Most dashboards of a run are such ones. The planner comes to the same plan, in many times the time; it also finds the
differences that mean nothing. So a doubt costs no more than that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lrestore.content.diff import same, to_the_letter
from lrestore.content.payload import Releases
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.tiles import FROM_QUERY, SOURCES, base_query
from lrestore.restoration.journal import Records

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardLayout
    from lrestore.content.shapes.tile import DashboardTile

P = TypeVar("P")

_Part = Mapping[str, Any]

_Pairs = list[tuple[P, P]]
"""Parts of the backup, each with the live one of the same id."""

_PLACE: Final = ("dashboard_layout_id", "dashboard_element_id")

_MAKER: Final = (
    "dynamic_fields",
    "filterables",
    "merge_result_id",
    "query_id",
    "sorts",
    "sql_query_id",
    "total",
    "vis_config",
)
"""The fields of a result maker that say what its tile shows: the others follow from its query."""


def plan_if_same(context: Context, raw: Dashboard, live: Dashboard, *, ids_hold: bool) -> DashboardPlan | None:
    """The plan for parts that are all as they were backed up: it is empty but for ``matched``. None where any differs,
    to the letter, or where anything has to be looked up to plan it.
    """
    if not (ids_hold and context.backup.same_instance) or raw.get("deleted") or live.get("deleted"):
        return None
    filters = _pairs(raw.get("dashboard_filters"), live.get("dashboard_filters"))
    layouts = _pairs(raw.get("dashboard_layouts"), live.get("dashboard_layouts"))
    tiles = _pairs(raw.get("dashboard_elements"), live.get("dashboard_elements"))
    if filters is None or layouts is None or tiles is None:
        return None
    if not _settled(context.records, layouts, tiles):
        return None
    values = _Values(context.destination.releases)
    for part, other in filters:
        values.add("DashboardFilter", part, other)
    for layout, other in layouts:
        values.add("DashboardLayout", layout, other)
        values.add_places(layout, other)
    for tile, other in tiles:
        values.add_tile(tile, other)
    if not (to_the_letter(values.ours, values.theirs) or same(values.ours, values.theirs)):
        return None
    lists = {"dashboard_filter": filters, "dashboard_layout": layouts, "dashboard_element": tiles}
    ids = ((kind, str(part["id"])) for kind, pairs in lists.items() for part, _ in pairs)
    return DashboardPlan(matched={part: part[1] for part in ids})


def _pairs(ours: Sequence[_Part] | None, theirs: Sequence[_Part] | None) -> list[tuple[Any, Any]] | None:
    """The parts of both sides with the same ids, in order; None if there are others, or any is marked as deleted."""
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return None
    pairs = list(zip(ours, theirs, strict=True))
    if any(a.get("deleted") or b.get("deleted") or str(a["id"]) != str(b["id"]) for a, b in pairs):
        return None
    return pairs if len({str(part["id"]) for part in ours}) == len(ours) else None


def _settled(records: Records, layouts: _Pairs[DashboardLayout], tiles: _Pairs[DashboardTile]) -> bool:
    """Whether nothing has to be looked up: LookML that a layout is linked to, or a look that is in the trash or has
    another id now.
    """
    return not any(layout.get("lookml_link_id") for layout, _ in layouts) and not any(
        (live.get("look") or {}).get("deleted") or records.recorded("look", str(tile["look_id"])) is not None
        for tile, live in tiles
        if tile.get("look_id")
    )


class _Values:
    """The compared values of both sides, in the same order. One comparison of all is quicker than one of each."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._of_a_tile = releases.names("DashboardElement") - {"result_maker"}
        self.ours: list[Any] = []
        self.theirs: list[Any] = []

    def add(self, schema: str, part: _Part, live: _Part) -> None:
        """Add the fields that the backup holds and a restore may send."""
        names = part.keys() & self._releases.names(schema)
        self._add(names, part, live)

    def add_places(self, layout: DashboardLayout, live: DashboardLayout) -> None:
        """Add the places of tiles on a layout; of a tile that is hidden there, too."""
        ours, theirs = layout.get("dashboard_layout_components") or (), live.get("dashboard_layout_components") or ()
        self.ours.append(len(ours))
        self.theirs.append(len(theirs))
        for place, other in zip(ours, theirs, strict=False):
            self.add("DashboardLayoutComponent", place, other)
            self._add(_PLACE, place, other)
            self.ours.append(bool(place.get("deleted")))
            self.theirs.append(bool(other.get("deleted")))

    def add_tile(self, tile: DashboardTile, live: DashboardTile) -> None:
        """Add a tile with that of its result maker which does not follow from its query; and with the query, because
        what a tile overrides depends on it.
        """
        self._add(tile.keys() & self._of_a_tile, tile, live)
        self._add(SOURCES, tile, live)
        self._add(_MAKER, tile.get("result_maker") or {}, live.get("result_maker") or {})
        ours, theirs = base_query(tile), base_query(live)
        self.ours.append(ours is None)
        self.theirs.append(theirs is None)
        self._add(FROM_QUERY, ours or {}, theirs or {})

    def _add(self, names: Iterable[str], part: _Part, live: _Part) -> None:
        self.ours += map(part.get, names)
        self.theirs += map(live.get, names)
