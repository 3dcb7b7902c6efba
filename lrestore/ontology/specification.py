"""The API 4.0 specification of one Looker instance, reduced to the facts that a restore needs.

``GET /api_spec/4.0/swagger.json`` is some megabytes; what matters is which fields an object has there, which of them
can be written, and which calls there are. The Swagger form is right about ``readOnly``, where the OpenAPI form is not
(:mod:`lrestore.ontology.errata`).

What the document does not say is not denied. A schema that it lacks, or of which it shows only a few fields, is left to
the SDK's models and the table of releases; calls count as missing only if it names most of those that lrestore knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from lrestore.ontology import CONTENT_TYPES, OPERATIONS, fields
from lrestore.ontology.errata import TAKEN_ALL_THE_SAME
from lrestore.ontology.releases import INTRODUCED
from lrestore.ontology.schema import ContentType, Operation

Object = Mapping[str, Any]


class UnusableSpecificationError(ValueError):
    """The document is not Looker's specification, or tells nothing of what a restore sends."""


class Specification(msgspec.Struct, frozen=True, kw_only=True):
    """``fields``: schema → field → whether it can be written, of the schemas that the document shows whole.

    ``marks``: the document marks fields read-only at all. ``no_operations`` and ``no_types`` are what that Looker
    surely does not have.
    """

    release: str
    fields: dict[str, dict[str, bool]]
    marks: bool = True
    no_operations: frozenset[str] = frozenset()
    no_types: frozenset[str] = frozenset()

    def knows(self, schema: str, name: str) -> bool | None:
        """Whether that Looker has the field; None where the document does not say."""
        shown = self.fields.get(schema)
        return None if shown is None else name in shown

    def takes(self, schema: str, name: str) -> bool | None:
        """Whether the field can be written there; None where the document does not say."""
        shown = self.fields.get(schema)
        if shown is None:
            return None
        if name not in shown:
            return False
        if shown[name]:
            return True if self.marks else None
        return name in TAKEN_ALL_THE_SAME.get(schema, ())

    def takes_each(self, schema: str, names: Iterable[str]) -> dict[str, bool | None]:
        """The same for several fields."""
        return {name: self.takes(schema, name) for name in names}


def reduced(document: object) -> Specification:
    """The part of a specification, in Swagger 2 or OpenAPI 3 form, that a restore needs.

    Raises UnusableSpecificationError, with the reason, for anything else, and for a document that shows no schema of
    what is sent.
    """
    if not isinstance(document, Mapping):
        raise UnusableSpecificationError(f"it is not an object but {type(document).__name__}")
    definitions = _definitions(document)
    shown = {name: dict(_fields(definitions[name])) for name in sorted(fields.sent_schemas()) if name in definitions}
    believed = {name: found for name, found in shown.items() if _is_whole(name, found)}
    if not believed:
        raise UnusableSpecificationError("it shows no object that a restore writes")
    offered = _operations(document)
    whole = len(offered) >= len(OPERATIONS) / 2
    return Specification(
        release=_release(document),
        fields=believed,
        marks=any(not writable for found in believed.values() for writable in found.values()),
        no_operations=frozenset(OPERATIONS.keys() - offered) if whole else frozenset(),
        no_types=frozenset(_unknown_types(definitions, offered)) if whole else frozenset(),
    )


def _definitions(document: Object) -> Object:
    found = document.get("definitions")
    if found is None:
        found = _mapping(document.get("components")).get("schemas")
    if not isinstance(found, Mapping) or not found:
        raise UnusableSpecificationError("it has no definitions")
    return found


def _mapping(value: object) -> Object:
    return value if isinstance(value, Mapping) else {}


def _fields(definition: object) -> Iterator[tuple[str, bool]]:
    """The fields of a schema, and whether each can be written. One that is put together from others shows none."""
    for name, entry in _mapping(_mapping(definition).get("properties")).items():
        yield str(name), not _mapping(entry).get("readOnly", False)


def _is_whole(schema: str, found: Mapping[str, bool]) -> bool:
    """Whether the document shows the schema as Looker would: what every release has, by and large, and all that
    identifies an object.
    """
    always = {name for name in fields.attributes(schema) if f"{schema}.{name}" not in INTRODUCED}
    if len(always & found.keys()) < len(always) / 2:
        return False
    return all(found.get(name, False) for name in _needed(schema))


def _needed(schema: str) -> set[str]:
    entries = (entry for entry in CONTENT_TYPES.values() if entry.update_schema == schema)
    return {name for entry in entries for name in entry.create_needs if name in fields.writable(schema)}


def _operations(document: Object) -> set[str]:
    """Which of our operations the document offers, by id or by verb and path."""
    ids: set[str] = set()
    places: set[tuple[str, str]] = set()
    for path, methods in _mapping(document.get("paths")).items():
        for method, entry in _mapping(methods).items():
            ids.add(str(_mapping(entry).get("operationId")))
            places.add((str(method).upper(), _anonymous(str(path))))
    return {row.id for row in OPERATIONS.values() if row.id in ids or _place(row) in places}


def _place(row: Operation) -> tuple[str, str]:
    return row.method, _anonymous(row.path)


def _anonymous(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path.rstrip("/"))


def _unknown_types(definitions: Object, offered: set[str]) -> Iterator[str]:
    for entry in CONTENT_TYPES.values():
        if entry.model not in definitions and not offered & set(_calls(entry)):
            yield entry.name


def _calls(entry: ContentType) -> Iterator[str]:
    named = (entry.get, entry.create, entry.update, entry.list_all, entry.search)
    return (name for name in named if name)


def _release(document: Object) -> str:
    """Looker's release as the document has it, "" if it has none."""
    return str(_mapping(document.get("info")).get("x-looker-release-version") or "")
