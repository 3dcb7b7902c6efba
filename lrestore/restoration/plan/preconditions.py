"""Checks that are made before the first write of an item, so that an item fails whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lrestore.content.references import ExploreUse, explore_uses, field_uses
from lrestore.errors import DependencyError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import FieldError, ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.writes import Plan, Write

_NO_CALL = "no such call there"


class _Planned(Protocol):
    """What an item's plan shows of itself here."""

    key: ItemKey
    own: Write | None
    parts: Plan


def check_explores(context: Context, key: ItemKey, raw: JsonObject, made: Iterable[Write] = ()) -> list[str]:
    """Every model and explore that the item needs is there; returns warnings about fields that are not.

    ``made`` are writes among which there may be queries that the backup does not show: those of merged queries.

    Raises DependencyError naming each model or explore that is not there, with its path. A query with a field that is
    gone can be made and shows an error, so that is no reason to leave the item out.
    """
    queries = (one for one in made if one.type == "query" and one.body.get("model"))
    asked = (ExploreUse(f"{one.path}.view", one.body["model"], one.body.get("view") or "") for one in queries)
    uses = dict.fromkeys([*explore_uses(raw), *asked])
    absent = [use for use in uses if not context.live.explore_exists(use.model, use.explore)]
    if not absent:
        return _absent_fields(context, raw)
    errors = tuple(FieldError(use.path, "missing", f"{_name(use)} is not in the destination") for use in absent)
    named = ", ".join(dict.fromkeys(_name(use) for use in absent))
    raise DependencyError(
        f"{key} needs {named} ({', '.join(error.field for error in errors)}), which is not in the destination",
        path=absent[0].path,
        key=key,
        errors=errors,
        hint="deploy the LookML first",
    )


def _name(use: ExploreUse) -> str:
    return f"explore={use.model}::{use.explore}" if use.explore else f"lookml_model={use.model}"


def _absent_fields(context: Context, raw: JsonObject) -> list[str]:
    """Only in another instance, where LookML may be another, is it worth a call for each explore to know its fields."""
    if context.judgement.instance != "other":
        return []
    places: dict[str, list[str]] = {}
    for use in field_uses(raw):
        there = context.live.definitions.explore_fields(use.model, use.explore)
        if there is not None and use.field not in there:
            places.setdefault(f"field {use.field} of explore={use.model}::{use.explore}", []).append(use.path)
    return [f"{field} is not in the destination ({', '.join(paths)})" for field, paths in places.items()]


def without_missing_calls(context: Context, plan: _Planned) -> tuple[str, ...]:
    """Take out of a plan what the destination has no call for, and name it.

    Raises NotRestorableError where the object itself cannot be made.
    """
    lacking: dict[str, None] = {}
    if plan.own is not None and not context.releases.offers(plan.own.operation):
        if plan.own.creates:
            release = context.releases.destination
            raise NotRestorableError(f"{plan.key}: Looker {release} has no {plan.own.operation}", key=plan.key)
        lacking[plan.own.operation] = None
        plan.own = None
    operations = [write.operation for write in plan.parts.writes] + [one.operation for one in plan.parts.removals]
    lacking |= dict.fromkeys(name for name in operations if not context.releases.offers(name))
    plan.parts.writes[:] = [write for write in plan.parts.writes if write.operation not in lacking]
    plan.parts.removals[:] = [removal for removal in plan.parts.removals if removal.operation not in lacking]
    return tuple(f"{operation} ({_NO_CALL})" for operation in lacking)
