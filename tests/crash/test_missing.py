"""Most of an instance is missing, so that a run believes the index: killed, or lied to, it still doubles nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from tests.crash.bulk import Bulk, Verdict, kill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

VICTIMS = ("worker", "worker", "writer", "coordinator", "group")


class Emptied(Bulk):
    """Two of three looks and dashboards were deleted for good, and some of the others are in the trash."""

    sizes = Sizes(users=3, groups=2, folders=6, looks=90, dashboards=66, tiles=0, filters=0, boards=0, plans=0)
    calls_per_s = 240
    types = ("dashboard", "look", "folder")

    def drift(self, world: World) -> None:
        for kind in ("dashboard", "look"):
            for number, record in enumerate(list(world.table(kind))):
                if number % 3:
                    edit(world, Edit(type=kind, id=record["id"], delete=True))
                elif number % 5 == 0:
                    edit(world, Edit(type=kind, id=record["id"], set={"deleted": True}))
            # Something stays in the trash: lists that show none prove less.
            record = next(iter(world.table(kind)))
            world.table(kind).put(
                {**record, "id": world.new_id(kind), "title": "In the trash", "slug": "in-the-trash", "deleted": True}
            )


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emptied]:
    made = Emptied(tmp_path_factory.mktemp("emptied"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def counted(emptied: Emptied) -> dict[str, int]:
    """The calls of an undisturbed run, by operation."""
    emptied.begin_anew()
    assert emptied.finish(emptied.restore()) == 0
    log = emptied.simulator.log()
    return {**log["operations"], "404": sum(call["status"] == 404 for call in log["calls"])}


@pytest.fixture(scope="module")
def whole(emptied: Emptied, counted: dict[str, int]) -> Verdict:
    """The result of that run."""
    assert counted
    return emptied.verdict()


def test_missing_objects_cost_no_read_of_their_own(counted: dict[str, int]) -> None:
    """Some 36 dashboards and 60 looks are missing: without the index, each would cost a 404 and two searches."""
    assert counted["create_dashboard"] >= 30
    assert counted["create_look"] >= 60
    # Once for all processes, and again where the run itself has changed them meanwhile.
    assert max(counted["all_dashboards"], counted["all_looks"]) <= 5
    assert counted["404"] < 35
    # 220 without the index.
    assert counted["search_dashboards"] + counted["search_looks"] < 110


def test_killed_runs_that_believe_the_index_double_nothing(emptied: Emptied, whole: Verdict, few: int) -> None:
    chance = random.Random(few)
    emptied.begin_anew()
    for method in ("POST", "PATCH"):
        emptied.simulator.fault("reset_after", match={"method": method, "rate": 0.04})
    process = emptied.restore()
    for _ in range(2):
        time.sleep(chance.uniform(0.5, 1.5))
        if process.poll() is None:
            kill(process, chance.choice(VICTIMS), chance.choice)
    emptied.finish(process)
    emptied.simulator.call("DELETE", "faults")
    emptied.judge(whole)


WRONG_LISTS = (
    {
        "all_looks": "first:20",
        "all_dashboards": "body:[]",
        "search_looks": "ignore:offset",
        "search_dashboards": "no_lists",
    },
    {"all_dashboards": "first:9", "search_looks": "lag:3600", "search_dashboards": "first:9"},
    {"search_looks": "body:[]", "search_dashboards": "body:[]"},
    {"search_looks": "no_trash", "search_dashboards": "no_trash"},
)


@pytest.mark.parametrize("wrong", WRONG_LISTS, ids=lambda wrong: ",".join(wrong.values()))
def test_lists_that_lack_objects_double_nothing(emptied: Emptied, whole: Verdict, wrong: dict[str, str]) -> None:
    emptied.begin_anew()
    for operation, fault in wrong.items():
        emptied.simulator.fault(fault, match={"operation": operation, "rate": 0.5 if fault == "body:[]" else 1.0})
    assert emptied.finish(emptied.restore()) == 0
    emptied.simulator.call("DELETE", "faults")
    emptied.judge(whole)
