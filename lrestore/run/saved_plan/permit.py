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
from typing import Any, NamedTuple

import msgspec

from lrestore.errors import ChangedSincePlanError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import FieldError, ItemKey
from lrestore.restoration.changed_since import Written, edited_between, name_is_of_session
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.journal import Records
from lrestore.restoration.ports import Earlier, EarlierWrites, Everything, Permit
from lrestore.restoration.writes import Plan, Write
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.saved_plan.live_digest import changed, observed
from lrestore.run.saved_plan.model import PlannedDeletion, PlannedItem, PlannedWrite, SavedPlan
from lrestore.run.saved_plan.names import Names, new
from lrestore.run.saved_plan.record import id_or_name, later, planned_item, planned_rename, planned_write, seen
from lrestore.run.saved_plan.removals import taken_out
from lrestore.text.words import shortened

_SETS = frozenset({"group_ids", "role_ids", "groups"})
"""Lists whose order has no meaning."""
_ORDERS = frozenset({"section_order", "item_order"})
"""Lists of parts: those that the backup lacks and that are kept come after the planned ones."""
_TABS = "tab_ids"
_QUERIES = frozenset({"query", "merge_query"})
"""Created once for all items that show them: the first of these items creates them."""
_ONE_BY_ONE = frozenset({"group_user", "group_group"})
"""Memberships: one write for each. A part of them may be made already."""
_WHOLE_LISTS = frozenset({"role_user", "role_group"})
"""Lists that one write sets as a whole."""
_GIVES_OR_TAKES = {
    "add_group_user": "was left since",
    "delete_group_user": "was joined since",
    "add_group_group": "was taken out since",
    "delete_group_from_group": "was put in since",
}
_NAMED = 5
"""Number of changed paths in the message of a dead letter; its field errors name all."""


class _Found(NamedTuple):
    """A deviation from the plan: its path in the item, and a text beyond the path."""

    path: str
    told: str = ""


def permit_of(plan: ReadPlan | None, records: Records, live: Live, earlier: Earlier) -> Permit:
    """Decides what a session may write: everything, or only what its plan holds."""
    return Everything() if plan is None else OnlyPlanned(plan.plan, records, live, earlier)


class OnlyPlanned:
    """Implements :class:`lrestore.restoration.ports.Permit` for one saved plan."""

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
        if not changed(item.live, observed(write.type, live)):
            return True
        earlier = self._earlier.of(item.key, write.live_id, live.get("created_at"))
        owner = ItemKey(write.type, write.live_id)
        return earlier is not None and name_is_of_session(Written(earlier, owner, earlier.copied), live)

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
        waits = bool(plan.ends.found)
        (self._waiting.add if waits else self._waiting.discard)(plan.key)
        compare = _Comparison(planned, names, self._renamed(plan), waiting=waits)
        if not waits:
            found += (_Found(one.path, f"without {one}") for one in plan.all_unmet if one.path not in planned.without)
        found += compare.unplanned(now.writes, now.deletions, now.later)
        if not waits and not begun:
            found += compare.left_out(now)
        if found:
            raise _changed(plan.key, plan.name, found, missing=plan.match.live is None, begun=begun)

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        """The same for parts that were planned again after the object itself was written."""
        planned = self._items.get(key) or PlannedItem(type=key.type, id=key.id, action="unchanged")
        compare = _Comparison(planned, self._names(parts, key, live_id), waiting=key in self._waiting)
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
            raise _changed(key, planned.name, [_Found("", f"it would be kept now: {stays}")])
        now = observed(key.type, self._before_rename(key.type, key.id, live))
        found = changed(planned.live, now) if planned.live is not None and planned.removes else [""]
        if found:
            raise _changed(key, planned.name, [_Found(path, path or "it is not to be deleted") for path in found])

    def _written_before(self, plan: ItemPlan) -> EarlierWrites | None:
        """The writes to the item by processes that have ended, of this session and of others with the same plan."""
        live = plan.match.live
        return None if live is None else self._earlier.of(plan.key, plan.live_id, live.get("created_at"))

    def _since(self, planned: PlannedItem, plan: ItemPlan, earlier: EarlierWrites | None) -> Iterator[_Found]:
        """The changes of the live object since the plan, other than by the plan itself."""
        live = plan.match.live
        if plan.action == "skipped":
            yield _Found("", f"it would be skipped now: {plan.reason}")
        elif plan.live_id != planned.destination_id and (planned.destination_id or earlier is None):
            yield _Found("", _other_object(planned, plan))
        elif earlier is not None and live is not None:
            written = Written(earlier, ItemKey(plan.key.type, plan.live_id), earlier.copied)
            yield from map(_Found, edited_between(written, live, plan.own, plan.parts))
        else:
            now = seen(self._unrenamed(plan))
            if planned.live is not None and now is not None:
                yield from map(_Found, changed(planned.live, now))

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

    def _names(self, parts: Plan, key: ItemKey, live_id: str) -> Names:
        def recorded(type_name: str, source_id: str) -> str | None:
            if (type_name, source_id) == (key.type, key.id) and live_id:
                return live_id
            matched = parts.matched.get((type_name, source_id))
            known = None if matched else self._records.recorded(type_name, source_id)
            return matched or (known.destination_id if known else None)

        return Names(recorded, self._live.personal_folder)


class _Comparison:
    """Compares what is about to be written with one item of the plan. ``renamed``: the name that the object had."""

    def __init__(self, planned: PlannedItem, names: Names, renamed: str = "", *, waiting: bool = False) -> None:
        """``waiting``: the item gets a second pass, because it refers to later items."""
        self._waiting = waiting
        self._planned = planned
        self._names = names
        self._renamed = renamed
        self._writes: dict[tuple[str, str, str], list[PlannedWrite]] = {}
        for write in (*planned.writes, *planned.first, *planned.later):
            self._writes.setdefault(_place(write), []).append(write)
        self._deletions = {(one.type, one.id) for one in planned.deletions}

    def unplanned(
        self, writes: Iterable[PlannedWrite], deletions: Iterable[PlannedDeletion], late: Iterable[PlannedWrite]
    ) -> Iterator[_Found]:
        """The writes that the plan does not hold."""
        yield from self.unplanned_writes((*writes, *late))
        yield from self.unplanned_deletions([(one.type, one.id) for one in deletions])

    def unplanned_writes(self, writes: Iterable[PlannedWrite]) -> Iterator[_Found]:
        """The fields that the plan does not set, or not to this value."""
        for write in writes:
            candidates = [one for one in self._writes.get(_place(write), ()) if self._same_target(one, write)]
            if write.type in _ONE_BY_ONE:
                if not any(one.operation == write.operation for one in candidates):
                    yield _Found(write.part, f"{write.part}: {write.name} {_GIVES_OR_TAKES[write.operation]}")
                continue
            yield from self._lost(candidates, write)
            for name, value in sent(write).items():
                if not any(self._sets(one, name, value) for one in candidates):
                    yield _field(write, name)

    def _lost(self, planned: list[PlannedWrite], write: PlannedWrite) -> Iterator[_Found]:
        """The entries that a write would take out of a whole list, and the plan would not: given since the plan."""
        if write.type in _WHOLE_LISTS:
            lost = taken_out(write) - {self._names.known(entry) for one in planned for entry in taken_out(one)}
            yield from (_Found(write.part, f"{write.part}: {entry} was given since") for entry in sorted(lost))

    def unplanned_deletions(self, deletions: Iterable[tuple[str, str]]) -> Iterator[_Found]:
        """The parts that the plan does not delete."""
        return (
            _Found(f"{kind} {object_id}") for kind, object_id in deletions if (kind, object_id) not in self._deletions
        )

    def left_out(self, now: PlannedItem) -> Iterator[_Found]:
        """Planned writes that would not be made any more."""
        there: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for write in (*now.writes, *now.later):
            there.setdefault(_place(write), []).append(sent(write))
        for write in (*self._planned.writes, *self._planned.later):
            bodies = there.get(_place(write), []) if write.type not in _QUERIES else [sent(write)]
            for name, value in sent(write).items():
                if not any(name in body and self._equal(name, value, body[name]) for body in bodies):
                    yield _field(write, name)
        gone = {(one.type, one.id) for one in now.deletions}
        yield from (
            _Found(f"{kind} {object_id}") for kind, object_id in self._deletions if (kind, object_id) not in gone
        )

    def _same_target(self, planned: PlannedWrite, now: PlannedWrite) -> bool:
        """Whether both refer to the same object: a planned object may have been created meanwhile."""
        if not planned.live_id or planned.live_id.startswith("new "):
            return True
        return self._names.known(planned.live_id) == now.live_id

    def _sets(self, planned: PlannedWrite, name: str, value: Any) -> bool:
        known = sent(planned)
        if name == "name" and self._renamed and value == self._renamed and name not in known:
            return True
        if name not in known:
            return False
        # A slug that another item of the plan still holds: a generated one takes its place until that is written.
        return self._equal(name, known[name], value) or (self._waiting and name == "slug")

    def _same_tab(self, wanted: Any, value: Any) -> bool:
        """Looker makes the first tab of a new dashboard by itself: its id is on no record, its label has led to it."""
        return self._names.same(wanted, value) or self._names.known(str(wanted)).startswith(new("dashboard_layout", ""))

    def _equal(self, name: str, wanted: Any, value: Any) -> bool:
        if name in _SETS and isinstance(wanted, list) and isinstance(value, list):
            return sorted(map(self._names.known, map(str, wanted))) == sorted(map(self._names.known, map(str, value)))
        if name == _TABS and isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
            return all(map(self._same_tab, wanted, value))
        if name in _ORDERS and isinstance(wanted, list) and isinstance(value, list):
            return self._names.same(wanted, value[: len(wanted)])
        return self._names.same(wanted, value) or (self._waiting and self._names.alike(wanted, value))


def sent(write: PlannedWrite) -> dict[str, Any]:
    """The fields that a write sets. A list of memberships, which is put together when it is sent, is in its changes."""
    return write.body or {change.path: change.new for change in write.changes}


def _place(write: PlannedWrite) -> tuple[str, str, str]:
    return write.type, write.source_id, write.part


def _field(write: PlannedWrite, name: str) -> _Found:
    return _Found(f"{write.part}.{name}" if write.part and write.part != name else name)


def _other_object(planned: PlannedItem, plan: ItemPlan) -> str:
    if not planned.destination_id:
        return f"it was not in the destination and is there now (id {plan.live_id})"
    return "it is not in the destination any more" if not plan.live_id else f"it is another object now: {plan.live_id}"


def _changed(
    key: ItemKey, name: str, found: Iterable[_Found], *, missing: bool = False, begun: bool = False
) -> ChangedSincePlanError:
    differ = list(dict.fromkeys(found))
    named = shortened([one.told or one.path for one in differ], _NAMED, separator="; ", last="; and ")
    ends = "the rest of the plan was not written" if begun else "nothing of it was written"
    error = ChangedSincePlanError(
        f"{key} ({name!r}) is not as the plan saw it: {named}; {ends}",
        key=key,
        path=differ[0].path or None,
        errors=tuple(FieldError(one.path, "changed", one.told or "not as the plan saw it") for one in differ),
    )
    return error.with_context(missing=True) if missing else error
