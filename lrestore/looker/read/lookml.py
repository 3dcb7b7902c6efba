"""Definitions that no API call can write: the fields of explores (LookML), the names of permissions (Looker)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from lrestore.errors import LookerError
from lrestore.looker.caller import Caller

_KINDS = ("dimensions", "measures", "filters", "parameters")
_NAMES_ALONE = f"fields({','.join(f'{kind}(name)' for kind in _KINDS)})"
"""An explore whole is megabytes."""

Names = frozenset[str]


class Definitions:
    """Reads each definition at most once. None: this caller may not read it."""

    def __init__(self, session: Caller) -> None:
        self._session = session
        self._known: dict[tuple[str, ...], Names | None] = {}
        self._lock = threading.Lock()

    def explore_fields(self, model: str, explore: str) -> Names | None:
        """The names of an explore's fields, ``view.field`` each."""
        return self._once(("explore", model, explore), lambda: self._ask_for_fields(model, explore))

    def permissions(self) -> Names | None:
        """The names of all permissions that this release knows (all_permissions)."""
        return self._once(("permissions",), self._ask_for_permissions)

    def _once(self, key: tuple[str, ...], ask: Callable[[], Names | None]) -> Names | None:
        with self._lock:
            if key not in self._known:
                self._known[key] = ask()
            return self._known[key]

    def _ask_for_fields(self, model: str, explore: str) -> Names | None:
        path = {"lookml_model_name": model, "explore_name": explore}
        try:
            shown = self._session.call("lookml_model_explore", path=path, query={"fields": _NAMES_ALONE})
        except LookerError:
            return None
        found = shown.get("fields")
        return field_names(found) if isinstance(found, dict) else None

    def _ask_for_permissions(self) -> Names | None:
        try:
            rows = self._session.call("all_permissions")
        except LookerError:
            return None
        return frozenset(str(row["permission"]) for row in rows) or None


def field_names(fields: dict[str, Any]) -> Names | None:
    """The names in an explore's ``fields``; None where it shows none at all."""
    rows = [row for kind in _KINDS for row in fields.get(kind) or ()]
    return frozenset(str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name")) or None
