"""Sessions on a server that misbehaves; no test waits for a back-off, the waits are written down instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lrestore.credentials import Credentials
from lrestore.json_types import JsonObject
from lrestore.looker.session import LookerSession
from lrestore.ontology.schema import Operation
from tests.looker.faults import FaultServer, Step
from tests.waiting import HANG_S

SECRET = "s3cret&of the+key"
CLIENT_ID = "client-identifier"
OPERATIONS = {
    operation.id: operation
    for operation in (
        Operation("dashboard", "GET", "/dashboards/{dashboard_id}", "non_query", True, True),
        Operation("search_dashboards", "GET", "/dashboards/search", "non_query", True, True),
        Operation("create_dashboard", "POST", "/dashboards", "non_query", False, False),
        Operation("update_dashboard", "PATCH", "/dashboards/{dashboard_id}", "non_query", True, False),
        Operation("delete_dashboard", "DELETE", "/dashboards/{dashboard_id}", "non_query", True, False),
        Operation("create_query", "POST", "/queries", "db_query", True, True),
    )
}


Serve = Callable[..., FaultServer]
Connect = Callable[..., LookerSession]


KEY = Credentials(CLIENT_ID, SECRET)


@dataclass
class Waits:
    """Takes the place of waiting; ``stop_at`` is the number of the wait at which the run is told to stop."""

    seconds: list[float] = field(default_factory=list)
    stop_at: int = 0

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return len(self.seconds) == self.stop_at


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers and, at the end, checks that each scripted fault has happened."""
    servers: list[FaultServer] = []

    def start(*steps: Step, **options: Any) -> FaultServer:
        servers.append(FaultServer(*steps, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
    assert [server.script_left for server in servers] == [0] * len(servers)


@pytest.fixture
def connect(waits: Waits) -> Iterator[Connect]:
    sessions: list[LookerSession] = []

    def start(server: FaultServer, **options: Any) -> LookerSession:
        settings: JsonObject = {"timeout_s": HANG_S, "operations": OPERATIONS, "pause": waits, **options}
        sessions.append(LookerSession(server.base_url, settings.pop("credentials", KEY), **settings))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()
