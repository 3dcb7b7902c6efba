"""Files that a killed run leaves beside its copies are removed when it is resumed, even if few items are left."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.crash_points import CRASH
from tests.run.cli_harness import CliHarness


@pytest.mark.slow
@pytest.mark.crash
def test_a_resumed_run_leaves_only_copies(tmp_path: Path) -> None:
    """A session folder with other files in it is never pruned."""
    with CliHarness(tmp_path) as harness:
        harness.run("--select", "all", **{CRASH: "report.published:1"})
        (folder,) = (tmp_path / "state.d").iterdir()
        for name in ("outbox-1.db", "outbox-1.db-wal", "limiter", "listings.msgpack", "undo-1.db"):
            (folder / name).touch()
        code, said = harness.run("--resume")
        assert code == 0, said
        assert [entry.name for entry in folder.iterdir()] == ["undo-1.db"]
