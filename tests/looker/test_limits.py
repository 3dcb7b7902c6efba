"""A session asks its limiter before each try of a call, and reports the result of each."""

from __future__ import annotations

from lrestore.looker.limits import Unlimited
from tests.looker.conftest import Connect, Serve
from tests.looker.faults import hang_up, reply
from tests.waiting import HANG_S


def test_a_session_asks_before_each_try_and_tells_after_it(serve: Serve, connect: Connect) -> None:
    class Spy(Unlimited):
        def __init__(self) -> None:
            self.seen: list[object] = []

        def acquire(self) -> None:
            self.seen.append("acquire")

        def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
            assert 0 <= latency_s < HANG_S
            self.seen.append((status, retry_after_s))

    spy = Spy()
    server = serve(reply(429, {"message": "x"}, {"Retry-After": "2"}), hang_up, reply(200, {}))
    connect(server, limiter=spy).call("dashboard", path={"dashboard_id": "1"})
    tried = [(200, None), (429, 2.0), (None, None), (200, None)]
    assert spy.seen == [step for report in tried for step in ("acquire", report)]
