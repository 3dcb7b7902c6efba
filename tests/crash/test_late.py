"""Looker ends a create after everybody who waited for it was killed, and after the run has been resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.crash.bulk import Verdict, kill
from tests.crash.test_migration import Moving
from tests.sampling import one_of
from tests.waiting import HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

CREATES = (
    # With a natural key and without one, parts, and a second call for the same object.
    *("create_user_credentials_email", "create_folder", "create_look", "create_dashboard_element"),
    *("create_board_item", "create_scheduled_plan"),
    *("create_user", "create_group", "create_role", "create_permission_set", "create_model_set"),
    *("create_dashboard", "create_dashboard_filter", "create_board", "create_board_section", "create_query"),
)
"""The first six are the suite's. tests/restoration/apply/test_late_creates.py has the rule for each create."""


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    made = Moving(tmp_path_factory.mktemp("late"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(moving: Moving) -> Verdict:
    moving.begin_anew()
    assert moving.finish(moving.restore(**moving.keys), **moving.keys) == 0
    return moving.verdict()


def until_called(moving: Moving, operation: str) -> None:
    """Wait until the instance has such a call under way."""
    until_s = time.monotonic() + HANG_S
    while not any(call.get("operation") == operation for call in moving.simulator.log()["calls"]):
        assert time.monotonic() < until_s, f"{operation} is never called"
        time.sleep(0.02)


@pytest.mark.parametrize("operation", one_of(CREATES, suite=6))
def test_what_is_made_late_is_there_once(moving: Moving, undisturbed: Verdict, late_s: float, operation: str) -> None:
    """Every process of the run is killed while the create is under way; the run is resumed at once."""
    environ = {**moving.keys, "LRESTORE_RUN_SETTLE_S": str(2 * late_s), "LRESTORE_RATE_PER_SECOND": "600"}
    moving.begin_anew()
    moving.simulator.fault(f"delay:{late_s}", match={"operation": operation, "times": 2})
    process = moving.restore(**environ)
    until_called(moving, operation)
    kill(process, "group", min)
    process.wait(HANG_S)
    resumed = moving.start("--resume", **environ)
    assert resumed.wait(10 * late_s + HANG_S) == 0
    moving.judge(undisturbed)
