"""One form for values from the backup and values from Looker, so that equal things compare equal.

Backup and live object reach us by different roads: the backup went through the SDK (ids as strings, timestamps in UTC,
nested objects with every field of their class, unset ones as null), a live answer is JSON (ids may be numbers, unset
fields are missing, timestamps are text). The SDK's classes say which parts of a value are objects of a class, where
null
means unset, and which are free-form maps (``vis_config``, ``ui_config``, ``filters``), where null is content and is
kept.
"""

from __future__ import annotations

import collections.abc
import functools
import types
import typing
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import attrs

Value = Any
"""JSON-like: None, bool, int, float, str, list, dict."""

_INVALID_ENUM = "invalid_api_enum_value"
"""What the SDK stores for an enum value that it does not know: the true value is lost."""


@functools.cache
def field_types(model: type) -> dict[str, Any]:
    """The fields of an SDK class and their annotations, ``Optional`` removed."""
    hints = typing.get_type_hints(model)
    return {attribute.name: _required(hints[attribute.name]) for attribute in attrs.fields(model)}


def _required(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [argument for argument in typing.get_args(annotation) if argument is not type(None)]
        return rest[0] if len(rest) == 1 else Any
    return annotation


def canonical(value: Value, annotation: Any) -> Value:
    """``value`` in its one form, as told by ``annotation`` (an SDK class, a container of one, or a plain type)."""
    if value is None or annotation is Any:
        return value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(annotation, type):
        return _of_class(value, annotation)
    origin = typing.get_origin(annotation)
    if origin in (collections.abc.Sequence, list) and isinstance(value, list | tuple):
        (inner,) = typing.get_args(annotation)
        return [canonical(entry, inner) for entry in value]
    return value


def _of_class(value: Value, annotation: type) -> Value:
    if attrs.has(annotation) and isinstance(value, dict):
        return canonical_object(value, annotation)
    if issubclass(annotation, Enum):
        return None if value == _INVALID_ENUM else value
    if annotation is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if annotation is datetime and isinstance(value, str):
        moment = parse_moment(value)
        return value if moment is None else iso(moment)
    return value


def canonical_object(value: dict[str, Value], model: type) -> dict[str, Value]:
    """An object of an SDK class: its known fields, those that are null left out."""
    kinds = field_types(model)
    fields = ((name, canonical(value[name], kind)) for name, kind in kinds.items() if value.get(name) is not None)
    return {name: entry for name, entry in fields if entry is not None}


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Looker writes it; a naive value is taken for UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(value: object) -> datetime | None:
    """A timestamp from backup or API as an aware datetime; None for what is none."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
