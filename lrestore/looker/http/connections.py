"""Keep-alive connections to one endpoint, for a fixed number of threads.

urllib3 and the standard library are not used: they do not tell whether any byte of the request has left, which decides
whether a create may be repeated, and their read time-out does not bound an answer as a whole.

Connects only to the destination, or to the proxy before it.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable

from lrestore.looker.http.answers import AnswerReader, RawAnswer
from lrestore.looker.http.endpoint import Endpoint
from lrestore.looker.http.proxies import Proxy, ProxyStalledError

CONNECT_TIMEOUT_S = 10.0
IDLE_LIMIT_S = 4.0
"""Servers close idle connections after 5 s and more; a create that meets such a closing has an unknown outcome."""


class Connection:
    """One connection, unconnected at first: ``sock`` is None.

    ``request_left`` tells whether any byte of the current request was handed to the network. ``server_s`` is the time
    from the request's last byte to the arrival of the answer's first.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        context: ssl.SSLContext | None,
        connect_timeout_s: float,
        proxy: Proxy | None = None,
    ) -> None:
        self.sock: socket.socket | None = None
        self._proxy = proxy
        self._endpoint = endpoint
        self._context = context
        self._connect_timeout_s = connect_timeout_s
        self._deadline = 0.0
        self.request_left = False
        self.sent_bytes = 0
        self.received_bytes = 0
        self.idle_since = 0.0
        self._sent_at = 0.0
        self.server_s = 0.0

    def connect(self) -> None:
        """Connect and shake hands within the connect time-out, through the proxy if there is one.

        Raises OSError (ssl.SSLError, ProxyRefusedError and ProxyStalledError included).
        """
        deadline = time.monotonic() + self._connect_timeout_s
        try:
            sock = self._reached(deadline)
        except TimeoutError as error:
            if self._proxy is None:
                raise
            raise ProxyStalledError(self._proxy) from error
        if self._context is not None:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            self.sock = self._context.wrap_socket(sock, server_hostname=self._endpoint.host)

    def _reached(self, deadline: float) -> socket.socket:
        """A connection to the endpoint without encryption: through the proxy's tunnel, if it is to be encrypted."""
        first = self._proxy or self._endpoint
        self.sock = socket.create_connection((first.host, first.port), self._connect_timeout_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._proxy is not None and self._context is not None:
            self._proxy.tunnel(self.sock, self._endpoint, deadline)
        return self.sock

    def send(self, request: bytes, deadline: float) -> None:
        """Send a whole request; its answer has to end by ``deadline`` (of ``time.monotonic``). Raises OSError."""
        self._deadline = deadline
        self.request_left = False
        self.sent_bytes = self.received_bytes = 0
        sock = self._connected()
        sock.settimeout(max(0.001, self._deadline - time.monotonic()))
        first = sock.send(request)
        self.request_left = True
        if first < len(request):
            sock.sendall(memoryview(request)[first:])
        self.sent_bytes = len(request)
        self._sent_at = time.monotonic()

    def receive(self, limit_bytes: int) -> RawAnswer:
        """The answer to what was sent; raises what :meth:`lrestore.looker.http.answers.AnswerReader.read` raises."""
        reader = AnswerReader(self._connected(), self._deadline)
        try:
            return reader.read(limit_bytes)
        finally:
            self.received_bytes = reader.received_bytes
            self.server_s = max(0.0, reader.arrived_at - self._sent_at)

    def close(self) -> None:
        """Hang up; harmless when repeated."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    @property
    def dropped(self) -> bool:
        """True if the server has closed an idle connection: then, and only then, there is something to read."""
        return self.sock is None or _readable(self.sock)

    def _connected(self) -> socket.socket:
        if self.sock is None:
            raise ConnectionError("not connected")
        return self.sock


def _readable(sock: socket.socket) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


class Pool:
    """At most ``size`` connections, the last used first; a thread that needs one while all are taken waits."""

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
