"""The calling user must not lock itself out: it stays enabled, and it stays an admin if it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_role
from lrestore.restoration.destination import Destination

if TYPE_CHECKING:
    from lrestore.content.shapes.access import PermissionSet, Role
    from lrestore.content.shapes.user import User


def is_caller(destination: Destination, live: User | None) -> bool:
    """Whether a live user is the one whose credentials are used."""
    return live is not None and str(live.get("id")) == destination.caller_id


def gives_admin(role: Role) -> bool:
    """Whether a role makes its users admins."""
    permission_set = role.get("permission_set") or {}
    return all_rights(permission_set)


def all_rights(permission_set: PermissionSet) -> bool:
    """Whether a permission set makes admins."""
    return bool(permission_set.get("all_access")) or "administer" in (permission_set.get("permissions") or ())


def admin_by_role(destination: Destination, role_id: str) -> bool:
    """Whether a live role makes its users admins; a role that the listing does not show might."""
    role = destination.live.get("role", role_id)
    return role is None or gives_admin(as_role(role))


def admin_by_group(destination: Destination, group_id: str) -> bool:
    """Whether membership in a live group may make an admin; unknown counts as yes."""
    roles = destination.live.hierarchy.roles(group_id)
    return roles is None or any(admin_by_role(destination, role_id) for role_id in roles)


def caller_is_in(destination: Destination, group_id: str) -> bool:
    """Whether the caller is in a live group, or in one that lies in it; unknown counts as yes."""
    shown = destination.session.call("user", path={"user_id": destination.caller_id}, query={"fields": "id,group_ids"})
    group_ids = shown.get("group_ids")
    if not isinstance(group_ids, list):
        return True
    mine = set(map(str, group_ids))
    above = [destination.live.hierarchy.above(one) for one in mine]
    return group_id in mine or any(found is None or group_id in found for found in above)
