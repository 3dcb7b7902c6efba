"""The traits, by type, that distinguish objects of the same name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from lrestore.content.destinations import addresses
from lrestore.content.links import rewritten
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.built_in import is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.namesakes import Likeness, Telling, Trait
from lrestore.restoration.identify.queries import fingerprint

Translate = Callable[[str, str], str | None]
"""The live id of a type and an id of the backup; None for what cannot be had."""


def telling_of(context: Context, type_name: str, translate: Translate) -> Telling | None:
    """The traits that distinguish objects of a type; None for a type whose names are unique."""
    made = _TELLING.get(type_name)
    return made(context, translate) if made else None


def _same(item: JsonObject, live: JsonObject) -> Likeness:
    return "same"


def _plan(context: Context, translate: Translate) -> Telling:
    def owner(plan: JsonObject) -> str:
        found = translate("user", str(plan["user_id"])) if plan.get("user_id") is not None else None
        return found or context.policy.fallback_owner or context.destination.caller_id

    def live_owner(plan: JsonObject) -> str:
        return str(plan.get("user_id"))

    def times(plan: JsonObject) -> Hashable:
        return tuple(plan.get(name) or "" for name in ("crontab", "datagroup"))

    def sent(plan: JsonObject) -> Hashable:
        return times(plan), addresses(plan.get("scheduled_plan_destination") or [])

    def all_of_it(plan: JsonObject) -> Hashable:
        return sent(plan), tuple(plan.get(name) or "" for name in ("timezone", "filters_string"))

    def with_owner(trait: Callable[[JsonObject], Hashable]) -> Trait:
        return (lambda plan: (owner(plan), trait(plan))), (lambda plan: (live_owner(plan), trait(plan)))

    def rest(plan: JsonObject, live: JsonObject) -> Likeness:
        return "same" if owner(plan) == live_owner(live) else "other"

    return Telling((with_owner(all_of_it), with_owner(sent), with_owner(times), (sent, sent)), rest)


def _board(context: Context, translate: Translate) -> Telling:
    def description(board: JsonObject) -> str:
        return _linkless(board.get("description"))

    def sections(board: JsonObject, of_item: Callable[[JsonObject], Hashable]) -> Hashable:
        if board.get("board_sections") is None:
            return None
        shown = [one for one in board["board_sections"] if not one.get("deleted_at")]
        found = [(_linkless(one.get("title")), frozenset(map(of_item, one.get("board_items") or ()))) for one in shown]
        return description(board), tuple(sorted(found, key=str))

    def backed_up(item: JsonObject) -> Hashable:
        return _shown(item, lambda kind, object_id: translate(kind, object_id) or "")

    def live(item: JsonObject) -> Hashable:
        return _shown(item, lambda kind, object_id: object_id)

    def whole(board: JsonObject) -> JsonObject:
        if board.get("board_sections"):
            return board
        found: JsonObject = context.destination.session.call("board", path={"board_id": str(board["id"])})
        return found

    contents = (lambda board: sections(board, backed_up)), (lambda board: sections(whole(board), live))
    return Telling((contents, (description, description)), _same)


def _shown(item: JsonObject, translated: Callable[[str, str], str]) -> Hashable:
    for kind in ("dashboard", "look"):
        if item.get(f"{kind}_id") not in (None, ""):
            return kind, translated(kind, str(item[f"{kind}_id"]))
    return "", str(item.get("lookml_dashboard_id") or item.get("custom_url") or item.get("custom_title") or "")


def _look(context: Context, translate: Translate) -> Telling:
    def asked(look: JsonObject) -> Hashable:
        query_id = look.get("query_id")
        if query_id is None:
            return None
        if context.backup.same_instance:
            return str(query_id)
        return fingerprint(look.get("query") or context.backup.definitions.query(str(query_id)))

    def live_asked(look: JsonObject) -> Hashable:
        query_id = look.get("query_id")
        if context.backup.same_instance or query_id is None:
            return None if query_id is None else str(query_id)
        return fingerprint(
            look.get("query") or context.destination.session.call("query", path={"query_id": str(query_id)})
        )

    return Telling(((asked, live_asked),), _same)


def _user(context: Context, translate: Translate) -> Telling:
    """Roles and groups, as far as the destination has them; not those that Looker or a directory fills."""

    def backed_up(user: JsonObject) -> Hashable:
        found = {kind: {translate(kind, str(one)) for one in user.get(f"{kind}_ids") or ()} for kind in _LISTS}
        return tuple(_given(context, kind, {one for one in found[kind] if one}) for kind in _LISTS)

    def live(user: JsonObject) -> Hashable:
        whole = (
            user
            if isinstance(user.get("role_ids"), list)
            else context.destination.live.get("user", str(user["id"])) or user
        )
        return tuple(_given(context, kind, {str(one) for one in whole.get(f"{kind}_ids") or ()}) for kind in _LISTS)

    def rest(user: JsonObject, live_user: JsonObject) -> Likeness:
        """A user with an e-mail login is known by that. One without any may be each user of its name without any."""
        return "other" if user.get("credentials_email") else "doubtful"

    return Telling(((backed_up, live),), rest)


_LISTS = ("group", "role")


def _given(context: Context, kind: str, live_ids: set[str]) -> frozenset[str]:
    return frozenset(one for one in live_ids if kind == "role" or _is_filled_by_hand(context, one))


def _is_filled_by_hand(context: Context, group_id: str) -> bool:
    group = context.destination.live.get("group", group_id)
    return group is not None and not is_built_in(CONTENT_TYPES["group"], group)


def _linkless(text: object) -> str:
    """A text without the ids of its links, which are others in another instance."""
    return rewritten(str(text or ""), lambda link: ("*", "*"))


_TELLING: Mapping[str, Callable[[Context, Translate], Telling]] = {
    "scheduled_plan": _plan,
    "board": _board,
    "look": _look,
    "user": _user,
}
