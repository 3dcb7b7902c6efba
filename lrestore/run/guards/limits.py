"""Limits that a run must keep to before it begins: the backup's age, and how much a plan may change or delete."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime

from lrestore.errors import GuardError
from lrestore.report.guards import Foreseen
from lrestore.settings import Settings
from lrestore.text.words import counted, seconds_of

NONE = "none"


def check_age(settings: Settings, synced_to: datetime | None, now: datetime, override: Collection[str]) -> list[str]:
    """The limits that were overridden. Raises GuardError where the backup is older than ``[source] max_backup_age``, or
    where its age is unknown.
    """
    limit = settings.source.max_backup_age
    if not limit:
        return []
    if synced_to is not None and (now - synced_to).total_seconds() <= (seconds_of(limit) or 0.0):
        return []
    made = "its age is unknown" if synced_to is None else f"its newest object was read at {synced_to.isoformat()}"
    return _judged("max_backup_age", f"the backup is older than [source] max_backup_age = {limit!r}: {made}", override)


def plans_first(settings: Settings) -> bool:
    """Whether some limit can be checked against a plan alone."""
    return settings.run.max_updates != NONE or settings.run.max_deletions != NONE


def check_plan(settings: Settings, foreseen: Foreseen, selected: int, override: Collection[str]) -> list[str]:
    """The limits that were overridden. Raises GuardError where a plan updates, or deletes, more than the settings
    allow.
    """
    overridden = []
    for name, limit, count, (what, done) in (
        ("max_updates", settings.run.max_updates, foreseen.update, ("item", "updated")),
        ("max_deletions", settings.run.max_deletions, foreseen.deleted, ("part", "deleted")),
    ):
        most = _most(limit, selected)
        if most is not None and count > most:
            share = f", {most} of {selected} selected items" if limit.endswith("%") else ""
            told = f"{counted(count, what)} would be {done}, more than [run] {name} = {limit!r}{share}"
            overridden += _judged(name, told, override)
    return overridden


def _most(limit: str, selected: int) -> int | None:
    if limit == NONE:
        return None
    return math.floor(float(limit[:-1]) * selected / 100) if limit.endswith("%") else int(limit)


def _judged(name: str, message: str, override: Collection[str]) -> list[str]:
    if name not in override:
        raise GuardError(
            f"{message}; nothing was written", hint=f"--plan shows more; --override {name} lets this one run pass"
        )
    return [f"{name}: {message}"]
