"""Content metadata (one row for each folder, dashboard, look and board) and its access lists."""

from __future__ import annotations

from typing import Any

from lrestore.simulator.api.crud import Draft, TypeRules, handles, provide, show_page
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import not_found
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record, World

_FIELD = {"folder": "folder_id", "dashboard": "dashboard_id", "look": "look_id", "board": "homepage_id"}
_WORD = {"board": "homepage"}


def add_metadata(world: World, kind: str, record: Record) -> None:
    """Create the metadata row of a new folder, dashboard, look or board, inheriting from its folder."""
    row = schema.blank("ContentMeta")
    parent = parent_metadata(world, record.get("parent_id") or record.get("folder_id"))
    row.update(
        can={"show": True, "update": True},
        id=world.new_id("content_metadata"),
        name=record.get("name") or record.get("title"),
        parent_id=parent,
        content_type=_WORD.get(kind, kind),
        inherits=parent is not None,
        inheriting_id=parent,
    )
    row[_FIELD[kind]] = record["id"]
    world.table("content_metadata").put(row)
    world.table(kind).change(record["id"], {"content_metadata_id": row["id"]})


def parent_metadata(world: World, folder_id: str | None) -> str | None:
    """The metadata id of a folder."""
    folder = world.get("folder", folder_id)
    return folder["content_metadata_id"] if folder else None


def move_metadata(world: World, record: Record) -> None:
    """Update the row after its content was renamed or moved."""
    row = world.get("content_metadata", record["content_metadata_id"])
    if row is None:
        return
    parent = parent_metadata(world, record.get("parent_id") or record.get("folder_id"))
    inheriting = parent if row["inherits"] else row["inheriting_id"]
    name = record.get("name") or record.get("title")
    world.table("content_metadata").change(row["id"], {"name": name, "parent_id": parent, "inheriting_id": inheriting})


def remove_metadata(world: World, record: Record) -> None:
    """Remove the row and its access list together with the content."""
    key = record.get("content_metadata_id")
    if key is None:
        return
    world.table("content_metadata").remove(key)
    for entry in world.table("content_metadata_access").where("content_metadata_id", key):
        world.table("content_metadata_access").remove(entry["id"])


def _check_metadata(draft: Draft) -> None:
    if draft.sets("inherits") and draft.new["content_type"] not in ("folder", "homepage", "agent"):
        draft.problem("inherits", "only folders, boards and agents can stop inheriting")


def _metadata_changed(call: OperationCall, record: Record, before: Any) -> None:
    """A folder that stops inheriting gets its own list: a copy of the inherited one, or only the caller.

    Looker does not document this; programs that use the API delete the copied entries. See
    ``Config.stops_inheriting``.
    """
    if record["inherits"] == before["inherits"]:
        return
    world = call.world
    record["inheriting_id"] = record["parent_id"] if record["inherits"] else None
    for entry in _entries(world, record["id"]):
        world.table("content_metadata_access").remove(entry["id"])
    if record["inherits"]:
        return
    if call.simulation.config.stops_inheriting == "creator":
        blank = schema.blank("ContentMetaGroupUser")
        rows = [{**blank, "can": {"show": True}, "permission_type": "edit", "group_id": None, "user_id": call.user_id}]
    else:
        rows = _entries(world, effective_metadata(world, before["inheriting_id"]))
    for row in rows:
        own = {"id": world.new_id("content_metadata_access"), "content_metadata_id": record["id"]}
        world.table("content_metadata_access").put({**row, **own})


def _entries(world: World, metadata_id: str | None) -> list[Record]:
    """The access list of one row."""
    return world.table("content_metadata_access").where("content_metadata_id", metadata_id)


def effective_metadata(world: World, metadata_id: str | None) -> str | None:
    """The row whose access list applies to a row: itself, or its nearest ancestor that does not inherit."""
    seen: set[str] = set()
    row = world.get("content_metadata", metadata_id)
    while row is not None and row["inherits"] and row["id"] not in seen:
        seen.add(row["id"])
        row = world.get("content_metadata", row["inheriting_id"])
    return row["id"] if row else None


METADATA = TypeRules(type="content_metadata", check=_check_metadata, changed=_metadata_changed)
provide(METADATA, get="content_metadata", update="update_content_metadata")


@handles("all_content_metadatas")
def _all_metadatas(call: OperationCall) -> object:
    rows = call.world.table("content_metadata").where("parent_id", call.query["parent_id"])
    return show_page(call, "content_metadata", rows)


def _check_access(draft: Draft) -> None:
    draft.require("content_metadata_id", "permission_type")
    if draft.new.get("permission_type") not in ("view", "edit"):
        draft.problem("permission_type", "permission_type must be view or edit")
    if (draft.new.get("group_id") is None) == (draft.new.get("user_id") is None):
        draft.problem("base", "give either a group_id or a user_id")
    metadata = draft.call.world.get("content_metadata", draft.new.get("content_metadata_id"))
    if draft.old is None and metadata is not None and metadata["inherits"]:
        draft.problem("base", "Can't add access when inheriting")
    if draft.old is None and any(_same_grantee(draft.new, entry) for entry in _access_of(draft)):
        draft.problem("base", "this group or user has access already", "already_exists")


def _access_of(draft: Draft) -> list[Record]:
    return _entries(draft.call.world, draft.new["content_metadata_id"])


def _same_grantee(one: Record, other: Record) -> bool:
    return (one["group_id"], one["user_id"]) == (other["group_id"], other["user_id"])


ACCESS = TypeRules(
    type="content_metadata_access",
    references={"content_metadata_id": "content_metadata", "group_id": "group", "user_id": "user"},
    defaults={"can": {"show": True}},
    check=_check_access,
)
provide(
    ACCESS,
    create="create_content_metadata_access",
    update="update_content_metadata_access",
    delete="delete_content_metadata_access",
)


@handles("all_content_metadata_accesses")
def _all_accesses(call: OperationCall) -> object:
    key = call.query["content_metadata_id"]
    if call.find("content_metadata", key) is None:
        raise not_found()
    rows = call.world.table("content_metadata_access").where("content_metadata_id", key)
    return show_page(call, "content_metadata_access", rows)
