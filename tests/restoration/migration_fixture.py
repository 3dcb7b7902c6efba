"""A migration: a generated instance, its backup, and another, empty instance with other ids."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.backup import Extraction, blob_of, write_backup
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import SECRET, InstanceFixture, Ran

NOTHING = Sizes(users=1, groups=0, folders=0, looks=0, dashboards=0, boards=0, plans=0, alerts=0)
SOURCE = Sizes(users=5, groups=3, folders=8, depth=4, looks=6, dashboards=6, tiles=8, filters=3, boards=0, plans=0)
FURTHER = 500
"""The offset of the other instance's ids."""


def other_instance(sizes: Sizes = NOTHING) -> World:
    """An instance whose ids differ from those of a default world."""
    world = make_world(sizes, seed=7)
    for kind in world.tables:
        world.note_id(kind, str(FURTHER))
    _renumber_folders(world)
    return world


def _renumber_folders(world: World) -> None:
    """Looker's own folders have other ids too: 2 is not the Users folder."""
    table = world.table("folder")
    for folder in list(table):
        if folder["id"].isdecimal():
            table.remove(folder["id"])
            table.put({**folder, "id": _further(folder["id"]), "parent_id": _further(folder["parent_id"])})
    for user in world.table("user"):
        moved = {name: _further(user[name]) for name in ("home_folder_id", "personal_folder_id")}
        world.table("user").change(user["id"], moved)
    for row in world.table("content_metadata"):
        world.table("content_metadata").change(row["id"], {"folder_id": _further(row["folder_id"])})


def _further(object_id: str | None) -> str | None:
    return object_id if object_id is None or not object_id.isdecimal() else str(int(object_id) + 70)


class MigrationFixture(InstanceFixture):
    """``source`` is the backed-up instance, ``world`` the destination."""

    def __init__(
        self, directory: Path, *, sizes: Sizes = SOURCE, source: World | None = None, into: World | None = None
    ) -> None:
        self.source = source or make_world(sizes)
        write_backup(self.source, directory / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        super().__init__(directory, world=into or other_instance())
        self.extra_environment["LRESTORE_RUN_IDENTITY"] = "cross-instance"

    def migrate(self, *argv: str, **environ: str) -> Ran:
        """Restore the named items, or all types."""
        words = argv or ("all",)
        selection = [word for name in words for word in ((name,) if name.startswith("-") else ("--select", name))]
        return self.run(*selection, "--yes", **environ)

    def source_lives(self) -> RunningSimulator:
        """Serve the backed-up instance and configure the command to read from it."""
        running = self._stack.enter_context(
            start(self.source, SimulatorConfig(), client_id="origin", client_secret=SECRET)
        )
        self.extra_environment |= {
            "LRESTORE_SOURCE_BASE_URL": running.base_url,
            "LRESTORE_SOURCE_CLIENT_ID": "origin",
            "LRESTORE_SOURCE_CLIENT_SECRET": SECRET,
        }
        return running

    def blob_of_source(self, kind: str, object_id: str) -> JsonObject:
        """The content of an object in a backup of the source made now."""
        record = self.source.get(kind, object_id)
        assert record is not None
        return blob_of(self.source, kind, record)

    def of(self, kind: str, **fields: Any) -> Record:
        """The only object of the other instance with these fields."""
        (found,) = (row for row in self.world.table(kind) if all(row[name] == value for name, value in fields.items()))
        return found

    def new_id(self, kind: str, source_id: str) -> str:
        """The id of an object in the other instance, as ``--show mappings`` says."""
        rows = self.run("--show", f"mappings={kind}", "--format", "json").out
        import msgspec

        found = {row["source_id"]: row["destination_id"] for row in msgspec.json.decode(rows)}
        return str(found[source_id])
