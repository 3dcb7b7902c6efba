"""The calls that a plan would take, by operation."""

from __future__ import annotations

from collections import Counter

from lrestore.restoration.dashboard import DashboardPlan
from lrestore.restoration.item import ItemPlan


def calls_of(plan: ItemPlan) -> Counter[str]:
    """The calls that carry out ``plan``. Places of new tiles are counted as if each had to be moved: at most so
    many.
    """
    calls: Counter[str] = Counter()
    if plan.own:
        calls[plan.own.operation] += 1
    calls.update(write.operation for write in plan.parts.writes)
    calls.update(removal.operation for removal in plan.parts.removals)
    if isinstance(plan.parts, DashboardPlan) and plan.parts.pending:
        calls["dashboard_dashboard_layouts"] += 1
        calls["update_dashboard_layout_component"] += len(plan.parts.pending)
    return calls
