"""Permission sets and model sets: lists of names that mean something only where they are known."""

from __future__ import annotations

from lrestore.json_types import JsonObject
from lrestore.restoration.own import OwnPlanner


def known_permissions(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Leave out permissions that the destination's release does not have: it would refuse the whole set.

    It is asked for them only where the set differs. A list that lacks what is in use there is not the whole list.
    """
    if not _differs(planner, wanted, "permissions"):
        return
    live = planner.context.live
    known = live.definitions.permissions() or frozenset()
    in_use = {name for row in live.table("permission_set").values() for name in row.get("permissions") or ()}
    unknown = [name for name in wanted["permissions"] if name not in known and known >= in_use]
    if unknown:
        wanted["permissions"] = [name for name in wanted["permissions"] if name not in unknown]
        planner.warnings.append(f"Looker knows no permission {', '.join(map(repr, unknown))}: left out")


def known_models(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Say which models are not there (yet): a set may name them all the same."""
    if not _differs(planner, wanted, "models"):
        return
    unknown = [name for name in wanted["models"] if not planner.context.live.explore_exists(str(name), "")]
    if unknown:
        planner.warnings.append(f"it names models that are not in the destination: {', '.join(unknown)}")


def _differs(planner: OwnPlanner, wanted: JsonObject, name: str) -> bool:
    live = (planner.live or {}).get(name)
    return isinstance(wanted.get(name), list) and sorted(wanted[name]) != sorted(live or ())
