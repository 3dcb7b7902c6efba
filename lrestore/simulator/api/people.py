"""Users, their roles and credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrestore.simulator.api import search
from lrestore.simulator.api.crud import TypeRules, add, handles, key_in_path, provide, search_some
from lrestore.simulator.api.folders import add_personal_folder
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import FieldRefusal, conflict, forbidden, invalid, not_found
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall
from lrestore.simulator.core.store import Record, World

USER_CAN = {
    "show": True,
    "index": True,
    "show_details": True,
    "index_details": True,
    "sudo": False,
    "see_queries": True,
}


def display_name(user: Record) -> str:
    """First and last name."""
    return " ".join(part for part in (user["first_name"], user["last_name"]) if part)


def _user_made(call: OperationCall, user: Record) -> None:
    user["display_name"] = display_name(user)
    user["url"] = f"{call.world.base_url}/api/4.0/users/{user['id']}"
    add_personal_folder(call.world, user)


def _user_changed(call: OperationCall, user: Record, before: Mapping[str, Any]) -> None:
    user["display_name"] = display_name(user)


def _user_removed(call: OperationCall, user: Record) -> None:
    """Deleting a user deletes its plans; its content and its folder go to the trash."""
    world, key = call.world, user["id"]
    world.edges["group_user"].forget(right=key)
    world.edges["role_user"].forget(right=key)
    for plan in world.table("scheduled_plan").where("user_id", key):
        world.table("scheduled_plan").remove(plan["id"])
        call.simulation.journal.incident("plan_deleted", id=plan["id"], user_id=key)
    for kind in ("dashboard", "look"):
        for row in world.table(kind).where("user_id", key):
            world.table(kind).change(row["id"], {"deleted": True, "deleted_at": world.now()})
    if user["personal_folder_id"]:
        world.table("folder").remove(user["personal_folder_id"])


USER = TypeRules(
    type="user",
    references={"home_folder_id": "folder"},
    defaults={
        "can": USER_CAN,
        "allow_direct_roles": True,
        "allow_normal_group_membership": True,
        "allow_roles_from_normal_groups": True,
        "credentials_api3": [],
        "credentials_embed": [],
        "sessions": [],
        "looker_versions": [],
        "models_dir_validated": False,
    },
    made=_user_made,
    changed=_user_changed,
    removed=_user_removed,
)
provide(USER, get="user", all="all_users", create="create_user", update="update_user", delete="delete_user")


@handles("search_users")
def _search_users(call: OperationCall) -> object:
    groups_of = call.world.edges["group_user"].lefts
    special = {
        "group_id": lambda user, wanted: wanted in groups_of(user["id"]),
        "embed_user": lambda user, wanted: bool(user["credentials_embed"]) == (wanted == "true"),
        "full_name": lambda user, wanted: search.matches(user["display_name"], wanted, "full_name"),
    }
    return search_some(call, replace(USER, special=special))


@handles("me")
def _me(call: OperationCall) -> object:
    return call.show("user", call.need("user", call.user_id))


@handles("user_roles")
def _user_roles(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    ids = call.world.edges["role_user"].lefts(user["id"])
    if not call.flag("direct_association_only"):
        for group_id in call.world.edges["group_user"].lefts(user["id"]):
            ids += [role for role in call.world.edges["role_group"].lefts(group_id) if role not in ids]
    return [call.show("role", call.need("role", key)) for key in ids]


def known_ids(call: OperationCall, kind: str) -> list[str]:
    """The body as a list of ids that exist. Raises RefusedError 422."""
    problems = schema.check_list_body((call.operation.body or "").strip("[]"), call.body)
    if not problems:
        missing = [key for key in call.body if call.find(kind, key) is None]
        problems = [FieldRefusal("body", "invalid", f"{kind} {key} does not exist") for key in missing]
    if problems:
        raise invalid(*problems)
    return list(call.body)


@handles("set_user_roles")
def _set_user_roles(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    if user["roles_externally_managed"] or not user["allow_direct_roles"]:
        raise forbidden("the roles of this user are managed elsewhere")
    call.world.edges["role_user"].replace_lefts(user["id"], known_ids(call, "role"))
    return _user_roles(call)


@handles("user_for_credential")
def _user_for_credential(call: OperationCall) -> object:
    kind, wanted = call.path["credential_type"], call.path["credential_id"]
    for user in call.world.table("user"):
        if wanted in _credential_ids(user, kind):
            return call.show("user", user)
    raise not_found()


def _credential_ids(user: Record, kind: str) -> list[str]:
    if kind == "email":
        return [user["email"]] if user["credentials_email"] else []
    if kind in ("embed", "api3"):
        name = "external_user_id" if kind == "embed" else "client_id"
        return [entry[name] for entry in user[f"credentials_{kind}"] or ()]
    entry = user.get(f"credentials_{kind}") or {}
    return [value for name, value in entry.items() if name.endswith("_user_id") or name == f"{kind}_id"]


@handles("user_credentials_email")
def _credentials_email(call: OperationCall) -> object:
    entry = call.need("user", key_in_path(call))["credentials_email"]
    if entry is None:
        raise not_found()
    return entry


@handles("create_user_credentials_email")
def _create_credentials_email(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    values = call.checked_body(partial=False)
    if not values.get("email") or "@" not in values["email"]:
        raise invalid(FieldRefusal("email", "invalid", "email must be an address"))
    if user["credentials_email"] is not None or _email_taken(call.world, values["email"], user):
        raise conflict("This e-mail address or this user's credentials exist already")
    base = f"{call.world.base_url}/api/4.0/users/{user['id']}"
    entry = {**schema.blank("CredentialsEmail"), "can": {"show_password_reset_url": True}, **values, "type": "email"}
    entry.update(created_at=call.world.now(), user_id=user["id"], url=f"{base}/credentials_email", user_url=base)
    call.world.table("user").change(user["id"], {"credentials_email": entry, "email": values["email"]})
    return entry


def _email_taken(world: World, email: str, user: Record) -> bool:
    return any(other is not user for other in world.table("user").where("email", email))


@handles("update_user_credentials_email")
def _update_credentials_email(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    if user["credentials_email"] is None:
        raise not_found()
    values = call.checked_body(partial=True)
    if values.get("email") and _email_taken(call.world, values["email"], user):
        raise invalid(FieldRefusal("email", "already_exists", "email is taken"))
    entry = {**user["credentials_email"], **values}
    call.world.table("user").change(user["id"], {"credentials_email": entry, "email": entry["email"]})
    return entry


@handles("delete_user_credentials_email")
def _delete_credentials_email(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    if user["credentials_email"] is None:
        raise not_found()
    call.world.table("user").change(user["id"], {"credentials_email": None, "email": None})
    return NO_CONTENT


@handles("create_embed_user")
def _create_embed_user(call: OperationCall) -> object:
    wanted = call.checked_body(partial=False)["external_user_id"]
    if any(wanted in _credential_ids(user, "embed") for user in call.world.table("user")):
        raise invalid(FieldRefusal("external_user_id", "already_exists", "external_user_id is taken"))
    record = {**schema.blank("User"), **USER.defaults}
    entry = {**schema.blank("CredentialsEmbed"), "id": call.world.new_id("credentials_embed"), "type": "embed"}
    record["credentials_embed"] = [{**entry, "external_user_id": wanted, "created_at": call.world.now()}]
    return call.show("user", add(call, USER, record))
