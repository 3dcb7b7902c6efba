"""Copies beside the originals: killed anywhere and resumed, a session makes exactly one copy of each item.

With ``--crash-passes`` above 1 a run dies at every named point that it passes, else at one of them.
"""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.crash_points import COUNT, POINTS, passes
from lrestore.json_types import JsonObject
from lrestore.simulator.world.world import Sizes
from tests.crash.bulk import Bulk, Verdict

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

SOME = ("call.after_answer",)
NEVER = frozenset({"undo.kept", "token.renewal"})
"""No live object is changed before it is copied, and the run is shorter than a token lasts."""
MARK = " (backup 2026-01-01)"
PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" in metafunc.fixturenames:
        every = [point for point in POINTS if point not in NEVER]
        metafunc.parametrize("point", every if metafunc.config.getoption("--crash-passes") > 1 else SOME)


class Copying(Bulk):
    """Copies all looks and dashboards of a drifted instance."""

    sizes = Sizes(users=2, groups=2, folders=2, depth=1, looks=4, dashboards=5, tiles=2, filters=1, boards=0, plans=0)
    types = ("dashboard", "look")

    def restore(self, **environ: str) -> subprocess.Popen[bytes]:
        return self.start("--copy-into", "1", *(part for name in self.types for part in ("--select", name)), **environ)

    def content(self) -> dict[str, Counter[str]]:
        """The copies, and everything else in full. Each session gives slugs of its own."""
        state = self.simulator.state()
        found = {kind: Counter(_told(kind, one) for one in state[kind]) for kind in self.types}
        slugs = [one["slug"] for one in state["dashboard"]]
        assert len(slugs) == len(set(slugs)), "two dashboards have one slug"
        return found


def _told(kind: str, shown: JsonObject) -> str:
    if not shown["title"].endswith(MARK):
        return repr(shown)
    counts = [len(shown[path] or ()) for path in PARTS] if kind == "dashboard" else []
    return repr((shown["title"], str(shown["folder_id"]), shown["deleted"], counts))


@pytest.fixture(scope="module")
def copying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copying]:
    made = Copying(tmp_path_factory.mktemp("copying"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def counted(copying: Copying, tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, dict[str, int]]:
    """The result of an undisturbed run, and how often it passes each point."""
    count = str(tmp_path_factory.mktemp("points") / "count")
    copying.begin_anew()
    assert copying.finish(copying.restore(**{COUNT: count})) == 0
    verdict = copying.verdict()
    copies = [one for kind in copying.types for one in verdict.content[kind] if MARK in one]
    assert len(copies) == verdict.totals["created"] == copying.sizes.looks + copying.sizes.dashboards
    return verdict, passes(count)


def test_a_death_makes_no_copy_twice_and_touches_no_original(
    copying: Copying, counted: tuple[Verdict, dict[str, int]], tmp_path: Path, point: str
) -> None:
    undisturbed, passed = counted
    number = random.Random(point).randint(1, max(1, passed[point]))
    assert copying.die_at(point, number, tmp_path / "count") == 0
    copying.judge(undisturbed)
