"""Running a simulated instance on loopback: in a thread of this process, or as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
from types import TracebackType
from typing import Any, Self, cast

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.faults import Fault, FaultMatch
from lrestore.simulator.core.journal import CallLog
from lrestore.simulator.core.simulation import Simulation
from lrestore.simulator.core.store import World
from lrestore.simulator.core.tokens import ApiKeys
from lrestore.simulator.http.app import TRANSPORT, App

try:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"the simulated Looker needs {error.name}: pip install 'lrestore[simulator]'", name=error.name
    ) from error

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""The addresses that a simulated instance may listen on."""
_BACKLOG = 2048
_STOP_TIMEOUT_S = 10.0
_TICK_S = 0.1
"""How often a server looks whether a signal asked for its end."""
_SOON_S = 0.002
_FINAL_HEADS = tuple(b"HTTP/1.1 %d" % first for first in range(2, 6))
_HEAD_END = b"\r\n\r\n"


class _Joined:
    """A connection that sends the head of an answer together with its body, in one packet: a client that receives
    the head alone wakes up twice. All other calls go to the connection itself.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send the data; a head is kept and sent with the data that follows."""
        if not self._head and data.startswith(_FINAL_HEADS) and data.endswith(_HEAD_END):
            self._head = data
            return
        data, self._head = self._head + data, b""
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that no data follows."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close the connection after all data was sent."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which also passes the connection to the application, for faults that break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._joined = _Joined(transport)
        super().connection_made(cast("asyncio.Transport", self._joined))

    def on_response_complete(self) -> None:
        self._joined.flush()
        super().on_response_complete()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("JsonObject", self.scope)[TRANSPORT] = self.transport


class _Server(uvicorn.Server):
    """uvicorn's server, which can stop listening for a time."""

    def __init__(self, config: uvicorn.Config, app: App, listener: socket.socket) -> None:
        super().__init__(config)
        self._app = app
        self._address = listener.getsockname()
        self._family = listener.family
        self._reopening: set[asyncio.Task[None]] = set()
        self._going = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        app.refuse = self._refuse

    async def _refuse(self, seconds: float) -> None:
        async with self._going:
            if not self._reopening:
                await self._go(seconds)

    async def _go(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        for listening in [one for server in self.servers for one in server.sockets]:
            loop.remove_reader(listening)
        # A connection that is being accepted when its server closes would stay open, and its calls without an answer.
        await asyncio.sleep(_SOON_S)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        task = loop.create_task(self._reopen(seconds))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    async def _reopen(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._app.closing.wait(), seconds)
        if self._app.closing.is_set():
            return
        loop = asyncio.get_running_loop()
        listener = _listen(self._address[0], self._address[1], self._family)
        self.servers = [await loop.create_server(self._protocol, sock=listener, backlog=_BACKLOG)]

    def _protocol(self) -> asyncio.Protocol:
        return _Protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def wake(self) -> None:
        """End now, not at the next tick. Safe in any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # The loop is closed: the server has ended.
                self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        """Serve until :meth:`wake` is called, or a tick sees that a signal asked for the end."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        while not self.should_exit:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End hanging requests at once, then close. uvicorn's own method waits a tenth of a second in any case."""
        self._app.closing.set()
        # A connection that is being accepted when its server closes would stay open (Python 3.12 and 3.13).
        await asyncio.sleep(_SOON_S)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(_SOON_S)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
            for connection in list(self.server_state.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            await asyncio.sleep(0)  # the loop closes the sockets of aborted connections in its next turn


def _listen(host: str, port: int, family: socket.AddressFamily | int) -> socket.socket:
    # The protocol is given because asyncio disables Nagle's algorithm only for sockets with protocol TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def build(simulation: Simulation, host: str = "127.0.0.1", port: int = 0) -> tuple[_Server, socket.socket]:
    """A server for a simulation and its socket, which is listening already, so that no client is too early.

    Raises ValueError for a host other than loopback, OSError for a port in use.
    """
    if host not in HOSTS:
        raise ValueError(f"the simulator listens on loopback only, not on {host}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = _listen(host, port, family)
    app = App(simulation)
    config = uvicorn.Config(
        cast("Any", app),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        backlog=_BACKLOG,
    )
    name = f"[{host}]" if ":" in host else host
    simulation.public_url = f"http://{name}:{listener.getsockname()[1]}"
    return _Server(config, app, listener), listener


def new_simulation(
    world: World, config: SimulatorConfig | None = None, *, client_id: str = "", client_secret: str = ""
) -> Simulation:
    """A simulation with an API key: the given one, or a generated one."""
    key = ApiKeys(client_id or secrets.token_hex(10), client_secret or secrets.token_hex(12))
    return Simulation(world, config or SimulatorConfig(), key)


class RunningSimulator:
    """A simulated instance that answers on ``base_url``; a context manager that stops it.

    ``world`` may be read at any time, and edited while no call is in progress.
    """

    def __init__(self, simulation: Simulation, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.simulation = simulation
        self._server, self._listener = build(simulation, host, port)
        self.base_url = simulation.public_url
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="lrestore-simulator", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        except BaseException as failure:  # noqa: BLE001 (raised by stop)
            self._failure = failure

    @property
    def client_id(self) -> str:
        """The client id of the API key."""
        return self.simulation.tokens.client_id

    @property
    def client_secret(self) -> str:
        """The client secret of the API key."""
        return self.simulation.tokens.client_secret

    @property
    def world(self) -> World:
        """The records."""
        return self.simulation.world

    @property
    def log(self) -> CallLog:
        """The log of calls and lost answers."""
        return self.simulation.journal

    @property
    def config(self) -> SimulatorConfig:
        """The behaviour; its fields may be set while it runs."""
        return self.simulation.config

    def fault(
        self, fault: str, *, retry_after: float | None = None, handled: bool = False, status: int = 200, **match: Any
    ) -> Fault:
        """Activate one :class:`~lrestore.simulator.core.faults.Fault`; its ``fired`` counts how often it fired."""
        rule = Fault(fault=fault, retry_after=retry_after, handled=handled, status=status, match=FaultMatch(**match))
        self.simulation.faults.add([rule])
        return rule

    def stop(self) -> None:
        """Stop the server. Raises the exception that ended its thread, if there was one."""
        self._server.wake()
        self._thread.join(_STOP_TIMEOUT_S)
        if self._thread.is_alive():
            raise RuntimeError(f"the simulator on {self.base_url} does not stop")
        if self._failure is not None:
            raise RuntimeError(f"the simulator on {self.base_url} died") from self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    world: World, config: SimulatorConfig | None = None, *, client_id: str = "", client_secret: str = ""
) -> RunningSimulator:
    """Run a simulated instance in a thread of this process, on a free port of loopback."""
    return RunningSimulator(new_simulation(world, config, client_id=client_id, client_secret=client_secret))
