"""An instance with scheduled plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.restoration.restore_fixture import SMALL, RestoreFixture


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    """An instance with plans: 1 and 3 send dashboards, 2 and 4 looks."""
    with RestoreFixture(tmp_path, sizes=replace(SMALL, boards=0, plans=4)) as made:
        yield made
