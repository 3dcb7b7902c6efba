"""Another Looker than ours: a proxy before the simulator that answers in other, equally permitted ways.

The specification leaves much open (which nested lists a search shows, whether a trashed object can be read, what an
answer leaves out). A variant changes what is asked or what is answered; the simulator behind it keeps the truth.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from tests.waiting import HANG_S

API = "/api/4.0"


@dataclass(slots=True)
class Exchange:
    """One call. ``path`` is below ``/api/4.0``; a variant may change all of it before and after it is handled."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0
    answer: Any = None

    def refuse(self, status: int, message: str = "Not found", errors: Sequence[dict[str, str]] = ()) -> None:
        """Answer with Looker's error body."""
        self.status = status
        self.answer = {"message": message, "documentation_url": "https://example.com"}
        if status == 422:
            self.answer["errors"] = list(errors)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    proxy: Proxy


Twist = Callable[[Exchange], None]


class Proxy:
    """Answers on ``base_url``. ``before`` variants see the call first (one that sets a status ends it), ``after``
    variants see the answer. A context manager.
    """

    def __init__(self, upstream: str, *, before: Sequence[Twist] = (), after: Sequence[Twist] = ()) -> None:
        self.before, self.after = list(before), list(after)
        self._upstream = urlsplit(upstream)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forward(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Ask the simulator."""
        connection = http.client.HTTPConnection(self._upstream.netloc, timeout=HANG_S)
        try:
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def parse_request(self) -> bool:
        """Whatever the method: one way to serve it."""
        if super().parse_request():
            self._serve(self.server.proxy)
            return False
        return False

    def _serve(self, proxy: Proxy) -> None:
        exchange = self._asked()
        for variant in proxy.before:
            if not exchange.status:
                variant(exchange)
        if not exchange.status:
            self._ask(proxy, exchange)
            for variant in proxy.after:
                variant(exchange)
        self._reply(exchange)

    def _asked(self) -> Exchange:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        body = msgspec.json.decode(raw) if raw and "json" in (self.headers.get("Content-Type") or "") else raw
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Exchange(self.command, parts.path.removeprefix(API), query, body)

    def _ask(self, proxy: Proxy, exchange: Exchange) -> None:
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if self.headers[name]}
        body = exchange.body if isinstance(exchange.body, bytes) else msgspec.json.encode(exchange.body)
        query = urlencode(exchange.query, quote_via=quote, safe=",")
        target = f"{API}{exchange.path}" + (f"?{query}" if query else "")
        exchange.status, raw = proxy.forward(exchange.method, target, body, headers)
        exchange.answer = msgspec.json.decode(raw) if raw else None

    def _reply(self, exchange: Exchange) -> None:
        raw = b"" if exchange.answer is None else msgspec.json.encode(exchange.answer)
        self.send_response(exchange.status)
        if exchange.status != 204:
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(b"" if exchange.status == 204 else raw)

    def log_message(self, format: str, *arguments: object) -> None:
        """Logs nothing: no test reads it."""
