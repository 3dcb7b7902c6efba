"""What a run learns of its destination before the first item, also where Looker refuses to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import DestinationError
from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession
from lrestore.run.prepare.preflight import AdminCheck, check_fallbacks, connect_destination
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.world import Sizes, make_world
from tests.waiting import HANG_S


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    world = make_world(Sizes(users=2, groups=0, folders=1, looks=0, dashboards=0, boards=0, plans=0))
    with start(world, SimulatorConfig()) as started:
        yield started


@pytest.fixture
def session(running: RunningSimulator) -> Iterator[LookerSession]:
    running.simulation.faults.clear()
    running.log.clear()
    key = Credentials(running.client_id, running.client_secret)
    with LookerSession(running.base_url, key, timeout_s=HANG_S, max_retries=0) as opened:
        yield opened


def asked(running: RunningSimulator) -> Counter[str]:
    return Counter(call.operation for call in running.log.calls if call.operation not in ("login", "logout"))


@pytest.mark.parametrize(
    ("refused", "is_admin", "calls"),
    [
        ((), True, {"user_roles": 1}),
        (("user_roles",), True, {"user_roles": 1, "me": 1, "all_roles": 1}),
        (("user_roles", "all_roles"), False, {"user_roles": 1, "me": 1, "all_roles": 1}),
    ],
)
def test_an_admin_is_known_by_its_roles_wherever_looker_shows_them(
    running: RunningSimulator, session: LookerSession, refused: tuple[str, ...], is_admin: bool, calls: dict[str, int]
) -> None:
    for operation in refused:
        running.fault("status:403", operation=operation)
    check = AdminCheck(session, "1")
    assert (check(), check()) == (is_admin, is_admin)
    assert asked(running) == calls


def test_a_host_that_has_no_api_is_no_destination(running: RunningSimulator, session: LookerSession) -> None:
    running.fault("status:404", operation="me")
    with pytest.raises(DestinationError, match=r"has no API 4\.0") as caught:
        connect_destination(session, running.base_url)
    assert "19999" in str(caught.value)


def test_a_looker_that_does_not_tell_its_release_is_used_without_it(
    running: RunningSimulator, session: LookerSession, caplog: pytest.LogCaptureFixture
) -> None:
    running.fault("status:403", operation="versions")
    facts = connect_destination(session, running.base_url)
    assert (facts.user_id, facts.looker_version, facts.swagger_url) == ("1", "", "")
    assert "Looker's version is unknown" in caplog.text


def test_fallbacks_that_are_not_there_are_refused_and_unanswered_questions_are_not(
    running: RunningSimulator, session: LookerSession, caplog: pytest.LogCaptureFixture
) -> None:
    check_fallbacks(Live(session), "1", "1")
    with pytest.raises(DestinationError, match=r"\[run\] fallback_owner: user 999 is not in the destination"):
        check_fallbacks(Live(session), "999", "")
    running.fault("status:403", operation="user")
    check_fallbacks(Live(session), "1", "")
    assert "cannot check [run] fallback_owner" in caplog.text
