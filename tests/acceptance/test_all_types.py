"""All twelve types together: same instance, drifted, migrated, again, after losses. 700 items, with --full 2,000.

Judged by snapshots of both instances in which no id occurs, and by the command's own ``--verify``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lrestore.run.session import reached_per_s
from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots
from tests.restoration.migration_fixture import MigrationFixture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SOME = Sizes(
    users=70,
    groups=12,
    folders=80,
    depth=6,
    looks=260,
    dashboards=100,
    tiles=4,
    filters=2,
    boards=20,
    plans=100,
    alerts=20,
    everything=True,
)
MANY = Sizes(
    users=200,
    groups=20,
    folders=250,
    depth=6,
    looks=800,
    dashboards=300,
    tiles=4,
    filters=2,
    boards=60,
    plans=300,
    alerts=20,
    everything=True,
)


@pytest.fixture(scope="module")
def sizes(pytestconfig: pytest.Config) -> Sizes:
    return MANY if pytestconfig.getoption("--full") else SOME


def difference(before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> dict[str, tuple[list[str], ...]]:
    """By type, what is missing and what is too much; of each just the first few."""
    found = {kind: (before[kind] - after[kind], after[kind] - before[kind]) for kind in before}
    return {kind: tuple(sorted(one)[:3] for one in both) for kind, both in found.items() if any(both)}


def backed_up(world: World) -> dict[str, Counter[str]]:
    """The snapshots of what a backup holds: all but what is in the trash."""
    return {
        kind: Counter({one: count for one, count in found.items() if json.loads(one).get("deleted") is not True})
        for kind, found in snapshots(world).items()
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, sizes: Sizes) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path_factory.mktemp("here"), world=make_world(sizes)) as instance:
        yield instance


def test_the_backup_holds_many_items_of_every_type(here: InstanceFixture, sizes: Sizes) -> None:
    ran = here.run("--select", "all", "--plan")
    assert ran.total("selected") >= (2000 if sizes == MANY else 700)
    assert set(ran.report["by_type"]) == set(snapshots(here.world))


def test_an_identical_instance_is_not_written_to(here: InstanceFixture) -> None:
    ran = here.run("--select", "all", "--yes").all_good()
    assert ran.writes == []
    assert ran.total("unchanged") + ran.total("skipped") == ran.total("selected")
    assert "rate: starting with" not in ran.err
    reached = reached_per_s(ran.report["throughput"]["timeline"], refused=False)
    again = here.run("--select", "all", "--yes").all_good()
    session = ran.report["session_id"]
    assert f"rate: starting with {reached:.0f} calls/s, which session {session} reached" in again.err
    assert len(ran.calls) < ran.total("selected") / 10


def test_a_drifted_instance_is_as_it_was(here: InstanceFixture) -> None:
    before = snapshots(here.world)
    touched = drift_everywhere(here.world)
    assert all(touched[kind] for kind in before), touched
    here.run("--select", "all", "--yes").all_good()
    assert difference(before, snapshots(here.world)) == {}
    verified = here.run("--select", "all", "--verify").all_good()
    assert verified.report["verify"]["different"] == [] and verified.writes == []
    assert here.run("--select", "all", "--yes").all_good().writes == []


@dataclass
class MigrationRuns:
    """A migration into an empty instance, and the runs so far."""

    migration: MigrationFixture
    source: World
    runs: dict[str, Ran] = field(default_factory=dict)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, sizes: Sizes) -> Iterator[MigrationRuns]:
    source = make_world(sizes)
    directory: Path = tmp_path_factory.mktemp("there")
    with MigrationFixture(directory, source=source, into=empty_world()) as migration:
        migration.source_lives()
        made = MigrationRuns(migration, source)
        made.runs["first"] = migration.migrate()
        yield made


def test_an_empty_instance_gets_everything_and_nothing_twice(done: MigrationRuns) -> None:
    done.runs["first"].all_good()
    assert difference(backed_up(done.source), snapshots(done.migration.world)) == {}


def test_the_migration_verifies_through_its_mappings(done: MigrationRuns) -> None:
    verified = done.migration.migrate("all", "--verify").all_good()
    assert verified.report["verify"]["different"] == [] and verified.writes == []


def test_a_second_migration_writes_nothing(done: MigrationRuns) -> None:
    again = done.migration.migrate().all_good()
    assert again.writes == []
    assert again.total("created") == again.total("updated") == 0


def test_after_losses_only_what_was_lost_is_created(done: MigrationRuns) -> None:
    lost = delete_a_third(done.migration.world)
    ran = done.migration.migrate().all_good()
    created = {kind: count["created"] for kind, count in ran.report["by_type"].items() if count["created"]}
    assert created == dict(lost)
    assert difference(backed_up(done.source), snapshots(done.migration.world)) == {}
    assert done.migration.migrate().all_good().writes == []
