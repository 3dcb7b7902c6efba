"""World files: one ``{"type": ..., "object": {...}}`` per line, objects as the API shows them, gzip or plain.

Associations have their two ids beside the type: ``{"type": "role_user", "role_id": "2", "user_id": "7"}``.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lrestore.json_types import JsonObject
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import EDGES, INDEXES, Moment, Record, World, key_of
from lrestore.simulator.core.views import SCHEMA_OF, render

COUNTERS = "last_ids"
_INSIDE = frozenset(
    {
        "dashboard_element",
        "dashboard_filter",
        "dashboard_layout",
        "dashboard_layout_component",
        "board_section",
        "board_item",
    }
)
"""Types that are saved inside their parents."""

_encoder = msgspec.json.Encoder()


Skipped = list[tuple[int, str]]
"""Lines of a world file that are no object of a world: number, counted from 1, and reason."""


def load(path: Path | str, moment: Moment | None = None, skipped: Skipped | None = None) -> World:
    """Read a world file. Raises ValueError that names file and line; with ``skipped``, such a line is left out and
    noted there.
    """
    path = Path(path)
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        return read_lines(data.split(b"\n"), moment, skipped)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_lines(lines: Iterable[bytes], moment: Moment | None = None, skipped: Skipped | None = None) -> World:
    """Build a world from lines of a world file. Errors as of :func:`load`."""
    world = World(moment)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                _take(world, msgspec.json.decode(line))
            except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
                if skipped is None:
                    raise ValueError(f"line {number} is not an object of a world: {error!r}") from error
                skipped.append((number, repr(error)))
    _settle_memberships(world)
    return world


def _take(world: World, line: Mapping[str, Any]) -> None:
    kind = line["type"]
    if kind in EDGES:
        left, right = EDGES[kind]
        world.edges[kind].add(str(line[left]), str(line[right]))
    elif kind == COUNTERS:
        for name, value in line["object"].items():
            world.note_id(name, str(value))
    elif kind in INDEXES:
        put(world, kind, dict(line.get("object") or {name: line[name] for name in line if name != "type"}))
    else:
        raise KeyError(kind)


def put(world: World, kind: str, shown: Record) -> Record:
    """Store an object as the API shows it: embedded objects with their own tables are stored separately."""
    split = _SPLITS.get(kind)
    if split is not None:
        split(world, shown)
    record = {**schema.blank(SCHEMA_OF[kind]), **shown}
    world.note_id(kind, key_of(kind, record))
    return world.table(kind).put(record)


def _put_new(world: World, kind: str, shown: Record | None) -> None:
    if shown and world.get(kind, shown.get("id")) is None:
        put(world, kind, dict(shown))


def _split_parts(field: str, kind: str) -> Callable[[World, Record], None]:
    def split(world: World, shown: Record) -> None:
        for part in shown.pop(field, None) or ():
            put(world, kind, dict(part))

    return split


_split_elements = _split_parts("dashboard_elements", "dashboard_element")
_split_filters = _split_parts("dashboard_filters", "dashboard_filter")
_split_layouts = _split_parts("dashboard_layouts", "dashboard_layout")


def _split_dashboard(world: World, shown: Record) -> None:
    shown.pop("folder", None)
    _split_elements(world, shown)
    _split_filters(world, shown)
    _split_layouts(world, shown)


def _split_element(world: World, shown: Record) -> None:
    _put_new(world, "query", shown.pop("query", None))
    _put_new(world, "look", shown.pop("look", None))
    if shown.get("result_maker"):
        maker = shown["result_maker"] = dict(shown["result_maker"])
        _put_new(world, "query", maker.pop("query", None))
        world.note_id("result_maker", maker["id"])


def _split_look(world: World, shown: Record) -> None:
    _put_new(world, "query", shown.pop("query", None))
    shown.pop("folder", None)


def _split_role(world: World, shown: Record) -> None:
    _put_new(world, "permission_set", shown.pop("permission_set", None))
    _put_new(world, "model_set", shown.pop("model_set", None))


def _split_user(world: World, shown: Record) -> None:
    for group_id in shown.pop("group_ids", None) or ():
        world.edges["group_user"].add(group_id, shown["id"])
    for role_id in shown.pop("role_ids", None) or ():
        world.edges["role_user"].add(role_id, shown["id"])


def _split_folder(world: World, shown: Record) -> None:
    shown.pop("dashboards", None)
    shown.pop("looks", None)


def _split_plan(world: World, shown: Record) -> None:
    for destination in shown.get("scheduled_plan_destination") or ():
        world.note_id("scheduled_plan_destination", destination.get("id"))


def _split_merge(world: World, shown: Record) -> None:
    world.note_id("result_maker", shown.get("result_maker_id"))


_SPLITS: Mapping[str, Callable[[World, Record], None]] = {
    "dashboard": _split_dashboard,
    "dashboard_element": _split_element,
    "dashboard_layout": _split_parts("dashboard_layout_components", "dashboard_layout_component"),
    "look": _split_look,
    "merge_query": _split_merge,
    "folder": _split_folder,
    "role": _split_role,
    "user": _split_user,
    "board": _split_parts("board_sections", "board_section"),
    "board_section": _split_parts("board_items", "board_item"),
    "scheduled_plan": _split_plan,
}


def _settle_memberships(world: World) -> None:
    """Membership in All Users is implicit and no association."""
    for group in world.table("group"):
        if group["include_by_default"]:
            world.edges["group_user"].forget(left=group["id"])


def objects(world: World) -> Iterator[tuple[str, Record]]:
    """Every object of the world with its type, as world files hold it (parts inside their parents)."""
    for kind, table in world.tables.items():
        if kind not in _INSIDE:
            for record in table:
                yield kind, shown(world, kind, record)


def shown(world: World, kind: str, record: Record) -> Record:
    """One object in full. Folders do not list their content, which the world holds itself."""
    if kind == "folder":
        return {**render(world, kind, record, "FolderBase"), "dashboards": [], "looks": []}
    return render(world, kind, record, SCHEMA_OF[kind])


def lines(world: World) -> Iterator[JsonObject]:
    """The lines of the world's file, decoded."""
    for kind, record in objects(world):
        yield {"type": kind, "object": record}
    for kind, (left, right) in EDGES.items():
        for one, other in world.edges[kind].pairs():
            yield {"type": kind, left: one, right: other}
    yield {"type": COUNTERS, "object": world.last_ids}


def save(world: World, path: Path | str) -> None:
    """Write a world file, gzipped if its name ends in ``.gz``; an existing file is replaced atomically."""
    path = Path(path)
    data = b"\n".join(_encoder.encode(line) for line in lines(world)) + b"\n"
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def by_type(world: World) -> dict[str, list[Record]]:
    """The whole world: objects by type (models by name, else by id), with associations. For comparisons."""
    state: dict[str, list[Record]] = {}
    for line in lines(world):
        if line["type"] != COUNTERS:
            state.setdefault(line["type"], []).append(line.get("object") or {k: line[k] for k in line if k != "type"})
    return state
