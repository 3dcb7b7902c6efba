"""Memory does not grow with the number of backups, nor with the number of objects that are compared."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lrestore.messages import ItemKey
from lrestore.vault.backups.changes import BackupComparison
from lrestore.vault.backups.history import history_of
from lrestore.vault.backups.source import surveyed
from lrestore.vault.schema import DEFAULT_MAX_ITEM_BYTES
from tests.vault.builder import Row, build, dashboard

OBJECT_BYTES = 300_000
BACKUPS, OBJECTS = 12, 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dashboard of 300 kB that is edited each night; two more backups hold 24 of them."""
    made = tmp_path_factory.mktemp("large")

    def row(id: str, day: int) -> Row:
        text = f"{day} " * (OBJECT_BYTES // len(f"{day} "))
        content = dashboard(id, description=text)
        return Row(type="dashboard", id=id, content=content, synced_at=f"2026-11-{day:02}T02:00:00+00:00")

    for day in range(1, BACKUPS + 1):
        build(made / f"night-{day:02}.db", [row("1", day)])
    for day in (1, 2):
        build(made / f"whole-{day:02}.db", [row(str(id), day) for id in range(OBJECTS)])
    return made


def _peak_bytes(run: Callable[[], Iterator[object]]) -> tuple[int, int]:
    """The number of results, of which none is kept, and the most memory that was in use meanwhile."""
    tracemalloc.start()
    try:
        count = sum(1 for _ in run())
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_history_keeps_two_versions_in_memory(folder: Path) -> None:
    found, _ = surveyed([str(folder / "night-*.db")])
    limit = DEFAULT_MAX_ITEM_BYTES

    def steps() -> Iterator[object]:
        return history_of(ItemKey("dashboard", "1"), found.backups, limit)

    sum(1 for _ in steps())  # imports, caches
    count, peak = _peak_bytes(steps)
    assert count == BACKUPS and peak < BACKUPS * OBJECT_BYTES


def test_changes_keep_two_objects_in_memory(folder: Path) -> None:
    found, _ = surveyed([str(folder / "whole-*.db")])
    before, after = found.backups
    comparison = BackupComparison(before, after, DEFAULT_MAX_ITEM_BYTES)
    count, peak = _peak_bytes(comparison.run)
    assert count == OBJECTS and peak < OBJECTS * OBJECT_BYTES
