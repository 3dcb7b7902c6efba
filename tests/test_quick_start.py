"""A command that is forked from a process with lrestore imported is as one that Python starts."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes
from tests.cli.command import environment, lrestore
from tests.crash.bulk import descendants
from tests.quick_start import HOST, start
from tests.run.cli_harness import CliHarness
from tests.waiting import HANG_S

LARGE = Sizes(users=3, groups=2, folders=2, depth=1, looks=30, dashboards=4, tiles=2, filters=1, boards=0, plans=0)


@pytest.mark.parametrize(
    "argv", [(), ("--version",), ("--nope",), ("--config", "no.toml", "--select", "all"), ("--show", "sessions")]
)
def test_it_prints_and_returns_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]) -> None:
    (tmp_path / "lrestore.toml").write_text('[source]\npath = "$WHERE/vault.db"\n', encoding="utf-8")
    forked = lrestore(*argv, cwd=tmp_path, WHERE="here")
    monkeypatch.setattr(HOST, "used", False)
    started = lrestore(*argv, cwd=tmp_path, WHERE="here")
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)


def test_it_has_its_own_session_and_can_be_waited_for_and_killed(tmp_path: Path) -> None:
    """Its stdout is a full pipe, so that it does not end before."""
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb", buffering=0) as full:
        os.set_blocking(writing, False)
        while full.write(bytes(1 << 16)):
            pass
        os.set_blocking(writing, True)
        with start(["--version"], cwd=tmp_path, environ=environment(), stdout=full, new_session=True) as process:
            assert os.getsid(process.pid) == process.pid and process.poll() is None
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01)
            process.kill()
            assert process.wait(HANG_S) == -signal.SIGKILL == process.poll()


def rename_looks(world: World) -> None:
    for look in world.table("look"):
        world.table("look").change(look["id"], {"title": f"renamed {look['id']}"})


def test_fork_server_and_tracker_of_a_large_run_are_ready_before_it_begins(tmp_path: Path) -> None:
    """Otherwise each large run of the suite would start two more Pythons. Where one was killed, Python is started."""
    with CliHarness(tmp_path, sizes=LARGE, later=rename_looks) as harness:
        harness.simulator.fault("hold", match={"method": "PATCH", "after": 1})
        process = harness.start("--select", "all", "--yes")
        harness.until_written(process)
        below = {name: pid for pid, name in descendants(process.pid).items()}
        assert {"forkserver", "tracker"} <= below.keys() and "python" not in below
        os.kill(below["forkserver"], signal.SIGKILL)
        harness.simulator.call("DELETE", "faults")
        code, said = harness.end(process)
        assert code == 0, said
        assert "the writer died" in said
