"""Users: their own fields, the creation of a missing user, and its login, groups and roles.

A create takes several calls, in an order that allows no early login: the user (disabled, if it was), its e-mail
login, groups, roles. No mail is ever sent. Passwords, API keys and external logins (SAML, LDAP, Google, OpenID Connect)
cannot be created through the API; a warning says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lrestore.content.shapes.boundary import as_user
from lrestore.errors import DependencyError
from lrestore.json_types import JsonObject
from lrestore.looker.read.users import credentials_of
from lrestore.messages import Change, ItemKey
from lrestore.restoration.apply.execute import Applied
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.absence import restore_first
from lrestore.restoration.identify.acting_user import is_caller
from lrestore.restoration.identify.match import Match
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.users.apply import UserPlan, UserWriter
from lrestore.restoration.users.email_login import EmailLogin
from lrestore.restoration.users.membership_writes import group_writes, role_write
from lrestore.restoration.users.memberships import MembershipPlanner
from lrestore.restoration.writes import FutureId, Unmet, Write
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.user import User


def adjust_user(planner: OwnPlanner, body: JsonObject) -> None:
    """Keep the caller from locking itself out, and translate the home folder."""
    wanted, live = as_user(body), None if planner.live is None else as_user(planner.live)
    _spare_the_caller(planner, wanted, live)
    _home_folder(planner, wanted, live)


_HARMS: tuple[tuple[Literal["is_disabled", "can_manage_api3_creds"], bool, str], ...] = (
    ("is_disabled", True, "is not disabled"),
    ("can_manage_api3_creds", False, "keeps the right to manage API keys"),
)
"""The fields by which a user loses its access, the value that does so, and the words for keeping it."""


def _spare_the_caller(planner: OwnPlanner, wanted: User, live: User | None) -> None:
    if not is_caller(planner.context.destination, live):
        return
    for name, harm, word in _HARMS:
        if wanted.get(name) is harm and (live or {}).get(name) is not harm:
            del wanted[name]
            planner.warnings.append(f"this is the calling user, so it {word}")


def _home_folder(planner: OwnPlanner, wanted: User, live: User | None) -> None:
    source_id = wanted.get("home_folder_id")
    if source_id is None:
        return
    if is_own_folder(as_user(planner.raw)):
        personal = (live or {}).get("personal_folder_id")
        if personal:
            wanted["home_folder_id"] = str(personal)
            return
        del wanted["home_folder_id"]
        if live is not None and live.get("id"):
            planner.warnings.append("keeping its home: its home is its personal folder, which does not exist yet")
        return
    try:
        wanted["home_folder_id"] = resolve(
            planner.context, "folder", str(source_id), path="home_folder_id", key=planner.key
        )
    except DependencyError:
        del wanted["home_folder_id"]
        key = ItemKey("folder", str(source_id))
        if planner.deferred.defer_until(key):
            return
        if planner.deferred.last and planner.context.backup.source.holds(key):
            # This run was to restore the folder, and has failed.
            why = f"{key} is not in the destination"
            planner.unmet.append(Unmet("its home", why, "home_folder_id", restore_first("folder", key.id)))
        else:
            planner.warnings.append(f"keeping its home: home folder {source_id} is not in the destination")


def is_own_folder(raw: User) -> bool:
    """Whether the user's home is its personal folder, which Looker creates with the user."""
    home = raw.get("home_folder_id")
    return home is not None and str(home) == str(raw.get("personal_folder_id"))


def user_creation(raw: JsonObject, body: JsonObject) -> tuple[str, JsonObject]:
    """The call that creates a missing user. An embed user is created by its external id, so that its next embed login
    finds it; the rest follows in an update (specification, create_embed_user).
    """
    external_id = external_user_id(as_user(raw))
    if external_id is None:
        return "create_user", body
    return "create_embed_user", {"external_user_id": external_id}


def external_user_id(raw: User) -> str | None:
    """The external id of a user with an embed login and no e-mail login; None for other users."""
    if raw.get("credentials_email"):
        return None
    return next((found for kind, found in credentials_of(raw) if kind == "embed"), None)


class UserSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._item = item
        self._raw = as_user(item.raw)
        self._deferred = deferred

    def plan(self, match: Match) -> UserPlan:
        live, key, raw = None if match.live is None else as_user(match.live), self._item.key, self._raw
        login = EmailLogin(self._context, key, raw)
        memberships = MembershipPlanner(self._context, self._item, live, self._deferred)
        plan = UserPlan(groups=memberships.groups(), roles=memberships.roles())
        live_id = str(live["id"]) if live else ""
        plan.writes += self._rest(live) + login.writes(live)
        plan.writes += group_writes(key, plan.groups, live_id)
        if plan.roles.differs:
            plan.writes.append(role_write(key, plan.roles, live_id))
        plan.unmet += memberships.unmet
        plan.warnings += login.warnings + memberships.warnings + ([] if live else lost_logins(raw))
        if plan.roles.direct is not None and live:
            plan.seen["direct_role_ids"] = plan.roles.direct
        return plan

    def apply(
        self, context: WritingContext, applied: Applied, plan: UserPlan, live: JsonObject
    ) -> tuple[UserPlan, list[Change]]:
        if applied.created:
            live = self._whole(live)
            plan.writes[:] = [write for write in plan.writes if write.type != "user"] + self._still(plan, live)
            context.permit.parts(self._item.key, str(live["id"]), plan)
        UserWriter(context, applied, plan, as_user(live)).write()
        return plan, []

    def _rest(self, live: User | None) -> list[Write]:
        """Fields that the create cannot carry: all of an embed user, and a home folder that does not exist yet."""
        if live is not None:
            return []
        raw, key = self._raw, self._item.key
        if external_user_id(raw) is not None:
            body = self._planner({"id": ""}).body(adjust_user)
        elif is_own_folder(raw):
            body = {"home_folder_id": FutureId("folder", str(raw["personal_folder_id"]))}
        else:
            return []
        return [_update(key, "", body, {})] if body else []

    def _still(self, plan: UserPlan, live: JsonObject) -> list[Write]:
        """Fields that a newly created user lacks, as far as Looker's answer shows."""
        planner = self._planner(live)
        own = planner.body(adjust_user)
        plan.warnings += planner.warnings
        if external_user_id(self._raw) is None:
            own = {name: value for name, value in own.items() if name in ("home_folder_id", "is_disabled")}
        return [_update(self._item.key, str(live["id"]), own, live)] if own else []

    def _whole(self, live: JsonObject) -> JsonObject:
        """The new user, read again only if the answer lacks a needed field."""
        user = as_user(live)
        shown = user.get("is_disabled") is not None
        if shown and (user.get("personal_folder_id") or not is_own_folder(self._raw)):
            return live
        return {**live, **(self._context.destination.live.get("user", str(live["id"])) or {})}

    def _planner(self, live: JsonObject) -> OwnPlanner:
        return OwnPlanner(self._context, self._item.key, self._item.raw, live, self._deferred)


def _update(key: ItemKey, live_id: str, body: JsonObject, live: JsonObject) -> Write:
    changed = tuple(
        Change(name, live.get(name), "its personal folder" if isinstance(value, FutureId) else value)
        for name, value in body.items()
    )
    return Write(
        operation="update_user",
        type="user",
        source_id=key.id,
        live_id=live_id,
        path="",
        name="",
        body=body,
        changes=changed,
    )


def lost_logins(raw: User) -> list[str]:
    """Logins that a newly created user lacks, and how to get them."""
    notes = []
    kinds = [kind for kind, _ in credentials_of(raw) if kind != "embed"]
    if raw.get("credentials_email"):
        notes.append("its password cannot be restored, and no mail was sent: send the user a setup link from Looker")
    notes += [
        f"its {kind} login cannot be created through the API; Looker creates it at the user's next login, and creates "
        "another user unless it merges logins by e-mail address and this user has e-mail credentials"
        for kind in dict.fromkeys(kinds)
    ]
    keys = raw.get("credentials_api3")
    if keys:
        notes.append(f"{len(keys)} API key(s) cannot be restored: create new ones")
    return notes
