"""Output and checks before the first write: a run that a guard forbids writes nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.report.guards import Disk
from lrestore.run.guards.disk import needed_bytes
from tests.acceptance.instance_fixture import InstanceFixture
from tests.cli.command import environment
from tests.waiting import HANG_S

RENAMED = ("1", "2", "3")


@pytest.fixture
def drifted(instance: InstanceFixture) -> InstanceFixture:
    """Three dashboards have other titles, and one has a tile that the backup lacks."""
    for dashboard_id in RENAMED:
        instance.edit("dashboard", dashboard_id, title=f"Renamed {dashboard_id}")
    tile = instance.parts("dashboard_element", "1")[0]
    instance.world.table("dashboard_element").put(
        {**tile, "id": instance.world.new_id("dashboard_element"), "title": "New"}
    )
    return instance


def test_a_plan_begins_with_the_screen_and_its_numbers(drifted: InstanceFixture) -> None:
    ran = drifted.run("--select", "dashboard", "--plan").all_good()
    foreseen = ran.report["guards"]["foreseen"]
    assert (foreseen["create"], foreseen["update"]) == (0, 3) and foreseen["deletions"] == {"tile": 1}
    assert foreseen["writes"] == ran.report["plan"]["writes"]
    screen = ran.out.split("\n\n")[0]
    labels = [line.split("  ")[0] for line in screen.splitlines()]
    assert {"destination", "caller", "identity", "backup", "integrity", "actions", "deletions", "disk", "undo"} <= {
        *labels
    }
    assert "1 tile" in screen and "an admin" in screen and not ran.writes


def test_a_restore_that_nobody_watches_says_that_it_was_not_planned_and_costs_no_call_more(
    drifted: InstanceFixture,
) -> None:
    ran = drifted.run("--select", "dashboard").all_good()
    assert "actions: not planned; up to 3 objects to be written; session" in ran.err
    assert f"--undo {ran.report['session_id']}" in ran.err
    assert ran.report["guards"]["foreseen"] is None and ran.operations["user_roles"] == 0


@pytest.mark.parametrize(
    ("limit", "value"), [("max_updates", "2"), ("max_updates", "50%"), ("max_deletions", "0"), ("max_deletions", "0%")]
)
def test_a_plan_beyond_a_limit_is_not_begun(drifted: InstanceFixture, limit: str, value: str) -> None:
    environ = {f"LRESTORE_RUN_{limit.upper()}": value}
    ran = drifted.run("--select", "dashboard", **environ)
    assert ran.code == 3 and limit in ran.err and not ran.writes
    assert drifted.world.table("dashboard").records["1"]["title"] == "Renamed 1"
    passed = drifted.run("--select", "dashboard", "--override", limit, **environ).all_good()
    assert any(text.startswith(f"overridden: {limit}") for text in passed.report["warnings"])
    assert passed.total("updated") == 3


def test_a_plan_within_its_limits_is_carried_out(drifted: InstanceFixture) -> None:
    limits = {"LRESTORE_RUN_MAX_UPDATES": "3", "LRESTORE_RUN_MAX_DELETIONS": "1"}
    assert drifted.run("--select", "dashboard", **limits).all_good().total("updated") == 3


def test_a_backup_that_is_too_old_is_not_restored_from(drifted: InstanceFixture) -> None:
    old = {"LRESTORE_SOURCE_MAX_BACKUP_AGE": "36h"}
    ran = drifted.run("--select", "dashboard", **old)
    assert ran.code == 3 and "max_backup_age" in ran.err and not ran.calls
    drifted.run("--select", "dashboard", "--override", "max_backup_age", **old).all_good()


@pytest.mark.parametrize("age", ["soon", "3", "0h"])
def test_an_age_that_is_no_duration_is_refused(instance: InstanceFixture, age: str) -> None:
    ran = instance.run("--select", "dashboard", LRESTORE_SOURCE_MAX_BACKUP_AGE=age)
    assert ran.code == 2 and "max_backup_age" in ran.err


def test_an_unknown_guard_is_refused(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "dashboard", "--override", "everything")
    assert ran.code == 2 and "choose from max_backup_age" in ran.err


def test_the_estimate_grows_with_items_bytes_and_processes() -> None:
    """Measured peaks: 40 MB for 416 items of 4.6 MB, 81 MB for 683 items of 17.6 MB, with four workers."""
    assert needed_bytes(416, 4_600_000, 4) > 40_000_000 and needed_bytes(683, 17_600_000, 4) > 81_000_000
    assert needed_bytes(1, 20_000, 0) < 10_000_000
    assert 1_400_000 < needed_bytes(62, 250_000, 8) < 10_000_000
    assert Disk("/", 10, 10).holds and not Disk("/", 9, 10).holds


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_for_the_copies_is_refused(drifted: InstanceFixture, small_disk: Path) -> None:
    ran = drifted.run("--select", "dashboard", LRESTORE_STATE_PATH=str(small_disk / "state.db"))
    assert ran.code == 3 and not ran.writes, ran.err
    assert f"{small_disk} has " in ran.err and "nothing was written" in ran.err


@pytest.mark.parametrize(("answer", "code"), [("n\n", 3), ("y\n", 0)])
def test_the_question_names_the_planned_writes(drifted: InstanceFixture, answer: str, code: int) -> None:
    said, ended = _on_a_terminal(drifted, answer, confirm_above="2")
    assert b"write 3 objects (0 create, 3 update, with 1 tile)? [y/N]" in said and ended == code
    assert (drifted.world.table("dashboard").records["1"]["title"] == "Renamed 1") == (code == 3)


def test_nothing_is_asked_where_the_plan_writes_little(drifted: InstanceFixture) -> None:
    """All 21 dashboards and looks are selected, and three are to be written."""
    said, ended = _on_a_terminal(drifted, "", confirm_above="3", select="all")
    assert ended == 0 and b"[y/N]" not in said and b"planning before the first write" in said


def _on_a_terminal(
    instance: InstanceFixture, answer: str, *, confirm_above: str, select: str = "dashboard"
) -> tuple[bytes, int]:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "lrestore", "--select", select],
            cwd=instance.directory,
            env=environment(**instance.settings(), LRESTORE_RUN_CONFIRM_ABOVE=confirm_above, TERM="dumb"),
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            theirs = -1
            said = b""
            while part := _read(ours):
                said += part
                if b"[y/N]" in said and answer:
                    os.write(ours, answer.encode())
                    answer = ""
            return said, process.wait(timeout=HANG_S)
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)


def _read(descriptor: int) -> bytes:
    """The next output of the program; empty when it has ended."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
