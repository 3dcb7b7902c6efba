"""The proxy between this host and Looker, chosen as users of requests expect.

``requests`` itself decides: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in either case, with its
rules for suffixes, ports and address ranges (documentation of requests, "Proxies").
"""

from __future__ import annotations

import base64
import re
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from requests.utils import get_environ_proxies, select_proxy

from lrestore.errors import DestinationError
from lrestore.looker.http.endpoint import Endpoint, bracketed

NO_PROXY = "none"
"""The setting with which the variables of the environment do not count: connect directly."""
_HEAD_BYTES = 1 << 16
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class ProxyRefusedError(ConnectionError):
    """``proxy`` did not open a tunnel: nothing reached Looker. ``status`` is the proxy's."""

    def __init__(self, proxy: Proxy, status: int) -> None:
        super().__init__(f"proxy {proxy} refused to connect: {status}")
        self.proxy = proxy
        self.status = status


class ProxyStalledError(TimeoutError):
    """``proxy`` opened no connection to the destination in time: nothing reached Looker."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(f"proxy {proxy} opened no connection in time")
        self.proxy = proxy


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. ``authorization`` is the value of the header that it wants, or empty; it is never shown."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"

    def tunnel(self, sock: socket.socket, endpoint: Endpoint, deadline: float) -> None:
        """Ask for a connection to ``endpoint`` over a connection to the proxy (RFC 9110, 9.3.6).

        Raises ProxyRefusedError, or another OSError; TimeoutError at the deadline (of ``time.monotonic``).
        """
        target = f"{endpoint.wire_host}:{endpoint.port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        status = _status(_head(sock, deadline))
        if not 200 <= status < 300:
            raise ProxyRefusedError(self, status)


def proxy_for(endpoint: Endpoint, setting: str) -> Proxy | None:
    """The proxy for calls to ``endpoint``; None to connect directly.

    ``setting`` is ``[destination] proxy``: empty for what the environment says, ``none``, or the proxy's URL. Raises
    DestinationError for a proxy that is no HTTP proxy.
    """
    if setting == NO_PROXY:
        return None
    url = setting or select_proxy(endpoint.origin, get_environ_proxies(endpoint.origin, no_proxy=None))
    return proxy_of(str(url)) if url else None


def proxy_of(url: str) -> Proxy:
    """Take the URL of a proxy apart; without a scheme it is http. Raises DestinationError, which quotes no password."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or 80
    except ValueError:
        raise _unusable("its URL cannot be read") from None
    if parts.scheme != "http":
        raise _unusable(f"{parts.scheme} proxies are not supported")
    if not parts.hostname:
        raise _unusable("its URL names no host")
    if parts.username is None:
        return Proxy(parts.hostname, port)
    user, password = unquote(parts.username), unquote(parts.password or "")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Proxy(parts.hostname, port, f"Basic {basic}", password)


def _unusable(why: str) -> DestinationError:
    return DestinationError(
        f"the proxy for the destination cannot be used: {why}",
        hint='set [destination] proxy to a URL such as "http://proxy.example.com:3128", or to "none"',
    )


def _head(sock: socket.socket, deadline: float) -> bytes:
    """The head of the proxy's answer. Behind it nothing is sent before the destination has been spoken to."""
    head = b""
    while b"\r\n\r\n" not in head:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the proxy did not answer in time")
        sock.settimeout(left_s)
        data = sock.recv(4096)
        if not data or len(head) > _HEAD_BYTES:
            raise ConnectionError("the proxy closed the connection without an answer")
        head += data
    return head


def _status(head: bytes) -> int:
    found = _STATUS.match(head)
    if found is None:
        raise ConnectionError("the proxy did not answer in HTTP")
    return int(found[1])
