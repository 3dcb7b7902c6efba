"""``--plan`` and ``--verify``: read the destination, compare each item, report. Nothing is written, not even the state
file.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import msgspec

from lrestore.errors import CallsSpentError, OutageError
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import OPERATIONS
from lrestore.report.build import ReportBuilder, plan_of
from lrestore.report.model import Api, PlanCost, Report, Verify
from lrestore.restoration.context import Context
from lrestore.restoration.item_plan import ItemPlanner
from lrestore.run.compare.ignore_rules import Ignored
from lrestore.run.compare.only_live import LiveStrangers, Seen, only_live
from lrestore.run.compare.people import live_names, with_names
from lrestore.run.compare.results import announced
from lrestore.run.compare.saved_plan import saved_plan
from lrestore.run.compare.verify import Verifier
from lrestore.run.compare.whole_plan import WholePlan
from lrestore.run.destination import DestinationConnection, ExaminedDestination, examine, opening
from lrestore.run.finish.open_folders import more_open
from lrestore.run.guards.foresee import foreseen_of
from lrestore.run.guards.screen import opening_screen, with_plan
from lrestore.run.items.budget import Budget
from lrestore.run.items.loop import ItemLoop, TakeResult
from lrestore.run.job import Job
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.lookervault_mappings import take_over
from lrestore.run.prepare.missing_looks import add_missing_looks
from lrestore.run.prepare.prefetch import prefetched
from lrestore.run.report_head import report_of
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.run.saved_plan.record import PlanRecord, planned_rename

log = logging.getLogger(__name__)


def compare(job: Job, connection: DestinationConnection) -> Report:
    """The report of ``--plan`` or ``--verify``. Raises RunError if the comparison cannot start."""
    within = _Within(job, connection)
    with opening(job):
        destination = examine(job, connection)
    with closing(ReadOnlyJournal.of(job)) as journal:
        with opening(job):
            context = destination.context(journal)
            take_over(job, context, journal.take_over)
            if job.request.mode == "plan":
                add_missing_looks(job, context)
        judgement, compares = context.backup.judgement_of_items, job.request.mode == "verify"
        keys = prefetched(connection.live, job.keys, judgement, journal.recorded, trash=compares)
        if compares:
            # A tile that the backup lacks is a difference, with alerts or without: nothing is deleted.
            context = replace(context, policy=replace(context.policy.comparing(), allow_alert_loss=True))
            return _verify(job, context, keys, within)
        with opening(job):
            plan = WholePlan(job, context, journal)
        return _plan(destination, plan, keys, within)


class _Within:
    """The limits of calls and time of one comparison. Looker licenses reading calls too, so they count."""

    def __init__(self, job: Job, connection: DestinationConnection) -> None:
        self._job = job
        self._connection = connection
        self._budget = Budget.of(job.request, "none", len(job.keys))
        self._spent = ""

    def loop(self, record: TakeResult) -> ItemLoop:
        """A loop over items that ends when a limit is reached."""
        return ItemLoop(self._job.vault, self._job.settings.run.max_item_bytes, record, self._enough)

    def all_of(self, compare: Callable[[], bool]) -> bool:
        """Compare until a limit is reached; return whether all was compared. The rest has no result."""
        try:
            return compare() and not self._spent
        except (CallsSpentError, OutageError) as error:
            self._spent = self._spent or error.message
            return False

    def report(self, builder: ReportBuilder, *, verify: Verify | None = None, plan: PlanCost | None = None) -> Report:
        """The report; "stopped" if a limit ended the comparison early."""
        if self._spent:
            log.warning("stopped early: %s", self._spent)
            builder.stopped(self._spent)
        status = "stopped" if self._spent else "finished"
        meter = self._connection.session.meter
        unnamed = builder.finish(Api.of(meter.snapshot()), status=status, verify=verify, plan=plan)
        report = with_names(unnamed, partial(live_names, self._connection.live))
        return msgspec.structs.replace(report, api=Api.of(meter.snapshot()))

    def _enough(self) -> bool:
        self._spent = self._spent or self._budget.spent(0, self._connection.session.meter.snapshot().calls)
        return bool(self._spent) or self._job.surroundings.stop()


def _verify(job: Job, context: Context, keys: Iterator[ItemKey], within: _Within) -> Report:
    verifier = Verifier(ItemPlanner(context), Ignored(job.settings.verify.ignore))
    builder = report_of(job)
    loop = within.loop(announced(builder, job))
    whole = within.all_of(lambda: loop.over(keys, verifier.step))
    outcome = verifier.outcome()
    if job.request.only_live and whole:
        found = LiveStrangers()

        def listed() -> bool:
            nonlocal found
            found = only_live(job, context, Seen(verifier.matched, verifier.strangers))
            return True

        within.all_of(listed)
        outcome = msgspec.structs.replace(outcome, only_live=found.objects, unlisted=found.unlisted)
        for type_name, why in found.unlisted.items():
            builder.warn(f"{type_name}s could not be listed, so those that only Looker has are not known: {why}")
        if not found.types:
            builder.warn("--verify=both lists live objects of types that are selected as a whole: there is none")
    return within.report(builder, verify=outcome)


def _plan(destination: ExaminedDestination, plan: WholePlan, keys: Iterator[ItemKey], within: _Within) -> Report:
    job, planned, keep = destination.job, plan.planned, destination.job.surroundings.keep_plan
    if keep is not None:
        planned.record = PlanRecord([planned_rename(write) for write in plan.aside])
    builder = report_of(job)
    with opening(job):
        guards = opening_screen(destination)
    for write in plan.aside:
        builder.warn(f"{write.type}={write.live_id} is temporarily renamed to {write.body['name']!r}")
    announce = announced(builder, job, planned.record)
    results: list[ItemResult] = []

    def record(result: ItemResult, blob: bytes | None) -> None:
        announce(result, blob)
        results.append(result)

    whole = within.all_of(lambda: plan.over(keys, within.loop(record)))
    for warning in more_open(destination, plan.context, results):
        builder.warn(warning)
    builder.guards = with_plan(guards, foreseen_of(builder.totals, planned))
    calls = planned.calls + Counter(destination.connection.session.meter.snapshot().by_operation)
    unproved = tuple(f"{key}: {why}" for key, why in planned.unproved.items())
    cost = msgspec.structs.replace(plan_of(calls, OPERATIONS, planned.deletions), unproved_mappings=unproved)
    report = within.report(builder, plan=cost)
    if keep is not None and planned.record is not None:
        _keep_plan(job, keep, planned.record, report, whole=whole)
    return report


def _keep_plan(
    job: Job, keep: Callable[[SavedPlan], object], record: PlanRecord, report: Report, *, whole: bool
) -> None:
    """Save a whole plan. A part of one is not saved: items that it lacks would seem to need no change."""
    if not whole:
        log.warning("no plan was saved: it was stopped before all items had been planned")
        return
    for missing in job.missing:
        record.add_result(missing)
    keep(saved_plan(job, record, report))
