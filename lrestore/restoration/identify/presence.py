"""Which parts of a dashboard are there, as their ``deleted`` flags tell.

Looker shows the parts of a dashboard that is in the trash as deleted, too; out of the trash they are there again. So
the flags of a trashed dashboard say nothing of its parts, in the backup as in the destination. Every dashboard has one
active layout: where that is shown as deleted, it is the dashboard that is in the trash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardLayout

P = TypeVar("P", bound=Mapping[str, object])


def flags_count(dashboard: Dashboard) -> bool:
    """Whether a part of the dashboard that is shown as deleted has been deleted."""
    return not dashboard.get("deleted") and flags_of_layouts_count(dashboard.get("dashboard_layouts") or ())


def flags_of_layouts_count(layouts: Iterable[DashboardLayout]) -> bool:
    """The same, told by all layouts of one dashboard."""
    return not any(layout.get("active") and layout.get("deleted") for layout in layouts)


def present(parts: Iterable[P], *, flags: bool) -> list[P]:
    """The parts of a dashboard that are there. ``flags``: whether its flags count (:func:`flags_count`)."""
    return [part for part in parts if not (flags and part.get("deleted"))]
