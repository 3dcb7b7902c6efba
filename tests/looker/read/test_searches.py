"""Many objects are read with few searches, whatever page the server insists on or fails at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from lrestore.errors import ServerError
from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.faults import Fault, FaultMatch
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.world import Sizes, make_world

LOOKS = 450
IDS = [str(number) for number in range(1, LOOKS + 1)]
GONE = [str(number) for number in range(9001, 9041)]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    world = make_world(Sizes(users=1, groups=0, folders=2, looks=LOOKS, dashboards=3, boards=0, plans=0, trashed=99))
    with start(world, SimulatorConfig()) as started:
        yield started


@pytest.fixture
def live(session: LookerSession) -> Live:
    return Live(session)


def fail(simulator: RunningSimulator, fault: str, operation: str = "search_looks", times: int = 0) -> None:
    simulator.simulation.faults.add([Fault(fault=fault, match=FaultMatch(operation=operation, times=times))])


def searches(simulator: RunningSimulator) -> list[int]:
    """How many looks each search has asked for; 0 for one that failed."""
    return [
        int(call.query.get("limit", "0"))
        for call in simulator.log.calls
        if call.operation == "search_looks" and call.query.get("deleted") != "true"
    ]


def read(simulator: RunningSimulator, live: Live, ids: list[str]) -> Counter[str]:
    """Read the looks ahead, then each of them; returns the calls of the reads alone."""
    live.prefetch_all("look", ids)
    before = len(simulator.log.calls)
    for one in ids:
        assert (live.get("look", one) or {"id": one})["id"] == one
    return Counter(call.operation for call in list(simulator.log.calls)[before:])


def test_pages_grow_while_answers_are_small(simulator: RunningSimulator, live: Live) -> None:
    assert not read(simulator, live, IDS)
    assert searches(simulator) == [90, 90, 90, 90, 90]
    simulator.log.clear()
    assert not read(simulator, live, IDS[:400])
    assert searches(simulator) == [100, 300]


def test_a_server_that_cuts_pages_costs_one_search_more(simulator: RunningSimulator, live: Live) -> None:
    fail(simulator, "first:25")
    assert not read(simulator, live, IDS[:100])
    assert searches(simulator) == [100] * 4
    simulator.log.clear()
    live.page_sizes.reached("look", 400)
    assert not read(simulator, live, IDS[100:200])
    assert searches(simulator) == [25] * 4


def test_a_cut_page_is_never_taken_for_missing_objects(simulator: RunningSimulator, live: Live) -> None:
    fail(simulator, "first:25")
    read(simulator, live, [*IDS[:60], *GONE])
    assert all(live.searched_in_vain("look", one) for one in GONE)
    assert not any(live.searched_in_vain("look", one) for one in IDS[:60])


def test_a_server_that_ignores_the_offset_is_asked_once_more(
    simulator: RunningSimulator, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator.simulation.config, "page_cap", 25)
    fail(simulator, "ignore:offset")
    assert read(simulator, live, IDS[:30]) == {"look": 5}
    assert len(searches(simulator)) == 2


def test_missing_objects_cost_no_further_page_once_the_server_has_shown_more(
    simulator: RunningSimulator, live: Live
) -> None:
    live.prefetch_all("look", IDS[:80])
    simulator.log.clear()
    live.prefetch_all("look", [*IDS[80:140], *GONE])
    assert searches(simulator) == [100]


@pytest.mark.parametrize("status", [413, 414, 502])
def test_a_large_page_that_fails_is_asked_for_in_smaller_ones(
    simulator: RunningSimulator, live: Live, status: int
) -> None:
    live.page_sizes.reached("look", 400)
    fail(simulator, f"status:{status}", times=1)
    assert not read(simulator, live, IDS[:400])
    assert searches(simulator) == [0, 200, 200]


def test_a_refusal_for_the_rate_says_nothing_about_the_page(simulator: RunningSimulator, live: Live) -> None:
    live.page_sizes.reached("look", 400)
    simulator.fault("status:429", operation="search_looks", times=1)
    assert not read(simulator, live, IDS[:400])
    assert searches(simulator) == [0, 200, 200]
    assert live.page_sizes.of("look") >= 400


def test_a_small_page_that_fails_is_told(simulator: RunningSimulator, live: Live) -> None:
    fail(simulator, "status:502")
    with pytest.raises(ServerError):
        live.prefetch_all("look", IDS[:40])
    assert live.page_sizes.of("look") == 20


def test_a_row_that_cannot_be_understood_is_read_by_itself(simulator: RunningSimulator, live: Live) -> None:
    """The parts of a dashboard are looked at when it is taken."""
    rows = (
        '[{"id": "1", "title": "x", "dashboard_elements": [], "dashboard_filters": [], "dashboard_layouts": '
        '[{"id": "1", "dashboard_layout_components": []}]}, {"id": "2", "title": "y", "dashboard_elements": [7]}]'
    )
    fail(simulator, f"body:{rows}", "search_dashboards")
    live.prefetch_all("dashboard", ["1", "2"])
    assert (live.get("dashboard", "1") or {})["title"] == "x"
    assert (live.get("dashboard", "2") or {})["title"] != "y"
