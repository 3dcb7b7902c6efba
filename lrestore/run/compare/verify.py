"""``--verify``: compares items with the destination; after a restore, what was written is read again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

import msgspec

from lrestore.errors import StoppedError
from lrestore.messages import Change, Deletion, ItemKey, ItemResult
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item_plan import ItemPlan, ItemPlanner
from lrestore.restoration.writes import incomplete
from lrestore.run.compare.ignore_rules import Ignored
from lrestore.run.compare.plan import planned_result
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
        context = replace(fresh, policy=fresh.policy.comparing())
        try:
            keys = prefetched(context.destination.live, written, context.backup.judgement_of_items, journal.recorded)
            return _read_again(job, ItemPlanner(context), keys, same=same)
        except StoppedError as error:
            log.warning("%s", error)
            return None


def _read_again(job: Job, planner: ItemPlanner, written: Iterable[ItemKey], *, same: int) -> Verify | None:
    verifier = Verifier(planner, Ignored(job.settings.verify.ignore))
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
    return Verify(outcome.equal + same, outcome.different + unsure, outcome.ignored)


class Verifier:
    """Compares items with the destination and collects differences. Items that a rule skips count as neither."""

    def __init__(self, planner: ItemPlanner, ignored: Ignored) -> None:
        self._planner = planner
        self._ignored = ignored
        self.equal = 0
        self.different: list[Difference] = []
        self.ignored: list[Difference] = []
        self.matched: set[tuple[str, str]] = set()
        """Type and live id of the objects that items are."""
        self.strangers: set[tuple[str, str]] = set()
        """Type and id of the live objects that have an item's id and are others."""

    def step(self, item: VaultItem) -> ItemResult:
        """Compare one item. Raises ItemError if it cannot be compared."""
        plan = self._planner.plan(item)
        self._note(plan)
        unknown = [one for one in plan.all_unmet if one.unknown]
        result = _result(plan)
        if plan.action == "created":
            self.different.append(_difference(plan, missing=True))
        elif plan.action in ("updated", "unchanged"):
            result = self._compared(plan, result)
        if unknown:
            raise incomplete(plan.key, unknown, "the rest was compared").with_context(restored=result)
        if result.outcome == "unchanged":
            self.equal += 1
        return result

    def _note(self, plan: ItemPlan) -> None:
        if plan.match.live is not None:
            self.matched.add((plan.key.type, plan.live_id))
        if plan.match.stranger:
            self.strangers.add((plan.key.type, plan.match.stranger))

    def _compared(self, plan: ItemPlan, result: ItemResult) -> ItemResult:
        """The result without what is ignored; differences are collected."""
        kind = plan.key.type
        changes, apart = self._ignored.changes(kind, plan.changes)
        deletions, gone_apart = self._ignored.deletions(kind, plan.parts.deletions)
        lacks = tuple(str(one) for one in plan.all_unmet if not one.unknown)
        if apart or gone_apart:
            self.ignored.append(_difference(plan, changes=apart, deletions=gone_apart))
        ignored_whole = bool(apart or gone_apart) and not (changes or deletions or lacks)
        if plan.action == "unchanged" or ignored_whole:
            return msgspec.structs.replace(result, outcome="unchanged", changes=(), deletions=(), live=None)
        self.different.append(_difference(plan, changes=changes, deletions=deletions, lacks=lacks))
        return msgspec.structs.replace(result, changes=changes, deletions=deletions)

    def outcome(self) -> Verify:
        return Verify(self.equal, tuple(self.different), tuple(self.ignored))


def _difference(
    plan: ItemPlan,
    *,
    changes: tuple[Change, ...] = (),
    deletions: tuple[Deletion, ...] = (),
    lacks: tuple[str, ...] = (),
    missing: bool = False,
) -> Difference:
    key = plan.key
    return Difference(
        key.type, key.id, plan.name, plan.live_id, changes, deletions, missing, lacks, None if missing else plan.facts
    )


def _result(plan: ItemPlan) -> ItemResult:
    """The comparison in the form of a result; what the object lacks is no warning here."""
    result = planned_result(plan)
    return msgspec.structs.replace(result, warnings=tuple(dict.fromkeys([*plan.warnings, *plan.parts.warnings])))
