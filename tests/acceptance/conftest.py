"""The fixture of every test: a small instance, its backup, the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path) as ready:
        yield ready


@pytest.fixture
def large(tmp_path: Path) -> Iterator[InstanceFixture]:
    """An instance whose dashboard 1 has 20 tiles and 6 filters."""
    sizes = Sizes(users=4, groups=2, folders=3, depth=2, looks=4, dashboards=1, tiles=20, filters=6, boards=0, plans=0)
    with InstanceFixture(tmp_path, sizes=sizes) as ready:
        yield ready
