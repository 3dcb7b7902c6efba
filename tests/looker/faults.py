"""A server that misbehaves on demand, on a real socket, so that the client meets what networks do.

Each request but a login is answered by the next step of the script, and by ``{}`` once it is used up. Logins get
``token-1``, ``token-2`` … unless they have a script of their own.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from tests.waiting import HANG_S

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Self-signed, for localhost, valid for a century; its key is public and protects nothing."""


@dataclass(frozen=True)
class Received:
    """A request as it came in. ``connection`` numbers the connections."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Exchange:
    """One request whose answer is due. Setting ``over`` closes the connection afterwards."""

    server: FaultServer
    sock: socket.socket
    request: Received
    over: bool = False


Step = Callable[[Exchange], None]


def reply(
    status: int = 200, body: object = None, headers: dict[str, str] | None = None, *, closing: bool = False
) -> Step:
    """A whole answer; ``body`` is sent as JSON unless it is bytes. ``closing``: then close without having said so."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + content, closing=closing)


def raw(content: bytes, *, closing: bool = True) -> Step:
    """Exactly these bytes."""

    def send(exchange: Exchange) -> None:
        exchange.sock.sendall(content)
        exchange.over = closing

    return send


def hang_up(exchange: Exchange) -> None:
    """Close in good order, without a byte of an answer."""
    exchange.over = True


def reset(exchange: Exchange) -> None:
    """RST."""
    exchange.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.over = True


def hang(exchange: Exchange) -> None:
    """Say nothing until the server is closed."""
    exchange.server.closed.wait()
    exchange.over = True


def drip(start: bytes) -> Step:
    """``start``, then a byte now and then, for ever."""

    def send(exchange: Exchange) -> None:
        exchange.over = True
        exchange.sock.sendall(start)
        while not exchange.server.closed.wait(0.005):
            try:
                exchange.sock.sendall(b"x")
            except OSError:
                return

    return send


class FaultServer:
    """Listens on loopback from construction to :meth:`close`."""

    def __init__(self, *steps: Step, logins: Iterable[Step] = (), tls: bool = False, reads_bodies: bool = True) -> None:
        self.requests: list[Received] = []
        self.logins: list[Received] = []
        self.closed = threading.Event()
        self.closings = threading.Semaphore(0)
        self._steps = list(steps)
        self._login_steps = list(logins)
        self._reads_bodies = reads_bodies
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._context = _server_context() if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"{'https' if tls else 'http'}://localhost:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> FaultServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(HANG_S)

    @property
    def script_left(self) -> int:
        """Steps that were never reached: a fault that did not fire proves nothing."""
        return len(self._steps) + len(self._login_steps)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, len(self._sockets)), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as stream:
                over = False
                while not over and (request := self._read_request(cast("BinaryIO", stream), number)):
                    exchange = Exchange(self, sock, request)
                    self._next_step(request)(exchange)
                    over = exchange.over
        except OSError:
            pass
        finally:
            sock.close()
            self.closings.release()

    def _read_request(self, stream: BinaryIO, number: int) -> Received | None:
        line = stream.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers: dict[str, str] = {}
        while header := stream.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        wanted = self._reads_bodies or line[1].endswith("/login")
        body = stream.read(int(headers.get("content-length", "0"))) if wanted else b""
        return Received(line[0], line[1], headers, body, number)

    def _next_step(self, request: Received) -> Step:
        with self._lock:
            if request.target.endswith("/login"):
                self.logins.append(request)
                token = {"access_token": f"token-{len(self.logins)}", "token_type": "Bearer", "expires_in": 3600}
                return self._login_steps.pop(0) if self._login_steps else reply(200, token)
            self.requests.append(request)
            return self._steps.pop(0) if self._steps else reply(200, {})


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context
