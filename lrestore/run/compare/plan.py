"""Plans items without writing: the outcome that each would have, and the calls that it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from lrestore.messages import Deletion, ItemKey, ItemResult
from lrestore.restoration.identify.match import Match
from lrestore.restoration.item_plan import ItemPlan, ItemPlanner
from lrestore.restoration.writes import incomplete
from lrestore.run.compare.planned_objects import PlannedObjects, calls_of
from lrestore.run.items.loop import Turn
from lrestore.run.saved_plan.model import PlannedWrite
from lrestore.run.saved_plan.record import PlanRecord, planned_item, to_save
from lrestore.run.saved_plan.removals import removed_by_kind
from lrestore.vault.items import VaultItem

_HOLDERS = {
    "folder_id": "folder",
    "parent_id": "folder",
    "user_id": "user",
    "deleted": "user",
    "permission_set_id": "permission_set",
    "model_set_id": "model_set",
    "group_user": "group",
    "role_user": "role",
}
"""Fields and memberships that are written, and the type of what holds the object by them."""


@dataclass(slots=True)
class Planned:
    """The totals of ``--plan``."""

    calls: Counter[str] = field(default_factory=Counter)
    deletions: list[Deletion] = field(default_factory=list)
    unproved: dict[ItemKey, str] = field(default_factory=dict)
    """Why the recorded mapping of an item does not count."""
    record: PlanRecord | None = None
    """Collects the plan that is saved; None without ``--plan-out``."""
    first: dict[ItemKey, tuple[PlannedWrite, ...]] = field(default_factory=dict)
    """The writes of first passes, of items with two passes."""
    removed: Counter[str] = field(default_factory=Counter)
    """Numbers of deleted parts and removed memberships, by kind."""
    alerts: int = 0
    """Number of tiles with live alerts that the backup lacks."""
    left: dict[ItemKey, frozenset[str]] = field(default_factory=dict)
    """Live objects that get another folder, owner, group, role or set: the types of what they leave."""


def planning(planner: ItemPlanner, planned: Planned, pretend: PlannedObjects) -> Turn:
    """A turn that plans an item and adds up the totals. Planned objects exist for the items that need them.

    Nothing is written between the passes of an item: what the first has not found, the second does not look for.
    """
    missing: dict[ItemKey, Match] = {}

    def turn(item: VaultItem, awaited: Collection[ItemKey], first_pass: ItemResult | None) -> tuple[ItemResult, bool]:
        pretend.forget(item.key)
        plan = planner.plan(item, awaited, last=first_pass is not None, match=missing.pop(item.key, None))
        if plan.deferred.found and plan.match.live is None and plan.match.taken is None:
            missing[item.key] = plan.match
        if plan.match.unproved:
            planned.unproved[plan.key] = plan.match.unproved
        if plan.action == "created" and plan.own is not None:
            pretend.made(item.key, plan.own.body)
        if plan.action == "updated" and plan.own is not None and plan.own.body.get("deleted") is False:
            pretend.taken_out(item.key, plan.live_id)
        if plan.action == "updated" and plan.own is not None:
            pretend.changed(item.key, plan.live_id, plan.own.body)
        pretend.made_tabs(plan.parts.writes)
        planned.left[ItemKey(plan.key.type, plan.live_id)] = _left(plan)
        described, first = planned_item(plan), planned.first.pop(plan.key, ())
        # Before the question whether the item waits for others: parts that are in the trash with it may.
        saved = to_save(plan, first) if planned.record is not None else None
        if plan.deferred.found:
            planned.first[plan.key] = described.writes
        else:
            planned.calls.update(calls_of(plan))
            planned.deletions += plan.parts.deletions
            if planned.record is not None and saved is not None:
                planned.record.add(saved)
            planned.removed.update(removed_by_kind(described))
            planned.alerts += plan.parts.alerts
            raise_unmet(plan, "the rest can be restored")
        return msgspec.structs.replace(described.result(), live=plan.facts), bool(plan.deferred.found)

    return turn


def _left(plan: ItemPlan) -> frozenset[str]:
    """The types of the objects that hold this one now and will not. The trash hides content from its owner."""
    if plan.action != "updated":
        return frozenset()
    body = plan.own.body if plan.own is not None else {}
    names = [*body, *(write.type for write in plan.parts.writes)]
    return frozenset(_HOLDERS[name] for name in names if name in _HOLDERS and (name != "deleted" or body[name]))


def planned_result(plan: ItemPlan) -> ItemResult:
    """A plan in the form of a result; nothing was done."""
    return msgspec.structs.replace(planned_item(plan).result(), live=plan.facts)


def raise_unmet(plan: ItemPlan, rest: str) -> None:
    """Raises IncompleteError if the item has references without a target. ``rest``: words about the rest
    of the item.
    """
    if plan.all_unmet:
        raise incomplete(plan.key, plan.all_unmet, rest).with_context(restored=planned_result(plan))
