"""The sums of a plan, for the screen before the first write."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

from lrestore.messages import Totals
from lrestore.ontology import OPERATIONS
from lrestore.report.guards import Foreseen
from lrestore.run.compare.plan import Planned
from lrestore.run.compare.results import recorded_in
from lrestore.run.compare.whole_plan import WholePlan
from lrestore.run.destination import ExaminedDestination
from lrestore.run.items.loop import ItemLoop
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.prefetch import prefetched
from lrestore.run.report_head import report_of
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.run.saved_plan.removals import removed_by_kind


def foresee(destination: ExaminedDestination) -> Foreseen:
    """The sum of a restore's work, as --plan tells it. Reads afresh: a plan pretends that objects exist."""
    job = destination.job
    with closing(ReadOnlyJournal.of(job)) as journal:
        context = destination.fresh_context(journal)
        keys = prefetched(context.destination.live, job.keys, context.backup.judgement_of_items, journal.recorded)
        plan, builder = WholePlan(job, context, journal), report_of(job)
        record, stop = recorded_in(builder, job), job.surroundings.stop
        plan.over(keys, ItemLoop(job.vault, job.settings.run.max_item_bytes, record, stop))
        return foreseen_of(builder.totals, plan.planned)


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
