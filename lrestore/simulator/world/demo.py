"""The demo's files: a realistic backup, and its instance, changed since the backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.drift import drift
from lrestore.simulator.world.world import Sizes, make_world

SEED = 42
SIZES = Sizes(dashboards=12, tiles=9, looks=14, users=9)
EXTRACTED_AT = datetime(2024, 6, 3, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The backup, and the world of the destination (drifted; it is kept from run to run)."""

    backup: Path
    world: Path


def make_demo_files(directory: Path) -> DemoFiles:
    """Create the demo's files in *directory* if they are missing. They are always the same and need no network.

    OSError if they cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = DemoFiles(directory / "vault.db", directory / "destination.ndjson.gz")
    if not files.backup.exists():
        _write_backup(files.backup)
    if not files.world.exists():
        world = make_world(SIZES, seed=SEED)
        world.moment = lambda: EXTRACTED_AT + timedelta(days=1)
        drift(world, seed=SEED)
        worldfile.save(world, files.world)
    return files


def _write_backup(path: Path) -> None:
    """Write to a temporary file first: an interrupted demo leaves no partial backup."""
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    write_backup(make_world(SIZES, seed=SEED), unfinished, Extraction(at=EXTRACTED_AT))
    unfinished.replace(path)
