"""Items one after the other: each ends in a result, whatever happens to it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lrestore.errors import InternalError, ItemError, RunError
from lrestore.messages import Deletion, ItemKey, ItemResult
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item import ItemPlan, ItemRestorer
from lrestore.run.dead_letter import failed
from lrestore.run.planned_calls import calls_of
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

Record = Callable[[ItemResult, bytes | None], None]


@dataclass(slots=True)
class Planned:
    """What ``--plan`` adds up."""

    calls: Counter[str] = field(default_factory=Counter)
    deletions: list[Deletion] = field(default_factory=list)


class ItemLoop:
    """Applies one step to every item. ``record`` takes each result as it comes, with the blob of a failed one."""

    def __init__(self, vault: Vault, max_item_bytes: int, record: Record, stop: Callable[[], bool]) -> None:
        self._vault = vault
        self._max_item_bytes = max_item_bytes
        self._record = record
        self._stop = stop

    def over(self, keys: Iterable[ItemKey], step: Callable[[Any], ItemResult]) -> bool:
        """Apply ``step``; False when it was asked to stop before the end. RunErrors end the loop."""
        for key in keys:
            if self._stop():
                return False
            self.one(key, step)
        return True

    def one(self, key: ItemKey, step: Callable[[Any], ItemResult]) -> None:
        item = None
        try:
            item = self._vault.read(key, max_item_bytes=self._max_item_bytes)
            self._record(step(item), None)
        except ItemError as error:
            self._record(failed(error, key, item.name if item else ""), item.blob if item else None)
        except RunError:
            raise
        except Exception as error:  # noqa: BLE001 (one item's failure never stops the others; its dead letter has it all)
            log.error("internal error at %s: %s: %s", key, type(error).__name__, error)  # noqa: TRY400 (the same)
            mistake = InternalError(
                f"internal error: {type(error).__name__}: {error}", hint="please report it", key=key
            )
            mistake.__cause__ = error
            self._record(failed(mistake, key, item.name if item else ""), item.blob if item else None)


def planning(restorer: ItemRestorer, planned: Planned) -> Callable[[Any], ItemResult]:
    """A step that says what would be done, and adds it up."""

    def step(item: Any) -> ItemResult:
        plan = restorer.plan(item)
        planned.calls.update(calls_of(plan))
        planned.deletions += plan.parts.deletions
        return planned_result(plan)

    return step


def planned_result(plan: ItemPlan) -> ItemResult:
    """A plan in the form of a result: the same words, nothing done."""
    return ItemResult(
        key=plan.key,
        name=plan.name,
        outcome=plan.action,
        destination_id=plan.live_id,
        reason=plan.reason,
        changes=plan.changes,
        deletions=plan.parts.deletions,
        warnings=tuple(dict.fromkeys(plan.warnings)),
    )


class Verifier:
    """Compares items with the destination and collects what is not as the backup has it."""

    def __init__(self, restorer: ItemRestorer) -> None:
        self._restorer = restorer
        self.equal = 0
        self.different: list[Difference] = []

    def step(self, item: Any) -> ItemResult:
        """Compare one item."""
        plan = self._restorer.plan(item)
        if plan.action in ("created", "updated"):
            self.different.append(_difference(plan))
        else:
            self.equal += 1
        return planned_result(plan)

    def outcome(self) -> Verify:
        return Verify(self.equal, tuple(self.different))


def _difference(plan: ItemPlan) -> Difference:
    missing = plan.action == "created"
    changes = () if missing else plan.changes
    return Difference(plan.key.type, plan.key.id, plan.name, plan.live_id, changes, plan.parts.deletions, missing)
