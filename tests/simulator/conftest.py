from __future__ import annotations

import pytest

from lrestore.simulator.world.world import make_world
from tests.simulator.direct import Direct


@pytest.fixture
def looker() -> Direct:
    """A small world and its admin."""
    return Direct(make_world())
