"""The demo, ready to be run: its settings in a directory of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import ROOT

CONFIG = "conf/demo.toml"


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from lrestore.simulator.world.demo import make_demo_files

    return make_demo_files(tmp_path_factory.mktemp("made") / "demo").backup.parent


@pytest.fixture
def demo(tmp_path: Path, _made: Path) -> Path:
    """A working directory in which the demo's files are made already."""
    (tmp_path / "conf").mkdir()
    shutil.copy(ROOT / CONFIG, tmp_path / CONFIG)
    shutil.copytree(_made, tmp_path / "demo")
    return tmp_path
