"""A user's groups and roles: plans the calls for the differences between backed-up and live lists.

It is not documented whether Looker's lists contain inherited entries (roles through groups, groups through groups). So
lists are compared as they are shown: an equal list needs no write. If it differs, only entries that the user has
directly are removed. An entry that cannot be resolved is reported, and the rest is restored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lrestore.content.shapes.boundary import as_user
from lrestore.errors import DependencyError, ItemError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.destination import Destination
from lrestore.restoration.identify.absence import restore_first, why_missing
from lrestore.restoration.identify.acting_user import admin_by_group, admin_by_role, is_caller
from lrestore.restoration.identify.claims import is_another_item
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.users.membership_writes import ListChange
from lrestore.restoration.writes import Unmet
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.user import User


_List = Literal["group_ids", "role_ids"]
"""A list of a user."""
ExternalList = Literal["allow_normal_group_membership", "allow_direct_roles", "roles_externally_managed"]
"""A field of a user that says whether a list is managed outside Looker."""


@dataclass(slots=True)
class _Meant:
    """A backed-up list in ids of the destination. ``unresolved``: its entries whose live ids are not known (yet)."""

    ids: list[str]
    unresolved: list[ItemKey]


class MembershipPlanner:
    """Plans both lists of one user. ``live`` is None for a user that is to be created."""

    def __init__(self, context: Context, item: VaultItem, live: User | None, deferred: Deferred) -> None:
        self._context = context
        self._key: ItemKey = item.key
        self._raw = as_user(item.raw)
        self._live = live
        self._deferred = deferred
        self._waiting = False
        self.warnings: list[str] = []
        self.unmet: list[Unmet] = []
        """Groups and roles that the user is restored without."""

    def groups(self) -> ListChange:
        """Memberships to add and to end, except those that Looker or a directory manages."""
        side = ListChange(self._read("group_ids"))
        wanted = self._wanted("group_ids", "group")
        if wanted is None:
            return side
        live = [one for one in side.live if not self._kept_elsewhere(one)]
        side.add = [one for one in wanted.ids if one not in side.live and not self._kept_elsewhere(one)]
        extra = self._extra("group_ids", live, wanted)
        side.drop = [one for one in extra if self._may_leave(one) and self._is_direct(one)]
        return self._unless_external(side, "group_ids", "allow_normal_group_membership", external=False)

    def roles(self) -> ListChange:
        """Roles to add and to remove. Waits until all roles exist, because one call sets all of them."""
        side = ListChange(self._read("role_ids"))
        self._waiting = False
        wanted = self._wanted("role_ids", "role")
        if wanted is None or self._waiting:
            return side
        side.add = [one for one in wanted.ids if one not in side.live]
        side.drop = [one for one in self._extra("role_ids", side.live, wanted) if self._may_lose(one)]
        if not side.differs:
            return side
        side.direct = self._direct_roles()
        if side.direct is None:
            self._leave_roles_alone(side)
            return ListChange(side.live)
        side.drop = [one for one in side.drop if one in side.direct]
        side = self._unless_external(side, "role_ids", "roles_externally_managed", external=True)
        return self._unless_external(side, "role_ids", "allow_direct_roles", external=False)

    def _read(self, name: _List) -> list[str]:
        return [str(one) for one in (self._live or {}).get(name) or ()]

    def _extra(self, name: str, live: list[str], wanted: _Meant) -> list[str]:
        """The live entries that the backup provably lacks.

        An entry that may be the target of a backed-up reference is kept: a group that was created again has another id.
        """
        if self._context.policy.keep_extra:
            return []
        extra = [one for one in live if one not in wanted.ids]
        doubtful = [one for one in extra if not self._is_none_of(wanted.unresolved, one)]
        if doubtful and not self._waiting:
            target, missing = wanted.unresolved[0].type, ", ".join(key.id for key in wanted.unresolved)
            self.warnings.append(
                f"keeping {target} {', '.join(doubtful)} in its {name}: it may be {target} {missing} of the backup"
            )
        return [one for one in extra if one not in doubtful]

    def _is_none_of(self, unresolved: list[ItemKey], live_id: str) -> bool:
        live = unresolved and self._context.destination.live.get(unresolved[0].type, live_id)
        backup, records = self._context.backup, self._context.records
        return all(is_another_item(backup, records, key, live or {"id": live_id}) for key in unresolved)

    def _wanted(self, name: _List, target: str) -> _Meant | None:
        """The backed-up list in ids of the destination; None if it is unknown."""
        ours = self._raw.get(name)
        if ours is None:
            self.warnings.append(f"the backup does not hold its {name}: they are left alone")
            return None
        if self._live is not None and self._live.get(name) is None:
            self.warnings.append(f"Looker does not show its {name} to this caller: they are left alone")
            return None
        return self._resolved(name, target, [str(one) for one in ours])

    def _resolved(self, name: str, target: str, source_ids: list[str]) -> _Meant:
        found, lost, unresolved = [], [], []
        self._waiting = False
        for source_id in source_ids:
            try:
                found.append(resolve(self._context, target, source_id, path=name, key=self._key))
            except DependencyError:
                unresolved.append(ItemKey(target, source_id))
                if self._deferred.defer_until(ItemKey(target, source_id)):
                    self._waiting = True
                elif not self._kept_elsewhere_in_backup(target, source_id):
                    lost.append(source_id)
        for source_id in lost:
            why = why_missing(self._context.destination.live, self._context.backup, target, source_id)
            self.unmet.append(Unmet(f"its {target} {source_id}", why, name, restore_first(target, source_id)))
        return _Meant(list(dict.fromkeys(found)), unresolved)

    def _kept_elsewhere(self, group_id: str) -> bool:
        """Groups that Looker or a directory manages, and groups that the listing does not show."""
        group = self._context.destination.live.get("group", group_id)
        return group is None or is_built_in(CONTENT_TYPES["group"], group)

    def _kept_elsewhere_in_backup(self, target: str, source_id: str) -> bool:
        try:
            item = self._context.backup.read(ItemKey(target, source_id))
        except ItemError:
            return False
        return is_built_in(CONTENT_TYPES[target], item.raw)

    def _may_leave(self, group_id: str) -> bool:
        destination = self._context.destination
        if not is_caller(destination, self._live) or not admin_by_group(destination, group_id):
            return True
        self.warnings.append(f"keeping group {group_id}: leaving it could lock out the calling user")
        return False

    def _may_lose(self, role_id: str) -> bool:
        destination = self._context.destination
        role = destination.live.get("role", role_id)
        if role is None or role.get("internal"):
            return False
        if not is_caller(destination, self._live) or not admin_by_role(destination, role_id):
            return True
        self.warnings.append(f"keeping role {role_id}: losing it could lock out the calling user")
        return False

    def _is_direct(self, group_id: str) -> bool:
        """A group above another of the user's groups may be in the list because of that one alone."""
        others = [one for one in self._read("group_ids") if one != group_id]
        hierarchy = self._context.destination.live.hierarchy
        if not any(group_id in (hierarchy.above(one) or ()) for one in others):
            return True
        query = {"group_id": group_id, "id": str((self._live or {})["id"]), "fields": "id"}
        return bool(self._context.destination.session.call("search_users", query=query))

    def _direct_roles(self) -> list[str] | None:
        """The roles that are given to the user itself; None where the answer contradicts the user's ``role_ids``.

        The user can have roles and none directly only where its groups give all of them.
        """
        shown = self._read("role_ids")
        if self._live is None or not shown:
            return []
        path = {"user_id": str(self._live["id"])}
        query = {"direct_association_only": True, "fields": "id"}
        rows = self._context.destination.session.call("user_roles", path=path, query=query) or ()
        direct = [str(role["id"]) for role in rows]
        return direct if direct or all(map(self._may_be_inherited, shown)) else None

    def _may_be_inherited(self, role_id: str) -> bool:
        """Whether a group that the user is in, or a group that Looker fills, gives the role."""
        hierarchy = self._context.destination.live.hierarchy
        own = set(self._read("group_ids"))
        own |= {above for one in own for above in hierarchy.above(one) or ()}
        return any(one in own or self._kept_elsewhere(one) for one in hierarchy.holders(role_id) or ())

    def _leave_roles_alone(self, side: ListChange) -> None:
        """The direct roles: setting roles replaces all of them, so they must be known."""
        why = "Looker shows roles of the user, but none of them as given directly or by its groups"
        self.unmet += [
            Unmet(f"its role {one}", why, "role_ids", "run it again, or set the role in Looker") for one in side.add
        ]
        if side.drop:
            self.warnings.append(f"keeping role {', '.join(side.drop)}: {why}")

    def _unless_external(self, side: ListChange, name: str, rule: ExternalList, *, external: bool) -> ListChange:
        """The change; none where the list is managed outside Looker, because the user's ``rule`` is ``external``."""
        if not side.differs or (self._live or {}).get(rule) is not external:
            return side
        self.warnings.append(f"its {name} differ, but are managed outside Looker ({rule}): left alone")
        return ListChange(side.live, direct=side.direct)


def roles_to_set(context: Context, side: ListChange, groups: ListChange, live_id: str) -> list[str] | None:
    """The complete list of direct roles, after the groups were set; None if it is right already.

    A role that the user now inherits from a group is not given again.
    """
    direct = side.direct or []
    missing = side.add
    if groups.add and _may_come_with(context, groups.add, side.add):
        shown = shown_lists(context.destination, live_id, "role_ids")
        missing = [one for one in side.add if one not in shown]
    wanted = [one for one in direct if one not in side.drop] + [one for one in missing if one not in direct]
    return None if sorted(wanted) == sorted(direct) else wanted


def _may_come_with(context: Context, groups: list[str], roles: list[str]) -> bool:
    given = [context.destination.live.hierarchy.roles(group_id) for group_id in groups]
    return any(found is None or found & set(roles) for found in given)


def shown_lists(destination: Destination, user_id: str, name: _List) -> set[str]:
    """``group_ids`` or ``role_ids`` of a user as Looker shows them now."""
    shown: User | None = destination.session.call("user", path={"user_id": user_id}, query={"fields": f"id,{name}"})
    return {str(one) for one in (shown or {}).get(name) or ()}
