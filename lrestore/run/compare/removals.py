"""Plans which objects an undo deletes: those that the undone session created, if that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrestore.messages import ItemResult
from lrestore.restoration.context import Context
from lrestore.run.compare.plan import Planned
from lrestore.run.compare.planned_objects import PlannedObjects
from lrestore.run.items.loop import ItemLoop
from lrestore.run.job import Job
from lrestore.run.saved_plan.live_digest import digests_of
from lrestore.run.saved_plan.model import Action, PlannedDeletion, PlannedItem
from lrestore.run.saved_plan.removals import removed_by_kind
from lrestore.run.undo.decide import RemovalDecision, Removals
from lrestore.text.storable import storable
from lrestore.vault.items import VaultItem


class PlannedRemovals:
    """Adds up the deletions of whole objects. An object counts as empty if the undo takes out its content before."""

    def __init__(self, job: Job, context: Context, planned: Planned, pretend: PlannedObjects) -> None:
        self._keys = job.removals
        self._planned = planned
        self._pretend = pretend
        self._removals = Removals(context, job.removals, planned.left) if job.removals else None

    def of_types(self, types: Sequence[str], loop: ItemLoop) -> bool:
        """Plan the deletions of these types. False: stopped before the end."""
        removals = self._removals
        if removals is None:
            return True
        return loop.over(
            removals.in_order(self._keys, types), lambda item: self._plan(removals.decide(item.key, item.name), item)
        )

    def _plan(self, removal: RemovalDecision, item: VaultItem) -> ItemResult:
        if removal.live is None or removal.stays:
            self._record(_planned(removal, "skip", reason=removal.stays))
            return removal.kept()
        key = removal.key
        found = _planned(
            removal,
            "update",
            live=digests_of(key.type, removal.live),
            deletions=(PlannedDeletion(removal.operation, key.type, key.id, storable(removal.name)),),
        )
        self._planned.calls[removal.operation] += 1
        self._planned.deletions += removal.removed().deletions
        self._planned.removed.update(removed_by_kind(found))
        self._pretend.removed(key)
        self._record(found)
        return removal.removed()

    def _record(self, item: PlannedItem) -> None:
        if self._planned.record is not None:
            self._planned.record.add(item)


def _planned(removal: RemovalDecision, action: Action, **more: Any) -> PlannedItem:
    key, name = removal.key, storable(removal.name)
    return PlannedItem(type=key.type, id=key.id, name=name, destination_id=key.id, action=action, **more)
