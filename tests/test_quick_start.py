"""A command that is forked from a process with lrestore imported is as one that Python starts."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import environment, lrestore
from tests.quick_start import HOST, start
from tests.waiting import HANG_S


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
