"""The sums of a plan, for the screen before the first write."""

from __future__ import annotations

from collections import Counter

from lrestore.messages import Totals
from lrestore.ontology import OPERATIONS
from lrestore.report.guards import Foreseen
from lrestore.run.compare.plan import Planned
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.run.saved_plan.removed import removed_by_kind


def foreseen_of(totals: Totals, planned: Planned) -> Foreseen:
    """The sum of what was planned; ``totals`` count the items."""
    return Foreseen(
        create=totals.created,
        update=totals.updated,
        unchanged=totals.unchanged,
        skip=totals.skipped,
        fail=totals.failed,
        pending=totals.pending,
        writes=sum(count for name, count in planned.calls.items() if OPERATIONS[name].method != "GET"),
        deletions=dict(planned.removed),
        alerts=planned.alerts,
    )


def foreseen_in(plan: SavedPlan) -> Foreseen:
    """The same of a plan that was saved: nothing needs to be read for it."""
    actions = Counter(item.action for item in plan.items)
    removed: Counter[str] = sum((removed_by_kind(item) for item in plan.items), Counter())
    writes = [len(item.writes) + len(item.deletions) for item in plan.items]
    return Foreseen(
        create=actions["create"],
        update=actions["update"],
        unchanged=actions["unchanged"],
        skip=actions["skip"],
        fail=actions["fail"],
        writes=sum(writes) + len(plan.renames),
        deletions=dict(removed),
    )
