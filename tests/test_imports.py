"""Every module can be the first to be imported: two that need each other would work in some orders only.

tests/test_layers.py shows that no modules need each other; here each is imported, which with --full is done alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lrestore
from tests.sampling import nightly

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


def names() -> list[str]:
    files = [path.relative_to(ROOT.parent).with_suffix("") for path in ROOT.rglob("*.py")]
    found = [".".join(file.parts).removesuffix(".__init__") for file in files if file.name != "__main__"]
    assert len(found) > 100
    return found


def python(program: str) -> str:
    command = [sys.executable, "-c", program, *names()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported() -> None:
    assert python("import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n") == ""


@nightly
def test_every_module_can_be_imported_first() -> None:
    # Others' libraries are loaded once, before the forks.
    heavy = "import httptools, looker_sdk, msgspec, sqlite3, uvicorn\n"
    assert python(heavy + EACH_ALONE).split() == []
