"""Temporary renames for types with unique names: folders within their parent, groups, roles, sets.

Two objects that have swapped names, or places, cannot both be restored first. So before the first item, an object that
holds the name of another item of this run, and will itself be renamed or moved, gets a temporary name. An object that
holds its own name, or that this run does not restore, is not renamed: Looker refuses the item that needs the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lrestore.content.identity import same_origin
from lrestore.content.shapes.boundary import as_folder
from lrestore.errors import DependencyError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.looker.read.folder_tree import place_of
from lrestore.messages import Change, ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.nulls import NO_TEXT
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.apply.execute import send
from lrestore.restoration.changed_since import WrittenValues, name_is_of_session
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.identify.folders import circle
from lrestore.restoration.identify.resolve import is_recorded, resolve
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.stand_in_names import temporary_title
from lrestore.restoration.touches import touches_of
from lrestore.restoration.writes import Plan, Write

UniqueName = tuple[str, str]

UNIQUE = frozenset({"folder", "group", "role", "permission_set", "model_set"})
"""Types whose names are unique (of folders: in their parent), and that are listed whole."""

_NO_PARENT = ""


@dataclass(frozen=True, slots=True)
class _Settler:
    """An item of this run. ``live_id`` is "" if it is to be created; ``wanted`` None if its parent does
    not exist yet.
    """

    key: ItemKey
    live_id: str
    wanted: UniqueName | None


def adjust_folder(planner: OwnPlanner, body: JsonObject) -> None:
    """A folder cannot be moved into itself. Raises NotRestorableError naming the circle that the backup has."""
    parent_id, live = as_folder(body).get("parent_id"), as_folder(planner.live or {})
    if planner.live is None or parent_id in (None, live.get("parent_id")):
        return
    loop = circle(planner.context.backup, planner.key.id)
    if loop:
        named = " in ".join(f"folder={one}" for one in loop)
        raise NotRestorableError(
            f"{planner.key} cannot be moved: it is in a circle of folders: {named}",
            path="parent_id",
            key=planner.key,
            hint="the backup is damaged there",
        )


def conflicting_renames(context: Context, items: Iterable[tuple[ItemKey, JsonObject]]) -> list[Write]:
    """The temporary renames for ``items``, which are all restored items of these types. Reads only listings. None if
    nothing that exists is to be written.
    """
    if context.policy.if_different == "skip":
        return []
    by_type: dict[str, list[tuple[ItemKey, JsonObject]]] = {}
    for key, raw in items:
        if (
            key.type in UNIQUE
            and raw.get("name") not in (None, "", NO_TEXT)
            and not is_built_in(CONTENT_TYPES[key.type], raw)
        ):
            by_type.setdefault(key.type, []).append((key, raw))
    return [write for type_name, rows in by_type.items() for write in _of_type(context, type_name, rows)]


def _of_type(context: Context, type_name: str, rows: list[tuple[ItemKey, JsonObject]]) -> Iterator[Write]:
    table = context.destination.live.table(type_name)
    live_of = {key.id: _live_id(context, key, raw, table) for key, raw in rows}
    settlers = [_settler(context, key, raw, live_of) for key, raw in rows]
    now = {_place(type_name, live): live_id for live_id, live in table.items()}
    out_of_place = {
        one.live_id: one.key for one in settlers if one.live_id and one.wanted != _place(type_name, table[one.live_id])
    }
    made = context.policy.if_missing == "create"
    for one in (one for one in settlers if one.live_id or made):
        holder = now.get(one.wanted) if one.wanted else None
        if holder is not None and holder != one.live_id and holder in out_of_place:
            if not _may_be_renamed(context, out_of_place[holder], table[holder]):
                continue
            yield _aside(out_of_place.pop(holder), table[holder])


def _may_be_renamed(context: Context, key: ItemKey, live: JsonObject) -> bool:
    """An undo leaves alone what another person has named since: the item that wants the name is refused then."""
    undone = context.backup.undone
    if undone is None or undone.force or undone.action(key) == "remove":
        return True
    copied = context.backup.read(key).raw
    return name_is_of_session(WrittenValues(undone, key, copied), live)


def _live_id(context: Context, key: ItemKey, raw: JsonObject, table: dict[str, JsonObject]) -> str:
    """The live id of an item, by its record or its id in the listing; "" if unknown. An object that is found by its
    name does not have to move.
    """
    recorded = context.records.recorded(key.type, key.id)
    known = table.get(recorded.destination_id) if recorded is not None else None
    if recorded is not None and known is not None and is_recorded(context, key, recorded, known):
        return recorded.destination_id
    live = table.get(key.id) if context.backup.same_instance else None
    if live is None or is_built_in(CONTENT_TYPES[key.type], live):
        return ""
    return "" if same_origin(raw.get("created_at"), live.get("created_at")) is False else key.id


def _settler(context: Context, key: ItemKey, raw: JsonObject, live_of: dict[str, str]) -> _Settler:
    return _Settler(key, live_of[key.id], _wanted(context, key, raw, live_of))


def _wanted(context: Context, key: ItemKey, raw: JsonObject, live_of: dict[str, str]) -> UniqueName | None:
    if key.type != "folder":
        return place_of(_NO_PARENT, raw["name"])
    above = str(raw.get("parent_id") or "")
    parent = live_of.get(above)
    if parent is None and above:
        try:
            parent = resolve(context, "folder", above, path="parent_id", key=key)
        except DependencyError:
            return None
    return place_of(parent, raw["name"]) if parent else None


def _place(type_name: str, live: JsonObject) -> UniqueName:
    return place_of(live.get("parent_id") if type_name == "folder" else _NO_PARENT, live.get("name"))


def _aside(key: ItemKey, live: JsonObject) -> Write:
    live_id, name = str(live["id"]), str(live.get("name"))
    body = {"name": temporary_title(name, live_id)}
    operation = CONTENT_TYPES[key.type].update or ""
    changed = (Change("name", name, body["name"]),)
    return Write(
        operation=operation,
        type=key.type,
        source_id=key.id,
        live_id=live_id,
        path="",
        name=name,
        body=body,
        changes=changed,
    )


def rename_temporarily(context: WritingContext, write: Write) -> None:
    """Carry out one rename, after keeping a copy of the object. Raises the LookerError if it is refused."""
    live = context.destination.live.table(write.type)[write.live_id]
    context.journal.keep(LiveObject(write.type, write.live_id, write.name, live), touches=touches_of(write, Plan()))
    answer = send(context.destination.session, write.operation, {f"{write.type}_id": write.live_id}, write.body) or {}
    context.destination.live.put(write.type, {**write.body, **answer, "id": write.live_id})
