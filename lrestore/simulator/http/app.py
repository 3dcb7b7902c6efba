"""The ASGI application: requests, latency, limits, and faults of answers or connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from lrestore.simulator.api.dispatch import Answer, Request, answer, refusal_answer
from lrestore.simulator.api.routes import Route, route
from lrestore.simulator.core.faults import LIST_FAULTS, PROXY_PAGE, Fault, refusal_of
from lrestore.simulator.core.journal import LoggedCall
from lrestore.simulator.core.list_faults import answer_as_given, query_as_understood
from lrestore.simulator.core.simulation import Simulation
from lrestore.simulator.http.control import ControlApi

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

API = "/api/4.0"
TRANSPORT = "lrestore.transport"
"""Key of the scope under which the server passes the connection, for faults that break it."""

_LINGER_OFF = struct.pack("ii", 1, 0)
_LOOK_EVERY_S = 0.005


class App:
    """One simulated instance over ASGI.

    For each request: read, log, perhaps fail, wait, limit, handle, perhaps replace the answer, send.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.control = ControlApi(simulation)
        self.closing = asyncio.Event()
        self.refuse: Callable[[float], Awaitable[None]] | None = None
        """Set by the server: stop listening for so many seconds."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise NotImplementedError(f"the simulator speaks HTTP only, not {scope['type']}")
        path = scope["raw_path"].decode("ascii")
        body = await _read(receive)
        if path.startswith("/_simulator"):
            await _send(send, self.control.answer(scope["method"], path, scope["query_string"], body))
            return
        await self._serve(scope, receive, send, path, body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, path: str, body: bytes) -> None:
        simulation = self.simulation
        method = scope["method"]
        below = path[len(API) :] if path.startswith(API) else ""
        found = route(method, below) if below else route(method, path) if path == "/versions" else None
        entry = simulation.journal.start(method, below or path, simulation.now_s())
        simulation.journal.bytes_in += len(body)
        if found is not None:
            entry.operation, entry.template = found.operation.id, found.operation.path
        try:
            request = Request(method, scope["query_string"], _authorization(scope), body)
            await self._handle(_Exchange(scope, receive, send, entry, found), request)
        finally:
            simulation.journal.finish(entry, simulation.now_s())

    async def _handle(self, exchange: _Exchange, request: Request) -> None:
        simulation, entry = self.simulation, exchange.entry
        fault = simulation.faults.strike(entry.method, entry.path, entry.template, entry.operation)
        if fault is not None:
            entry.fault = fault.fault
            if await self._fail_before(exchange, fault):
                return
        latency_ms = simulation.config.latencies_ms.get(entry.operation or "", simulation.config.latency_ms)
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        refused = simulation.limits.check(simulation.config, simulation.journal.in_flight, simulation.now_s())
        if refused is not None:
            await self._send(exchange, refusal_answer(refused, exchange.operation))
            return
        if fault is not None and fault.action in LIST_FAULTS:
            await self._answer_in_part(exchange, fault, request)
            return
        spoilt = fault is not None and not fault.takes_effect and fault.action in ("status", "html", "body")
        result = None if spoilt else answer(simulation, exchange.found, request, entry)
        if fault is not None:
            await self._spoil(exchange, fault, result)
        elif result is not None:
            await self._send(exchange, result)

    async def _answer_in_part(self, exchange: _Exchange, fault: Fault, request: Request) -> None:
        """Handle the call as a server does that understands a part of it, or shows a part of the answer."""
        asked = request._replace(query=query_as_understood(fault, request.query))
        result = answer(self.simulation, exchange.found, asked, exchange.entry)
        if result.status == 200:
            operation = exchange.entry.operation or ""
            body = answer_as_given(fault, request.query, operation, result.body, self.simulation.world)
            result = result._replace(body=body)
        await self._send(exchange, result)

    async def _fail_before(self, exchange: _Exchange, fault: Fault) -> bool:
        """Apply faults that come before the call is handled; True if the call ends there."""
        if fault.action == "expire_tokens":
            self.simulation.tokens.expire_all()
        elif fault.action == "delay":
            await asyncio.sleep(fault.number or 0)
        elif fault.action == "late":
            reset(exchange.scope)
            await asyncio.sleep(fault.number or 0)
        elif fault.action == "hold":
            await self._hold(fault)
        elif fault.action == "hang" and not fault.handled:
            await self._hang(exchange, fault.number)
            return exchange.gone
        elif fault.action == "reset_before":
            reset(exchange.scope)
            return True
        elif fault.action == "refuse" and self.refuse is not None:
            await self.refuse(fault.number or 0)
            return True
        return False

    async def _spoil(self, exchange: _Exchange, fault: Fault, result: Answer | None) -> None:
        """Apply faults of the answer. *result* is None if the call had no effect."""
        if fault.action == "late":
            return
        if fault.action == "reset_after":
            reset(exchange.scope)
        elif fault.action == "status":
            await self._send(exchange, refusal_answer(refusal_of(fault), exchange.operation))
        elif fault.action == "html":
            await self._send(exchange, Answer(int(fault.number or 502), PROXY_PAGE, {}, "text/html"))
        elif fault.action == "body":
            await self._send(exchange, Answer(fault.status, fault.text.encode()))
        elif result is not None and fault.action == "truncate":
            await self._send(exchange, result._replace(body=_half(result.body)))
        elif result is not None and fault.action == "cut":
            await _send(exchange.send, result, upto=max(1, len(result.body) // 2))
            exchange.scope[TRANSPORT].close()
        elif result is not None:
            if fault.action == "hang" and fault.handled:
                await self._hang(exchange, fault.number)
            await self._send(exchange, result)

    async def _hold(self, fault: Fault) -> None:
        """Wait until the rule is removed or the server closes. It may be removed in another thread."""
        while self.simulation.faults.holds(fault) and not self.closing.is_set():
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _hang(self, exchange: _Exchange, seconds: float | None) -> None:
        """Wait without an answer until the time is over, the client disconnects or the server closes."""
        waits = {asyncio.ensure_future(exchange.receive()), asyncio.ensure_future(self.closing.wait())}
        done, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        exchange.gone = bool(done)

    async def _send(self, exchange: _Exchange, result: Answer) -> None:
        exchange.entry.status = result.status
        self.simulation.journal.bytes_out += len(result.body)
        await _send(exchange.send, result)


class _Exchange:
    """A request in progress, with its connection."""

    __slots__ = ("entry", "found", "gone", "receive", "scope", "send")

    def __init__(self, scope: Scope, receive: Receive, send: Send, entry: LoggedCall, found: Route | None) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.entry, self.found, self.gone = entry, found, False

    @property
    def operation(self) -> Any:
        return self.found.operation if self.found else None


def reset(scope: Scope) -> None:
    """Break the connection with a TCP reset, as a crashed proxy does."""
    transport = scope[TRANSPORT]
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
    transport.abort()


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body


def _authorization(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1"))
    return ""


def _half(body: bytes) -> bytes:
    """JSON cut short. An answer without content has nothing to be cut."""
    return body[: len(body) // 2] or b"{" if body else b""


async def _send(send: Send, result: Answer, upto: int | None = None) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in result.headers.items()]
    if result.status != 204:
        headers.append((b"content-type", result.content_type.encode()))
        headers.append((b"content-length", str(len(result.body)).encode()))
    await send({"type": "http.response.start", "status": result.status, "headers": headers})
    body = result.body if upto is None else result.body[:upto]
    await send({"type": "http.response.body", "body": body, "more_body": upto is not None})
