"""Destinations of scheduled plans. They are written with the plan: Looker replaces all of them by the sent list.

They have no identity of their own: two lists are equal if they send the same content to the same addresses. Secrets can
be written but not read, so a sent list removes the secrets of the live plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from lrestore.content.canonical import canonical_object
from lrestore.content.payload import Releases
from lrestore.content.shapes.boundary import as_destination
from lrestore.json_types import JsonObject
from lrestore.ontology import fields

if TYPE_CHECKING:
    from lrestore.content.shapes.schedule import ScheduledPlanDestination

DESTINATIONS: Final = "scheduled_plan_destination"
"""The field of a plan that holds them."""

_SCHEMA = "ScheduledPlanDestination"

_ADDRESS = frozenset({"type", "address", "format"})

_UNSHOWN = frozenset({"scheduled_plan_id", "secret_parameters"})
"""Fields that are sent and say nothing of a live destination: the plan that holds it, and what Looker never shows."""

_NO_SECRET = frozenset({"email", ""})
"""S3 and SFTP need secrets (specification); webhooks and integrations may."""


def wanted_destinations(
    backed_up: list[ScheduledPlanDestination], live: list[ScheduledPlanDestination], known: Releases
) -> list[ScheduledPlanDestination] | None:
    """The destinations to send; None where the live ones are the same already, in whatever order.

    Fields that the SDK of the backup did not know keep what the live destination of the same address has.
    """
    taken = fields.writable(_SCHEMA) - known.beyond(_SCHEMA).keys()
    compared = frozenset(name for one in backed_up for name in one) & taken
    if _meaning(backed_up, compared) == _meaning(live, compared):
        return None
    by_address = {_address(one): one for one in live}
    return [_whole(one, by_address.get(_address(one)) or {}, taken) for one in backed_up]


def same_destinations(sent: object, live: object) -> bool:
    """Whether the live destinations can be those that were sent. Looker adds ids and read-only fields of its own."""
    if not isinstance(sent, list) or not isinstance(live, list):
        return False
    names = fields.writable(_SCHEMA) - _UNSHOWN
    return _meaning(sent, names) == _meaning(live, names)


def secret_kinds(backed_up: list[ScheduledPlanDestination]) -> list[str]:
    """The kinds among them that may need a secret."""
    return sorted({str(one.get("type") or "") for one in backed_up} - _NO_SECRET)


def addresses(destinations: list[ScheduledPlanDestination]) -> tuple[str, ...]:
    """A comparable form without order: equal for lists that reach the same people in the same format."""
    return tuple(_meaning(destinations, _ADDRESS))


def _whole(
    destination: ScheduledPlanDestination, live: ScheduledPlanDestination, taken: frozenset[str]
) -> ScheduledPlanDestination:
    names = sorted(taken)
    kept = {name: live.get(name) for name in names if name not in destination and live.get(name) is not None}
    own = {name: destination.get(name) for name in names if destination.get(name) is not None}
    return as_destination(kept | own)


def _meaning(destinations: list[ScheduledPlanDestination], names: frozenset[str]) -> list[str]:
    found = [canonical_object(dict(one), fields.sdk_model(_SCHEMA)) for one in destinations]
    return sorted(_text({name: _normal(name, one.get(name)) for name in names}) for one in found)


def _normal(name: str, value: object) -> object:
    """Unset, empty and off are the same here; parameters are JSON text."""
    if name == "parameters" and isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.MsgspecError:
            return value
    return value or None


def _address(destination: ScheduledPlanDestination) -> tuple[str, ...]:
    return tuple(str(destination.get(name) or "") for name in sorted(_ADDRESS))


def _text(destination: JsonObject) -> str:
    return msgspec.json.encode(destination, order="deterministic").decode()
