"""Which parts of an object (tiles, filters, layouts, sections) are there, and which backed-up part is which live one.

Looker shows the parts of a dashboard that is in the trash as deleted, too; out of the trash they are there again. So
the flags of a trashed dashboard say nothing of its parts, in the backup as in the destination. Every dashboard has one
active layout: where that is shown as deleted, it is the dashboard that is in the trash.

Parts are matched in three passes, surest first: by id if ids hold, by recorded mapping, by content. Live parts
that are left over are extra, backed-up ones are to be created. No part is matched twice, nor with a part of another
kind: Looker does not make a text of a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from lrestore.restoration.identify.proof import proves
from lrestore.restoration.journal import Records

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardLayout

P = TypeVar("P", bound=Mapping[str, object])
"""One kind of part. Each part has an id."""

ContentKey = Callable[[P], Hashable]

Keys = Sequence[tuple[ContentKey[P], ContentKey[P]]]
"""(Key of a backed-up part, key of a live part) by content, strictest first; a key of None matches nothing."""


def flags_count(dashboard: Dashboard) -> bool:
    """Whether a part of the dashboard that is shown as deleted has been deleted."""
    return not dashboard.get("deleted") and flags_of_layouts_count(dashboard.get("dashboard_layouts") or ())


def flags_of_layouts_count(layouts: Iterable[DashboardLayout]) -> bool:
    """The same, told by all layouts of one dashboard."""
    return not any(layout.get("active") and layout.get("deleted") for layout in layouts)


def present(parts: Iterable[P], *, flags: bool) -> list[P]:
    """The parts of a dashboard that are there. ``flags``: whether its flags count (:func:`flags_count`)."""
    return [part for part in parts if not (flags and part.get("deleted"))]


@dataclass(slots=True)
class Matching(Generic[P]):
    """``live_of`` gives the live part for the position of a backed-up one; ``extra`` are live parts without any."""

    live_of: dict[int, P] = field(default_factory=dict)
    extra: list[P] = field(default_factory=list)


def match_parts(
    backed_up: Sequence[P],
    live: Sequence[P],
    *,
    mapped: Callable[[str], str | None],
    ids_hold: bool,
    keys: Keys[P],
    same_kind: Callable[[P, P], bool] = lambda part, other: True,
) -> Matching[P]:
    """Pair up parts. ``same_kind``: whether a backed-up and a live part may be paired at all."""
    matching: Matching[P] = Matching()
    free = {str(part["id"]): part for part in live}

    def take(index: int, live_id: str | None) -> None:
        if live_id in free and index not in matching.live_of and same_kind(backed_up[index], free[live_id]):
            matching.live_of[index] = free.pop(live_id)

    def left() -> list[tuple[int, P]]:
        return [(index, part) for index, part in enumerate(backed_up) if index not in matching.live_of]

    if ids_hold:
        for index, part in left():
            take(index, str(part.get("id")))
    for index, part in left():
        take(index, mapped(str(part.get("id"))))
    for ours, theirs in keys:
        for index, live_id in _alike(left(), ours, free, theirs):
            take(index, live_id)
    matching.extra = list(free.values())
    return matching


def _alike(
    backed_up: Sequence[tuple[int, P]], ours: ContentKey[P], live: Mapping[str, P], theirs: ContentKey[P]
) -> Iterator[tuple[int, str]]:
    """The pairs of a backed-up and a live part that have the same key."""
    if not backed_up:
        return
    by_key: dict[Hashable, list[str]] = {}
    for live_id, part in live.items():
        by_key.setdefault(theirs(part), []).append(live_id)
    by_key.pop(None, None)
    for index, part in backed_up if by_key else ():
        yield from ((index, live_id) for live_id in by_key.get(ours(part), ()))


def mapped_part(records: Records, kind: str, source_id: str, live: Iterable[Mapping[str, object]]) -> str | None:
    """The one of ``live``, parts of a live object that is known to be the backed-up one, as which a backed-up part is
    on record; None where that cannot be proved.

    A record of an older version is no proof: the part is then found by its content.
    """
    recorded = records.recorded(kind, source_id)
    if recorded is None:
        return None
    shown = next((part for part in live if str(part["id"]) == recorded.destination_id), None)
    return recorded.destination_id if shown is not None and proves(kind, recorded, shown) else None
