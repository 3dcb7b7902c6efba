"""Changes to an instance after its backup, which a restore has to find and to revert.

The same world and seed always drift in the same way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from lrestore.simulator.api.layouts import place_tile
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.views import SCHEMA_OF, html
from lrestore.simulator.world.edits import Edit, edit

TILE = "dashboard_element"


def rename_dashboard(world: World, dashboard: Record) -> str:
    """Change the title."""
    edit(world, Edit(type="dashboard", id=dashboard["id"], set={"title": f"{dashboard['title']} (old?)"}))
    return "renamed"


def change_note(world: World, dashboard: Record) -> str:
    """Change the note of the first tile."""
    tile = _tiles(world, dashboard)[0]
    text = "To be checked"
    edit(world, Edit(type=TILE, id=tile["id"], set={"note_text": text, "note_text_as_html": html(text)}))
    return f"note of tile {tile['id']} changed"


def change_filter(world: World, dashboard: Record) -> str:
    """Change the default value of the first filter, if there is one."""
    filters = world.table("dashboard_filter").where("dashboard_id", dashboard["id"])
    if not filters:
        return "no filter to change"
    edit(world, Edit(type="dashboard_filter", id=filters[0]["id"], set={"default_value": "EMEA"}))
    return f"default of filter {filters[0]['id']} changed"


def move_tile(world: World, dashboard: Record) -> str:
    """Move the first tile."""
    tile = _tiles(world, dashboard)[0]
    component = world.table("dashboard_layout_component").where("dashboard_element_id", tile["id"])[0]
    row = (component["row"] or 0) + 40
    edit(world, Edit(type="dashboard_layout_component", id=component["id"], set={"row": row, "width": 24}))
    return f"tile {tile['id']} moved"


def delete_tile(world: World, dashboard: Record) -> str:
    """Delete the last tile without an alert."""
    free = [t for t in _tiles(world, dashboard) if not world.table("alert").count("dashboard_element_id", t["id"])]
    edit(world, Edit(type=TILE, id=free[-1]["id"], delete=True))
    return f"tile {free[-1]['id']} deleted"


def add_tile(world: World, dashboard: Record) -> str:
    """Add a text tile."""
    text = "Draft, please ignore"
    values = {"dashboard_id": dashboard["id"], "type": "text", "body_text": text, "body_text_as_html": html(text)}
    tile = {**schema.blank(SCHEMA_OF[TILE]), "can": {"show": True}, **values, "title_text": ""}
    tile["id"] = world.new_id(TILE)
    world.table(TILE).put(tile)
    place_tile(world, tile, None)
    return f"tile {tile['id']} added"


def trash_dashboard(world: World, dashboard: Record) -> str:
    """Move the dashboard to the trash."""
    edit(world, Edit(type="dashboard", id=dashboard["id"], set={"deleted": True, "deleted_at": world.now()}))
    return "moved to the trash"


def delete_dashboard(world: World, dashboard: Record) -> str:
    """Delete the dashboard permanently."""
    edit(world, Edit(type="dashboard", id=dashboard["id"], delete=True))
    return "deleted for good"


SMALL_EDITS: Sequence[Callable[[World, Record], str]] = (
    rename_dashboard,
    change_note,
    change_filter,
    move_tile,
    delete_tile,
    add_tile,
)
"""Edits after which the dashboard still exists."""


def drift(world: World, *, seed: int = 1, share: float = 0.5) -> list[str]:
    """Drift a world: every small edit on its first dashboard, random edits on others, one to the trash, one deleted.

    *share* is the share of the other dashboards that is edited. Returns a line for each edit.
    """
    chance = random.Random(seed)  # noqa: S311 (repeatable, not a secret)
    live = [d for d in world.table("dashboard") if not d["deleted"] and len(_tiles(world, d)) > 1]
    done: list[str] = []
    for number, dashboard in enumerate(live):
        edits = _edits_for(number, len(live), chance, share)
        done.extend(f"dashboard {dashboard['id']}: {change(world, dashboard)}" for change in edits)
        if edits and world.get("dashboard", dashboard["id"]) is not None:
            world.table("dashboard").change(dashboard["id"], {"updated_at": world.now()})
    return done


def _edits_for(
    number: int, count: int, chance: random.Random, share: float
) -> Sequence[Callable[[World, Record], str]]:
    if number == 0:
        return SMALL_EDITS
    if number == count - 1:
        return [delete_dashboard]
    if number == count - 2:
        return [trash_dashboard]
    return [chance.choice(SMALL_EDITS)] if chance.random() < share else []


def _tiles(world: World, dashboard: Record) -> list[Record]:
    return world.table(TILE).where("dashboard_id", dashboard["id"])
