"""A run with a process killed at any named point ends like an undisturbed one once it is resumed.

One run counts how often each point is passed; then, for a sample of these passes, a run is made to die there.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lrestore.crash_points import COUNT, CRASH, POINTS, passes
from tests.crash.bulk import Bulk, Verdict

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

LIKELY = 0.7
"""Runs differ in how often they pass a point: a death is planned for a pass that surely comes."""
ONCE = ("token.renewal",)
"""Points of which only the first pass surely comes: how many processes notice that a token has expired is a matter of
timing.
"""


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
    sure = 1 if point in ONCE else max(1, int(LIKELY * counted[point]))
    number = random.Random(f"{point} {death}").randint(1, sure)
    plan = {CRASH: f"{point}:{number}", COUNT: str(tmp_path / "count")}
    begin(bulk)
    bulk.finish(bulk.restore(**plan), **plan)
    assert passes(plan[COUNT])[point] >= number, "nobody died"
    bulk.judge(undisturbed)
