"""https: certificates are checked, and the message says what to do."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from lrestore.errors import ConnectError, DestinationError
from lrestore.looker.http.endpoint import Endpoint, endpoint_of, tls_context
from tests.looker.conftest import Connect, Serve, Waits
from tests.looker.faults import CERTIFICATE, FaultServer, reply


@pytest.fixture(autouse=True)
def only_our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)


def test_a_self_signed_certificate_is_refused_at_once_with_a_remedy(
    serve: Serve, connect: Connect, waits: Waits
) -> None:
    server = serve(tls=True)
    with pytest.raises(DestinationError, match=r"certificate.*not trusted.*REQUESTS_CA_BUNDLE.*verify_ssl") as caught:
        connect(server).login()
    assert isinstance(caught.value.__cause__, ConnectError)
    assert (waits.seconds, server.logins) == ([], [])


def test_verify_ssl_off_works_and_warns_once(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    caplog.set_level(logging.WARNING)
    server = serve(reply(200, {"id": "1"}), tls=True)
    session = connect(server, verify_ssl=False)
    assert session.call("dashboard", path={"dashboard_id": "1"}) == {"id": "1"}
    assert ["verify_ssl is off" in record.getMessage() for record in caplog.records] == [True]
    assert len(recwarn) == 0


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_companys_own_authority_is_named_by_the_usual_variables(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(CERTIFICATE))
    assert connect(serve(tls=True)).call("dashboard", path={"dashboard_id": "1"}) == {}


def test_a_certificate_for_another_host_is_refused(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server = serve(tls=True)
    server.base_url = server.base_url.replace("localhost", "127.1")
    with pytest.raises(DestinationError, match=r"127\.1.*mismatch"):
        connect(server).login()


def test_https_to_a_port_that_speaks_http_is_explained(serve: Serve, connect: Connect, waits: Waits) -> None:
    server = serve()
    server.base_url = server.base_url.replace("http:", "https:")
    with pytest.raises(ConnectError, match="does this port speak https"):
        connect(server, max_retries=1).login()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unreadable_bundle_is_named(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(DestinationError, match=r"REQUESTS_CA_BUNDLE names .*ca\.pem"):
        tls_context(endpoint_of("https://x"), verify_ssl=True, environ={"REQUESTS_CA_BUNDLE": str(bundle)})


def test_a_directory_of_certificates_is_taken(tmp_path: Path) -> None:
    assert tls_context(endpoint_of("https://x"), verify_ssl=True, environ={"SSL_CERT_FILE": str(tmp_path)})


def test_no_tls_for_http() -> None:
    assert tls_context(endpoint_of("http://x"), verify_ssl=True) is None


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://looker.example.com", Endpoint("https", "looker.example.com", 443, "")),
        ("http://looker:8080/", Endpoint("http", "looker", 8080, "")),
        ("HTTPS://Looker.Example.com:19999/a/b/", Endpoint("https", "looker.example.com", 19999, "/a/b")),
        ("https://[::1]:9999", Endpoint("https", "::1", 9999, "")),
    ],
)
def test_base_urls(url: str, endpoint: Endpoint) -> None:
    assert endpoint_of(url) == endpoint


def test_a_name_that_does_not_resolve_is_a_connect_error(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with FaultServer() as server, pytest.raises(ConnectError, match="Name or service not known"):
        connect(server, max_retries=0).login()
