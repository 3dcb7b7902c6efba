"""Definitions that no API call can write: the fields of explores (LookML), the names of permissions (Looker)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from lrestore.errors import LookerError
from lrestore.looker.caller import Caller
from lrestore.looker.read.index_files import Shared
from lrestore.looker.read.shared_records import SharedRecords

_KINDS = ("dimensions", "measures", "filters", "parameters")
_NAMES_ALONE = f"fields({','.join(f'{kind}(name)' for kind in _KINDS)})"
"""An explore whole is megabytes."""

log = logging.getLogger("lrestore.looker")

NameSet = frozenset[str]


class Read(msgspec.Struct, frozen=True, array_like=True):
    """A definition that a process of the run ``run`` has read; None: Looker shows no names."""

    run: str
    key: tuple[str, ...]
    names: list[str] | None


class LookmlDefinitions:
    """Reads each definition at most once, in whichever process of the run. None: this caller may not read it."""

    def __init__(self, session: Caller, shared: Shared | None = None) -> None:
        """``shared``: where the processes of the run share what they have read; None: this process is alone."""
        self._session = session
        self._records = None if shared is None else SharedRecords(shared.folder / "definitions.ndjson", Read)
        self._run = shared.run if shared is not None else ""
        self._known: dict[tuple[str, ...], NameSet | None] = {}
        self._lock = threading.Lock()

    def explore_fields(self, model: str, explore: str) -> NameSet | None:
        """The names of an explore's fields, ``view.field`` each."""
        return self._once(("explore", model, explore), lambda: self._ask_for_fields(model, explore))

    def permissions(self) -> NameSet | None:
        """The names of all permissions that this release knows (all_permissions)."""
        return self._once(("permissions",), self._ask_for_permissions)

    def _once(self, key: tuple[str, ...], ask: Callable[[], NameSet | None]) -> NameSet | None:
        with self._lock:
            if key not in self._known:
                try:
                    self._known[key] = ask() if self._records is None else self._by_one_process(self._records, key, ask)
                except LookerError as error:
                    log.debug("definition of %s cannot be read: %s", " ".join(key), error)
                    self._known[key] = None
            return self._known[key]

    def _by_one_process(
        self, records: SharedRecords[Read], key: tuple[str, ...], ask: Callable[[], NameSet | None]
    ) -> NameSet | None:
        """The names another process has read, else Looker's answer. Refusals are not shared. Raises LookerError."""
        try:
            with records.locked():
                for read in records.fresh():
                    if read.run == self._run:
                        self._known.setdefault(read.key, None if read.names is None else frozenset(read.names))
                if key in self._known:
                    return self._known[key]
                names = ask()
                records.append(Read(self._run, key, None if names is None else sorted(names)))
                return names
        except OSError as error:
            log.debug("each process reads definitions for itself: %s", error)
            return ask()

    def _ask_for_fields(self, model: str, explore: str) -> NameSet | None:
        path = {"lookml_model_name": model, "explore_name": explore}
        shown = self._session.call("lookml_model_explore", path=path, query={"fields": _NAMES_ALONE})
        found = shown.get("fields")
        return field_names(found) if isinstance(found, dict) else None

    def _ask_for_permissions(self) -> NameSet | None:
        rows = self._session.call("all_permissions")
        return frozenset(str(row["permission"]) for row in rows) or None


def field_names(fields: dict[str, Any]) -> NameSet | None:
    """The names in an explore's ``fields``; None where it shows none at all."""
    rows = [row for kind in _KINDS for row in fields.get(kind) or ()]
    return frozenset(str(row["name"]) for row in rows if isinstance(row, dict) and row.get("name")) or None
