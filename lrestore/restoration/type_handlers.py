"""The rules of single types: their sub-resources, adjustments of their own fields, their creates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from lrestore.json_types import JsonObject
from lrestore.messages import Change, ItemKey
from lrestore.restoration.access.folder_access import FolderAccess
from lrestore.restoration.access.member_groups import GroupSubResources, RoleSubResources
from lrestore.restoration.access.roles import adjust_group, adjust_permission_set, adjust_role, known_models
from lrestore.restoration.apply.execute import Applied
from lrestore.restoration.boards.handler import BoardSubResources, adjust_board
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.dashboards.handler import DashboardSubResources, adjust_dashboard
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.match import Match
from lrestore.restoration.identify.unanswered_create import watch
from lrestore.restoration.identify.unclosed_folders import to_be_closed
from lrestore.restoration.identify.users import watch_user
from lrestore.restoration.name_swaps import adjust_folder
from lrestore.restoration.plan.own_fields import Adjust
from lrestore.restoration.schedules.handler import PlanSubResources, adjust_plan, is_enabled
from lrestore.restoration.users.handler import UserSubResources, adjust_user, user_creation
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem


@dataclass(frozen=True, slots=True)
class TypeHandler:
    """The rules of one type."""

    sub_resources: Factory | None = None
    adjust: Adjust | None = None
    """Makes the last changes to an object's own fields."""
    creation: Callable[[JsonObject, JsonObject], tuple[str, JsonObject]] | None = None
    """Returns operation and body of the call that creates an object, from its content and its own fields."""
    watch: Callable[[Context, ItemKey, Write], Callable[[], JsonObject | None]] | None = None
    """Called before a create. Returns a function that finds the created object if no answer comes, for types whose
    natural key is not enough.
    """
    enabled: Callable[[Context, str], bool] | None = None
    """Whether the live object of that id sends mail by itself."""
    making: Callable[[WritingContext, ItemKey], AbstractContextManager[None]] | None = None
    """Surrounds the call that creates an object."""


PLAIN = TypeHandler()

HANDLERS: Mapping[str, TypeHandler] = {
    "board": TypeHandler(BoardSubResources, adjust_board, watch=watch),
    "dashboard": TypeHandler(DashboardSubResources, adjust_dashboard),
    "folder": TypeHandler(FolderAccess, adjust_folder, making=to_be_closed),
    "group": TypeHandler(GroupSubResources, adjust_group),
    "role": TypeHandler(RoleSubResources, adjust_role),
    "permission_set": TypeHandler(adjust=adjust_permission_set),
    "model_set": TypeHandler(adjust=known_models),
    "scheduled_plan": TypeHandler(PlanSubResources, adjust_plan, watch=watch, enabled=is_enabled),
    "user": TypeHandler(UserSubResources, adjust_user, user_creation, watch_user),
}


def handler_of(type_name: str) -> TypeHandler:
    """The handler of the type; ``PLAIN`` if nothing is specific to it."""
    return HANDLERS.get(type_name, PLAIN)


P = TypeVar("P", bound=Plan)
"""The class of plan that a type's sub-resources have."""


class SubResources(Protocol[P]):
    """The parts and memberships of one object. Created for each item from context, backed-up item and
    deferred references.
    """

    def plan(self, match: Match) -> P:
        """The calls that restore them, compared with ``match.live``; None: with the object that is to be created.

        Reads the destination, writes nothing. Raises ItemError if the item cannot be restored as a whole.
        """

    def apply(self, context: WritingContext, applied: Applied, plan: P, live: JsonObject) -> tuple[P, list[Change]]:
        """Carry it out. ``live`` is the object as it was read, or as Looker has just created it (``applied.created``).

        Returns the plan that was carried out (a new one if the parts had to be planned again) and the changes that
        the first plan did not show; ``plan.warnings`` may grow. Refusals that do not stop the rest go into
        ``applied.failures``; ItemErrors end the item.
        """


Factory = Callable[[Context, VaultItem, Deferred], SubResources[Any]]
"""Creates the sub-resources of a backed-up item. Their ``apply`` takes what their own ``plan`` returned."""
