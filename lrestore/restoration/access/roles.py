"""Groups, roles and permission sets: warnings about data that backups lack, and the admin rights of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_model_set, as_permission_set, as_role
from lrestore.json_types import JsonObject
from lrestore.restoration.destination import Destination
from lrestore.restoration.identify.acting_user import all_rights, gives_admin
from lrestore.restoration.plan.own_fields import OwnPlanner

if TYPE_CHECKING:
    from lrestore.content.shapes.access import PermissionSet, Role

_ADMINISTER = "administer"


def adjust_group(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Warn about a group that is created: its users restore the members, the source instance provides its groups."""
    if planner.live is not None:
        return
    if planner.context.backup.definitions.inside(planner.key.id) is not None:
        planner.warnings.append("a backup does not hold a group's access to folders: it is not restored")
    else:
        planner.warnings.append(
            "a backup does not hold the groups inside a group, its roles, or its access to folders: only its "
            "members are restored, with the users"
        )


def adjust_role(planner: OwnPlanner, body: JsonObject) -> None:
    """Warn about the groups of a role that is created again: only the source instance knows them. Its users get it back
    with the users. Keep the role that makes the caller an admin.
    """
    if planner.live is None:
        if planner.context.backup.definitions.holders(planner.key.id) is None:
            planner.warnings.append("a backup does not hold the groups that have a role: only its users are restored")
        return
    wanted, live = as_role(body), as_role(planner.live)
    wanted_set = planner.context.destination.live.get("permission_set", str(wanted.get("permission_set_id")))
    if not gives_admin(live) or all_rights(as_permission_set(wanted_set or {})):
        return
    if _the_only_admin_role(planner.context.destination, {str(live["id"])}):
        del wanted["permission_set_id"]
        planner.warnings.append("keeping its permission set: only this makes the calling user an admin")


def adjust_permission_set(planner: OwnPlanner, body: JsonObject) -> None:
    """Leave out unknown permissions. Keep the permission that makes the caller an admin."""
    wanted, live = as_permission_set(body), as_permission_set(planner.live or {})
    known_permissions(planner, wanted, live)
    permissions = wanted.get("permissions")
    if not all_rights(live) or _ADMINISTER in (permissions or [_ADMINISTER]):
        return
    roles = map(as_role, planner.context.destination.live.table("role").values())
    by_it = {str(role["id"]) for role in roles if str((role.get("permission_set") or {}).get("id")) == str(live["id"])}
    if _the_only_admin_role(planner.context.destination, by_it):
        wanted["permissions"] = [*(permissions or ()), _ADMINISTER]
        planner.warnings.append(f"keeping {_ADMINISTER!r}: only this makes the calling user an admin")


def _the_only_admin_role(destination: Destination, role_ids: set[str]) -> bool:
    """Whether the caller has one of these roles, and no other that makes it an admin."""
    mine: list[Role] = destination.session.call("user_roles", path={"user_id": destination.caller_id})
    admin = {str(role["id"]) for role in mine if gives_admin(role)}
    return bool(admin) and admin <= role_ids


def known_permissions(planner: OwnPlanner, wanted: PermissionSet, shown: PermissionSet) -> None:
    """Leave out permissions that the destination's release does not have: it would refuse the whole set.

    The permissions are read only if the set differs. A list that lacks a permission in use there is not complete.
    """
    permissions = wanted.get("permissions")
    if not isinstance(permissions, list) or not _differ(permissions, shown.get("permissions")):
        return
    live = planner.context.destination.live
    known = live.definitions.permissions() or frozenset()
    sets = map(as_permission_set, live.table("permission_set").values())
    in_use = {name for row in sets for name in row.get("permissions") or ()}
    unknown = [name for name in permissions if name not in known and known >= in_use]
    if unknown:
        wanted["permissions"] = [name for name in permissions if name not in unknown]
        planner.warnings.append(f"leaving out permission {', '.join(map(repr, unknown))}: this Looker does not have it")


def known_models(planner: OwnPlanner, body: JsonObject) -> None:
    """Warn about models that do not exist (yet): a set may name them nevertheless."""
    models, shown = as_model_set(body).get("models"), as_model_set(planner.live or {}).get("models")
    if not isinstance(models, list) or not _differ(models, shown):
        return
    unknown = [name for name in models if not planner.context.destination.live.explore_exists(str(name), "")]
    if unknown:
        planner.warnings.append(f"it names models that are not in the destination: {', '.join(unknown)}")


def _differ(wanted: list[str], live: list[str] | None) -> bool:
    return sorted(wanted) != sorted(live or ())
