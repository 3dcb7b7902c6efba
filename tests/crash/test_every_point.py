"""A run with a process killed at any named point ends like an undisturbed one once it is resumed.

One run counts how often each point is passed; then, for a sample of these passes, a run is made to die there.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lrestore.crash_points import COUNT, POINTS, passes
from tests.crash.bulk import Bulk, Verdict

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


def begin(bulk: Bulk) -> None:
    """The instance as it was, whose tokens expire once on the way."""
    bulk.begin_anew()
    bulk.simulator.fault("expire_tokens", match={"method": "PATCH", "nth": 5})


@pytest.fixture(scope="module")
def counted(bulk: Bulk, undisturbed: Verdict, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How often an undisturbed run passes each point."""
    count = tmp_path_factory.mktemp("points") / "count"
    begin(bulk)
    assert bulk.finish(bulk.restore(**{COUNT: str(count)})) == 0
    bulk.judge(undisturbed)
    return passes(str(count))


def test_every_named_point_is_passed(counted: dict[str, int]) -> None:
    """One that is not would make all of its tests pass for the wrong reason."""
    assert [name for name, count in counted.items() if not count] == []


@pytest.mark.parametrize("point", POINTS)
def test_a_death_there_loses_and_doubles_nothing(
    bulk: Bulk, undisturbed: Verdict, counted: dict[str, int], tmp_path: Path, point: str, death: int
) -> None:
    """B4, B5, FR-018, FR-024."""
    number = random.Random(f"{point} {death}").randint(1, counted[point])
    bulk.die_at(point, number, tmp_path / "count", lambda: begin(bulk))
    bulk.judge(undisturbed)
