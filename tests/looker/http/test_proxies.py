"""Proxies: chosen as requests chooses them, spoken to in HTTP, and never shown with their password."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import ExitStack, suppress

import pytest

from lrestore.errors import ConnectError, DestinationError
from lrestore.looker.http.endpoint import endpoint_of
from lrestore.looker.http.proxies import proxy_for, proxy_of
from lrestore.looker.session import LookerSession
from tests.http_proxy import HttpProxy
from tests.looker.conftest import KEY, Connect, Serve
from tests.looker.faults import CERTIFICATE, reply
from tests.waiting import HANG_S

PASSWORD = "p:roxy s3cret"
QUOTED = "p%3Aroxy%20s3cret"
DASHBOARD = {"dashboard_id": "1"}


@pytest.mark.parametrize(
    ("environ", "setting", "expected"),
    [
        ({}, "", None),
        ({"HTTPS_PROXY": "http://one:3128"}, "", "one:3128"),
        ({"https_proxy": "one:3128"}, "", "one:3128"),
        ({"HTTP_PROXY": "http://one:3128"}, "", None),
        ({"ALL_PROXY": "http://one"}, "", "one:80"),
        ({"HTTPS_PROXY": "http://one:3128"}, "none", None),
        ({"HTTPS_PROXY": "http://one:3128"}, "http://two:8080", "two:8080"),
        ({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": "example.com"}, "", None),
        ({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": "looker.example.com:19999"}, "", None),
        ({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": "*"}, "", None),
        ({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": "other.com,10.0.0.0/8"}, "", "one:3128"),
        ({"NO_PROXY": "example.com"}, "http://two:8080", "two:8080"),
    ],
)
def test_the_setting_counts_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], setting: str, expected: str | None
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(endpoint_of("https://looker.example.com:19999"), setting)
    assert (None if found is None else str(found)) == expected


def test_an_address_range_is_exempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://one:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
    assert proxy_for(endpoint_of("https://10.1.2.3:19999"), "") is None
    assert proxy_for(endpoint_of("https://11.1.2.3:19999"), "") is not None


@pytest.mark.parametrize("url", ["socks5://me:hidden@one:1080", "https://me:hidden@one", "http://", "http://one:port"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(url: str) -> None:
    with pytest.raises(DestinationError, match="proxy") as caught:
        proxy_of(url)
    assert "hidden" not in str(caught.value)


def test_https_goes_through_a_tunnel_to_the_checked_host(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    server = serve(tls=True)
    with HttpProxy(user="me", password=PASSWORD) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{QUOTED}@{proxy.name}")
        session = connect(server)
        assert session.call("dashboard", path=DASHBOARD) == {}
        assert session.proxy_name == proxy.name
        port = server.base_url.rpartition(":")[2]
        assert set(proxy.asked) == {f"CONNECT localhost:{port} HTTP/1.1"}


def test_http_gives_the_proxy_whole_urls(serve: Serve, connect: Connect) -> None:
    server = serve(reply(200, {"id": "1"}))
    with HttpProxy(user="me", password=PASSWORD) as proxy:
        session = connect(server, proxy=f"http://me:{QUOTED}@{proxy.name}")
        assert session.call("dashboard", path=DASHBOARD) == {"id": "1"}
        assert proxy.asked[0] == f"POST {server.base_url}/api/4.0/login HTTP/1.1"
    assert len(server.requests) == 1


def test_a_host_that_is_not_ascii_is_named_to_the_proxy_as_on_the_wire() -> None:
    with HttpProxy(refuse=407) as proxy:
        session = LookerSession("http://bücher.example", KEY, proxy=f"http://{proxy.name}", max_retries=0)
        with pytest.raises(ConnectError, match="407"):
            session.login()
        session.close()
        assert proxy.asked == ["POST http://xn--bcher-kva.example:80/api/4.0/login HTTP/1.1"]


@pytest.mark.parametrize(
    ("tls", "status", "hint"),
    # Without TLS nothing tells a proxy's 403 from Looker's.
    [(False, 407, "user and a password"), (True, 407, "user and a password"), (True, 403, "NO_PROXY")],
)
def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(
    serve: Serve, connect: Connect, tls: bool, status: int, hint: str
) -> None:
    server = serve(tls=tls)
    with HttpProxy(refuse=status) as proxy:
        session = connect(server, proxy=f"http://{proxy.name}", verify_ssl=False, max_retries=1)
        with pytest.raises((ConnectError, DestinationError)) as caught:
            session.call("create_dashboard", body={})
        assert proxy.name in str(caught.value) and str(status) in str(caught.value)
        assert hint in str(caught.value)
    assert server.requests == [] and server.logins == []


@pytest.mark.parametrize(
    ("says", "message", "timeout_s"),
    [
        (b"", "closed the connection without an answer", HANG_S),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "did not answer in HTTP", HANG_S),
        (b"HTTP/1.1 200 ", "did not open a connection", 0.3),
    ],
)
def test_what_is_no_proxy_is_named_and_nothing_was_sent(
    serve: Serve, connect: Connect, says: bytes, message: str, timeout_s: float
) -> None:
    server = serve(tls=True)
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as open_ones:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    client = open_ones.enter_context(listener.accept()[0])
                    client.recv(1 << 16)
                    client.sendall(says)
                    if not says:
                        client.close()

        threading.Thread(target=answer, daemon=True).start()
        name = f"127.0.0.1:{listener.getsockname()[1]}"
        session = connect(server, proxy=f"http://{name}", verify_ssl=False, max_retries=0, timeout_s=timeout_s)
        with pytest.raises(ConnectError, match=message) as caught:
            session.call("create_dashboard", body={})
        assert name in str(caught.value)
        assert "speak https" not in str(caught.value)
        listener.shutdown(socket.SHUT_RDWR)
    assert server.requests == [] and server.logins == []


def test_no_password_is_logged(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="lrestore.looker")
    server = serve(reply(400, {"message": f"bad: {PASSWORD}"}))
    with HttpProxy(user="me", password=PASSWORD) as proxy:
        session = connect(server, proxy=f"http://me:{QUOTED}@{proxy.name}")
        with pytest.raises(Exception, match="bad") as caught:
            session.call("dashboard", path=DASHBOARD)
    assert caplog.records
    for shown in (str(caught.value), caplog.text, repr(session.proxy_name)):
        assert PASSWORD not in shown and QUOTED not in shown
