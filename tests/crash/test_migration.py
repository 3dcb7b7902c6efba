"""A migration killed in the making: most objects have no natural key, none has its old id, and still nothing is there
twice and nothing is missing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lrestore.simulator.core.store import EDGES, World
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from lrestore.state.read import StateReader
from tests.acceptance.snapshot import snapshots
from tests.crash.bulk import Bulk, Verdict, kill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

VICTIMS = ("worker", "worker", "writer", "coordinator", "group")


class Moving(Bulk):
    """From an instance that lives into an empty one with other ids."""

    sizes = Sizes(
        users=12,
        groups=4,
        folders=10,
        depth=4,
        looks=10,
        dashboards=8,
        tiles=5,
        filters=2,
        boards=3,
        plans=8,
        alerts=0,
        everything=True,
    )
    types = ("all",)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        worldfile.save(make_world(self.sizes), directory / "source.ndjson")
        worldfile.save(empty_world(), directory / "drifted.ndjson")
        self.origin = SimulatorProcess(["--world", str(directory / "source.ndjson")])
        config = directory / "c.toml"
        text = config.read_text(encoding="utf-8").replace("[run]\n", '[run]\nidentity = "cross-instance"\n')
        text = text.replace('instance = "src"\n', f'instance = "src"\nbase_url = "{self.origin.base_url}"\n')
        config.write_text(text, encoding="utf-8")
        self.keys = {
            "LRESTORE_SOURCE_CLIENT_ID": self.origin.client_id,
            "LRESTORE_SOURCE_CLIENT_SECRET": self.origin.client_secret,
        }

    def drift(self, world: World) -> None:
        """The instance that is restored into is another one."""

    def close(self) -> None:
        super().close()
        self.origin.stop()

    def verdict(self) -> Verdict:
        with StateReader.open(self.directory / "state.db") as reader:
            totals = msgspec.to_builtins(reader.session().totals)
        return Verdict(totals, snapshots(_world(self.simulator.state())))


def _world(state: dict[str, list[dict[str, object]]]) -> World:
    lines = [
        {"type": kind, **one} if kind in EDGES else {"type": kind, "object": one}
        for kind, objects in state.items()
        for one in objects
    ]
    return worldfile.read_lines(msgspec.json.encode(line) for line in lines)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    made = Moving(tmp_path_factory.mktemp("moving"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(moving: Moving) -> Verdict:
    moving.begin_anew()
    assert moving.finish(moving.restore(**moving.keys), **moving.keys) == 0
    found = moving.verdict()
    assert sum(sum(one.values()) for one in found.content.values()) > 60
    return found


def test_killed_with_lost_answers_nothing_is_lost_or_doubled(moving: Moving, undisturbed: Verdict, few: int) -> None:
    chance = random.Random(few)
    moving.begin_anew()
    for method in ("POST", "PATCH", "PUT"):
        moving.simulator.fault("reset_after", match={"method": method, "rate": 0.03})
    process = moving.restore(**moving.keys)
    for _ in range(chance.choice((1, 2))):
        time.sleep(chance.uniform(0.8, 2.5))
        if process.poll() is None:
            kill(process, chance.choice(VICTIMS), chance.choice)
    moving.finish(process, **moving.keys)
    moving.simulator.call("DELETE", "faults")
    moving.judge(undisturbed)
    assert moving.writes_of(moving.restore(**moving.keys)) == 0
