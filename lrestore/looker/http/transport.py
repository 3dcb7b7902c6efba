"""Sends calls to the destination, and to no other host. Every failure is a typed error. Redirects are not followed."""

from __future__ import annotations

import logging
import re
import ssl
import time
import zlib
from dataclasses import dataclass
from functools import partial

from lrestore.errors import (
    AnswerTimeoutError,
    BadAnswerError,
    BadRequestError,
    ConnectError,
    ConnectionLostError,
    LookerError,
    ReadOnlyError,
)
from lrestore.looker.http.answers import RawAnswer, TooLargeError
from lrestore.looker.http.before_send import about_to_leave
from lrestore.looker.http.calls import JSON, Call, HttpAnswer
from lrestore.looker.http.connections import CONNECT_TIMEOUT_S, Connection, Pool
from lrestore.looker.http.endpoint import Endpoint, tls_context
from lrestore.looker.http.errors import error_of
from lrestore.looker.http.proxies import Proxy, ProxyRefusedError, ProxyStalledError
from lrestore.looker.limits import Limiter
from lrestore.looker.meter import CallMeter
from lrestore.sdk.api import transport as sdk
from lrestore.text.redaction import Secrets, one_line
from lrestore.version import __version__

MAX_ANSWER_BYTES = 256 << 20
"""The largest list a restore asks for is some tens of MB; more would be a fault, and must not eat the memory."""
AGENT = f"lrestore {__version__}"
_PROXY_WANTS_A_LOGIN = 407
_SESSION_CALLS = frozenset({("POST", "/login"), ("DELETE", "/logout")})
_LARGE = frozenset({"api_spec", "swagger"})
"""Documents of several megabytes: their times are not comparable with those of other calls."""
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
_FIT_FOR_A_HEAD = re.compile(r"[\t -~]*")
_PROXY_HINT = 'check the proxy, and Looker behind it; [destination] proxy = "none" connects directly'
_SPEAKS_HTTPS = "does this port speak https?"
_CERTIFICATE_HINT = (
    "name your authority's certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE; verify_ssl = false turns the check off"
)
log = logging.getLogger("lrestore.looker")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The settings of the connections to one host. ``timeout_s`` bounds a whole exchange, to the answer's last byte.
    ``read_only``: nothing but GETs, the login and the logout is sent.
    """

    endpoint: Endpoint
    verify_ssl: bool = True
    timeout_s: float = 120.0
    in_flight: int = 4
    proxy: Proxy | None = None
    read_only: bool = False


class PooledTransport:
    """Sends calls over pooled connections; safe for ``in_flight`` threads. Each try is limited, metered and logged."""

    def __init__(self, settings: ConnectionSettings, limiter: Limiter, meter: CallMeter, secrets: Secrets) -> None:
        self.endpoint = settings.endpoint
        self.secrets = secrets
        self._timeout_s = settings.timeout_s
        self._read_only = settings.read_only
        self._limiter = limiter
        self._meter = meter
        self.proxy = settings.proxy
        self._common = _common_headers(settings.endpoint)
        # Without TLS the proxy reads each request: it is given the whole URL (RFC 9112, 3.2.2) and its own password.
        self._origin = ""
        if settings.proxy is not None and not settings.endpoint.encrypted:
            self._origin = f"{settings.endpoint.scheme}://{settings.endpoint.wire_host}:{settings.endpoint.port}"
            if settings.proxy.authorization:
                self._common += f"\r\nProxy-Authorization: {settings.proxy.authorization}"
        context = tls_context(settings.endpoint, verify_ssl=settings.verify_ssl)
        connect_timeout_s = min(CONNECT_TIMEOUT_S, settings.timeout_s)
        connect = partial(Connection, settings.endpoint, context, connect_timeout_s, settings.proxy)
        self._pool = Pool(connect, settings.in_flight)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def send(self, call: Call, authorization: str = "") -> HttpAnswer:
        """Try ``call`` once and return its answer. Raises a :class:`LookerError` unless the status is 2xx.

        Raises ReadOnlyError, and sends nothing, for a call that may write over a connection that only reads.
        """
        if self._read_only and not _reads(call):
            raise ReadOnlyError(f"{call} was not sent: this run only reads", hint="please report it")
        self._limiter.acquire()
        about_to_leave()
        started = time.perf_counter()
        answer: HttpAnswer | None = None
        try:
            answer = self._exchange(call, authorization)
            if answer.status == _PROXY_WANTS_A_LOGIN and self.proxy is not None:
                raise _refused_by(self.proxy, answer.status, call)
            if not 200 <= answer.status < 300:
                raise error_of(call, answer, self.secrets)
            self._report(call, answer, started, None)
            return answer
        except LookerError as error:
            self._report(call, answer, started, error.retry_after_s)
            raise

    def status_of(self, call: Call) -> int | None:
        """Send ``call`` once, without the limiter; returns the status of the answer, None without one."""
        try:
            return self._exchange(call, "").status
        except LookerError as error:
            log.debug("%s: %s", call, error)
            return None

    def _report(self, call: Call, answer: HttpAnswer | None, started: float, retry_after_s: float | None) -> None:
        """Report the result to meter and limiter, with the server's share of the time, without this process's own."""
        status, took_s = answer.status if answer else None, time.perf_counter() - started
        server_s = answer.server_s if answer else took_s
        if status == 429:
            self._meter.refused_for_rate()
        elif status is not None and call.operation not in _LARGE:
            self._meter.answered(call.operation, server_s)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: %s in %.1f ms", call, status or "no answer", took_s * 1000)
        self._limiter.report(status, server_s, retry_after_s)

    def _exchange(self, call: Call, authorization: str) -> HttpAnswer:
        request = self._request(call, authorization)
        connection = self._pool.take()
        reusable = False
        try:
            if connection.sock is None:
                _connect(connection, call, self.endpoint, self.proxy)
            message = self._conversation(connection, call, request)
            reusable = not message.last
            return _answer(message, call, connection.server_s)
        finally:
            if connection.request_left:
                self._meter.called(call.operation, call.activity, connection.sent_bytes, connection.received_bytes)
            self._pool.give_back(connection, reusable=reusable)

    def _conversation(self, connection: Connection, call: Call, request: bytes) -> RawAnswer:
        """Send the request and read the whole answer. After its head has left, the outcome of the call is unknown."""
        try:
            _send(connection, request, time.monotonic() + self._timeout_s, call)
            return connection.receive(MAX_ANSWER_BYTES)
        except TimeoutError as error:
            raise call.failed(AnswerTimeoutError, f"no complete answer within {self._timeout_s:g} s") from error
        except OSError as error:
            raise call.failed(ConnectionLostError, f"connection lost: {one_line(str(error), 200)}") from error
        except TooLargeError as error:
            raise call.failed(BadAnswerError, f"the answer is larger than {MAX_ANSWER_BYTES} bytes") from error
        except ValueError as error:
            what = self.secrets.hide(one_line(str(error), 200))
            raise call.failed(BadAnswerError, f"not an HTTP answer: {what}") from None

    def _request(self, call: Call, authorization: str) -> bytes:
        """The request as it goes over the wire, in one piece so that it leaves in one packet if it can.

        Raises BadRequestError for a character that would end the head of the request.
        """
        body = call.body or b""
        lines = [f"{call.method} {self._origin}{call.target} HTTP/1.1", self._common]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        if call.body is not None:
            lines.append(f"Content-Type: {call.content_type}")
        if call.body is not None or call.method in _BODY_EXPECTED:
            lines.append(f"Content-Length: {len(body)}")
        if not all(map(_FIT_FOR_A_HEAD.fullmatch, (call.target, authorization, call.content_type))):
            raise call.failed(BadRequestError, "not sent: its head would contain a character that HTTP forbids")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _reads(call: Call) -> bool:
    """Whether the call changes nothing: a GET, or the caller's own login and logout. ``/login/{user_id}``, by which an
    admin acts as another user, is none.
    """
    return call.method == "GET" or (call.method, call.path) in _SESSION_CALLS


def _common_headers(endpoint: Endpoint) -> str:
    """The headers that every request has. Raises :class:`DestinationError` for an impossible host."""
    port = "" if endpoint.port == (443 if endpoint.encrypted else 80) else f":{endpoint.port}"
    named = {"Host": endpoint.wire_host + port, "Accept": JSON, "Accept-Encoding": "gzip", "User-Agent": AGENT}
    return "\r\n".join(f"{name}: {value}" for name, value in {**named, sdk.LOOKER_API_ID: AGENT}.items())


def _refused_by(proxy: Proxy, status: int, call: Call) -> LookerError:
    """Nothing reached Looker: a call that a proxy refuses was not sent."""
    wants = "wants a user and a password" if status == _PROXY_WANTS_A_LOGIN else "refuses to connect to the destination"
    hint = (
        "put them into the proxy's URL (HTTPS_PROXY, HTTP_PROXY or [destination] proxy)"
        if status == _PROXY_WANTS_A_LOGIN
        else 'ask for the host to be allowed, or name it in NO_PROXY, or set [destination] proxy = "none"'
    )
    return call.failed(ConnectError, f"proxy {proxy} {wants} (status {status})", hint=hint)


def _connect(connection: Connection, call: Call, endpoint: Endpoint, proxy: Proxy | None) -> None:
    way = f" through proxy {proxy}" if proxy is not None else ""
    try:
        connection.connect()
    except ProxyRefusedError as error:
        raise _refused_by(error.proxy, error.status, call) from error
    except ssl.SSLCertVerificationError as error:
        what = f"the certificate of {endpoint.origin} is not trusted: {error.verify_message}"
        raise call.failed(ConnectError, what, hint=_CERTIFICATE_HINT) from error
    except ssl.SSLError as error:
        what = f"no TLS with {endpoint.origin}: {error.reason or error}"
        raise call.failed(ConnectError, what, hint=_SPEAKS_HTTPS) from error
    except ProxyStalledError as error:
        what = f"proxy {error.proxy} did not open a connection to {endpoint.origin} in time"
        raise call.failed(ConnectError, what, hint=_PROXY_HINT) from error
    except TimeoutError as error:
        # A server that waits for the end of a line may take a TLS greeting for the beginning of one.
        hint = _SPEAKS_HTTPS if endpoint.encrypted else ""
        what = f"{endpoint.origin} did not accept a connection in time{way}"
        raise call.failed(ConnectError, what, hint=hint) from error
    except (OSError, UnicodeError) as error:
        raise call.failed(ConnectError, f"no connection to {endpoint.origin}{way}: {error}") from error


def _send(connection: Connection, request: bytes, deadline: float, call: Call) -> None:
    try:
        connection.send(request, deadline)
    except ConnectionError as error:
        if not connection.request_left:
            raise call.failed(ConnectError, "the connection was closed before the request was sent") from error
        log.debug("%s: cut off while sending, an early answer may be waiting", call)


def _answer(message: RawAnswer, call: Call, server_s: float) -> HttpAnswer:
    coding = message.headers.get("content-encoding", "identity").lower()
    body = message.body if coding == "identity" else _decompressed(message.body, coding, call)
    return HttpAnswer(message.status, message.headers, body, server_s)


def _decompressed(body: bytes, encoding: str, call: Call) -> bytes:
    if encoding not in ("gzip", "x-gzip"):
        raise call.failed(BadAnswerError, f"content encoding {one_line(encoding, 40)}, which was not requested")
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, MAX_ANSWER_BYTES)
    except zlib.error as error:
        raise call.failed(BadAnswerError, f"the answer's gzip is damaged: {error}") from error
    if not inflater.eof:
        raise call.failed(BadAnswerError, "the answer's gzip is cut short or too large")
    return plain
