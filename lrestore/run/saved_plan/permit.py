"""Compares each item with a saved plan: the item is planned again right before its writes.

first pass:  the live object has not changed since the plan, and the writes are those of the plan
items that a process of the same plan had begun: no value was set since by another person, and all remaining writes are
             in the plan. The process may have belonged to another session: of a first application, of a retry
second pass: all remaining writes are in the plan
parts that are planned again meanwhile (a dashboard that was just created): the same
no writes: everything is as planned already
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from lrestore.errors import ChangedSincePlanError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import FieldError, ItemKey
from lrestore.restoration.changed_since import WrittenValues, edited_between, name_is_of_session
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.journal import Records
from lrestore.restoration.ports import Earlier, EarlierWrites, Everything, Permit
from lrestore.restoration.writes import Plan, Write
from lrestore.run.saved_plan.comparison import Deviation, PlanComparison
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.saved_plan.live_digest import changed_paths, digests_of
from lrestore.run.saved_plan.model import PlannedItem, SavedPlan
from lrestore.run.saved_plan.names import PlannedNames
from lrestore.run.saved_plan.record import id_or_name, later, planned_item, planned_rename, planned_write, seen
from lrestore.text.words import shortened

_NAMED = 5
"""Number of changed paths in the message of a dead letter; its field errors name all."""


def permit_of(plan: ReadPlan | None, records: Records, live: Live, earlier: Earlier) -> Permit:
    """Decides what a session may write: everything, or only what its plan holds."""
    return Everything() if plan is None else OnlyPlanned(plan.plan, records, live, earlier)


class OnlyPlanned:
    """Implements :class:`lrestore.restoration.ports.Permit` for one saved plan."""

    saved = True

    def __init__(self, plan: SavedPlan, records: Records, live: Live, earlier: Earlier) -> None:
        self._earlier = earlier
        self._items = {item.key: item for item in plan.items}
        self._renames = {(one.type, one.live_id): one for one in plan.renames}
        self._records = records
        self._waiting: set[ItemKey] = set()
        """Items that are written in two passes."""
        self._live = live

    def rename(self, write: Write) -> bool:
        """Whether the plan holds this temporary rename, and the object has not changed since, other than by the plan. A
        changed object is not written later and would keep the temporary name.
        """
        planned = self._renames.get((write.type, write.live_id))
        item = self._items.get(ItemKey(write.type, write.source_id))
        live = self._live.get(write.type, write.live_id)
        if planned is None or planned.body != planned_rename(write).body:
            return False
        if item is None or item.live is None or live is None:
            return False
        if not changed_paths(item.live, digests_of(write.type, live)):
            return True
        earlier = self._earlier.of(item.key, write.live_id, live.get("created_at"))
        owner = ItemKey(write.type, write.live_id)
        return earlier is not None and name_is_of_session(WrittenValues(earlier, owner, earlier.copied), live)

    def item(self, plan: ItemPlan, *, last: bool) -> None:
        """Raises ChangedSincePlanError unless the item, as planned now, may be written."""
        planned = self._items.get(plan.key) or PlannedItem(type=plan.key.type, id=plan.key.id, action="unchanged")
        if plan.action == "unchanged" and not plan.all_unmet:
            return
        earlier = self._written_before(plan)
        begun = last or earlier is not None
        names = self._names(plan.parts, plan.key, plan.live_id)
        found = list(self._since(planned, plan, earlier)) if not last else []
        if found:
            raise _changed(plan.key, plan.name, found, missing=plan.match.live is None, begun=begun)
        now = msgspec.structs.replace(planned_item(plan), later=later(plan.parts, plan.key, id_or_name(plan)))
        waits = bool(plan.deferred.found)
        (self._waiting.add if waits else self._waiting.discard)(plan.key)
        compare = PlanComparison(planned, names, self._renamed(plan), waiting=waits)
        if not waits:
            found += (
                Deviation(one.path, f"without {one}") for one in plan.all_unmet if one.path not in planned.without
            )
        found += compare.unplanned(now.writes, now.deletions, now.later)
        if not waits and not begun:
            found += compare.left_out(now)
        if found:
            raise _changed(plan.key, plan.name, found, missing=plan.match.live is None, begun=begun)

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        """The same for parts that were planned again after the object itself was written."""
        planned = self._items.get(key) or PlannedItem(type=key.type, id=key.id, action="unchanged")
        compare = PlanComparison(planned, self._names(parts, key, live_id), waiting=key in self._waiting)
        deletions = [(one.deletion.type, one.deletion.id) for one in parts.removals]
        writes = (planned_write(write, key, live_id) for write in parts.writes)
        found = list(compare.unplanned_writes((*writes, *later(parts, key, live_id))))
        found += compare.unplanned_deletions(deletions)
        if found:
            raise _changed(key, planned.name, found, begun=True)

    def removal(self, key: ItemKey, live: JsonObject, stays: str) -> None:
        """Raises ChangedSincePlanError unless the plan deletes the object, and it has not changed since."""
        planned = self._items.get(key) or PlannedItem(type=key.type, id=key.id, action="unchanged")
        if stays:
            raise _changed(key, planned.name, [Deviation("", f"it would be kept now: {stays}")])
        now = digests_of(key.type, self._before_rename(key.type, key.id, live))
        found = changed_paths(planned.live, now) if planned.live is not None and planned.removes else [""]
        if found:
            raise _changed(key, planned.name, [Deviation(path, path or "it is not to be deleted") for path in found])

    def _written_before(self, plan: ItemPlan) -> EarlierWrites | None:
        """The writes to the item by processes that have ended, of this session and of others with the same plan."""
        live = plan.match.live
        return None if live is None else self._earlier.of(plan.key, plan.live_id, live.get("created_at"))

    def _since(self, planned: PlannedItem, plan: ItemPlan, earlier: EarlierWrites | None) -> Iterator[Deviation]:
        """The changes of the live object since the plan, other than by the plan itself."""
        live = plan.match.live
        if plan.action == "skipped":
            yield Deviation("", f"it would be skipped now: {plan.reason}")
        elif plan.live_id != planned.destination_id and (planned.destination_id or earlier is None):
            yield Deviation("", _other_object(planned, plan))
        elif earlier is not None and live is not None:
            written = WrittenValues(earlier, ItemKey(plan.key.type, plan.live_id), earlier.copied)
            yield from map(Deviation, edited_between(written, live, plan.own, plan.parts))
        else:
            now = seen(self._unrenamed(plan))
            if planned.live is not None and now is not None:
                yield from map(Deviation, changed_paths(planned.live, now))

    def _renamed(self, plan: ItemPlan) -> str:
        """The name of the object before its temporary rename; "" if it was not renamed."""
        rename = self._renames.get((plan.key.type, plan.live_id))
        return str(rename.changes[0].old) if rename is not None else ""

    def _unrenamed(self, plan: ItemPlan) -> ItemPlan:
        """The plan with the live object as it was before its temporary rename."""
        live = plan.match.live
        if live is None:
            return plan
        return replace(plan, match=replace(plan.match, live=self._before_rename(plan.key.type, plan.live_id, live)))

    def _before_rename(self, type_name: str, live_id: str, live: JsonObject) -> JsonObject:
        rename = self._renames.get((type_name, live_id))
        if rename is None or live.get("name") != rename.body["name"]:
            return live
        return {**live, "name": rename.changes[0].old}

    def _names(self, parts: Plan, key: ItemKey, live_id: str) -> PlannedNames:
        def recorded(type_name: str, source_id: str) -> str | None:
            if (type_name, source_id) == (key.type, key.id) and live_id:
                return live_id
            matched = parts.matched.get((type_name, source_id))
            known = None if matched else self._records.recorded(type_name, source_id)
            return matched or (known.destination_id if known else None)

        return PlannedNames(recorded, self._live.personal_folder, key, live_id)


def _other_object(planned: PlannedItem, plan: ItemPlan) -> str:
    if not planned.destination_id:
        return f"it was not in the destination and is there now (id {plan.live_id})"
    return "it is not in the destination any more" if not plan.live_id else f"it is another object now: {plan.live_id}"


def _changed(
    key: ItemKey, name: str, found: Iterable[Deviation], *, missing: bool = False, begun: bool = False
) -> ChangedSincePlanError:
    differ = list(dict.fromkeys(found))
    named = shortened([one.text or one.path for one in differ], _NAMED, separator="; ", last="; and ")
    ends = "the rest of the plan was not written" if begun else "nothing of it was written"
    error = ChangedSincePlanError(
        f"{key} ({name!r}) is not as the plan saw it: {named}; {ends}",
        key=key,
        path=differ[0].path or None,
        errors=tuple(FieldError(one.path, "changed", one.text or "not as the plan saw it") for one in differ),
    )
    return error.with_context(missing=True) if missing else error
