"""Changes to a world without the API, as if by users between a backup and its restore."""

from __future__ import annotations

import msgspec

from lrestore.json_types import JsonObject
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import EDGES, Record, World, key_of
from lrestore.simulator.core.views import SCHEMA_OF

_PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "dashboard": (
        ("dashboard_element", "dashboard_id"),
        ("dashboard_filter", "dashboard_id"),
        ("dashboard_layout", "dashboard_id"),
    ),
    "dashboard_element": (("dashboard_layout_component", "dashboard_element_id"),),
    "dashboard_layout": (("dashboard_layout_component", "dashboard_layout_id"),),
    "board": (("board_section", "board_id"),),
    "board_section": (("board_item", "board_section_id"),),
}


class Edit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One edit: fields to set on a record (a new one if the id does not exist), or its deletion with its parts."""

    type: str
    id: str = ""
    set: JsonObject = {}
    delete: bool = False


def edit(world: World, change: Edit) -> Record | None:
    """Apply an edit, ignoring Looker's rules. Returns the record, or None after a deletion.

    Raises KeyError for an unknown type, or for the deletion of a missing record.
    """
    world.memo.clear()
    table = world.table(change.type)
    if change.delete:
        remove_tree(world, change.type, change.id)
        return None
    if table.get(change.id) is not None:
        return table.change(change.id, change.set)
    record = {**schema.blank(SCHEMA_OF[change.type]), **change.set}
    if change.type != "lookml_model":
        record["id"] = change.id or world.new_id(change.type)
        world.note_id(change.type, record["id"])
    elif change.id:
        record["name"] = change.id
    return table.put(record)


def remove_tree(world: World, kind: str, key: str) -> None:
    """Remove a record and its parts. KeyError if it does not exist."""
    record = world.table(kind).get(key)
    if record is None:
        raise KeyError(f"there is no {kind} {key}")
    for part, parent in _PARTS.get(kind, ()):
        for row in world.table(part).where(parent, key):
            remove_tree(world, part, key_of(part, row))
    for name, (left, right) in EDGES.items():
        world.edges[name].forget(**{side: key for side, end in (("left", left), ("right", right)) if _ends(end, kind)})
    world.table(kind).remove(key)


def _ends(end: str, kind: str) -> bool:
    """Whether one end of an association is of that type: ``child_group_id`` is a group's."""
    return end.removesuffix("_id").endswith(kind)
