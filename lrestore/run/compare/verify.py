"""``--verify``: compares items with the destination; after a restore, what was written is read again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from lrestore.errors import StoppedError
from lrestore.messages import ItemKey, ItemResult
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item_plan import ItemPlan, ItemPlanner
from lrestore.run.compare.plan import planned_result, raise_unmet
from lrestore.run.destination import ExaminedDestination
from lrestore.run.items.loop import ItemLoop
from lrestore.run.job import Job
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.prefetch import prefetched
from lrestore.state.read import StateReader
from lrestore.vault.items import VaultItem

log = logging.getLogger(__name__)


def verify_after(destination: ExaminedDestination, reader: StateReader) -> Verify | None:
    """Verify the items that the session wrote, in any of its starts. Unchanged ones were compared just before.

    An item that cannot be compared counts as different. None: stopped before the end.
    """
    job = destination.job
    outcomes = reader.outcomes(job.session_id)
    written = [key for key, outcome in outcomes.items() if outcome in ("created", "updated")]
    same = sum(outcome == "unchanged" for outcome in outcomes.values())
    with closing(ReadOnlyJournal.of(job)) as journal:
        fresh = destination.fresh_context(journal)
        context = replace(fresh, policy=fresh.policy.leaving_nothing_alone())
        try:
            keys = prefetched(context.destination.live, written, context.backup.judgement_of_items, journal.recorded)
            return _read_again(job, ItemPlanner(context), keys, same=same)
        except StoppedError as error:
            log.warning("%s", error)
            return None


def _read_again(job: Job, planner: ItemPlanner, written: Iterable[ItemKey], *, same: int) -> Verify | None:
    verifier = Verifier(planner)
    failures: list[ItemResult] = []

    def record(result: ItemResult, blob: bytes | None) -> None:
        if result.dead_letter:
            failures.append(result)

    loop = ItemLoop(job.vault, job.settings.run.max_item_bytes, record, job.surroundings.stop)
    if not loop.over(written, verifier.step):
        return None
    for failure in failures:
        log.error("could not verify %s: %s", failure.key, failure.reason)
    outcome = verifier.outcome()
    unsure = tuple(Difference(failure.key.type, failure.key.id, failure.name) for failure in failures)
    return Verify(outcome.equal + same, outcome.different + unsure)


class Verifier:
    """Compares items with the destination and collects differences. Items that a rule skips count as neither."""

    def __init__(self, planner: ItemPlanner) -> None:
        self._planner = planner
        self.equal = 0
        self.different: list[Difference] = []

    def step(self, item: VaultItem) -> ItemResult:
        """Compare one item."""
        plan = self._planner.plan(item)
        if plan.action in ("created", "updated"):
            self.different.append(_difference(plan))
        raise_unmet(plan, "the rest was compared")
        if plan.action in ("created", "updated"):
            return planned_result(plan)
        if plan.action == "unchanged":
            self.equal += 1
        return planned_result(plan)

    def outcome(self) -> Verify:
        return Verify(self.equal, tuple(self.different))


def _difference(plan: ItemPlan) -> Difference:
    missing = plan.action == "created"
    changes = () if missing else plan.changes
    return Difference(plan.key.type, plan.key.id, plan.name, plan.live_id, changes, plan.parts.deletions, missing)
