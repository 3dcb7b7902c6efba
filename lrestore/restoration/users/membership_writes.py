"""One of a user's lists as it is planned, and the writes that change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lrestore.messages import Change, ItemKey
from lrestore.restoration.writes import Write


@dataclass(slots=True)
class ListChange:
    """One of the two lists of a user, planned: the ``live`` list, and the entries to ``add`` and to ``drop``.

    ``direct`` are the roles of the user itself, not of its groups; None until they are read.
    """

    live: list[str] = field(default_factory=list)
    add: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    direct: list[str] | None = None

    @property
    def differs(self) -> bool:
        return bool(self.add or self.drop)

    @property
    def result(self) -> list[str]:
        """The wanted list."""
        return [one for one in self.live if one not in self.drop] + self.add


def group_writes(key: ItemKey, side: ListChange, live_id: str) -> list[Write]:
    """One call for each membership; the first shows the whole change."""
    changed = (Change("group_ids", side.live, side.result),)
    calls = [("add_group_user", one, {"user_id": live_id}) for one in side.add]
    calls += [("delete_group_user", one, {}) for one in side.drop]
    writes = [
        Write(
            operation=operation,
            type="group_user",
            source_id=key.id,
            live_id=one,
            path="group_ids",
            name=f"group {one}",
            body=body,
        )
        for operation, one, body in calls
    ]
    for write in writes[:1]:
        write.changes = changed
    return writes


def role_write(key: ItemKey, side: ListChange, live_id: str) -> Write:
    """All roles in one call."""
    changed = (Change("role_ids", side.live, side.result),)
    return Write(
        operation="set_user_roles",
        type="role_user",
        source_id=key.id,
        live_id=live_id,
        path="role_ids",
        name="roles",
        body={},
        changes=changed,
    )
