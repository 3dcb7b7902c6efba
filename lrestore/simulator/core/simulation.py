"""One simulated instance: world, behaviour, log, tokens, faults, and a call as the operations see it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.simulator.core import schema, views
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.faults import Faults
from lrestore.simulator.core.journal import CallLog, LoggedCall
from lrestore.simulator.core.limits import Limits
from lrestore.simulator.core.projection import Tree, parse
from lrestore.simulator.core.refusal import FieldRefusal, invalid, not_found
from lrestore.simulator.core.schema import OperationSpec
from lrestore.simulator.core.store import Record, World, key_of
from lrestore.simulator.core.tokens import ApiKeys, Token

NO_CONTENT = object()
"""Return value of an operation that answers 204 without a body."""


class Simulation:
    """A simulated Looker instance without its network side."""

    def __init__(self, world: World, config: SimulatorConfig, tokens: ApiKeys) -> None:
        self.world = world
        self.configure(config)
        self.tokens = tokens
        self.journal = CallLog()
        self.faults = Faults(config.seed)
        self.limits = Limits()
        self.public_url = world.base_url

    def configure(self, config: SimulatorConfig) -> None:
        """Replace the behaviour."""
        self.config = config
        self.world.release = config.release

    def replace_world(self, world: World) -> None:
        """Replace the records."""
        self.world = world
        self.world.release = self.config.release

    @property
    def release(self) -> str:
        """The Looker release that is simulated."""
        return self.config.release or schema.release()

    def now_s(self) -> float:
        """The monotonic clock, for tokens and limits."""
        return time.monotonic()

    def caller_id(self) -> str:
        """The owner of the API key: the first admin, or with ``caller_admin`` off the first user that is no admin."""
        users = [u for u in self.world.table("user") if not u["is_disabled"]]
        fitting = [u for u in users if self.is_admin(u["id"]) == self.config.caller_admin]
        chosen = next(iter(fitting or users), None)
        return str(chosen["id"]) if chosen else ""

    def is_admin(self, user_id: str) -> bool:
        """Whether one of the user's roles, own or by group, has the all-access permission set."""
        edges = self.world.edges
        roles = set(edges["role_user"].lefts(user_id))
        for group_id in edges["group_user"].lefts(user_id):
            roles.update(edges["role_group"].lefts(group_id))
        return any(self._all_access(role_id) for role_id in roles)

    def _all_access(self, role_id: str) -> bool:
        role = self.world.get("role", role_id)
        permissions = self.world.get("permission_set", role["permission_set_id"]) if role else None
        return bool(permissions and permissions["all_access"])


@dataclass(slots=True)
class OperationCall:
    """One call of an operation: the request, and access to the simulation."""

    simulation: Simulation
    operation: OperationSpec
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    entry: LoggedCall
    token: Token | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Additional headers of the answer."""

    @property
    def world(self) -> World:
        """The records."""
        return self.simulation.world

    @property
    def user_id(self) -> str:
        """The calling user."""
        return self.token.user_id if self.token else ""

    @property
    def result_schema(self) -> str:
        """The schema of the answer, of one entry if it is a list."""
        return (self.operation.result or "").strip("[]@")

    @property
    def tree(self) -> Tree | None:
        """The ``fields`` parameter."""
        text = self.query.get("fields")
        return parse(text, self.result_schema) if text else None

    def sees(self, kind: str, record: Record) -> bool:
        """Whether the caller may see the record: ``hidden`` lists exceptions for callers that are not admins."""
        config = self.simulation.config
        return config.caller_admin or key_of(kind, record) not in config.hidden.get(kind, ())

    def find(self, kind: str, key: str | None) -> Record | None:
        """A record that the caller can see, or None."""
        record = self.world.get(kind, key)
        return record if record is not None and self.sees(kind, record) else None

    def need(self, kind: str, key: str | None) -> Record:
        """The record of the path. Raises RefusedError 404."""
        record = self.find(kind, key)
        if record is None:
            raise not_found()
        return record

    def show(self, kind: str, record: Record) -> Record:
        """The record as this operation's answer, reduced to ``fields``."""
        return views.render(self.world, kind, record, self.result_schema, self.tree)

    def checked_body(self, *, partial: bool) -> JsonObject:
        """The body's writable values. Raises RefusedError 422; logs read-only fields."""
        if not isinstance(self.body, dict):
            raise invalid(FieldRefusal("body", "invalid", "the body must be an object"))
        name = (self.operation.body or "").lstrip("@")
        checked = schema.check(name, self.body, partial=partial, release=self.world.release)
        self.entry.ignored = checked.ignored
        if checked.problems:
            raise invalid(*checked.problems)
        return checked.values

    @property
    def stamp(self) -> JsonObject:
        """The fields for the last editor of a dashboard or a look (the name is looked up when shown)."""
        return {"last_updater_id": self.user_id or None, "last_updater_name": None}

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.query.get(name, "").lower() == "true"
