"""One limiter admits all calls of a run: [rate] per_second holds in each mode, and outages are recognised."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.acceptance.instance_fixture import InstanceFixture, Ran

WINDOW_S = 0.5
SLACK = 1.5
"""Calls that were sent evenly may arrive closer together on a busy machine; without a limit all arrive at once."""


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path_factory.mktemp("rate")) as instance:
        for tile in instance.parts("dashboard_element", "1")[:3]:
            instance.edit("dashboard_element", tile["id"], title="Changed")
        yield instance


def most_in_a_window(ran: Ran) -> int:
    """The largest number of calls that arrived within WINDOW_S."""
    arrived = [call.at_s for call in ran.calls]
    assert all(one <= other for one, other in pairwise(arrived))
    return max(sum(first <= at_s < first + WINDOW_S for at_s in arrived) for first in arrived)


def test_no_mode_makes_more_calls_per_second_than_configured(drifted: InstanceFixture) -> None:
    seen: dict[str, Ran] = {}
    one = ("--select", "dashboard=1")
    for mode, rate in (("--plan", 10), ("--verify", 8), ("--yes", 12), ("--undo", 10)):
        session = [seen["--yes"].report["session_id"]] if mode == "--undo" else one
        seen[mode] = drifted.run(mode, *session, "--rate", str(rate))
        assert seen[mode].code == int(mode == "--verify")
        most = SLACK * rate * WINDOW_S
        assert len(seen[mode].calls) > most, f"too few calls to show a rate: {mode}"
        assert most_in_a_window(seen[mode]) <= most, mode
    assert seen["--yes"].total("updated") == seen["--undo"].total("updated") == 1


def test_a_call_that_fails_again_and_again_is_no_outage(drifted: InstanceFixture) -> None:
    """One process makes few calls, so that all of them may fail: a call that needs no login tells both cases apart. One
    call at a time: of several, the last ones may have left before the others have failed.
    """
    fault = drifted.simulator.fault("status:503", operation="update_dashboard_element", times=0)
    ran = drifted.run("--select", "dashboard=1", "--in-flight", "1", LRESTORE_RUN_MAX_RETRIES="1")
    drifted.simulator.simulation.faults.clear()
    assert fault.fired >= 6
    assert ran.code == 1 and ran.letter()["status"] == 503
    assert sum(call.operation == "versions" for call in ran.calls) > 1
