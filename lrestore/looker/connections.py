"""Keep-alive connections to one endpoint, for a fixed number of threads.

On the standard library's ``http.client`` and not on urllib3, which hides what decides whether a create may be repeated:
whether anything of the request has left. Nor does its read time-out bound an answer as a whole, and it takes about
twice the processor time per call (0.2 against 0.1 ms, measured bare, keep-alive).

Proxies of the environment (``HTTPS_PROXY``) are not used: nothing but the
destination is ever connected to.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from lrestore.looker.endpoint import Endpoint

CONNECT_TIMEOUT_S = 10.0
IDLE_LIMIT_S = 4.0
"""Servers close idle connections after 5 s and more; a create that meets such a closing has an unknown outcome."""
_BUFFER_BYTES = 1 << 16


class Connection(http.client.HTTPConnection):
    """One connection. ``request_left`` tells whether any byte of the current request was handed to the network.

    ``body_follows``: the head of the request waits for its body, so that both leave in one packet.
    """

    auto_open = 0

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, connect_timeout_s: float) -> None:
        super().__init__(endpoint.host, endpoint.port, timeout=connect_timeout_s)
        self.default_port = 443 if endpoint.encrypted else 80
        self._context = context
        self.request_left = False
        self.body_follows = False
        self._head = b""
        self.sent_bytes = 0
        self.received_bytes = 0
        self.idle_since = 0.0

    def connect(self) -> None:
        """Connect and shake hands within the connect time-out; raises OSError (ssl.SSLError included)."""
        super().connect()
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)

    def begin(self, deadline: float) -> None:
        """Start a new exchange that has to end by ``deadline`` (of ``time.monotonic``)."""
        self.request_left = self.body_follows = False
        self._head = b""
        self.sent_bytes = self.received_bytes = 0
        self.sock.settimeout(_remaining_s(deadline))
        self.response_class = partial(_response, self, deadline)  # type: ignore[assignment]

    def send(self, data: bytes) -> None:  # type: ignore[override]
        if self.body_follows:
            self.body_follows, self._head = False, data
            return
        data, self._head = self._head + data, b""
        first = self.sock.send(data)
        self.request_left = True
        self.sock.sendall(memoryview(data)[first:])
        self.sent_bytes += len(data)

    @property
    def dropped(self) -> bool:
        """True if the server has closed an idle connection: then, and only then, there is something to read."""
        return self.sock is None or _readable(self.sock)


def _remaining_s(deadline: float) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the time for this call is over")
    return left_s


def _readable(sock: socket.socket) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


class _DeadlineReader(io.RawIOBase):
    """Reads from the socket until a deadline for the whole answer; a socket's own time-out starts anew at each byte."""

    def __init__(self, connection: Connection, sock: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        self._sock.settimeout(_remaining_s(self._deadline))
        count = self._raw.readinto(buffer)
        self._connection.received_bytes += count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Readable:
    """The one thing that ``HTTPResponse`` wants of a socket."""

    def __init__(self, reader: _DeadlineReader) -> None:
        self._reader = reader

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, _BUFFER_BYTES)


def _response(connection: Connection, deadline: float, sock: socket.socket, method: str) -> http.client.HTTPResponse:
    reader = _DeadlineReader(connection, sock, deadline)
    return http.client.HTTPResponse(_Readable(reader), method=method)  # type: ignore[arg-type]


class Pool:
    """At most ``size`` connections, the last used first; who comes when all are out waits for one."""

    def __init__(
        self, connect: Callable[[], Connection], size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._places = threading.BoundedSemaphore(size)
        self._idle: deque[Connection] = deque()

    def take(self) -> Connection:
        """A connected one if there is a fresh one, else an unconnected one (``sock`` is None)."""
        self._places.acquire()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if self._clock() - connection.idle_since < IDLE_LIMIT_S and not connection.dropped:
                return connection
            connection.close()
        return self._connect()

    def give_back(self, connection: Connection, *, reusable: bool) -> None:
        if reusable and connection.sock is not None:
            connection.idle_since = self._clock()
            self._idle.append(connection)
        else:
            connection.close()
        self._places.release()

    def close(self) -> None:
        """Close what is idle; a connection that is out is closed by its user."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return
