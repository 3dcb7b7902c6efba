"""Checks before the first write of an item: LookML that the destination lacks, and calls that it does not offer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.content.references import explore_uses, field_uses
from lrestore.errors import NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.identify.queries import explore_name
from lrestore.restoration.writes import Plan, Write

_NO_CALL = "no such call there"


class _Planned(Protocol):
    """The attributes of an item's plan that are checked here."""

    key: ItemKey
    own: Write | None
    parts: Plan


def stale_explores(
    live: Live, judgement: Judgement, key: ItemKey, raw: JsonObject, reported: Collection[str] = ()
) -> list[str]:
    """Warnings about models, explores and fields that an item uses and the destination lacks.

    Tiles that use them show an error in Looker, but can be written: in the same instance by the id of their query,
    which Looker never deletes. Parts that cannot be created without them are left out of the plan already; ``reported``
    are their paths.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for use in dict.fromkeys(explore_uses(key.type, raw)):
        if not _is_reported(use.path, reported):
            places.setdefault((use.model, use.explore), []).append(use.path)
    absent = [
        f"{explore_name(*explore)} is not in the destination: what uses it shows an error until the LookML is deployed "
        f"({', '.join(paths)})"
        for explore, paths in places.items()
        if not live.explore_exists(*explore)
    ]
    return absent or _absent_fields(live, judgement, key, raw)


def _is_reported(path: str, reported: Collection[str]) -> bool:
    """Whether one of the reported paths lies in the same part of the item."""
    part = path.partition("]")[0]
    return any(one.partition("]")[0] == part for one in reported)


def _absent_fields(live: Live, judgement: Judgement, key: ItemKey, raw: JsonObject) -> list[str]:
    """Only for another instance, whose LookML may differ: it costs a call for each explore."""
    if judgement.instance != "other":
        return []
    places: dict[str, list[str]] = {}
    for use in field_uses(key.type, raw):
        there = live.definitions.explore_fields(use.model, use.explore)
        if there is not None and use.field not in there:
            places.setdefault(f"field {use.field} of explore={use.model}::{use.explore}", []).append(use.path)
    return [f"{field} is not in the destination ({', '.join(paths)})" for field, paths in places.items()]


def without_missing_calls(releases: Releases, plan: _Planned) -> tuple[str, ...]:
    """Remove writes from a plan whose call the destination does not have, and name them.

    Raises NotRestorableError if the object itself cannot be created.
    """
    lacking: dict[str, None] = {}
    if plan.own is not None and not releases.offers(plan.own.operation):
        if plan.own.creates:
            release = releases.destination
            raise NotRestorableError(f"{plan.key}: Looker {release} has no {plan.own.operation}", key=plan.key)
        lacking[plan.own.operation] = None
        plan.own = None
    operations = [write.operation for write in plan.parts.writes] + [one.operation for one in plan.parts.removals]
    lacking |= dict.fromkeys(name for name in operations if not releases.offers(name))
    plan.parts.writes[:] = [write for write in plan.parts.writes if write.operation not in lacking]
    plan.parts.removals[:] = [removal for removal in plan.parts.removals if removal.operation not in lacking]
    return tuple(f"{operation} ({_NO_CALL})" for operation in lacking)
