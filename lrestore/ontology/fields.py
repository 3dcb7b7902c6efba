"""Which fields of which schema may be sent, and which of them may be reset to null.

The SDK's Write* models say what is writable; :mod:`lrestore.ontology.errata` takes back what they say wrongly, and
:mod:`lrestore.ontology.nulls` says what null may be sent for. The SDK is imported when the first question is asked: it
takes half a second.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache

from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.errata import NOT_SENT
from lrestore.ontology.nulls import RESETTABLE

_BODIES: Mapping[str, str] = {"Folder": "UpdateFolder"}
"""Schemas whose update takes a body of another schema."""

CREATE_BODIES: Mapping[str, str] = {"Folder": "CreateFolder", "DashboardFilter": "CreateDashboardFilter"}
"""Schemas whose create takes a body of another schema."""


@cache
def sdk_model(name: str) -> type:
    """The SDK's class of that name. Raises ValueError for a name that the SDK does not know."""
    from lrestore.sdk.api import models

    found = getattr(models, name, None)
    if not isinstance(found, type):
        raise ValueError(f"looker_sdk.sdk.api40.models has no class {name!r}")
    return found


@cache
def writable(schema: str) -> frozenset[str]:
    """The fields that an update of ``schema`` may send. Raises ValueError for a schema that the SDK does not know."""
    body = _BODIES.get(schema, schema)
    return frozenset(_attributes(_write_model(body))) - NOT_SENT.get(body, {}).keys()


@cache
def attributes(schema: str) -> frozenset[str]:
    """All fields of a schema as the SDK knows them, read-only ones included."""
    return frozenset(_attributes(sdk_model(schema)))


@cache
def sent_schemas() -> frozenset[str]:
    """Every schema of which a restore may send fields, nested ones included."""
    found: set[str] = set()
    waiting = [*CREATE_BODIES.values(), "Query", "MergeQuery"]
    for entry in CONTENT_TYPES.values():
        waiting += [schema for schema in (entry.update_schema, *(part.model for part in entry.parts)) if schema]
    while waiting:
        schema = waiting.pop()
        if schema not in found:
            found.add(schema)
            waiting += [below for name in writable(schema) if (below := nested(schema, name))]
    return frozenset(found)


def sdk_release() -> str:
    """The release of Looker that the installed SDK was made for: ``26.12``."""
    from lrestore.sdk.api import version

    return ".".join(str(version.__version__).split(".")[:2])


def nullable(schema: str, field: str) -> bool:
    """Whether an update may reset the field to null; False for what is not written, or not known to take null."""
    return field in RESETTABLE.get(schema, ())


@cache
def nested_schemas(schema: str) -> Mapping[str, str]:
    """The fields that hold an object or a list of objects, each with its schema; no plain values or free-form maps."""
    hints = typing.get_type_hints(sdk_model(schema))
    found = {name: next((one for one in _classes(hint) if _attributes(one)), None) for name, hint in hints.items()}
    return {name: below.__name__ for name, below in found.items() if below is not None}


def nested(schema: str, field: str) -> str | None:
    """The schema of one field; None for a plain value or a free-form map."""
    return nested_schemas(schema).get(field)


def _classes(hint: object) -> list[type]:
    inner = typing.get_args(hint)
    if inner:
        return [found for argument in inner for found in _classes(argument)]
    return [hint] if isinstance(hint, type) else []


def _write_model(schema: str) -> type:
    try:
        return sdk_model(f"Write{schema}")
    except ValueError:
        return sdk_model(schema)


def _attributes(model: type) -> tuple[str, ...]:
    import attrs

    return tuple(attribute.name for attribute in attrs.fields(model)) if attrs.has(model) else ()
