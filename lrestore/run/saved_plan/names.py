"""Ids in plans: an object that does not exist yet is called ``new TYPE ID``; it gets its live id when it is created."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lrestore.content.links import Link, New, may_hold_links, rewritten
from lrestore.messages import ItemKey
from lrestore.restoration.writes import FutureId
from lrestore.text.storable import storable

PERSONAL_FOLDER_OF = "personal folder of "
"""Prefix of the name of a planned user: Looker creates the folder together with the user."""

_NEW = re.compile(rf"({PERSONAL_FOLDER_OF})?new ([a-z_]+) ([\w#-]+)")

MASK = "***"
"""Stands for a secret. Whether it is still the same is not compared."""

_SECRETS = frozenset({"secret_parameters", "password", "client_secret", "access_token"})
"""Fields that hold secrets. Looker does not show them, and a backup does not hold them; a file must not either."""

LiveIdOf = Callable[[str, str], str | None]
"""The live id of a backed-up object or part, by type and source id."""


def new(type_name: str, source_id: str) -> str:
    """The name of an object that a plan creates."""
    return FutureId(type_name, source_id).name


def with_planned_names(value: Any) -> Any:
    """A JSON value in which planned objects have their names."""
    if isinstance(value, FutureId):
        return value.name
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {
            storable(str(name)): MASK if name in _SECRETS and entry else with_planned_names(entry)
            for name, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [with_planned_names(entry) for entry in value]
    return value if value is None or isinstance(value, bool | int | float) else storable(str(value))


def _without_targets(value: Any) -> Any:
    if isinstance(value, str):
        return rewritten(_NEW.sub(r"\3", value), lambda link: ("0", "host" if link.host else None))
    if isinstance(value, dict):
        return {name: _without_targets(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_targets(entry) for entry in value]
    return value


class PlannedNames:
    """Replaces names in a plan by the ids of the objects that are created by now."""

    def __init__(
        self,
        recorded: LiveIdOf,
        personal_folder: Callable[[str], str | None],
        itself: ItemKey | None = None,
        live_id: str = "",
    ) -> None:
        """``personal_folder``: the id of a live user's personal folder. ``itself``: the item whose values are compared,
        and its live id.
        """
        self._recorded = recorded
        self._personal_folder = personal_folder
        self._itself = itself
        self._live_id = live_id

    def known(self, text: str) -> str:
        """``text`` with the ids of created objects."""
        return _NEW.sub(self._id, text) if "new " in text else text

    def same(self, planned: Any, now: Any) -> bool:
        """Whether two plain values are the same, apart from names that have become ids."""
        if isinstance(planned, dict) and isinstance(now, dict):
            return planned.keys() == now.keys() and all(self.same(value, now[name]) for name, value in planned.items())
        if isinstance(planned, list) and isinstance(now, list):
            return len(planned) == len(now) and all(map(self.same, planned, now))
        if isinstance(planned, str) and isinstance(now, str):
            return planned == now or self.known(planned) == self.known(now) or self._same_but_own(planned, now)
        return type(planned) is type(now) and bool(planned == now)

    def _same_but_own(self, planned: str, now: str) -> bool:
        """Whether two texts are the same except for links to the item itself: until it is created, they hold the
        backed-up id.
        """
        if self._itself is None or not self._live_id or not may_hold_links(planned):
            return False
        return self._without_own(planned, self._itself.id) == self._without_own(now, self._live_id)

    def _without_own(self, text: str, own_id: str) -> str:
        def new(link: Link) -> New | None:
            own = self._itself is not None and (link.type, link.id) == (self._itself.type, own_id)
            return ("itself", "host" if link.host else None) if own else None

        return rewritten(self.known(text), new)

    def alike(self, planned: Any, now: Any) -> bool:
        """Whether two plain values are the same except for the targets of their links. Some targets are created later,
        in an order that depends on the workers.
        """
        return bool(_without_targets(planned) == _without_targets(now))

    def _id(self, found: re.Match[str]) -> str:
        folder, type_name, source_id = found.groups()
        live_id = self._recorded(type_name, source_id)
        if live_id is not None and folder:
            live_id = self._personal_folder(live_id)
        return found[0] if live_id is None else live_id
