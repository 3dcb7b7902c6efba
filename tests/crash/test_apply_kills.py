"""A saved plan that is applied, killed at any moment, and resumed ends as an undisturbed application does."""

from __future__ import annotations

import copy
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import make_world
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.crash.bulk import kill
from tests.restoration.migration_fixture import MigrationFixture
from tests.run.saved_plan.test_apply import SOME, planned
from tests.waiting import HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


class Planned:
    """An instance, a plan of everything in its backup, and what its application leads to."""

    def __init__(self, instance: InstanceFixture) -> None:
        self.instance = instance
        self._world = copy.deepcopy(instance.world)
        planned(instance).all_good()
        begin_s = time.monotonic()
        instance.run("--apply", "p.json", "--yes").all_good()
        self._takes_s = time.monotonic() - begin_s
        self.applied = snapshots(instance.world)

    def begin_anew(self) -> None:
        """The instance as the plan saw it, and no session."""
        self.instance.world = copy.deepcopy(self._world)
        self.instance.simulator.simulation.replace_world(self.instance.world)
        for leftover in self.instance.directory.glob("state.db*"):
            leftover.unlink()
        shutil.rmtree(self.instance.directory / "state.d", ignore_errors=True)

    def killed(self, chance: random.Random) -> None:
        """Apply the plan, and kill that once it has begun to write; perhaps it has ended by then."""
        with self.instance.start("--apply", "p.json", "--yes") as process:
            until = time.monotonic() + HANG_S
            while process.poll() is None and not any(self.instance.directory.glob("state.d/*/undo-*.db")):
                assert time.monotonic() < until, "the application does not begin"
                time.sleep(0.01)
            time.sleep(chance.uniform(0, self._takes_s))
            kill(process, chance.choice(("coordinator", "group")), chance.choice)
            process.communicate(timeout=HANG_S)


@pytest.fixture(scope="module", params=["in place", "another instance"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    folder: Path = tmp_path_factory.mktemp("saved")
    if request.param == "in place":
        with InstanceFixture(folder, world=make_world(SOME)) as instance:
            drift_everywhere(instance.world)
            delete_a_third(instance.world)
            yield Planned(instance)
    else:
        with MigrationFixture(folder, source=make_world(SOME)) as migration:
            migration.source_lives()
            yield Planned(migration)


def test_an_application_that_is_killed_and_resumed_does_exactly_what_was_planned(
    saved: Planned, apply_seed: int
) -> None:
    saved.begin_anew()
    saved.killed(random.Random(apply_seed))
    ended = saved.instance.run("--resume")
    if ended.code == 2:
        # It had ended, and there is nothing to resume.
        ended = saved.instance.run("--apply", "p.json", "--yes")
    ended.all_good()
    assert difference(saved.applied, snapshots(saved.instance.world)) == {}
