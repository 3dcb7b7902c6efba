"""The wanted values of a live object, and the request bodies for them. Pure functions over plain values.

Two releases matter. A field that is absent at the top level of a blob was null when it was backed up, *or* unknown to
the SDK that made the backup: it is set back to null only where the field existed in the release that must have made the
backup. And a field that the destination does not know, or cannot write yet, is never sent: its own specification says
so, and where that is silent the table of releases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from lrestore.content.canonical import iso
from lrestore.errors import InvalidContentError
from lrestore.json_types import JsonObject
from lrestore.messages import FieldError
from lrestore.ontology import fields, nulls, releases
from lrestore.ontology.schema import ContentType
from lrestore.ontology.specification import Specification


class _Field(NamedTuple):
    """A field that the destination takes. ``resettable``: null may be sent; ``known``: the SDK of the backup had it;
    ``blank``: "" says nothing there, as null does.

    ``beyond``: where it holds objects, of schema ``below``, those of their fields that the destination does not take.
    """

    name: str
    resettable: bool
    known: bool
    blank: bool
    below: str
    beyond: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Releases:
    """``backup``: the lowest release that can have made the backup. ``destination``: Looker's own; "" when unknown.

    ``specification`` is what the destination says of itself, None where it says nothing of use.
    """

    backup: str
    destination: str = ""
    specification: Specification | None = None
    _beyond: dict[str, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)
    _taken: dict[str, tuple[_Field, ...]] = field(default_factory=dict, compare=False, repr=False)
    _names: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    def backup_knew(self, schema: str, name: str) -> bool:
        """Whether the SDK that made the backup had the field."""
        since = releases.INTRODUCED.get(f"{schema}.{name}")
        return since is None or releases.at_least(self.backup, since)

    def knows(self, schema: str, name: str) -> bool:
        """Whether the destination has the field; one of which nothing is known has all."""
        said = self.specification.knows(schema, name) if self.specification else None
        return self._since(releases.INTRODUCED.get(f"{schema}.{name}")) if said is None else said

    def can_write(self, schema: str, name: str) -> bool:
        """Whether the destination takes the field; a destination of which nothing is known is asked."""
        return self._writes(schema, [name])[name]

    def _writes(self, schema: str, names: Iterable[str]) -> dict[str, bool]:
        said = self.specification.takes_each(schema, names) if self.specification else dict.fromkeys(names)
        return {
            name: (
                self.knows(schema, name) and self._since(releases.WRITABLE_SINCE.get(f"{schema}.{name}"))
                if takes is None
                else takes
            )
            for name, takes in said.items()
        }

    def beyond(self, schema: str) -> Mapping[str, str]:
        """The fields that a restore could send elsewhere and the destination does not take, each with the reason."""
        if schema not in self._beyond:
            writes = self._writes(schema, sorted(fields.writable(schema)))
            refused = (name for name, can in writes.items() if not can)
            self._beyond[schema] = {name: READ_ONLY if self.knows(schema, name) else "" for name in refused}
        return self._beyond[schema]

    def taken(self, schema: str) -> tuple[_Field, ...]:
        """The fields that a restore may send, always in the same order, so that plans can be compared.

        Thousands of tiles ask for it, so the answer is kept.
        """
        if schema not in self._taken:
            names = sorted(fields.writable(schema) - self.beyond(schema).keys())
            nested, resettable = fields.nested_schemas(schema), nulls.RESETTABLE.get(schema, ())
            blank = nulls.blank(schema, names)
            self._taken[schema] = tuple(
                _Field(
                    name=name,
                    resettable=name in resettable,
                    known=self.backup_knew(schema, name),
                    blank=name in blank,
                    below=nested.get(name, ""),
                    beyond=self.beyond(nested[name]) if name in nested else {},
                )
                for name in names
            )
        return self._taken[schema]

    def names(self, schema: str) -> frozenset[str]:
        """The names of the fields that a restore may send."""
        if schema not in self._names:
            self._names[schema] = frozenset(taken.name for taken in self.taken(schema))
        return self._names[schema]

    def offers(self, operation: str) -> bool:
        """Whether the destination has the call, as far as is known."""
        return self.specification is None or operation not in self.specification.no_operations

    def offers_type(self, type_name: str) -> bool:
        """Whether the destination has objects of the type, as far as is known."""
        return self.specification is None or type_name not in self.specification.no_types

    def _since(self, release: str | None) -> bool:
        return release is None or not self.destination or releases.at_least(self.destination, release)


_JSON_SCALARS = frozenset({str, int, float, bool, type(None)})
READ_ONLY = "read-only there"
"""Why a field is not sent that the destination has."""


def wanted_object(raw: Mapping[str, Any], schema: str, known: Releases, *, ignored: Collection[str] = ()) -> JsonObject:
    """The writable fields that a top-level object must hold, as its blob says; None where it must be unset."""
    wanted: JsonObject = {}
    for taken in known.taken(schema):
        value = _without_blank(raw.get(taken.name), taken)
        if value is None and not (taken.resettable and taken.known):
            continue
        if taken.name not in ignored:
            wanted[taken.name] = value if type(value) in _JSON_SCALARS else _sendable(value, taken.beyond)
    return wanted


def wanted_part(raw: Mapping[str, Any], schema: str, known: Releases, *, ignored: Collection[str] = ()) -> JsonObject:
    """The same for an object nested in a blob, where a null is written out and an absent key was unknown to the SDK."""
    wanted: JsonObject = {}
    for taken in known.taken(schema):
        name = taken.name
        if name in raw and name not in ignored:
            value = _without_blank(raw[name], taken)
            if value is not None or taken.resettable:
                wanted[name] = value if type(value) in _JSON_SCALARS else _sendable(value, taken.beyond)
    return wanted


def _without_blank(value: Any, taken: _Field) -> Any:
    return None if value == "" and taken.blank else value


def _sendable(value: Any, beyond: Mapping[str, str]) -> Any:
    """``value`` as JSON can carry it, without the fields of nested objects that the destination does not take."""
    if not beyond:
        return json_value(value)
    entries = [_without(entry, beyond) for entry in (value if isinstance(value, list) else [value])]
    return json_value(entries if isinstance(value, list) else entries[0])


def _without(entry: Any, beyond: Mapping[str, str]) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {name: value for name, value in entry.items() if name not in beyond}


def left_out(raw: Mapping[str, Any], entry: ContentType, known: Releases) -> tuple[str, ...]:
    """Fields that the backed-up object holds and the destination does not accept: ``dashboard.chat_enabled`` and so on.

    An owner who cannot be set is another matter: see :meth:`lrestore.restoration.own.OwnPlanner.lost_owner`.
    """
    found = list(_left_out(raw, entry.update_schema, entry.name, known)) if entry.update_schema else []
    for part in entry.parts:
        if _beyond_anywhere(part.model, known):
            for one in objects_at(raw, part.path):
                found += _left_out(one, part.model, part.type, known)
    return tuple(sorted(set(found)))


def _beyond_anywhere(schema: str, known: Releases) -> bool:
    """Spares the walk through hundreds of tiles where there is nothing to be found."""
    return bool(known.beyond(schema)) or any(taken.beyond for taken in known.taken(schema))


def _left_out(raw: Mapping[str, Any], schema: str, label: str, known: Releases) -> Iterator[str]:
    for name, why in known.beyond(schema).items():
        value = raw.get(name)
        if name != "user_id" and (value if why else value is not None):
            yield f"{label}.{name} ({why})" if why else f"{label}.{name}"
    for taken in known.taken(schema):
        if taken.beyond:
            for one in objects_at(raw, taken.name):
                yield from _left_out(one, taken.below, f"{label}.{taken.name}", known)


def objects_at(node: Any, path: str) -> Iterator[Mapping[str, Any]]:
    """Every object at a path of the ontology, such as ``dashboard_layouts[].dashboard_layout_components``."""
    if not path:
        if isinstance(node, Mapping):
            yield node
        return
    name, _, below = path.partition(".")
    found = node.get(name.removesuffix("[]")) if isinstance(node, Mapping) else None
    for entry in found if isinstance(found, list) else [found]:
        yield from objects_at(entry, below)


def create_body(wanted: Mapping[str, Any]) -> JsonObject:
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


def json_value(value: Any) -> Any:
    """``value`` as JSON can carry it: timestamps as text, at any depth."""
    if type(value) in _JSON_SCALARS:
        return value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, dict):
        return {name: entry if type(entry) in _JSON_SCALARS else json_value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [entry if type(entry) in _JSON_SCALARS else json_value(entry) for entry in value]
    return value
