"""Items one after the other: each ends in a result, whatever happens to it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lrestore.errors import IncompleteError, InternalError, ItemError, RunError
from lrestore.messages import Deletion, ItemKey, ItemResult, Outcome
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item import ItemPlan, ItemRestorer
from lrestore.restoration.writes import incomplete
from lrestore.run.compare.planned_objects import Pretend, calls_of
from lrestore.run.items.dead_letter import failed
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

Step = Callable[[Any], ItemResult | None]
"""What is done with an item; None where there is no result yet, and the item will come again."""
Turn = Callable[[Any, Collection[ItemKey], ItemResult | None], tuple[ItemResult, bool]]
"""Takes an item, the items still to come, and what its first turn has done; tells what came of it, and whether it has
to come again."""
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

    def over(self, keys: Iterable[ItemKey], step: Step) -> bool:
        """Apply ``step``; False when it was asked to stop before the end. RunErrors end the loop."""
        for key in keys:
            if self._stop():
                return False
            self.one(key, step)
        return True

    def one(self, key: ItemKey, step: Step) -> None:
        item = None
        try:
            item = self._vault.read(key, max_item_bytes=self._max_item_bytes)
            result = step(item)
            if result is not None:
                self._record(result, None)
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


def joined(half: ItemResult | None, result: ItemResult) -> ItemResult:
    """One result of an item that was restored in two turns."""
    if half is None:
        return result
    outcomes = (half.outcome, result.outcome)
    done: list[Outcome] = [outcome for outcome in ("created", "updated") if outcome in outcomes]
    return msgspec.structs.replace(
        result,
        outcome=done[0] if done else result.outcome,
        changes=half.changes + result.changes,
        deletions=half.deletions + result.deletions,
        mappings=half.mappings or result.mappings,
        warnings=tuple(dict.fromkeys(half.warnings + result.warnings)),
        left_out=tuple(dict.fromkeys(half.left_out + result.left_out)),
        enabled=half.enabled or result.enabled,
    )


@contextmanager
def second_turn(half: ItemResult | None) -> Iterator[None]:
    """An item that ends incomplete in here tells what its first turn has done, too."""
    try:
        yield
    except IncompleteError as error:
        if error.restored is not None:
            error.restored = joined(half, error.restored)
        raise


def planning(restorer: ItemRestorer, planned: Planned, pretend: Pretend) -> Turn:
    """A turn that says what would be done, and adds it up. What would be made is there for those that need it."""

    def turn(item: Any, awaited: Collection[ItemKey], half: ItemResult | None) -> tuple[ItemResult, bool]:
        pretend.forget(item.key)
        plan = restorer.plan(item, awaited, last=half is not None)
        if plan.action == "created" and plan.own is not None:
            pretend.made(item.key, plan.own.body)
        if plan.action == "updated" and plan.own is not None and plan.own.body.get("deleted") is False:
            pretend.taken_out(item.key, plan.live_id)
        if not plan.ends.found:
            planned.calls.update(calls_of(plan))
            planned.deletions += plan.parts.deletions
            _complain(plan, "the rest can be restored")
        return planned_result(plan), bool(plan.ends.found)

    return turn


def _complain(plan: ItemPlan, rest: str) -> None:
    """Raises IncompleteError where the item refers to what cannot be had. ``rest`` says what becomes of the rest."""
    if plan.all_unmet:
        error = incomplete(plan.key, plan.all_unmet, rest)
        error.restored = planned_result(plan)
        raise error


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
        warnings=plan.told,
        left_out=plan.left_out + tuple(sorted(plan.parts.left_out)),
    )


class Verifier:
    """Compares items with the destination and collects what is not as the backup has it; what a rule skips, neither."""

    def __init__(self, restorer: ItemRestorer) -> None:
        self._restorer = restorer
        self.equal = 0
        self.different: list[Difference] = []

    def step(self, item: Any) -> ItemResult:
        """Compare one item."""
        plan = self._restorer.plan(item)
        if plan.action in ("created", "updated"):
            self.different.append(_difference(plan))
        _complain(plan, "the rest was compared")
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
