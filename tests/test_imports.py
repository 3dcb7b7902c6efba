"""Every module can be the first to be imported: two that need each other would work in some orders only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lrestore

ROOT = Path(lrestore.__file__).parent

EACH_ALONE = """
import importlib, os, sys
for name in sys.argv[1:]:
    if child := os.fork():
        if os.waitpid(child, 0)[1]:
            print(name)
    else:
        importlib.import_module(name)
        os._exit(0)
"""


def test_every_module_can_be_imported_first() -> None:
    files = [path.relative_to(ROOT.parent).with_suffix("") for path in ROOT.rglob("*.py")]
    names = [".".join(file.parts).removesuffix(".__init__") for file in files if file.name != "__main__"]
    assert len(names) > 100
    # Others' libraries are loaded once, before the forks.
    heavy = "import httptools, looker_sdk, msgspec, sqlite3, uvicorn\n"
    done = subprocess.run(
        [sys.executable, "-c", heavy + EACH_ALONE, *names], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    assert done.stdout.split() == [], done.stderr
