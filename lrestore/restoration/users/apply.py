"""Carries out the plan for a user: e-mail login, groups, roles, then the fields that the create could not set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lrestore.errors import LookerError, NotFoundError
from lrestore.restoration.apply.create_once import do_once
from lrestore.restoration.apply.execute import Applied, send
from lrestore.restoration.context import WritingContext
from lrestore.restoration.users.email_login import TYPE, apply_login
from lrestore.restoration.users.membership_writes import ListChange
from lrestore.restoration.users.memberships import ExternalList, roles_to_set, shown_lists
from lrestore.restoration.writes import Plan, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.user import User


@dataclass(slots=True)
class UserPlan(Plan):
    """The calls for one user, and the wanted lists."""

    groups: ListChange = field(default_factory=ListChange)
    roles: ListChange = field(default_factory=ListChange)


class UserWriter:
    """Writes the differences of one user. A refusal fails the item but not its other writes; roles are set only if the
    groups were set.
    """

    def __init__(self, context: WritingContext, applied: Applied, plan: UserPlan, live: User) -> None:
        """``live`` is the user as it was read or created."""
        self._context = context
        self._applied = applied
        self._plan = plan
        self._live = live
        self._path = {"user_id": str(live["id"])}

    def write(self) -> None:
        """All of it. Refusals are in ``applied.failures``."""
        user_id = self._path["user_id"]
        for write in self._of(TYPE):
            self._attempt(write, lambda one: apply_login(self._context, self._applied, one, user_id))
        self._write_groups()
        for write in self._of("role_user"):
            if not any(failed.type == "group_user" for failed, _ in self._applied.failures):
                self._attempt(write, self._set_roles)
        for write in self._of("user"):
            self._attempt(write, lambda one: self._send(one.operation, self._path, one.body))

    def _of(self, kind: str) -> list[Write]:
        return [write for write in self._plan.writes if write.type == kind]

    def _attempt(self, write: Write, act: Callable[[Write], object]) -> None:
        try:
            act(write)
        except LookerError as error:
            self._applied.failures.append((write, error))

    def _send(self, operation: str, path: dict[str, str], body: object) -> None:
        send(self._context.destination.session, operation, path, body)
        self._applied.done += 1

    def _barred(self, *rules: tuple[ExternalList, bool]) -> bool:
        """Whether Looker keeps a list of the user's from outside, which of a new user only the answer shows."""
        names = [name for name, value in rules if self._applied.created and self._live.get(name) is value]
        self._applied.warnings += [f"managed outside Looker ({name}): left alone" for name in names]
        return bool(names)

    def _write_groups(self) -> None:
        writes = self._of("group_user")
        if not writes or self._barred(("allow_normal_group_membership", False)):
            return
        joining = [write for write in writes if write.operation == "add_group_user"]
        implied = self._implied({write.live_id for write in joining})
        for write in joining:
            if write.live_id not in implied:
                self._attempt(write, self._join)
        if implied:
            members = self._member_of()
            for write in joining:
                if write.live_id in implied - members:
                    self._attempt(write, self._join)
        for write in writes:
            if write.operation == "delete_group_user":
                self._attempt(write, self._leave)

    def _implied(self, joining: set[str]) -> set[str]:
        """Groups that contain another group of the user: the user may be a member of them through that group alone."""
        hierarchy, result = self._context.destination.live.hierarchy, self._plan.groups.result
        if len(result) < 2 or not joining:
            return set()
        return joining & {above for one in result for above in hierarchy.above(one) or ()}

    def _member_of(self) -> set[str]:
        return shown_lists(self._context.destination, self._path["user_id"], "group_ids")

    def _join(self, write: Write) -> None:
        path, body = {"group_id": write.live_id}, {"user_id": self._path["user_id"]}
        do_once(
            self._context,
            lambda: send(self._context.destination.session, write.operation, path, body),
            lambda: write.live_id in self._member_of(),
        )
        self._applied.done += 1

    def _leave(self, write: Write) -> None:
        """The user may have left already. Looker also answers 404 where the caller may not remove it: then it is still
        shown as a member, and not because of another group of its own.
        """
        try:
            self._send(write.operation, {"group_id": write.live_id, **self._path}, None)
        except NotFoundError:
            hierarchy = self._context.destination.live.hierarchy
            inherited = {above for one in self._plan.groups.result for above in hierarchy.above(one) or ()}
            if write.live_id in self._member_of() - inherited:
                raise

    def _set_roles(self, write: Write) -> None:
        if self._barred(("roles_externally_managed", True), ("allow_direct_roles", False)):
            return
        role_ids = roles_to_set(self._context, self._plan.roles, self._plan.groups, self._path["user_id"])
        if role_ids is not None:
            self._send(write.operation, self._path, role_ids)
