"""A real HTTP proxy on loopback: CONNECT for https, whole URLs for http, with a password if one is set."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class HttpProxy:
    """``asked`` holds the first line of each request; ``refuse`` answers everything with that status."""

    def __init__(self, *, user: str = "", password: str = "", refuse: int = 0) -> None:
        self.asked: list[str] = []
        self._wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self._refuse = refuse
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(65536)
                if not data:
                    return
                head += data
            first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            self.asked.append(first)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            status = self._refuse or (407 if headers.get("proxy-authorization", "") != self._wanted else 0)
            if status:
                client.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            self._forward(client, first, head)

    def _forward(self, client: socket.socket, first: str, head: bytes) -> None:
        method, target, _ = first.split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _pump(client, server)
            return
        url = urlsplit(target)
        with socket.create_connection((url.hostname or "", url.port or 80)) as server:
            path = target.removeprefix(f"{url.scheme}://{url.netloc}")
            kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"proxy-authorization")]
            server.sendall(b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), b"Connection: close", *kept[1:]]))
            _pump(client, server)


def _pump(client: socket.socket, server: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([client, server], [], [])
        for one in ready:
            data = one.recv(65536)
            if not data:
                return
            (server if one is client else client).sendall(data)
