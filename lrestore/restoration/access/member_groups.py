"""The groups in a group, and the groups that have a role. Backups do not hold them; the source instance provides them.

The listing of all groups is compared first. Only if it differs, the object's own list is read, which is fresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from lrestore.errors import DependencyError, LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.messages import Change, ItemKey
from lrestore.restoration.apply.create_once import do_once
from lrestore.restoration.apply.execute import Applied, send
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.acting_user import admin_by_group, admin_by_role, caller_is_in
from lrestore.restoration.identify.match import Match
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem


@dataclass(slots=True)
class _Groups:
    """The wanted groups: ids of the destination, and their ids in the backup. ``certain``: the list is complete."""

    ids: dict[str, str] = field(default_factory=dict)
    certain: bool = True


_PATH = "groups"
"""The name of both lists in changes and warnings."""


class _Planner:
    """The common part of both lists."""

    def __init__(self, context: Context, key: ItemKey, deferred: Deferred) -> None:
        self.context = context
        self.key = key
        self._deferred = deferred
        self.warnings: list[str] = []

    def meant(self, source_ids: Sequence[str]) -> _Groups | None:
        """None while one of the groups is still to come: the list is compared when all exist."""
        groups, lost, waiting = _Groups(), [], False
        for source_id in source_ids:
            try:
                groups.ids[resolve(self.context, "group", source_id, path=_PATH, key=self.key)] = source_id
            except DependencyError:
                if self.defer_until(source_id):
                    waiting = True
                else:
                    lost.append(source_id)
        if lost:
            verb = "is" if len(lost) == 1 else "are"
            self.warnings.append(f"group {', '.join(lost)} of its {_PATH} {verb} not in the destination")
        groups.certain = not lost
        return None if waiting else groups

    def defer_until(self, source_id: str) -> bool:
        """Whether a group is still to come."""
        return self._deferred.defer_until(ItemKey("group", source_id))

    def drop(self, meant: _Groups, live: Sequence[str], makes_admins: Callable[[], bool]) -> list[str]:
        """Which of the live groups go. ``makes_admins``: whether what they are in does so, perhaps of the caller."""
        extra = [one for one in live if one not in meant.ids]
        if self.context.policy.keep_extra or not meant.certain or not extra:
            return []
        kept = [one for one in extra if caller_is_in(self.context.destination, one)] if makes_admins() else []
        self.warnings += [
            f"keeping group {one} in its {_PATH}: removing it could lock out the calling user" for one in kept
        ]
        return [one for one in extra if one not in kept]


class GroupSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`: the groups in a group."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._key: ItemKey = item.key
        self._planner = _Planner(context, item.key, deferred)

    def plan(self, match: Match) -> Plan:
        in_source = self._context.backup.definitions.inside(self._key.id)
        meant = None if in_source is None else self._planner.meant(in_source)
        if meant is None:
            return Plan(warnings=self._planner.warnings)
        live_id = str(match.live["id"]) if match.live else ""
        live = self._live(live_id, meant)
        add = [one for one in meant.ids if one not in live]
        if any(self._planner.defer_until(meant.ids[one]) for one in add if self._lies_in(live_id, one)):
            return Plan(warnings=self._planner.warnings)
        drop = self._planner.drop(meant, live, lambda: admin_by_group(self._context.destination, live_id))
        writes = [self._write("add_group_group", one, {"group_id": one}) for one in add]
        writes += [self._write("delete_group_from_group", one, {}) for one in drop]
        for write in writes[:1]:
            write.changes = (Change(_PATH, live, [one for one in live if one not in drop] + add),)
        return Plan(writes, warnings=self._planner.warnings, seen={"groups": live} if writes and live_id else {})

    def _lies_in(self, live_id: str, other: str) -> bool:
        """Whether the group is in the other as yet, so that Looker would refuse to turn that round."""
        return bool(live_id) and other in (self._context.destination.live.hierarchy.above(live_id) or ())

    def _live(self, live_id: str, meant: _Groups) -> list[str]:
        listed = self._context.destination.live.hierarchy.inside(live_id) if live_id else set()
        if not live_id or listed == set(meant.ids):
            return list(meant.ids) if live_id else []
        return self._shown(live_id)

    def _shown(self, live_id: str) -> list[str]:
        """The groups in it that Looker shows now."""
        rows = self._context.destination.session.call(
            "all_group_groups", path={"group_id": live_id}, query={"fields": "id"}
        )
        return [str(row["id"]) for row in rows]

    def _write(self, operation: str, group_id: str, body: JsonObject) -> Write:
        return Write(
            operation=operation,
            type="group_group",
            source_id=self._key.id,
            live_id=group_id,
            path=_PATH,
            name=f"group {group_id}",
            body=body,
        )

    def apply(
        self, context: WritingContext, applied: Applied, plan: Plan, live: JsonObject
    ) -> tuple[Plan, list[Change]]:
        for write in plan.writes:
            act = self._leave if write.operation == "delete_group_from_group" else self._join
            _attempt(applied, write, partial(act, context, write, str(live["id"])))
        return plan, []

    def _join(self, context: WritingContext, write: Write, live_id: str) -> None:
        session, path = context.destination.session, {"group_id": live_id}
        do_once(
            context,
            lambda: send(session, write.operation, path, write.body),
            lambda: write.live_id in self._shown(live_id),
        )
        self._context.destination.live.hierarchy.note(write.live_id, live_id, inside=True)

    def _leave(self, context: WritingContext, write: Write, live_id: str) -> None:
        """The group may be out already. Looker also answers 404 where the caller may not remove it: then it is still
        shown.
        """
        path = {"group_id": live_id, "deleting_group_id": write.live_id}
        try:
            send(context.destination.session, write.operation, path, None)
        except NotFoundError:
            if write.live_id in self._shown(live_id):
                raise
        context.destination.live.hierarchy.note(write.live_id, live_id, inside=False)


class RoleSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`: the groups that have a role."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._key: ItemKey = item.key
        self._planner = _Planner(context, item.key, deferred)
        self._wanted: list[str] = []

    def plan(self, match: Match) -> Plan:
        in_source = self._context.backup.definitions.holders(self._key.id)
        meant = None if in_source is None else self._planner.meant(in_source)
        if meant is None:
            return Plan(warnings=self._planner.warnings)
        live_id = str(match.live["id"]) if match.live else ""
        live = self._live(live_id, meant)
        drop = self._planner.drop(meant, live, lambda: admin_by_role(self._context.destination, live_id))
        self._wanted = [one for one in live if one not in drop] + [one for one in meant.ids if one not in live]
        if sorted(self._wanted) == sorted(live):
            return Plan(warnings=self._planner.warnings)
        change = Change(_PATH, live, self._wanted)
        write = Write(
            operation="set_role_groups",
            type="role_group",
            source_id=self._key.id,
            live_id=live_id,
            path=_PATH,
            name="groups",
            body={},
            changes=(change,),
        )
        return Plan([write], warnings=self._planner.warnings, seen={"groups": live} if live_id else {})

    def _live(self, live_id: str, meant: _Groups) -> list[str]:
        listed = self._context.destination.live.hierarchy.holders(live_id) if live_id else set()
        if not live_id or listed == set(meant.ids):
            return list(meant.ids) if live_id else []
        rows = self._context.destination.session.call("role_groups", path={"role_id": live_id}, query={"fields": "id"})
        return [str(row["id"]) for row in rows]

    def apply(
        self, context: WritingContext, applied: Applied, plan: Plan, live: JsonObject
    ) -> tuple[Plan, list[Change]]:
        session, path = context.destination.session, {"role_id": str(live["id"])}
        for write in plan.writes:
            _attempt(applied, write, lambda: send(session, "set_role_groups", path, self._wanted))
        return plan, []


def _attempt(applied: Applied, write: Write, act: Callable[[], object]) -> None:
    """A refusal fails the item but not its other writes."""
    try:
        act()
    except LookerError as error:
        applied.failures.append((write, error))
    else:
        applied.done += 1
