"""Without the extra ``lrestore[simulator]``, the error names it; nothing else needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment
from tests.waiting import HANG_S

CASES = [
    pytest.param(["lrestore", "--config", str(ROOT / "conf" / "demo.toml")], 2, id="demo"),
    pytest.param(["lrestore.simulator"], 1, id="server"),
]


@pytest.mark.parametrize(("command", "code"), CASES)
def test_missing_extra_is_named(command: list[str], code: int, tmp_path: Path) -> None:
    script = "import runpy, sys; sys.modules['uvicorn'] = None; runpy.run_module(sys.argv.pop(1), run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "pip install 'lrestore[simulator]'" in done.stderr
    assert "Traceback" not in done.stderr
