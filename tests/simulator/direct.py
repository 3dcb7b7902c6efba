"""Calls a simulated instance without a network, which is fast enough for many rules."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from lrestore.simulator.api.dispatch import Request, answer
from lrestore.simulator.api.routes import route
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import new_simulation


class Direct:
    """A caller with a token. ``status`` and ``headers`` are of the last answer."""

    def __init__(self, world: World, config: SimulatorConfig | None = None) -> None:
        self.simulation = new_simulation(world, config, client_id="id", client_secret="secret")
        self.world = world
        self.log = self.simulation.journal
        self.status = 0
        self.headers: dict[str, str] = {}
        self.token = ""
        self.token = self.form("/login", client_id="id", client_secret="secret")["access_token"]

    def form(self, path: str, **values: str) -> Any:
        return self._call("POST", path, urlencode(values).encode(), {})

    def get(self, path: str, **query: object) -> Any:
        return self._call("GET", path, b"", query)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        return self._call("POST", path, _json(body), query)

    def patch(self, path: str, body: object = None, **query: object) -> Any:
        return self._call("PATCH", path, _json(body), query)

    def put(self, path: str, body: object = None, **query: object) -> Any:
        return self._call("PUT", path, _json(body), query)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, b"", {})

    def fields(self, body: Any) -> dict[str, str]:
        """Field → code of a ValidationError that has just come back."""
        assert self.status == 422, (self.status, body)
        assert body["message"] == "Validation Failed"
        return {error["field"]: error["code"] for error in body["errors"]}

    def _call(self, method: str, path: str, body: bytes, query: dict[str, object]) -> Any:
        found = route(method, path)
        entry = self.log.start(method, path, 0.0)
        if found is not None:
            entry.operation, entry.template = found.operation.id, found.operation.path
        text = {key: str(value).lower() if isinstance(value, bool) else value for key, value in query.items()}
        request = Request(method, urlencode(text).encode(), f"Bearer {self.token}", body)
        result = answer(self.simulation, found, request, entry)
        entry.status = result.status
        self.log.finish(entry, 0.0)
        self.status, self.headers = result.status, dict(result.headers)
        return json.loads(result.body) if result.body else None


def _json(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
