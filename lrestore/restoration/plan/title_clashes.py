"""Titles and slugs of which there can be but one, and that another item of the run holds and is still to give up.

Two dashboards of a folder that have swapped titles cannot both be first. Nobody writes to another's object: the item
that is refused gets a title of no meaning itself, which makes way for whoever wants its old one, and its own in a
second turn, when all others have had their first.
"""

from __future__ import annotations

from lrestore.errors import ConflictError, LookerError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.deferred import LooseEnds
from lrestore.restoration.identify.claims import claimants
from lrestore.restoration.identify.folders import read_raw
from lrestore.restoration.identify.resolve import presumed
from lrestore.restoration.identify.stand_in_names import title_aside
from lrestore.restoration.writes import Write

IN_FOLDERS = frozenset({"dashboard", "look"})
"""Types whose titles are unique among what is in their folder and not in the trash."""


def makes_way(context: Context, ends: LooseEnds, type_name: str, holder: JsonObject, name: str) -> bool:
    """Whether the live object ``holder`` is an item of this run that is to have another ``name`` than it has now. If
    so, ``ends`` waits for it.
    """
    for key in _items(context, type_name, holder):
        raw = read_raw(context, key) or {}
        if raw.get(name) and str(raw[name]) != str(holder.get(name)) and ends.comes(key):
            return True
    return False


def _items(context: Context, type_name: str, live: JsonObject) -> set[ItemKey]:
    """The backed-up items that a live object is."""
    sources = claimants(context, type_name, live) | ({str(live["id"])} if context.same_instance else set())
    return {key for key in (ItemKey(type_name, one) for one in sources) if context.source.holds(key)}


def step_aside(context: Context, ends: LooseEnds, write: Write, live: JsonObject, error: LookerError) -> bool:
    """After Looker has refused a write: whether it is worth another try. The body has a title of no meaning then, if
    another item of this run holds its own and is to give it up; where nobody holds it, somebody just has given it up.
    Otherwise it raises the error, with a hint that names the holder of the title.
    """
    if (
        write.type not in IN_FOLDERS
        or not _is_clash(error)
        or not {"title", "folder_id", "deleted"} & write.body.keys()
    ):
        return False
    place = {name: str(write.body.get(name) or live.get(name) or "") for name in ("title", "folder_id")}
    rows = [row for row in context.live.find(write.type, place) if not row.get("deleted")]
    holder = next((row for row in rows if str(row["id"]) != write.live_id), None)
    if holder is None:
        return True
    if not _leaves(context, ends, write.type, holder):
        hint = f"{write.type} {holder['id']} has that title in that folder: rename it, or move it away"
        raise error.with_context(hint=hint) from error.__cause__
    write.body["title"] = title_aside(place["title"], write.source_id)
    return True


def _leaves(context: Context, ends: LooseEnds, type_name: str, holder: JsonObject) -> bool:
    if makes_way(context, ends, type_name, holder, "title"):
        return True
    for key in _items(context, type_name, holder):
        folder = str((read_raw(context, key) or {}).get("folder_id") or "")
        elsewhere = presumed(context, "folder", folder) if folder else None
        if elsewhere not in (None, str(holder.get("folder_id"))) and ends.comes(key):
            return True
    return False


def _is_clash(error: LookerError) -> bool:
    return isinstance(error, ConflictError) or any(one.code == "already_exists" for one in error.errors)


def left_aside(context: Context, write: Write) -> JsonObject | None:
    """What an earlier run has made under the title of no meaning, and could not say so; looked for under that alone."""
    title, folder_id = str(write.body.get("title")), write.body.get("folder_id")
    if not title.endswith(title_aside("", write.source_id)) or folder_id is None:
        return None
    found = context.live.find(write.type, {"title": title, "folder_id": str(folder_id)})
    alive = [row for row in found if not row.get("deleted")]
    return alive[0] if len(alive) == 1 else None
