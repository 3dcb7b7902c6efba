"""Runs the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.quick_start import start
from tests.waiting import HANG_S

ROOT = Path(__file__).parents[2]


def is_setting(name: str) -> bool:
    """Whether a variable of the environment would change what a run does."""
    return name.startswith(("LOOKERSDK_", "LRESTORE_")) or name.lower().endswith("_proxy")


def environment(**more: str) -> dict[str, str]:
    """The tests' environment without settings of lrestore and Looker."""
    clean = {name: value for name, value in os.environ.items() if not is_setting(name)}
    return {**clean, "PYTHONPATH": str(ROOT), **more}


def lrestore(*argv: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m lrestore`` to its end."""
    with start(argv, cwd=cwd, environ=environment(**environ), stdout=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=HANG_S)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
