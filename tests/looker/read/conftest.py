"""One simulated instance, read by all tests of a file; each begins without faults and with an empty log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lrestore.credentials import Credentials
from lrestore.looker.session import LookerSession
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from tests.waiting import HANG_S

LOOKS = 14
IN_TRASH = ("3", "5")
"""The looks in the trash."""


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    world = make_world(Sizes(users=4, groups=3, folders=6, looks=LOOKS, dashboards=6, boards=2, plans=2))
    for one in IN_TRASH:
        edit(world, Edit(type="look", id=one, set={"deleted": True}))
    with start(world, SimulatorConfig()) as started:
        yield started


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.simulation.faults.clear()
    running.log.clear()
    return running


@pytest.fixture
def session(simulator: RunningSimulator) -> Iterator[LookerSession]:
    key = Credentials(simulator.client_id, simulator.client_secret)
    with LookerSession(simulator.base_url, key, timeout_s=HANG_S, max_retries=0, pause=lambda _: False) as one:
        yield one
