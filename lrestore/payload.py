"""What a restore wants a live object to hold, and the bodies that say so. Pure functions over plain values.

Two releases matter. A field that is absent at the top level of a blob was null when it was backed up, *or* unknown to
the SDK that made the backup: it is set back to null only where the field existed in the release that must have made the
backup. And a field that the destination's release does not know, or cannot write yet, is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from lrestore.canonical import iso
from lrestore.errors import InvalidContentError
from lrestore.messages import FieldError
from lrestore.ontology import fields, releases


@dataclass(frozen=True, slots=True)
class Releases:
    """``backup``: the lowest release that can have made the backup. ``destination``: Looker's own; "" when unknown."""

    backup: str
    destination: str = ""

    def backup_knew(self, schema: str, name: str) -> bool:
        """Whether the SDK that made the backup had the field."""
        since = releases.INTRODUCED.get(f"{schema}.{name}")
        return since is None or releases.at_least(self.backup, since)

    def can_write(self, schema: str, name: str) -> bool:
        """Whether the destination's release takes the field; a destination of unknown release is asked."""
        key = f"{schema}.{name}"
        since = releases.WRITABLE_SINCE.get(key) or releases.INTRODUCED.get(key)
        return since is None or not self.destination or releases.at_least(self.destination, since)


def wanted_object(
    raw: Mapping[str, Any], schema: str, known: Releases, *, ignored: Iterable[str] = ()
) -> dict[str, Any]:
    """The writable fields that a top-level object must hold, as its blob says; None where it must be unset."""
    wanted: dict[str, Any] = {}
    for name in _writable(schema, frozenset(ignored)):
        value = raw.get(name)
        if value is None and not (fields.nullable(schema, name) and known.backup_knew(schema, name)):
            continue
        if known.can_write(schema, name):
            wanted[name] = plain(value)
    return wanted


def wanted_part(raw: Mapping[str, Any], schema: str, known: Releases, *, ignored: Iterable[str] = ()) -> dict[str, Any]:
    """The same for an object nested in a blob, where a null is written out and an absent key was unknown to the SDK."""
    wanted: dict[str, Any] = {}
    for name in _writable(schema, frozenset(ignored)):
        if name not in raw or not known.can_write(schema, name):
            continue
        if raw[name] is not None or fields.nullable(schema, name):
            wanted[name] = plain(raw[name])
    return wanted


@cache
def _writable(schema: str, ignored: frozenset[str]) -> tuple[str, ...]:
    """In an order that is always the same, so that two plans of the same thing read the same."""
    return tuple(sorted(fields.writable(schema) - ignored))


def create_body(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A body for a create. A null is sent, so that no default of Looker's takes its place; a null id names nothing."""
    return {name: value for name, value in wanted.items() if value is not None or not name.endswith("_id")}


def require(body: Mapping[str, Any], names: Iterable[str], path: str) -> None:
    """Check before anything is sent that a create has what Looker requires.

    Raises InvalidContentError naming every missing field.
    """
    missing = [name for name in names if body.get(name) in (None, "")]
    if missing:
        errors = tuple(FieldError(f"{path}{name}", "missing", "required by Looker to create it") for name in missing)
        places = ", ".join(error.field for error in errors)
        raise InvalidContentError(
            f"the backup lacks what Looker requires: {places}", path=errors[0].field, errors=errors
        )


def plain(value: Any) -> Any:
    """``value`` as JSON can carry it: timestamps as text, at any depth."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value
