"""The parts of a dashboard on both sides: in the backup, and live; and which of them are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from lrestore.restoration.dashboards.tiles import linkless_key, same_kind, source_key, strict_key, title_key
from lrestore.restoration.identify.parts import (
    ContentKey,
    Keys,
    Matching,
    flags_count,
    mapped_part,
    match_parts,
    present,
)
from lrestore.restoration.journal import Records

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardFilter, DashboardLayout
    from lrestore.content.shapes.tile import DashboardTile

P = TypeVar("P", bound=Mapping[str, object])
"""One kind of part."""

_Lists = tuple[list[P] | None, list[P] | None]
"""The parts of the backup, and the live ones; None for a list that is not shown."""


@dataclass(slots=True)
class Side(Generic[P]):
    """One kind of part on both sides. ``paths``: the paths of the backed-up parts in their item."""

    type: str
    paths: list[str]
    backed_up: list[P]
    live: list[P]
    matching: Matching[P]


class Sides:
    """All parts. A kind is None where one side does not show it: ``warnings`` says so."""

    def __init__(self, records: Records, raw: Dashboard, live: Dashboard, *, ids_hold: bool) -> None:
        self._records = records
        self._ids_hold = ids_hold
        self._live_id = live.get("id")
        self.our_flags, self.their_flags = flags_count(raw), flags_count(live)
        self.warnings: list[str] = []
        filters = raw.get("dashboard_filters"), live.get("dashboard_filters")
        layouts = raw.get("dashboard_layouts"), live.get("dashboard_layouts")
        tiles = raw.get("dashboard_elements"), live.get("dashboard_elements")
        self.filters = self._side("dashboard_filter", "dashboard_filters", filters, _FILTER_KEYS)
        self.layouts = self._side("dashboard_layout", "dashboard_layouts", layouts, _LAYOUT_KEYS)
        self.tiles = self._side("dashboard_element", "dashboard_elements", tiles, _TILE_KEYS, same_kind)

    def matched(self) -> dict[tuple[str, str], str]:
        """(Part type, source id) → live id of the parts that exist."""
        return {**_pairs(self.filters), **_pairs(self.layouts), **_pairs(self.tiles)}

    def _side(
        self,
        kind: str,
        path: str,
        lists: _Lists[P],
        keys: Keys[P],
        same_kind: Callable[[P, P], bool] = lambda part, other: True,
    ) -> Side[P] | None:
        ours, theirs = lists
        if not isinstance(ours, list):
            self.warnings.append(f"it was backed up without its {path}: the live ones are left alone")
            return None
        if theirs is None and self._live_id:
            self.warnings.append(f"Looker does not show the {path} of the live dashboard: they are left alone")
            return None
        backed_up = present(ours, flags=self.our_flags)
        live = present(theirs or (), flags=self.their_flags)
        matching = match_parts(
            backed_up,
            live,
            mapped=lambda source_id: mapped_part(self._records, kind, source_id, live),
            ids_hold=self._ids_hold,
            keys=keys,
            same_kind=same_kind,
        )
        places = {id(part): f"{path}[{number}]" for number, part in enumerate(ours)}
        return Side(kind, [places[id(part)] for part in backed_up], backed_up, live, matching)


def _pairs(side: Side[P] | None) -> dict[tuple[str, str], str]:
    if side is None:
        return {}
    return {(side.type, str(side.backed_up[i]["id"])): str(live["id"]) for i, live in side.matching.live_of.items()}


def _both(key: ContentKey[P]) -> tuple[ContentKey[P], ContentKey[P]]:
    return key, key


def _name(part: DashboardFilter) -> str | None:
    return part.get("name") or None


def _title(part: DashboardFilter) -> str | None:
    return part.get("title") or None


def _label_and_place(part: DashboardLayout) -> tuple[str, int | None, bool]:
    return part.get("label") or "", part.get("order"), bool(part.get("active"))


def _active(part: DashboardLayout) -> str | None:
    return "active" if part.get("active") else None


def _label(part: DashboardLayout) -> str | None:
    return part.get("label") or None


_FILTER_KEYS: Keys[DashboardFilter] = (_both(_name), _both(_title))
_LAYOUT_KEYS: Keys[DashboardLayout] = (_both(_label_and_place), _both(_active), _both(_label))
_TILE_KEYS: Keys[DashboardTile] = (_both(strict_key), _both(linkless_key), _both(title_key), _both(source_key))
