"""The stage of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.restoration.restore_fixture import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A small instance and its backup, without changes in between."""
    with Stage(tmp_path) as made:
        yield made
