"""A simulated instance in its own process: it outlives clients that are killed, and tests can inspect it afterwards."""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig

_IDLE_TIMEOUT_S = 600.0
_STOP_TIMEOUT_S = 20.0


class ControlClient:
    """The control API of a running simulator. Methods raise RuntimeError with the reason of a refusal."""

    def __init__(self, base_url: str) -> None:
        self._address = urlsplit(base_url).netloc

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call under ``/_simulator/``; the decoded answer."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
            connection.request(method, f"/_simulator/{path}", data)
            response = connection.getresponse()
            answer = msgspec.json.decode(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"{method} /_simulator/{path}: {answer.get('error', answer)}")
        return answer

    def log(self) -> JsonObject:
        """Every call, counts by operation, incidents."""
        answer: JsonObject = self.call("GET", "log")
        return answer

    def state(self) -> dict[str, list[JsonObject]]:
        """The whole world, by type."""
        answer: dict[str, list[JsonObject]] = self.call("GET", "state")
        return answer

    def fault(self, fault: str, *, match: Mapping[str, object] | None = None, **more: object) -> None:
        """Activate a rule (see :class:`lrestore.simulator.core.faults.Fault`)."""
        self.call("POST", "faults", {"fault": fault, "match": match or {}, **more})

    def configure(self, **changes: object) -> None:
        """Change the behaviour (see :class:`lrestore.simulator.core.config.SimulatorConfig`)."""
        self.call("PATCH", "config", changes)

    def begin_anew(self, world: bytes) -> None:
        """Forget faults, behaviour and log, and have this world, as ndjson. Waits until no call is in progress: an
        instance may end a call whose caller was killed.
        """
        self.call("DELETE", "faults")
        until_s = time.monotonic() + _IDLE_TIMEOUT_S
        while self.log()["in_flight"]:
            if time.monotonic() > until_s:
                raise RuntimeError(f"a call is in progress for {_IDLE_TIMEOUT_S:.0f} s")
            time.sleep(0.02)
        self.configure(**msgspec.structs.asdict(SimulatorConfig()))
        self.call("POST", "load", world)
        self.call("DELETE", "log")

    def edit(self, *edits: Mapping[str, object]) -> list[Any]:
        """Change the world without the API (see :class:`lrestore.simulator.world.edits.Edit`)."""
        answer: list[Any] = self.call("POST", "edit", list(edits))
        return answer


class _Greeting(msgspec.Struct):
    base_url: str
    client_id: str
    client_secret: str
    skipped: list[tuple[int, str]] = []


class SimulatorProcess(ControlClient):
    """``python -m lrestore.simulator`` with these arguments, as a context manager. ``bound``: it ends when this process
    ends, whatever the reason, and takes no signal of its terminal.

    RuntimeError with its message if it does not start.
    """

    def __init__(
        self, arguments: Sequence[str] = (), environ: Mapping[str, str] | None = None, *, bound: bool = False
    ) -> None:
        command = [sys.executable, "-m", "lrestore.simulator", *arguments, *(["--until-eof"] if bound else [])]
        stdin = subprocess.PIPE if bound else None
        # A file: a pipe would not be read, and a process blocks when its pipe is full.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _close)
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=self._errors, env=environ, start_new_session=bound
        )
        assert self._process.stdout is not None  # noqa: S101 (PIPE was asked for)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(_STOP_TIMEOUT_S)
            self._errors.seek(0)
            reason = self._errors.read().decode(errors="replace").strip()
            self._close()
            raise RuntimeError(f"the simulator did not start: {reason}")
        greeting = msgspec.json.decode(line, type=_Greeting)
        self.base_url = greeting.base_url
        self.client_id = greeting.client_id
        self.client_secret = greeting.client_secret
        self.skipped = greeting.skipped
        super().__init__(self.base_url)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code. It saves its world if it was started with a path for it."""
        self._process.terminate()
        return self._close()

    def _close(self) -> int:
        try:
            return self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            for file in (self._process.stdin, self._process.stdout, self._errors):
                if file is not None:
                    file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
