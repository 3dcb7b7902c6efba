"""Faults, limits and tokens over real connections."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.faults import Fault, FaultMatch, Faults
from lrestore.simulator.core.limits import Limits
from lrestore.simulator.http.server import RunningSimulator, build, new_simulation, start
from lrestore.simulator.world.world import Sizes, make_world
from tests.waiting import HANG_S

TINY = Sizes(dashboards=2, tiles=2, looks=1, users=2)


class Client:
    """One connection with a token."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=HANG_S)
        key = {"client_id": simulator.client_id, "client_secret": simulator.client_secret}
        self.token = json.loads(self.call("POST", "/login", urlencode(key).encode())[1]).get("access_token", "")

    def call(self, method: str, path: str, body: bytes | None = None, scheme: str = "Bearer") -> tuple[int, bytes]:
        headers = {"Authorization": f"{scheme} {self.token}"} if hasattr(self, "token") else {}
        self.connection.request(method, f"/api/4.0{path}", body, headers)
        self.response = self.connection.getresponse()
        return self.response.status, self.response.read()

    def post(self, path: str, body: JsonObject) -> tuple[int, bytes]:
        return self.call("POST", path, json.dumps(body).encode())


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with start(make_world(TINY)) as running:
        yield running


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    """The shared server in its initial state: starting one for each test would take most of the time."""
    running.simulation.replace_world(make_world(TINY))
    running.simulation.configure(SimulatorConfig())
    running.simulation.faults.clear()
    running.log.clear()
    return running


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Client]:
    client = Client(simulator)
    yield client
    client.connection.close()


def test_both_forms_of_the_authorization_header_are_taken(client: Client) -> None:
    assert client.call("GET", "/user")[0] == client.call("GET", "/user", scheme="token")[0] == 200
    client.token = "wrong"
    assert client.call("GET", "/user")[0] == 401
    assert client.call("GET", "/versions")[0] == 200


def test_a_wrong_key_is_answered_404_and_a_key_in_the_query_is_taken(
    simulator: RunningSimulator, client: Client
) -> None:
    assert client.call("POST", "/login", b"client_id=a&client_secret=b")[0] == 404
    key = urlencode({"client_id": simulator.client_id, "client_secret": simulator.client_secret})
    assert client.call("POST", f"/login?{key}")[0] == 200
    assert all(simulator.client_secret not in str(call) for call in simulator.log.calls)


def test_tokens_expire_and_are_given_back(simulator: RunningSimulator, client: Client) -> None:
    simulator.config.token_lifetime_s = 0
    expired = Client(simulator)
    assert expired.call("GET", "/user")[0] == 401
    expired.connection.close()
    assert client.call("DELETE", "/logout")[0] == 204
    assert client.call("GET", "/user")[0] == 401


def test_a_status_fault_fires_at_the_nth_call_only(simulator: RunningSimulator, client: Client) -> None:
    rule = simulator.fault("status:503", method="GET", path="/dashboards/{dashboard_id}", nth=2)
    assert [client.call("GET", "/dashboards/1")[0] for _ in range(3)] == [200, 503, 200]
    assert (rule.matched, rule.fired) == (3, 1)


def test_429_carries_retry_after_if_configured(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("status:429", retry_after=2, times=1)
    assert client.call("GET", "/user")[0] == 429
    assert client.response.getheader("Retry-After") == "2"
    simulator.fault("status:429", times=1)
    client.call("GET", "/user")
    assert client.response.getheader("Retry-After") is None


def test_a_reset_before_handling_has_no_effect(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("reset_before", method="POST", path="/folders")
    with pytest.raises(ConnectionResetError):
        client.post("/folders", {"name": "New", "parent_id": "1"})
    assert not simulator.world.table("folder").where("name", "New")
    assert simulator.log.calls[-1].status is None


def test_a_reset_after_handling_leaves_the_object_created(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("reset_after", method="POST", path="/folders")
    with pytest.raises(ConnectionResetError):
        client.post("/folders", {"name": "New", "parent_id": "1"})
    assert len(simulator.world.table("folder").where("name", "New")) == 1


def test_truncated_json_comes_in_a_complete_answer(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("truncate", times=1)
    status, body = client.call("GET", "/dashboards/1")
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_cut_body_ends_before_its_length(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("cut", times=1)
    with pytest.raises(http.client.IncompleteRead):
        client.call("GET", "/dashboards/1")


@pytest.mark.parametrize(("fault", "status"), [("html", 502), ("html:200", 200)])
def test_a_proxy_page_is_html(simulator: RunningSimulator, client: Client, fault: str, status: int) -> None:
    simulator.fault(fault)
    found, body = client.post("/folders", {"name": "New", "parent_id": "1"})
    assert found == status and body.startswith(b"<html>")
    assert not simulator.world.table("folder").where("name", "New")


@pytest.mark.parametrize(("handled", "status"), [(False, 200), (True, 201)])
def test_a_given_body_replaces_the_answer(
    simulator: RunningSimulator, client: Client, handled: bool, status: int
) -> None:
    simulator.fault('body:{"id": ":"}', handled=handled, status=status, method="POST")
    assert client.post("/folders", {"name": "Spoilt", "parent_id": "1"}) == (status, b'{"id": ":"}')
    made = [folder for folder in simulator.world.table("folder") if folder["name"] == "Spoilt"]
    assert len(made) == handled


def test_a_5xx_may_come_after_the_call_took_effect(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("status:504", handled=True)
    assert client.post("/folders", {"name": "New", "parent_id": "1"})[0] == 504
    assert simulator.world.table("folder").where("name", "New")


def test_a_hang_sends_nothing_and_does_not_block_the_stop() -> None:
    with start(make_world(TINY)) as simulator:
        client = Client(simulator)
        client.connection.sock.settimeout(0.1)
        rule = simulator.fault("hang")
        with pytest.raises(TimeoutError):
            client.call("GET", "/user")
        assert rule.fired == 1
    client.connection.close()
    with pytest.raises(ConnectionRefusedError):
        Client(simulator)


def test_a_call_that_is_held_takes_effect_once_it_is_let_go(simulator: RunningSimulator, client: Client) -> None:
    rule = simulator.fault("hold", operation="create_folder")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.post, "/folders", {"name": "New", "parent_id": "1"})
        other = Client(simulator)
        while not rule.fired:
            assert other.call("GET", "/versions")[0] == 200
        assert not held.done() and not simulator.world.table("folder").where("name", "New")
        simulator.simulation.faults.clear()
        assert held.result()[0] == 200
    other.connection.close()
    assert simulator.world.table("folder").where("name", "New")


def test_all_tokens_can_be_invalidated_at_once(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("expire_tokens", times=1)
    assert client.call("GET", "/user")[0] == 401


def test_a_refusing_simulator_listens_again_later(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("refuse:1", times=1)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        client.call("GET", "/user")
    address = urlsplit(simulator.base_url)
    refused = 0
    while True:
        try:
            socket.create_connection((address.hostname, address.port)).close()
        except ConnectionRefusedError:
            refused += 1
        else:
            break
    assert refused
    again = Client(simulator)
    assert again.call("GET", "/user")[0] == 200
    again.connection.close()


def test_random_faults_are_repeatable() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add([Fault(fault="status:500", match=FaultMatch(rate=0.3))])
        return [faults.strike("GET", "/x", "/x", "x") is not None for _ in range(200)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 30 < sum(strikes(1)) < 90


@pytest.mark.parametrize("fault", ["nonsense", "status", "status:many", "refuse"])
def test_an_invalid_fault_is_refused(fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Faults(0).add([Fault(fault=fault)])


def test_a_path_may_be_a_template_a_path_or_a_prefix() -> None:
    def strikes(path: str) -> bool:
        faults = Faults(0)
        faults.add([Fault(fault="html", match=FaultMatch(path=path))])
        return faults.strike("GET", "/dashboards/42", "/dashboards/{dashboard_id}", "dashboard") is not None

    assert strikes("/dashboards/42") and strikes("/dashboards/{dashboard_id}") and strikes("/dash*") and strikes("")
    assert not strikes("/dashboards/43") and not strikes("/looks*")


def test_calls_beyond_the_rate_are_refused_until_the_bucket_fills() -> None:
    limits, config = Limits(), SimulatorConfig(rate_per_s=10, rate_burst=2)
    assert [limits.check(config, 1, 0.0) is None for _ in range(3)] == [True, True, False]
    assert limits.check(config, 1, 0.1) is None
    refused = limits.check(config, 1, 0.1)
    assert refused is not None and refused.retry_after == "1"
    silent = limits.check(SimulatorConfig(rate_per_s=10, rate_burst=2, retry_after=False), 1, 0.1)
    assert silent is not None and silent.retry_after == ""


def test_calls_beyond_the_concurrency_are_refused() -> None:
    limits, config = Limits(), SimulatorConfig(concurrency=4)
    assert limits.check(config, 4, 0.0) is None
    refused = limits.check(config, 5, 0.0)
    assert refused is not None and refused.status == 429


def test_only_loopback_is_served() -> None:
    with pytest.raises(ValueError, match="loopback"):
        build(new_simulation(make_world(TINY)), host="0.0.0.0")


@pytest.mark.parametrize(
    ("fault", "path", "shown"),
    [
        ("first:1", "/dashboards", ["1"]),
        ("no_lists", "/dashboards/search?id=1%2C2&fields=id,title", []),
        ("no_lists", "/dashboards/search?id=1&fields=id,title", ["1"]),
        ("ignore:offset", "/dashboards/search?sorts=id&limit=1&offset=1", ["1"]),
        ("ignore:deleted", "/dashboards/search?deleted=true&limit=1&sorts=id", ["1"]),
    ],
)
def test_lists_that_lack_objects(
    simulator: RunningSimulator, client: Client, fault: str, path: str, shown: list[str]
) -> None:
    simulator.fault(fault, path=path.partition("?")[0])
    assert [row["id"] for row in json.loads(client.call("GET", path)[1])] == shown


def test_a_search_that_lags_does_not_show_what_was_just_created(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("lag:60", operation="search_looks")
    (old,) = json.loads(client.call("GET", "/looks/search")[1])
    made = {"title": "New", "folder_id": old["folder_id"], "query_id": old["query_id"]}
    status, answer = client.post("/looks", made)
    assert status == 200, answer
    assert [row["id"] for row in json.loads(client.call("GET", "/looks/search")[1])] == [old["id"]]
    assert len(json.loads(client.call("GET", "/looks")[1])) == 2


@pytest.mark.parametrize("fault", ["ignore:", "first", "lag:soon"])
def test_list_faults_that_say_too_little_are_refused(simulator: RunningSimulator, fault: str) -> None:
    with pytest.raises(ValueError, match=r"needs|must be"):
        simulator.fault(fault)
