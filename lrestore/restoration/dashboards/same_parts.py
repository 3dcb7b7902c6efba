"""Recognises a live dashboard whose parts are as they were backed up: nothing of them needs a plan.

Most dashboards of a run are such ones. The planner comes to the same plan, in many times the time; it also finds the
differences that mean nothing. So a doubt costs no more than that time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lrestore.content.diff import same
from lrestore.content.payload import Releases
from lrestore.json_types import JsonObject
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.tiles import FROM_QUERY, base_query
from lrestore.restoration.identify.queries import query_id_of
from lrestore.restoration.journal import Records

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardLayout
    from lrestore.content.shapes.query import Query
    from lrestore.content.shapes.tile import DashboardTile

_Part = Mapping[str, Any]

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
    releases, records = context.destination.releases, context.records
    filters = _pairs(raw.get("dashboard_filters"), live.get("dashboard_filters"))
    layouts = _pairs(raw.get("dashboard_layouts"), live.get("dashboard_layouts"))
    tiles = _pairs(raw.get("dashboard_elements"), live.get("dashboard_elements"))
    if filters is None or layouts is None or tiles is None:
        return None
    equal = (
        all(_alike(releases, "DashboardFilter", *both) for both in filters)
        and all(_same_layout(releases, *both) for both in layouts)
        and all(_same_tile(releases, records, *both) for both in tiles)
    )
    if not equal:
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


def _alike(releases: Releases, schema: str, part: _Part, live: _Part) -> bool:
    """Whether both have the same values in all fields that the backup holds and a restore may send."""
    names = [taken.name for taken in releases.taken(schema) if taken.name in part]
    return same([*map(part.get, names)], [*map(live.get, names)])


def _same_layout(releases: Releases, layout: DashboardLayout, live: DashboardLayout) -> bool:
    ours, theirs = layout.get("dashboard_layout_components") or (), live.get("dashboard_layout_components") or ()
    return (
        # Whether LookML that it is linked to is there has to be looked up.
        not layout.get("lookml_link_id")
        and _alike(releases, "DashboardLayout", layout, live)
        and len(ours) == len(theirs)
        and all(_same_place(releases, *both) for both in zip(ours, theirs, strict=True))
    )


def _same_place(releases: Releases, place: _Part, live: _Part) -> bool:
    return (
        # A tile that is hidden on a tab.
        bool(place.get("deleted")) == bool(live.get("deleted"))
        and all(str(place.get(name)) == str(live.get(name)) for name in _PLACE)
        and _alike(releases, "DashboardLayoutComponent", place, live)
    )


def _same_tile(releases: Releases, records: Records, tile: DashboardTile, live: DashboardTile) -> bool:
    return (
        (not tile.get("look_id") or _same_look(records, tile, live))
        and query_id_of(tile) == query_id_of(live)
        and _same_base(base_query(tile), base_query(live))
        and _alike(releases, "DashboardElement", _shown(tile), _shown(live))
    )


def _same_base(ours: Query | None, theirs: Query | None) -> bool:
    """What a tile overrides depends on the query that it is based on."""
    if ours is None or theirs is None:
        return ours is theirs
    return same([*map(ours.get, FROM_QUERY)], [*map(theirs.get, FROM_QUERY)])


def _shown(tile: DashboardTile) -> JsonObject:
    """The tile with the part of its result maker that does not follow from its query."""
    maker = tile.get("result_maker") or {}
    return {**tile, "result_maker": {name: maker.get(name) for name in _MAKER}}


def _same_look(records: Records, tile: DashboardTile, live: DashboardTile) -> bool:
    """Whether the look is out of the trash, and has the id still that it had."""
    look = live.get("look") or {}
    return not look.get("deleted") and records.recorded("look", str(tile["look_id"])) is None
