"""One limiter admits all calls of a run: [rate] per_second holds in each mode, and outages are recognised."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.acceptance.instance_fixture import InstanceFixture, Ran

WINDOW_S = 0.5
SLACK = 1.5
"""Calls that were sent evenly may arrive a little closer together; without a limit all arrive at once."""
TRIES = 8
"""On a machine that lets a process wait for a third of a second they arrive together now and then, not in every run."""


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
    one = ("--select", "dashboard=1")
    for mode, rate in (("--plan", 10), ("--verify", 8)):
        assert any(evenly(drifted.run(mode, *one, "--rate", str(rate)), rate, mode) for _ in range(TRIES)), mode
    even: set[str] = set()
    for _ in range(TRIES):
        restored = drifted.run("--yes", *one, "--rate", "12")
        undone = drifted.run("--undo", restored.report["session_id"], "--rate", "10")
        assert restored.total("updated") == undone.total("updated") == 1
        even |= {
            mode for mode, ran, rate in (("--yes", restored, 12), ("--undo", undone, 10)) if evenly(ran, rate, mode)
        }
        if even == {"--yes", "--undo"}:
            break
    assert even == {"--yes", "--undo"}


def evenly(ran: Ran, rate: int, mode: str) -> bool:
    """Whether the calls of a run arrived at that rate."""
    assert ran.code == int(mode == "--verify")
    most = SLACK * rate * WINDOW_S
    assert len(ran.calls) > most, f"too few calls to show a rate: {mode}"
    return most_in_a_window(ran) <= most


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
