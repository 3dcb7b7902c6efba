"""The state file is removed, replaced or made read-only while a run uses it: the run ends before the next create."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.read import StateReader
from tests.run.cli_harness import CliHarness
from tests.sampling import every_value

pytestmark = [pytest.mark.slow, pytest.mark.crash]

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=4, dashboards=12, tiles=3, filters=1, boards=0, plans=0)
UNDER_WAY = 2 * 4
"""Concurrent calls of two workers."""


def without_dashboards(world: World) -> None:
    """Each of them must be created."""
    for record in list(world.table("dashboard")):
        edit(world, Edit(type="dashboard", id=record["id"], delete=True))


def removed(state: Path) -> None:
    for path in (state, Path(f"{state}-wal"), Path(f"{state}-shm")):
        path.unlink()


def moved(state: Path) -> None:
    state.rename(state.with_name("elsewhere.db"))


def replaced(state: Path) -> None:
    shutil.copy(state, state.with_name("copy.db"))
    state.with_name("copy.db").replace(state)


def overwritten(state: Path) -> None:
    """In place: the same file with other content."""
    with closing(sqlite3.connect(state.with_name("other.db"))) as other:
        other.execute("CREATE TABLE t AS SELECT randomblob(600000) AS c")
        other.commit()
    state.write_bytes(state.with_name("other.db").read_bytes())


def emptied(state: Path) -> None:
    state.write_bytes(b"")


def read_only(state: Path) -> None:
    state.chmod(0o444)


def log_removed(state: Path) -> None:
    Path(f"{state}-wal").unlink()


def lock_removed(state: Path) -> None:
    Path(f"{state}.lock").unlink()


def copies_removed(state: Path) -> None:
    shutil.rmtree(state.with_suffix(".d"))


def hold(harness: CliHarness) -> None:
    """Let the instance create some tiles and no more until :func:`let_go`: the run is not over before."""
    harness.simulator.fault("hold", match={"operation": "create_dashboard_element", "after": 6})


def let_go(harness: CliHarness) -> None:
    harness.simulator.call("DELETE", "faults")


CHANGES = [removed, moved, replaced, overwritten, emptied, read_only, log_removed, lock_removed, copies_removed]
FEW, MANY = ("dashboard=1,2,3,4,5,6",), ("dashboard",)


@pytest.mark.parametrize(("change", "selection"), every_value(CHANGES, [FEW, MANY]))
def test_the_run_ends_before_the_next_create(
    tmp_path: Path, selection: tuple[str, ...], change: Callable[[Path], None]
) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=without_dashboards) as harness:
        hold(harness)
        process = harness.start(*(part for one in selection for part in ("--select", one)))
        harness.until_written(process, 6)
        change(tmp_path / "state.db")
        before = harness.writes()
        let_go(harness)
        code, said = harness.end(process)
        assert code == 4, said
        assert "state" in harness.report()["warnings"][-1] and harness.report()["status"] == "stopped"
        assert harness.writes() - before <= UNDER_WAY + 2
        assert "resume with: lrestore" in said.splitlines()[-1]


@pytest.mark.parametrize(("change", "selection"), every_value([removed, moved, replaced, log_removed], [MANY, FEW]))
def test_the_records_are_saved_and_can_be_resumed_from(
    tmp_path: Path, selection: tuple[str, ...], change: Callable[[Path], None]
) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=without_dashboards) as harness:
        hold(harness)
        process = harness.start(*(part for one in selection for part in ("--select", one)))
        harness.until_written(process, 6)
        change(tmp_path / "state.db")
        let_go(harness)
        code, said = harness.end(process)
        assert code == 4, said
        first = next(line for line in said.splitlines() if "put them back: " in line)
        for command in first.partition("put them back: ")[2].split("; "):
            subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
        code, said = harness.run("--resume")
        assert code == 0, said
        titles = sorted(one["title"] for one in harness.simulator.state()["dashboard"] if not one["deleted"])
        backed_up = sorted(one["title"] for one in make_world(SIZES).table("dashboard") if not one["deleted"])
        assert titles == (backed_up if selection == MANY else titles[:6])
        assert harness.status() == "finished"


def test_a_removed_state_file_is_not_created_again(tmp_path: Path) -> None:
    """A new file would be empty and hide everything that was done."""
    with CliHarness(tmp_path, sizes=SIZES, later=without_dashboards) as harness:
        hold(harness)
        process = harness.start("--select", "dashboard")
        harness.until_written(process, 6)
        removed(tmp_path / "state.db")
        let_go(harness)
        harness.end(process)
        assert not (tmp_path / "state.db").exists()
        (saved,) = tmp_path.glob("state.db.rescued-*")
        assert saved.stat().st_mode & 0o777 == 0o600
        with StateReader.open(saved) as reader:
            assert reader.session().resumable


def test_records_that_can_be_saved_nowhere_are_told_as_lost(tmp_path: Path) -> None:
    """Where they would go, there are files of that name already."""
    with CliHarness(tmp_path, sizes=SIZES, later=without_dashboards) as harness, ExitStack() as stack:
        hold(harness)
        process = harness.start("--select", FEW[0])
        harness.until_written(process, 6)
        (session,) = (tmp_path / "state.d").iterdir()
        for folder in (tmp_path, Path(tempfile.gettempdir())):
            file = folder / f"state.db.rescued-{session.name}"
            file.touch()
            stack.callback(file.unlink)
        removed(tmp_path / "state.db")
        let_go(harness)
        code, said = harness.end(process)
        assert code == 4, said
        assert "could not save the records of this session, so it cannot be resumed" in said
        command = f"lrestore --config c.toml --report report.json --select {FEW[0]}"
        assert said.splitlines()[-1] == f"this session cannot be resumed; start a new one with: {command}"


def test_other_programs_may_read_the_state_file_meanwhile(tmp_path: Path) -> None:
    """As the last process to close it they would remove its log, if the run had released its locks."""
    with CliHarness(tmp_path, sizes=SIZES, later=without_dashboards) as harness:
        hold(harness)
        process = harness.start("--select", FEW[0])
        harness.until_written(process, 6)
        log = (tmp_path / "state.db-wal").stat().st_ino
        with closing(sqlite3.connect(tmp_path / "state.db")) as other:
            assert other.execute("SELECT COUNT(*) FROM sessions").fetchone() == (1,)
        assert (tmp_path / "state.db-wal").stat().st_ino == log
        let_go(harness)
        code, said = harness.end(process)
        assert code == 0, said
