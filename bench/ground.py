"""The data of a benchmark: a generated instance, its backup, and the drift of the instance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world

NEVER_TRASHED = 10**9


@dataclass(frozen=True, slots=True)
class Ground:
    """``items`` dashboards and looks, half of each. The first ``changed`` share of each type has another description in
    the instance than in the backup: one write restores each of them.
    """

    items: int
    changed: float = 1.0
    tiles: int = 4

    def lay(self, folder: Path) -> None:
        """Write ``vault.db`` and the instance's ``world.ndjson``, unless they exist already."""
        label = folder / "ground.txt"
        if label.exists() and label.read_text(encoding="utf-8") == repr(self):
            return
        half = self.items // 2
        world = make_world(
            Sizes(
                users=20,
                groups=5,
                folders=60,
                depth=5,
                looks=self.items - half,
                dashboards=half,
                tiles=self.tiles,
                filters=2,
                boards=0,
                plans=0,
                alerts=0,
                trashed=NEVER_TRASHED,
            )
        )
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("vault.db", "world.ndjson"):
            (folder / name).unlink(missing_ok=True)
        write_backup(world, folder / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        for kind in ("dashboard", "look"):
            records = list(world.table(kind))
            for record in records[: round(len(records) * self.changed)]:
                edit(world, Edit(type=kind, id=record["id"], set={"description": f"drifted {record['id']}"}))
        worldfile.save(world, folder / "world.ndjson")
        label.write_text(repr(self), encoding="utf-8")
