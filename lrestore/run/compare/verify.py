"""``--verify``: compares items with the destination; after a restore, what was written is read again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from lrestore.errors import StoppedError
from lrestore.messages import ItemKey, ItemResult
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item import ItemPlan, ItemRestorer
from lrestore.run.compare.plan import planned_result, raise_unmet
from lrestore.run.items.loop import ItemLoop
from lrestore.run.job import Record
from lrestore.vault.items import VaultItem

log = logging.getLogger(__name__)


def read_again(
    restorer: ItemRestorer, written: Iterable[ItemKey], loop: Callable[[Record], ItemLoop], *, same: int
) -> Verify | None:
    """Compare each item with the destination; ``same`` other items were found unchanged just before.

    An item that cannot be compared counts as different. None: stopped before the end.
    """
    verifier = Verifier(restorer)
    failures: list[ItemResult] = []
    try:
        whole = loop(lambda result, blob: failures.append(result) if result.dead_letter else None).over(
            written, verifier.step
        )
    except StoppedError:
        return None
    if not whole:
        return None
    for failure in failures:
        log.error("could not verify %s: %s", failure.key, failure.reason)
    outcome = verifier.outcome()
    unsure = tuple(Difference(failure.key.type, failure.key.id, failure.name) for failure in failures)
    return Verify(outcome.equal + same, outcome.different + unsure)


class Verifier:
    """Compares items with the destination and collects differences. Items that a rule skips count as neither."""

    def __init__(self, restorer: ItemRestorer) -> None:
        self._restorer = restorer
        self.equal = 0
        self.different: list[Difference] = []

    def step(self, item: VaultItem) -> ItemResult:
        """Compare one item."""
        plan = self._restorer.plan(item)
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
