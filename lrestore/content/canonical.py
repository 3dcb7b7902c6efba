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
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import attrs

from lrestore.json_types import JsonObject
from lrestore.ontology.nulls import NO_TEXT

Value = Any
"""JSON-like: None, bool, int, float, str, list, dict."""
Converter = Callable[[Value], Value]

_INVALID_ENUM = "invalid_api_enum_value"
"""The value that the SDK stores for an unknown enum value: the true value is lost."""


@functools.cache
def field_types(model: type) -> JsonObject:
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
    convert = _converter(annotation)
    return value if value is None or convert is None else convert(value)


def canonical_object(value: dict[str, Value], model: type) -> dict[str, Value]:
    """An object of an SDK class: its known fields, those that are null left out."""
    found: dict[str, Value] = {}
    for name, convert in _converters(model):
        entry = value.get(name)
        if entry is not None and convert is not None:
            entry = convert(entry)
        if entry is not None:
            found[name] = entry
    for name in required_texts(model):
        if found.get(name) == NO_TEXT:
            del found[name]
    return found


@functools.cache
def required_texts(model: type) -> frozenset[str]:
    """The texts that the SDK takes for required: where Looker answers null, its converter writes the text ``None``."""
    hints = typing.get_type_hints(model)
    return frozenset(attribute.name for attribute in attrs.fields(model) if hints[attribute.name] is str)


@functools.cache
def _converters(model: type) -> tuple[tuple[str, Converter | None], ...]:
    return tuple((name, _converter(annotation)) for name, annotation in field_types(model).items())


@functools.cache
def _converter(annotation: Any) -> Converter | None:
    """The function that canonicalises values of this annotation; None where they stay as they are.

    Asked once per annotation: an item has thousands of values.
    """
    if annotation is Any:
        return None
    if isinstance(annotation, type):
        return _converter_of_class(annotation)
    if typing.get_origin(annotation) in (collections.abc.Sequence, list):
        (inner,) = typing.get_args(annotation)
        return functools.partial(_of_list, inner)
    return _moment


def _converter_of_class(annotation: type) -> Converter:
    if attrs.has(annotation):
        return functools.partial(_of_object, annotation)
    if issubclass(annotation, Enum):
        return _of_enum
    if annotation is str:
        return _of_text
    return _of_time if annotation is datetime else _moment


def _moment(value: Value) -> Value:
    return iso(value) if isinstance(value, datetime) else value


def _of_list(inner: Any, value: Value) -> Value:
    if not isinstance(value, list | tuple):
        return _moment(value)
    convert = _converter(inner)
    return list(value) if convert is None else [None if entry is None else convert(entry) for entry in value]


def _of_object(model: type, value: Value) -> Value:
    return canonical_object(value, model) if isinstance(value, dict) else _moment(value)


def _of_enum(value: Value) -> Value:
    return None if value == _INVALID_ENUM else _moment(value)


def _of_text(value: Value) -> Value:
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else _moment(value)


def _of_time(value: Value) -> Value:
    moment = parse_moment(value) if isinstance(value, str) else None
    return _moment(value) if moment is None else iso(moment)


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
