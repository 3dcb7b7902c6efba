"""Plans items without writing: the outcome that each would have, and the calls that it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from lrestore.messages import Deletion, ItemKey, ItemResult
from lrestore.restoration.item import ItemPlan, ItemRestorer
from lrestore.restoration.writes import incomplete
from lrestore.run.compare.planned_objects import Pretend, calls_of
from lrestore.run.items.loop import Turn


@dataclass(slots=True)
class Planned:
    """The totals of ``--plan``."""

    calls: Counter[str] = field(default_factory=Counter)
    deletions: list[Deletion] = field(default_factory=list)


def planning(restorer: ItemRestorer, planned: Planned, pretend: Pretend) -> Turn:
    """A turn that plans an item and adds up the totals. Planned objects exist for the items that need them."""

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
            complain(plan, "the rest can be restored")
        return planned_result(plan), bool(plan.ends.found)

    return turn


def planned_result(plan: ItemPlan) -> ItemResult:
    """A plan in the form of a result; nothing was done."""
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


def complain(plan: ItemPlan, rest: str) -> None:
    """Raises IncompleteError if the item has references without a target. ``rest``: words about the rest
    of the item.
    """
    if plan.all_unmet:
        raise incomplete(plan.key, plan.all_unmet, rest).with_context(restored=planned_result(plan))
