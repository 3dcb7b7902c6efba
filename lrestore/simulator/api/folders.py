"""Folders: a tree whose roots and personal folders belong to Looker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api import search
from lrestore.simulator.api.access import add_metadata, move_metadata, remove_metadata
from lrestore.simulator.api.crud import Draft, TypeRules, handles, key_in_path, provide, show_page
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import RefusedError, forbidden, not_found
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record, World

CAN = {
    "index": True,
    "show": True,
    "create": True,
    "see_admin_spaces": True,
    "update": True,
    "destroy": True,
    "move_content": True,
    "edit_content": True,
}
_ROOT_FLAGS = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root")


def is_root(folder: Record) -> bool:
    """Whether it is one of Looker's own top folders."""
    return folder["id"] == "lookml" or any(folder[flag] for flag in _ROOT_FLAGS)


def _protected(world: World, folder: Record) -> RefusedError | None:
    if is_root(folder) or folder["is_personal"]:
        return forbidden(f"Folder {folder['name']} belongs to Looker and cannot be changed")
    return None


def takes_content(folder: Record) -> bool:
    """Whether dashboards, looks and folders may be put there."""
    return not (folder["is_users_root"] or folder["id"] == "lookml")


def check_target_folder(draft: Draft, name: str) -> None:
    """Add a problem if the folder in a field cannot hold content."""
    folder = draft.call.world.get("folder", draft.new.get(name))
    if folder is not None and draft.sets(name) and not takes_content(folder):
        draft.problem(name, f"folder {folder['name']} takes no content")


def _check(draft: Draft) -> None:
    draft.require("name", "parent_id")
    check_target_folder(draft, "parent_id")
    if draft.old is not None and draft.sets("parent_id") and _is_below(draft):
        draft.problem("parent_id", "a folder cannot be moved into itself or below itself")
    if draft.sets("name", "parent_id") and _has_twin(draft):
        draft.problem("name", f"the parent has a folder {draft.new['name']!r} already", "already_exists")


def _has_twin(draft: Draft) -> bool:
    parent, name = draft.new["parent_id"], str(draft.new["name"]).casefold()
    siblings = draft.call.world.table("folder").where("parent_id", parent)
    return any(s is not draft.old and str(s["name"]).casefold() == name for s in siblings)


def _is_below(draft: Draft) -> bool:
    return draft.new["id"] in [folder["id"] for folder in lineage(draft.call.world, draft.new["parent_id"])]


def lineage(world: World, folder_id: str | None) -> list[Record]:
    """The folder and its ancestors, from the bottom up; stops at a folder that repeats."""
    found: list[Record] = []
    folder = world.get("folder", folder_id)
    while folder is not None and folder not in found:
        found.append(folder)
        folder = world.get("folder", folder["parent_id"])
    return found


def _made(call: OperationCall, folder: Record) -> None:
    folder["creator_id"] = call.user_id or None
    _inherit_flags(call.world, folder)
    add_metadata(call.world, "folder", folder)


def _inherit_flags(world: World, folder: Record) -> None:
    parent = world.get("folder", folder["parent_id"]) or {}
    folder["is_personal_descendant"] = bool(parent.get("is_personal") or parent.get("is_personal_descendant"))
    folder["is_embed"] = bool(parent.get("is_embed"))


def _changed(call: OperationCall, folder: Record, before: Mapping[str, Any]) -> None:
    _inherit_flags(call.world, folder)
    move_metadata(call.world, folder)


def _removed(call: OperationCall, folder: Record) -> None:
    """Deleting a folder deletes its subfolders; their content goes to the trash and keeps the id of its folder."""
    world = call.world
    remove_metadata(world, folder)
    for kind in ("dashboard", "look"):
        for content in world.table(kind).where("folder_id", folder["id"]):
            if not content["deleted"]:
                trashed = {"deleted": True, "deleted_at": world.now(), "deleter_id": call.user_id or None}
                world.table(kind).change(content["id"], trashed)
                call.simulation.journal.incident("content_trashed", type=kind, id=content["id"], folder_id=folder["id"])
    for child in world.table("folder").where("parent_id", folder["id"]):
        world.table("folder").remove(child["id"])
        _removed(call, child)


FOLDER = TypeRules(
    type="folder",
    references={"parent_id": "folder"},
    defaults={"can": CAN},
    protected=_protected,
    check=_check,
    made=_made,
    changed=_changed,
    removed=_removed,
)
provide(
    FOLDER,
    get="folder",
    all="all_folders",
    search="search_folders",
    create="create_folder",
    update="update_folder",
    delete="delete_folder",
)


def add_personal_folder(world: World, user: Record) -> None:
    """Create a missing personal folder under the Users root; equal names get a number."""
    root = next((f for f in world.table("folder").records.values() if f["is_users_root"]), None)
    if root is None:
        return
    folder = schema.blank("Folder")
    taken = {str(f["name"]).casefold() for f in world.table("folder").where("parent_id", root["id"])}
    name, number = str(user["display_name"] or f"User {user['id']}"), 1
    while name.casefold() in taken:
        number += 1
        name = f"{user['display_name']} {number}"
    folder.update(can=CAN, id=world.new_id("folder"), name=name, parent_id=root["id"], created_at=world.now())
    folder.update(creator_id=user["id"], is_personal=True, is_personal_descendant=True)
    world.table("folder").put(folder)
    add_metadata(world, "folder", folder)
    world.table("user").change(user["id"], {"personal_folder_id": folder["id"]})


@handles("folder_children")
def _children(call: OperationCall) -> object:
    parent = call.need("folder", key_in_path(call))
    return show_page(call, "folder", call.world.table("folder").where("parent_id", parent["id"]))


@handles("folder_children_search")
def _children_search(call: OperationCall) -> object:
    parent = call.need("folder", key_in_path(call))
    rows = call.world.table("folder").where("parent_id", parent["id"])
    name = call.query.get("name")
    return show_page(call, "folder", [r for r in rows if name is None or search.matches(r["name"], name, "name")])


@handles("folder_ancestors")
def _ancestors(call: OperationCall) -> object:
    folder = call.need("folder", key_in_path(call))
    return [call.show("folder", above) for above in reversed(lineage(call.world, folder["parent_id"]))]


@handles("folder_parent")
def _parent(call: OperationCall) -> object:
    parent = call.find("folder", call.need("folder", key_in_path(call))["parent_id"])
    if parent is None:
        raise not_found()
    return call.show("folder", parent)


def _content(call: OperationCall, kind: str) -> object:
    folder = call.need("folder", key_in_path(call))
    rows = call.world.table(kind).where("folder_id", folder["id"])
    return show_page(call, kind, [row for row in rows if not row["deleted"] and call.sees(kind, row)])


handles("folder_dashboards")(lambda call: _content(call, "dashboard"))
handles("folder_looks")(lambda call: _content(call, "look"))
