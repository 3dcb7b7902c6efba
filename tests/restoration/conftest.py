"""The fixture of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.restoration.restore_fixture import RestoreFixture


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    """A small instance and its backup, without changes in between."""
    with RestoreFixture(tmp_path) as made:
        yield made
