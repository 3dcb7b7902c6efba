"""The SDK works over the transport, and nothing but the destination is ever connected to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from looker_sdk.rtl import serialize
from looker_sdk.rtl.auth_session import AuthSession
from looker_sdk.rtl.transport import HttpMethod
from looker_sdk.sdk.api40.methods import Looker40SDK

from lrestore.errors import DestinationError, NotFoundError, ServerError, ValidationError
from lrestore.looker.auth import _Settings
from lrestore.looker.http.endpoint import endpoint_of
from lrestore.looker.http.sdk_transport import SdkTransport
from lrestore.looker.http.transport import ConnectionSettings, PooledTransport
from lrestore.looker.limits import Unlimited
from lrestore.looker.meter import CallMeter
from lrestore.text.redaction import Secrets
from tests.http_proxy import HttpProxy
from tests.looker.conftest import KEY, Connect, Serve
from tests.looker.faults import FaultServer, reply

DOCUMENTED = "https://docs.looker.com/r/err/4.0/404/get/dashboards/:dashboard_id"
"""The form for which the SDK fetches an index and a page from the web."""
_connected: list[object] = []
_listening = [False]


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _listening[0] and event in ("socket.connect", "socket.getaddrinfo"):
        _connected.append(arguments[1] if event == "socket.connect" else (arguments[0], arguments[1]))


@pytest.fixture
def connections() -> Iterator[list[object]]:
    """Every address that any code of this process looks up or connects to."""
    if not hasattr(sys, "_lrestore_audit"):
        sys.addaudithook(_listen)
        sys._lrestore_audit = True  # type: ignore[attr-defined]
    _connected.clear()
    _listening[0] = True
    yield _connected
    _listening[0] = False


@contextmanager
def transport_to(server: FaultServer) -> Iterator[PooledTransport]:
    connection = ConnectionSettings(endpoint_of(server.base_url))
    with closing(PooledTransport(connection, Unlimited(), CallMeter(), Secrets())) as transport:
        yield transport


@contextmanager
def sdk_on(server: FaultServer) -> Iterator[Looker40SDK]:
    with transport_to(server) as transport:
        seam = SdkTransport(transport)
        auth = AuthSession(_Settings(transport, KEY), seam, serialize.deserialize40, "4.0")
        yield Looker40SDK(auth, serialize.deserialize40, serialize.serialize40, seam, "4.0")


def ports(connections: list[object]) -> set[object]:
    return {address[1] for address in connections if isinstance(address, tuple)}


def test_the_sdks_own_methods_work_on_it(serve: Serve) -> None:
    server = serve(
        reply(200, {"id": "1", "title": "A"}, {"Content-Type": "application/json"}), reply(200, []), reply(204)
    )
    with sdk_on(server) as sdk:
        assert sdk.dashboard("1").title == "A"
        assert sdk.search_dashboards(title="x,y", limit=2) == []
        sdk.delete_dashboard("1")
    assert [request.target for request in server.requests] == [
        "/api/4.0/dashboards/1",
        "/api/4.0/dashboards/search?title=x,y&limit=2",
        "/api/4.0/dashboards/1",
    ]


def test_errors_are_typed_before_the_sdk_looks_documentation_up_on_the_web(
    serve: Serve, connect: Connect, connections: list[object]
) -> None:
    elsewhere = serve()
    body = {"message": "Not found", "documentation_url": DOCUMENTED}
    other = {"message": "no", "documentation_url": elsewhere.base_url, "errors": [{"documentation_url": DOCUMENTED}]}
    server = serve(reply(404, body), reply(404, body), reply(422, other), reply(500, other))
    with sdk_on(server) as sdk, pytest.raises(NotFoundError):
        sdk.dashboard("1")
    session = connect(server, max_retries=0)
    for kind in (NotFoundError, ValidationError, ServerError):
        with pytest.raises(kind):
            session.call("dashboard", path={"dashboard_id": "1"})
    assert elsewhere.requests == []
    assert ports(connections) == {int(server.base_url.rpartition(":")[2])}


def test_nothing_but_the_proxy_is_connected_to_where_there_is_one(
    serve: Serve, connect: Connect, connections: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    with HttpProxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.name}")
        assert connect(server).call("dashboard", path={"dashboard_id": "1"}) == {}
        assert proxy.port in ports(connections)
        assert proxy.asked


@pytest.mark.parametrize("change", [("localhost", "127.0.0.1"), ("http:", "https:"), ("localhost", "joe@example.com")])
def test_another_origin_is_refused_without_a_call(
    serve: Serve, connections: list[object], change: tuple[str, str]
) -> None:
    server = serve()
    with transport_to(server) as transport, pytest.raises(DestinationError, match="is the destination"):
        SdkTransport(transport).request(HttpMethod.GET, server.base_url.replace(*change) + "/api/4.0/user")
    assert connections == []


def test_the_sdk_can_configure_it(serve: Serve) -> None:
    server = serve()
    with transport_to(server) as transport:
        other = SdkTransport.configure(_Settings(transport, KEY)).pooled
    with closing(other):
        assert other.endpoint == endpoint_of(server.base_url)
