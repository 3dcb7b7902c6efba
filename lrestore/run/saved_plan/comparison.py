"""Compares the writes of an item with those that a saved plan holds for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lrestore.run.saved_plan.model import PlannedDeletion, PlannedItem, PlannedWrite
from lrestore.run.saved_plan.names import PlannedNames, new
from lrestore.run.saved_plan.removals import taken_out

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


class Deviation(NamedTuple):
    """A deviation from the plan: its path in the item, and a text beyond the path."""

    path: str
    text: str = ""


class PlanComparison:
    """Compares what is about to be written with one item of the plan. ``renamed``: the name that the object had."""

    def __init__(self, planned: PlannedItem, names: PlannedNames, renamed: str = "", *, waiting: bool = False) -> None:
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
    ) -> Iterator[Deviation]:
        """The writes that the plan does not hold."""
        yield from self.unplanned_writes((*writes, *late))
        yield from self.unplanned_deletions([(one.type, one.id) for one in deletions])

    def unplanned_writes(self, writes: Iterable[PlannedWrite]) -> Iterator[Deviation]:
        """The fields that the plan does not set, or not to this value."""
        for write in writes:
            candidates = [one for one in self._writes.get(_place(write), ()) if self._same_target(one, write)]
            if write.type in _ONE_BY_ONE:
                if not any(one.operation == write.operation for one in candidates):
                    yield Deviation(write.part, f"{write.part}: {write.name} {_GIVES_OR_TAKES[write.operation]}")
                continue
            yield from self._lost(candidates, write)
            for name, value in sent(write).items():
                if not any(self._sets(one, name, value) for one in candidates):
                    yield _field(write, name)

    def _lost(self, planned: list[PlannedWrite], write: PlannedWrite) -> Iterator[Deviation]:
        """The entries that a write would take out of a whole list, and the plan would not: given since the plan."""
        if write.type in _WHOLE_LISTS:
            lost = taken_out(write) - {self._names.known(entry) for one in planned for entry in taken_out(one)}
            yield from (Deviation(write.part, f"{write.part}: {entry} was given since") for entry in sorted(lost))

    def unplanned_deletions(self, deletions: Iterable[tuple[str, str]]) -> Iterator[Deviation]:
        """The parts that the plan does not delete."""
        return (
            Deviation(f"{kind} {object_id}")
            for kind, object_id in deletions
            if (kind, object_id) not in self._deletions
        )

    def left_out(self, now: PlannedItem) -> Iterator[Deviation]:
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
            Deviation(f"{kind} {object_id}") for kind, object_id in self._deletions if (kind, object_id) not in gone
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


def _field(write: PlannedWrite, name: str) -> Deviation:
    return Deviation(f"{write.part}.{name}" if write.part and write.part != name else name)
