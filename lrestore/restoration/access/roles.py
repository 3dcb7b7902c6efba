"""Groups, roles and permission sets: warnings about data that backups lack, and the admin rights of the caller."""

from __future__ import annotations

from lrestore.json_types import JsonObject
from lrestore.restoration.context import Context
from lrestore.restoration.identify.acting_user import gives_admin
from lrestore.restoration.plan.own_fields import OwnPlanner

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


def adjust_role(planner: OwnPlanner, wanted: JsonObject) -> None:
    """A role that is made again gets its users back from the users; the living source knows the groups that have it.
    The caller's own stays one of an admin.
    """
    if planner.live is None:
        if planner.context.backup.definitions.holders(planner.key.id) is None:
            planner.warnings.append("a backup does not hold the groups that have a role: only its users are restored")
        return
    permission_set = planner.context.destination.live.get("permission_set", str(wanted.get("permission_set_id"))) or {}
    if not gives_admin(planner.live) or gives_admin({"permission_set": permission_set}):
        return
    if _the_only_admin_role(planner.context, {str(planner.live["id"])}):
        del wanted["permission_set_id"]
        planner.warnings.append("keeping its permission set: only this makes the calling user an admin")


def adjust_permission_set(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Permissions that Looker knows; those of the caller keep it an admin."""
    known_permissions(planner, wanted)
    if not gives_admin({"permission_set": planner.live}) or _ADMINISTER in (wanted.get("permissions") or [_ADMINISTER]):
        return
    live_id = str((planner.live or {})["id"])
    roles = planner.context.destination.live.table("role")
    by_it = {role_id for role_id, role in roles.items() if str((role.get("permission_set") or {}).get("id")) == live_id}
    if _the_only_admin_role(planner.context, by_it):
        wanted["permissions"] = [*wanted["permissions"], _ADMINISTER]
        planner.warnings.append(f"keeping {_ADMINISTER!r}: only this makes the calling user an admin")


def _the_only_admin_role(context: Context, role_ids: set[str]) -> bool:
    """Whether the caller has one of these roles, and no other that makes it an admin."""
    mine = context.destination.session.call("user_roles", path={"user_id": context.destination.caller_id})
    admin = {str(role["id"]) for role in mine if gives_admin(role)}
    return bool(admin) and admin <= role_ids


def known_permissions(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Leave out permissions that the destination's release does not have: it would refuse the whole set.

    It is asked for them only where the set differs. A list that lacks what is in use there is not the whole list.
    """
    if not _differs(planner, wanted, "permissions"):
        return
    live = planner.context.destination.live
    known = live.definitions.permissions() or frozenset()
    in_use = {name for row in live.table("permission_set").values() for name in row.get("permissions") or ()}
    unknown = [name for name in wanted["permissions"] if name not in known and known >= in_use]
    if unknown:
        wanted["permissions"] = [name for name in wanted["permissions"] if name not in unknown]
        planner.warnings.append(f"leaving out permission {', '.join(map(repr, unknown))}: this Looker does not have it")


def known_models(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Warn about models that do not exist (yet): a set may name them nevertheless."""
    if not _differs(planner, wanted, "models"):
        return
    unknown = [name for name in wanted["models"] if not planner.context.destination.live.explore_exists(str(name), "")]
    if unknown:
        planner.warnings.append(f"it names models that are not in the destination: {', '.join(unknown)}")


def _differs(planner: OwnPlanner, wanted: JsonObject, name: str) -> bool:
    live = (planner.live or {}).get(name)
    return isinstance(wanted.get(name), list) and sorted(wanted[name]) != sorted(live or ())
