"""The traits, by type, that distinguish objects of the same name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from lrestore.content.destinations import addresses
from lrestore.content.links import rewritten
from lrestore.content.shapes.boundary import as_user
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.namesakes import Likeness, Trait, Traits
from lrestore.restoration.identify.queries import fingerprint

if TYPE_CHECKING:
    from lrestore.content.shapes.board import Board, BoardItem
    from lrestore.content.shapes.look import Look
    from lrestore.content.shapes.schedule import ScheduledPlan
    from lrestore.content.shapes.user import User

Translate = Callable[[str, str], str | None]
"""The live id of a type and an id of the backup; None if there is none."""


def traits_of(context: Context, type_name: str, translate: Translate) -> Traits[Any] | None:
    """The traits that distinguish objects of a type; None for a type whose names are unique."""
    made = _TRAITS.get(type_name)
    return made(context, translate) if made else None


def _same(item: object, live: object) -> Likeness:
    return "same"


def _plan(context: Context, translate: Translate) -> Traits[ScheduledPlan]:
    def owner(plan: ScheduledPlan) -> str:
        found = translate("user", str(plan["user_id"])) if plan.get("user_id") is not None else None
        return found or context.policy.fallback_owner or context.destination.caller_id

    def live_owner(plan: ScheduledPlan) -> str:
        return str(plan.get("user_id"))

    def times(plan: ScheduledPlan) -> Hashable:
        return tuple(plan.get(name) or "" for name in ("crontab", "datagroup"))

    def sent(plan: ScheduledPlan) -> Hashable:
        return times(plan), addresses(plan.get("scheduled_plan_destination") or [])

    def all_of_it(plan: ScheduledPlan) -> Hashable:
        return sent(plan), tuple(plan.get(name) or "" for name in ("timezone", "filters_string"))

    def with_owner(trait: Callable[[ScheduledPlan], Hashable]) -> Trait[ScheduledPlan]:
        return (lambda plan: (owner(plan), trait(plan))), (lambda plan: (live_owner(plan), trait(plan)))

    def rest(plan: ScheduledPlan, live: ScheduledPlan) -> Likeness:
        return "same" if owner(plan) == live_owner(live) else "other"

    return Traits((with_owner(all_of_it), with_owner(sent), with_owner(times), (sent, sent)), rest)


def _board(context: Context, translate: Translate) -> Traits[Board]:
    def description(board: Board) -> str:
        return _linkless(board.get("description"))

    def sections(board: Board, of_item: Callable[[BoardItem], Hashable]) -> Hashable:
        listed = board.get("board_sections")
        if listed is None:
            return None
        shown = [one for one in listed if not one.get("deleted_at")]
        found = [(_linkless(one.get("title")), frozenset(map(of_item, one.get("board_items") or ()))) for one in shown]
        return description(board), tuple(sorted(found, key=str))

    def backed_up(item: BoardItem) -> Hashable:
        return _shown(item, lambda kind, object_id: translate(kind, object_id) or "")

    def live(item: BoardItem) -> Hashable:
        return _shown(item, lambda kind, object_id: object_id)

    def whole(board: Board) -> Board:
        if board.get("board_sections"):
            return board
        found: Board = context.destination.session.call("board", path={"board_id": str(board["id"])})
        return found

    contents = (lambda board: sections(board, backed_up)), (lambda board: sections(whole(board), live))
    return Traits((contents, (description, description)), _same)


def _shown(item: BoardItem, translated: Callable[[str, str], str]) -> Hashable:
    for kind, object_id in (("dashboard", item.get("dashboard_id")), ("look", item.get("look_id"))):
        if object_id not in (None, ""):
            return kind, translated(kind, str(object_id))
    return "", str(item.get("lookml_dashboard_id") or item.get("custom_url") or item.get("custom_title") or "")


def _look(context: Context, translate: Translate) -> Traits[Look]:
    def asked(look: Look) -> Hashable:
        query_id = look.get("query_id")
        if query_id is None:
            return None
        if context.backup.same_instance:
            return str(query_id)
        return fingerprint(look.get("query") or context.backup.definitions.query(str(query_id)))

    def live_asked(look: Look) -> Hashable:
        query_id = look.get("query_id")
        if context.backup.same_instance or query_id is None:
            return None if query_id is None else str(query_id)
        return fingerprint(
            look.get("query") or context.destination.session.call("query", path={"query_id": str(query_id)})
        )

    return Traits(((asked, live_asked),), _same)


def _user(context: Context, translate: Translate) -> Traits[User]:
    """Roles and groups, as far as the destination has them; not those that Looker or a directory fills."""

    def backed_up(user: User) -> Hashable:
        groups = {translate("group", str(one)) for one in user.get("group_ids") or ()}
        roles = {translate("role", str(one)) for one in user.get("role_ids") or ()}
        return _given(context, {one for one in groups if one}), frozenset(one for one in roles if one)

    def live(user: User) -> Hashable:
        listed = isinstance(user.get("role_ids"), list)
        shown = None if listed else context.destination.live.get("user", str(user["id"]))
        whole = as_user(shown) if shown else user
        groups = {str(one) for one in whole.get("group_ids") or ()}
        return _given(context, groups), frozenset(str(one) for one in whole.get("role_ids") or ())

    def rest(user: User, live_user: User) -> Likeness:
        """A user with an e-mail login is known by that. One without any may be each user of its name without any."""
        return "other" if user.get("credentials_email") else "doubtful"

    return Traits(((backed_up, live),), rest)


def _given(context: Context, group_ids: set[str]) -> frozenset[str]:
    """The groups among them that are filled by hand."""
    return frozenset(one for one in group_ids if _is_filled_by_hand(context, one))


def _is_filled_by_hand(context: Context, group_id: str) -> bool:
    group = context.destination.live.get("group", group_id)
    return group is not None and not is_built_in(CONTENT_TYPES["group"], group)


def _linkless(text: object) -> str:
    """A text without the ids of its links, which are others in another instance."""
    return rewritten(str(text or ""), lambda link: ("*", "*"))


_TRAITS: Mapping[str, Callable[[Context, Translate], Traits[Any]]] = {
    "scheduled_plan": _plan,
    "board": _board,
    "look": _look,
    "user": _user,
}
