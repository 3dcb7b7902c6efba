"""Groups, roles, permission sets and model sets."""

from __future__ import annotations

from lrestore.simulator.api import search
from lrestore.simulator.api.crud import Draft, TypeRules, delete, handles, key_in_path, provide, show_page
from lrestore.simulator.api.people import known_ids
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import FieldRefusal, RefusedError, forbidden, invalid, not_allowed, not_found
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall
from lrestore.simulator.core.store import Record, World

GROUP_CAN = {"show": True, "index": True, "update": True, "delete": True}
SET_CAN = {"show": True, "index": True, "update": True}


def _group_protected(world: World, group: Record) -> RefusedError | None:
    if group["include_by_default"] or group["externally_managed"]:
        return forbidden(f"Group {group['name']} is not managed here")
    return None


def _group_removed(call: OperationCall, group: Record) -> None:
    edges = call.world.edges
    edges["group_user"].forget(left=group["id"])
    edges["group_group"].forget(left=group["id"], right=group["id"])
    edges["role_group"].forget(right=group["id"])


GROUP = TypeRules(
    type="group",
    unique=("name",),
    defaults={"can": GROUP_CAN},
    protected=_group_protected,
    check=lambda draft: draft.require("name"),
    removed=_group_removed,
)
provide(GROUP, get="group", all="all_groups", search="search_groups", create="create_group", update="update_group")
provide(GROUP, delete="delete_group")


@handles("search_groups_with_hierarchy", "search_groups_with_roles")
def _groups_with_more(call: OperationCall) -> object:
    edges = call.world.edges
    found = search.find(call.world.table("group"), call.query, {})
    rows = search.page(found, call.query, call.simulation.config.page_cap)
    plain = schema.schema("Group").fields
    edges = call.world.edges
    shown = []
    for row in rows:
        entry: Record = {name: row.get(name) for name in plain}
        entry["role_ids"] = edges["role_group"].lefts(row["id"])
        entry["roles"] = [call.world.get("role", key) for key in entry["role_ids"]]
        entry["parent_group_ids"] = edges["group_group"].lefts(row["id"])
        shown.append({name: entry[name] for name in schema.schema(call.result_schema).fields if name in entry})
    return shown


def _open_group(call: OperationCall) -> Record:
    """The group in the path, if its members may be changed. Raises RefusedError 404, 403."""
    group = call.need("group", key_in_path(call))
    refusal = _group_protected(call.world, group)
    if refusal is not None:
        raise refusal
    return group


@handles("all_group_users")
def _group_users(call: OperationCall) -> object:
    group = call.need("group", key_in_path(call))
    ids = call.world.edges["group_user"].rights(group["id"])
    users = list(call.world.table("user")) if group["include_by_default"] else [call.need("user", key) for key in ids]
    return show_page(call, "user", users)


@handles("all_group_groups")
def _group_groups(call: OperationCall) -> object:
    group = call.need("group", key_in_path(call))
    return [call.show("group", call.need("group", key)) for key in call.world.edges["group_group"].rights(group["id"])]


@handles("add_group_user")
def _add_group_user(call: OperationCall) -> object:
    group = _open_group(call)
    user = call.find("user", call.checked_body(partial=True).get("user_id"))
    if user is None:
        raise not_found()
    call.world.edges["group_user"].add(group["id"], user["id"])
    return call.show("user", user)


@handles("delete_group_user")
def _delete_group_user(call: OperationCall) -> object:
    if not call.world.edges["group_user"].drop(_open_group(call)["id"], call.path["user_id"]):
        raise not_found()
    return NO_CONTENT


@handles("add_group_group")
def _add_group_group(call: OperationCall) -> object:
    group = _open_group(call)
    child = call.find("group", call.checked_body(partial=True).get("group_id"))
    if child is None:
        raise not_found()
    if child["id"] == group["id"] or group["id"] in _below(call.world, child["id"]):
        raise invalid(FieldRefusal("group_id", "invalid", "a group cannot contain itself"))
    call.world.edges["group_group"].add(group["id"], child["id"])
    return call.show("group", child)


def _below(world: World, group_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [group_id]
    while waiting:
        for child in world.edges["group_group"].rights(waiting.pop()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


@handles("delete_group_from_group")
def _delete_group_group(call: OperationCall) -> object:
    if not call.world.edges["group_group"].drop(_open_group(call)["id"], call.path["deleting_group_id"]):
        raise not_found()
    return NO_CONTENT


def is_built_in_role(world: World, role: Record) -> bool:
    """The Admin role, and Looker's internal ones."""
    permissions = world.get("permission_set", role["permission_set_id"]) or {}
    return bool(role["internal"] or (role["name"] == "Admin" and permissions.get("all_access")))


def _role_protected(world: World, role: Record) -> RefusedError | None:
    return not_allowed(f"Role {role['name']} is built in") if is_built_in_role(world, role) else None


def _role_made(call: OperationCall, role: Record) -> None:
    role["url"] = f"{call.world.base_url}/api/4.0/roles/{role['id']}"
    role["users_url"] = f"{role['url']}/users"


def _role_removed(call: OperationCall, role: Record) -> None:
    call.world.edges["role_group"].forget(left=role["id"])
    call.world.edges["role_user"].forget(left=role["id"])


ROLE = TypeRules(
    type="role",
    references={"permission_set_id": "permission_set", "model_set_id": "model_set"},
    unique=("name",),
    defaults={"can": SET_CAN},
    protected=_role_protected,
    check=lambda draft: draft.require("name", "permission_set_id", "model_set_id"),
    made=_role_made,
    removed=_role_removed,
)
provide(ROLE, get="role", all="all_roles", search="search_roles", create="create_role", update="update_role")
provide(ROLE, delete="delete_role")


def _assigned(call: OperationCall, kind: str) -> object:
    role = call.need("role", key_in_path(call))
    return [call.show(kind, call.need(kind, key)) for key in call.world.edges[f"role_{kind}"].rights(role["id"])]


def _assign(call: OperationCall, kind: str) -> object:
    role = call.need("role", key_in_path(call))
    call.world.edges[f"role_{kind}"].replace_rights(role["id"], known_ids(call, kind))
    return _assigned(call, kind)


handles("role_groups")(lambda call: _assigned(call, "group"))
handles("role_users")(lambda call: _assigned(call, "user"))
handles("set_role_groups")(lambda call: _assign(call, "group"))
handles("set_role_users")(lambda call: _assign(call, "user"))


def _set_protected(world: World, record: Record) -> RefusedError | None:
    return not_allowed(f"{record['name']} is built in") if record["built_in"] or record["all_access"] else None


def _set_kind(kind: str, members: str) -> TypeRules:
    def made(call: OperationCall, record: Record) -> None:
        record["url"] = f"{call.world.base_url}/api/4.0/{kind}s/{record['id']}"

    def check(draft: Draft) -> None:
        draft.require("name")
        if draft.new[members] is None:
            draft.problem(members, f"{members} is required", "missing_field")

    return TypeRules(
        type=kind, unique=("name",), defaults={"can": SET_CAN}, protected=_set_protected, check=check, made=made
    )


PERMISSION_SET = _set_kind("permission_set", "permissions")
MODEL_SET = _set_kind("model_set", "models")
for _kind in (PERMISSION_SET, MODEL_SET):
    _name = _kind.type
    provide(_kind, get=_name, all=f"all_{_name}s", search=f"search_{_name}s", create=f"create_{_name}")
    provide(_kind, update=f"update_{_name}")


def _delete_set(call: OperationCall, kind: TypeRules) -> object:
    if call.world.table("role").count(f"{kind.type}_id", key_in_path(call)):
        raise not_allowed("a role uses this set")
    return delete(call, kind)


handles("delete_permission_set")(lambda call: _delete_set(call, PERMISSION_SET))
handles("delete_model_set")(lambda call: _delete_set(call, MODEL_SET))


@handles("all_permissions")
def _all_permissions(call: OperationCall) -> object:
    names = {name for row in call.world.table("permission_set") for name in row["permissions"] or ()}
    return [{"can": {"show": True}, "permission": name, "parent": None, "description": name} for name in sorted(names)]
