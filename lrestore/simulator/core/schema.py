"""The specification: operations, schemas, and validation of bodies (data: ``schemas.json``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from lrestore.json_types import JsonObject
from lrestore.simulator.core import vintage
from lrestore.simulator.core.refusal import FieldRefusal


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a schema. ``kind``: string, integer, number, boolean, datetime, map, any, or the name of a schema."""

    kind: str
    is_list: bool
    is_schema: bool
    nullable: bool
    read_only: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """A definition of the specification."""

    name: str
    fields: Mapping[str, FieldSpec]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation of the specification; ``body`` and ``result`` are types such as ``@Look`` or ``[string]``."""

    id: str
    method: str
    path: str
    body: str | None
    query: Mapping[str, str]
    required: tuple[str, ...]
    result: str | None
    refusals: frozenset[int]


@dataclass(slots=True)
class Checked:
    """The result of validating a body: values to store, dropped read-only fields, and errors."""

    values: JsonObject = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    problems: list[FieldRefusal] = field(default_factory=list)
    release: str = ""


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files("lrestore.simulator.core").joinpath("schemas.json").read_bytes()
    data: Mapping[str, Any] = msgspec.json.decode(text)
    return data


def release() -> str:
    """The Looker release whose specification this is, such as ``26.12.3``."""
    return str(_data()["release"])


@cache
def operations() -> Mapping[str, OperationSpec]:
    """Every operation of API 4.0 by its id, simulated or not."""
    return {
        name: OperationSpec(
            id=name,
            method=raw["method"],
            path=raw["path"],
            body=raw["body"],
            query=raw["query"],
            required=tuple(raw["required"]),
            result=raw["result"],
            refusals=frozenset(raw["refusals"]),
        )
        for name, raw in _data()["operations"].items()
    }


def names() -> tuple[str, ...]:
    """The names of all schemas."""
    return tuple(_data()["schemas"])


@cache
def schema(name: str) -> Schema:
    """The schema of that name; KeyError if the specification has none."""
    raw = _data()["schemas"][name]
    return Schema(name, {k: field_spec(v) for k, v in raw["fields"].items()}, frozenset(raw["required"]))


@cache
def field_spec(text: str) -> FieldSpec:
    """Read the notation of ``schemas.json``: type, then ``?`` for nullable, ``-`` for read-only."""
    bare = text.rstrip("?-")
    flags = text[len(bare) :]
    is_list = bare.startswith("[")
    inner = bare.strip("[]")
    return FieldSpec(
        kind=inner.lstrip("@"),
        is_list=is_list,
        is_schema=inner.startswith("@"),
        nullable="?" in flags,
        read_only="-" in flags,
    )


_EMPTY: Mapping[str, object] = {"boolean": False, "integer": 0, "number": 0, "string": "", "map": {}, "any": None}


def blank(name: str) -> JsonObject:
    """A record with each scalar field of the schema at null, or false, 0, "" if it is not nullable."""
    return {
        key: None if spec.nullable else [] if spec.is_list else _EMPTY.get(spec.kind)
        for key, spec in schema(name).fields.items()
    }


def of_release(name: str, release: str) -> Schema:
    """The schema as a release (empty: the specification's own) knows it."""
    known = schema(name)
    return _aged_by_name(name, release) if release else known


@cache
def _aged_by_name(name: str, release: str) -> Schema:
    known = schema(name)
    missing, shown_only = vintage.unborn(release), vintage.frozen(release)
    fields = {
        key: replace(spec, read_only=True) if vintage.full_name(name, key) in shown_only else spec
        for key, spec in known.fields.items()
        if vintage.full_name(name, key) not in missing
    }
    return Schema(name, fields, known.required)


def check(name: str, body: Mapping[str, Any], *, partial: bool, path: str = "", release: str = "") -> Checked:
    """Check a body against a schema. Read-only fields are dropped and named in ``ignored``.

    Problems are unknown fields, wrong types, nulls in fields that are not nullable and, unless *partial*, missing
    required fields.
    """
    known = of_release(name, release)
    result = Checked(release=release)
    for key, value in body.items():
        _check_field(result, known.fields.get(key), key, value, path)
    if not partial:
        for key in sorted(known.required - body.keys()):
            result.problems.append(FieldRefusal(path + key, "missing_field", f"{key} is required"))
    return result


def _check_field(result: Checked, spec: FieldSpec | None, key: str, value: object, path: str) -> None:
    where = path + key
    if spec is None:
        result.problems.append(FieldRefusal(where, "invalid", f"Unknown field: {where}"))
    elif spec.read_only:
        result.ignored.append(where)
    elif value is None:
        result.values[key] = None
        if not spec.nullable:
            result.problems.append(FieldRefusal(where, "invalid", f"{where} must not be null"))
    elif spec.is_list:
        result.values[key] = _check_list(result, spec, where, value)
    else:
        result.values[key] = _check_value(result, spec, where, value)


def _check_list(result: Checked, spec: FieldSpec, where: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        result.problems.append(FieldRefusal(where, "invalid", f"{where} must be an array"))
        return []
    return [_check_value(result, spec, f"{where}[{i}]", entry) for i, entry in enumerate(value)]


def _check_value(result: Checked, spec: FieldSpec, where: str, value: Any) -> Any:
    if spec.is_schema:
        return _check_nested(result, spec.kind, where, value)
    if not _FITS[spec.kind](value):
        result.problems.append(FieldRefusal(where, "invalid", f"{where} must be of type {spec.kind}"))
    return value


def _check_nested(result: Checked, name: str, where: str, value: Any) -> Any:
    if not isinstance(value, dict):
        result.problems.append(FieldRefusal(where, "invalid", f"{where} must be an object ({name})"))
        return value
    inner = check(name, value, partial=True, path=where + ".", release=result.release)
    result.ignored += inner.ignored
    result.problems += inner.problems
    return inner.values


def check_list_body(kind: str, body: object) -> list[FieldRefusal]:
    """Problems of a body that must be a bare array of strings or of objects of a schema."""
    if not isinstance(body, list):
        return [FieldRefusal("body", "invalid", "the body must be an array")]
    return list(_entry_problems(field_spec(kind), body))


def _entry_problems(spec: FieldSpec, body: list[Any]) -> Iterator[FieldRefusal]:
    for index, entry in enumerate(body):
        result = Checked()
        _check_value(result, spec, f"[{index}]", entry)
        yield from result.problems


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_FITS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "datetime": _is_moment,
    "map": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}
