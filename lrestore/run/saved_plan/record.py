"""Converts planned items into the data of a saved plan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatch

import msgspec

from lrestore.messages import Change, ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES, OPERATIONS, PARTS
from lrestore.restoration.boards.orders import ORDERED
from lrestore.restoration.boards.plan import BoardPlan
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.writes import Plan, Removal, Write, incomplete
from lrestore.run.saved_plan.live_digest import digests_of
from lrestore.run.saved_plan.model import ACTION_OF, Observed, PlannedDeletion, PlannedError, PlannedItem, PlannedWrite
from lrestore.run.saved_plan.names import new, with_planned_names
from lrestore.text.storable import storable

_PARAMETER = re.compile(r"\{(\w+)\}")
_QUERIES = ("query", "merge_query")


@dataclass(slots=True)
class PlanRecord:
    """All items of a plan to save, in order. ``renames`` are made before the first item."""

    renames: list[PlannedWrite] = field(default_factory=list)
    items: list[PlannedItem] = field(default_factory=list)

    def add(self, item: PlannedItem) -> None:
        """Add an item that is planned completely."""
        self.items.append(item)

    def add_result(self, result: ItemResult) -> None:
        """Add the result of an item, even of one that cannot be planned."""
        letter = result.dead_letter
        if letter is None or result.incomplete:
            return
        error = PlannedError(
            letter.error_type, storable(letter.message), letter.status, letter.errors, letter.path, result.missing
        )
        key = result.key
        self.items.append(PlannedItem(type=key.type, id=key.id, name=storable(result.name), action="fail", error=error))


def to_save(plan: ItemPlan, first: tuple[PlannedWrite, ...]) -> PlannedItem:
    """The planned item with what only a file needs. ``first``: the writes of its first pass, if it has two."""
    return msgspec.structs.replace(
        planned_item(plan), live=seen(plan), later=later(plan.parts, plan.key, id_or_name(plan)), first=first
    )


def seen(plan: ItemPlan) -> Observed | None:
    """The digest of the live object; None if nothing would be written to it."""
    live = plan.match.live if plan.action in ("created", "updated") else None
    return None if live is None else digests_of(plan.key.type, {**live, **_parts_seen(plan)})


def planned_item(plan: ItemPlan) -> PlannedItem:
    """The planned item, as the screen shows it."""
    key = plan.key
    return PlannedItem(
        type=key.type,
        id=key.id,
        name=storable(plan.name),
        action=ACTION_OF[plan.action],
        destination_id=plan.live_id,
        reason=plan.reason,
        writes=planned_writes(plan),
        deletions=tuple(map(planned_deletion, plan.parts.removals)),
        without=tuple(dict.fromkeys(one.path for one in plan.all_unmet)),
        warnings=tuple(map(storable, plan.all_warnings)),
        left_out=plan.left_out + tuple(sorted(plan.parts.left_out)),
        error=_incomplete(plan),
        only_copied=plan.only_copied,
    )


def _incomplete(plan: ItemPlan) -> PlannedError | None:
    """The failure of an item that is restored without some of its references."""
    if not plan.all_unmet or plan.deferred.found:
        return None
    error = incomplete(plan.key, plan.all_unmet, "the rest can be restored")
    return PlannedError(error.error_type, storable(error.message), None, error.errors, error.path or "")


def _parts_seen(plan: ItemPlan) -> dict[str, object]:
    """Parts that a listing leaves out and that were read for the plan."""
    parts = {part.path.partition("[]")[0] for part in CONTENT_TYPES[plan.key.type].parts}
    return {name: value for name, value in plan.parts.seen.items() if name in parts}


def planned_writes(plan: ItemPlan) -> tuple[PlannedWrite, ...]:
    """All writes, in the order in which they are made."""
    own = [plan.own] if plan.own else []
    parts = sorted(plan.parts.writes, key=_stage)
    return tuple(planned_write(write, plan.key, id_or_name(plan)) for write in (*plan.before, *own, *parts))


def id_or_name(plan: ItemPlan) -> str:
    """The live id of the item, or its name if it is to be made."""
    return plan.live_id or new(plan.key.type, plan.key.id)


def _stage(write: Write) -> int:
    """Queries come before the objects that show them; additions to a new user come last."""
    return 0 if write.type in _QUERIES else 2 if write.type == "user" else 1


def planned_write(write: Write, key: ItemKey, own_id: str) -> PlannedWrite:
    """One write of the item ``key``, whose live id may be part of the call's path, or of the body of a part's."""
    body = with_planned_names(write.body)
    if body.get(f"{key.type}_id") == "":
        body[f"{key.type}_id"] = own_id
    return PlannedWrite(
        operation=write.operation,
        type=write.type,
        source_id=storable(write.source_id),
        live_id=write.live_id,
        part=write.path,
        name=storable(write.name),
        path=_path(write, key, own_id),
        body=body,
        changes=tuple(
            Change(one.path, with_planned_names(one.old), with_planned_names(one.new)) for one in write.changes
        ),
    )


def _path(write: Write, key: ItemKey, own_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PARAMETER.findall(OPERATIONS[write.operation].path):
        of_item = write.type != key.type and name == f"{key.type}_id"
        target = own_id if of_item else write.live_id
        found[name] = target or new(write.type, write.source_id)
    return found


def planned_deletion(removal: Removal) -> PlannedDeletion:
    """One deletion."""
    gone = removal.deletion
    return PlannedDeletion(removal.operation, gone.type, gone.id, storable(gone.name))


@singledispatch
def _pending(plan: Plan) -> Iterable[Write]:
    """Writes that are made only if Looker has not done the same by itself."""
    return ()


@_pending.register
def _(plan: DashboardPlan) -> Iterable[Write]:
    kind = "dashboard_layout_component"
    operation = PARTS[kind].update or ""
    return [
        Write(
            operation=operation,
            type=kind,
            source_id="",
            live_id="",
            path=one.path,
            name=one.name,
            body=dict(one.fields),
        )
        for one in plan.pending
    ]


@_pending.register
def _(plan: BoardPlan) -> Iterable[Write]:
    found = []
    for order in plan.pending:
        operation = "update_board" if order.type == "board" else PARTS[order.type].update or ""
        parts = [(order.part, source_id) for source_id in order.source_ids]
        body = {ORDERED[order.type]: [plan.matched.get(part) or new(*part) for part in parts]}
        found.append(
            Write(
                operation=operation,
                type=order.type,
                source_id=order.parent,
                live_id="",
                path=order.path,
                name="",
                body=body,
            )
        )
    return found


def planned_rename(write: Write) -> PlannedWrite:
    """A temporary rename."""
    return planned_write(write, ItemKey(write.type, write.source_id), write.live_id)


def later(parts: Plan, key: ItemKey, own_id: str) -> tuple[PlannedWrite, ...]:
    """The writes of ``parts`` that are made only if they are still needed at the end."""
    found = list(_pending(parts))
    if parts.unseen is not None:
        whole = parts.unseen()
        found += [*whole.writes, *_pending(whole)]
    return tuple(msgspec.structs.replace(planned_write(write, key, own_id), changes=()) for write in found)
