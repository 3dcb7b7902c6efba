from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.state.writer import StateWriter
from tests.state.builders import noon, session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lrestore-state.db"


@pytest.fixture
def writer(path: Path) -> Iterator[StateWriter]:
    """A new state file with one session."""
    with StateWriter.open(path, now=noon) as opened:
        opened.begin_session(session())
        yield opened
