"""Titles and slugs that must be unique, and that another item of the run holds and will release.

Two dashboards of a folder that have swapped titles cannot both be written first. An item never writes to the object of
another item. The refused item takes a temporary title, which frees its old one. It gets its own title in a second turn,
after all other items have had their first.
"""

from __future__ import annotations

from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.claims import claimants
from lrestore.restoration.identify.resolve import presumed
from lrestore.restoration.stand_in_names import temporary_title
from lrestore.restoration.writes import Write

IN_FOLDERS = frozenset({"dashboard", "look"})
"""Types whose titles are unique among what is in their folder and not in the trash."""


def holder_will_release(context: Context, deferred: Deferred, type_name: str, holder: JsonObject, name: str) -> bool:
    """Whether the live object ``holder`` is an item of this run that is to have another ``name`` than it has now. If
    so, ``deferred`` waits for it. An object that is only skipped releases nothing.
    """
    if context.policy.if_different == "skip" and not holder.get("deleted"):
        return False
    for key in _items(context, type_name, holder):
        raw = context.backup.raw(key) or {}
        trashed = name == "title" and raw.get("deleted") and not holder.get("deleted")
        if (trashed or (raw.get(name) and str(raw[name]) != str(holder.get(name)))) and deferred.defer_if_in_run(key):
            return True
    return False


def _items(context: Context, type_name: str, live: JsonObject) -> set[ItemKey]:
    """The backed-up items that a live object is. Copies beside the originals change none of them."""
    if context.backup.beside is not None:
        return set()
    own = {str(live["id"])} if context.backup.same_instance else set()
    sources = claimants(context.backup, context.records, type_name, live) | own
    return {key for key in (ItemKey(type_name, one) for one in sources) if context.backup.source.holds(key)}


def use_temporary_title(
    context: Context, deferred: Deferred, write: Write, live: JsonObject, error: LookerError
) -> bool:
    """Whether to repeat a refused write. If another item of this run holds the title and will release it, the body gets
    a temporary title. If no object holds the title, it has just become free.

    Raises the error if the title stays taken, with a hint that names the holder.
    """
    if write.type not in IN_FOLDERS or not error.is_clash or not {"title", "folder_id", "deleted"} & write.body.keys():
        return False
    place = {name: str(write.body.get(name) or live.get(name) or "") for name in ("title", "folder_id")}
    rows = [row for row in context.destination.live.find(write.type, place) if not row.get("deleted")]
    holder = next((row for row in rows if str(row["id"]) != write.live_id), None)
    if holder is None:
        return True
    if not _leaves(context, deferred, write.type, holder):
        hint = f"{write.type} {holder['id']} has that title in that folder: rename it, or move it away"
        raise error.with_context(hint=hint) from error.__cause__
    write.body["title"] = temporary_title(place["title"], write.source_id)
    return True


def _leaves(context: Context, deferred: Deferred, type_name: str, holder: JsonObject) -> bool:
    if holder_will_release(context, deferred, type_name, holder, "title"):
        return True
    if context.policy.if_different == "skip":
        return False
    for key in _items(context, type_name, holder):
        folder = str((context.backup.raw(key) or {}).get("folder_id") or "")
        elsewhere = presumed(context, "folder", folder) if folder else None
        if elsewhere not in (None, str(holder.get("folder_id"))) and deferred.defer_if_in_run(key):
            return True
    return False


def find_under_temporary_name(context: Context, write: Write) -> JsonObject | None:
    """The object that an earlier run created under the temporary title and did not record; searched by that title."""
    title, folder_id = str(write.body.get("title")), write.body.get("folder_id")
    if not title.endswith(temporary_title("", write.source_id)) or folder_id is None:
        return None
    found = context.destination.live.find(write.type, {"title": title, "folder_id": str(folder_id)})
    alive = [row for row in found if not row.get("deleted")]
    return alive[0] if len(alive) == 1 else None
