"""The control API under ``/_simulator/``: log, faults, behaviour, and the world itself. For tests and demonstrations.

===============================  ========================================================================
``GET/DELETE /_simulator/log``   every call, counts by operation, incidents; clear them
``GET/POST/DELETE .../faults``   the active rules with their counts; add a list of rules; remove all
``GET/PATCH .../config``         behaviour (:class:`lrestore.simulator.core.config.SimulatorConfig`); change some of it
``GET .../state``                the whole world, by type
``POST .../load``                replace the world with the ndjson in the body
``POST .../edit``                one :class:`lrestore.simulator.world.edits.Edit`, or a list of them
``POST .../expire_tokens``       invalidate all tokens
===============================  ========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from lrestore.json_types import JsonObject
from lrestore.simulator.api.dispatch import Answer
from lrestore.simulator.core import config
from lrestore.simulator.core.faults import Fault
from lrestore.simulator.core.simulation import Simulation
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.edits import Edit, edit

_Route: TypeAlias = Callable[[bytes], Any]


class ControlApi:
    """Answers the control API. Faults, limits and the log do not apply to it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._routes: dict[tuple[str, str], _Route] = {
            ("GET", "log"): self._log,
            ("DELETE", "log"): self._clear_log,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "config"): lambda body: simulation.config,
            ("PATCH", "config"): self._configure,
            ("GET", "state"): lambda body: worldfile.by_type(simulation.world),
            ("POST", "load"): self._load,
            ("POST", "edit"): self._edit,
            ("POST", "expire_tokens"): self._expire_tokens,
        }

    def answer(self, method: str, path: str, query: bytes, body: bytes) -> Answer:
        """Answer one call of the control API: 200, 404, or 400 with the reason."""
        handler = self._routes.get((method, path.removeprefix("/_simulator/").strip("/")))
        if handler is None:
            return _json(404, {"error": f"no {method} {path}"})
        try:
            return _json(200, handler(body))
        except (msgspec.DecodeError, msgspec.ValidationError, ValueError, KeyError) as error:
            return _json(400, {"error": str(error)})

    def _log(self, body: bytes) -> Any:
        return self.simulation.journal.as_json()

    def _clear_log(self, body: bytes) -> Any:
        self.simulation.journal.clear()
        return {}

    def _faults(self, body: bytes) -> Any:
        return self.simulation.faults.rules

    def _add_faults(self, body: bytes) -> Any:
        rules = msgspec.json.decode(body, type=list[Fault] | Fault)
        self.simulation.faults.add(rules if isinstance(rules, list) else [rules])
        return self.simulation.faults.rules

    def _clear_faults(self, body: bytes) -> Any:
        self.simulation.faults.clear(self.simulation.config.seed)
        return []

    def _configure(self, body: bytes) -> Any:
        changes = msgspec.json.decode(body, type=JsonObject)
        self.simulation.configure(config.changed(self.simulation.config, changes))
        return self.simulation.config

    def _load(self, body: bytes) -> Any:
        self.simulation.replace_world(worldfile.read_lines(body.splitlines(), self.simulation.world.moment))
        return {kind: len(table) for kind, table in self.simulation.world.tables.items()}

    def _edit(self, body: bytes) -> Any:
        changes = msgspec.json.decode(body, type=list[Edit] | Edit)
        return [edit(self.simulation.world, one) for one in (changes if isinstance(changes, list) else [changes])]

    def _expire_tokens(self, body: bytes) -> Any:
        self.simulation.tokens.expire_all()
        return {}


def _json(status: int, value: Any) -> Answer:
    return Answer(status, msgspec.json.encode(value))
