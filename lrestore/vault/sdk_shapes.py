"""Walking plain content along the SDK's classes: which map is of which class, and what lies outside of any class.

What the classes do not describe (``vis_config``, ``filters``, keys that the SDK does not know) is the user's own: it is
never cleaned, only refused where it could not be sent to Looker as JSON.
"""

from __future__ import annotations

import keyword
import math
import typing
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final

from lrestore.json_types import JsonObject

UNKNOWN_ENUM_VALUE: Final = "invalid_api_enum_value"
MAX_DEPTH: Final = 64
"""Looker's own content nests about a dozen levels; comparing and sending content walk it recursively."""
RENAMED: Final = frozenset(f"{word}_" for word in keyword.kwlist)
"""The names that the SDK gives to fields whose own name is a word of Python."""
_TEXT: Final = frozenset({str})
_SENDABLE: Final = frozenset({str, int, bool, type(None), datetime})


@dataclass(slots=True)
class SdkClass:
    """One SDK class: its fields, those that hold further classes or enums, and those whose content is described."""

    name: str
    fields: frozenset[str]
    nested: dict[str, type] = field(default_factory=dict)
    enums: frozenset[str] = frozenset()
    described: frozenset[str] = frozenset()


@cache
def shape(model: type) -> SdkClass:
    """The shape of an SDK class."""
    hints = {name: hint for name, hint in typing.get_type_hints(model).items() if not name.startswith("_")}
    made = SdkClass(model.__name__, frozenset(hints))
    made.nested = {name: inner for name, hint in hints.items() if (inner := _sdk_class(hint))}
    made.enums = frozenset(name for name, hint in hints.items() if _mentions(hint, Enum))
    made.described = frozenset(name for name, hint in hints.items() if not _is_free(hint))
    return made


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in typing.get_args(hint):
        yield from _parts(argument)


def _sdk_class(hint: Any) -> type | None:
    return next((part for part in _parts(hint) if isinstance(part, type) and hasattr(part, "__attrs_attrs__")), None)


def _mentions(hint: Any, base: type) -> bool:
    return any(isinstance(part, type) and issubclass(part, base) for part in _parts(hint))


def _is_free(hint: Any) -> bool:
    return any(part is Any for part in _parts(hint))


@dataclass(frozen=True, slots=True)
class SdkObject:
    """A map of the content that is an object of an SDK class."""

    path: str
    content: JsonObject
    shape: SdkClass


def places(content: JsonObject, model: type, path: str = "") -> Iterator[SdkObject]:
    """Every map in ``content`` that is of an SDK class, the outermost first; ``content`` fits ``model``."""
    of = shape(model)
    yield SdkObject(path, content, of)
    for name, inner in of.nested.items():
        value = content.get(name)
        if isinstance(value, dict):
            yield from places(value, inner, f"{path}{name}.")
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                if isinstance(entry, dict):
                    yield from places(entry, inner, f"{path}{name}[{number}].")


def drop_unknown_enum_values(content: JsonObject, model: type) -> None:
    """Leave out, in place, the enum fields whose value the SDK that made the backup did not know: it is lost."""
    for place in list(places(content, model)):
        for name in place.shape.enums:
            value = place.content.get(name)
            if value == UNKNOWN_ENUM_VALUE or (isinstance(value, list) and UNKNOWN_ENUM_VALUE in value):
                del place.content[name]


def rename_keywords(content: JsonObject, model: type) -> None:
    """Give fields that the SDK had to rename (``from_``) their API names back, in place."""
    for place in list(places(content, model)):
        for name in place.content.keys() & RENAMED:
            place.content[name[:-1]] = place.content.pop(name)


@cache
def renames_fields(model: type) -> bool:
    """Does this class, or one that it holds, have a field that the SDK had to rename?"""
    return _renames(model, set())


def _renames(model: type, seen: set[type]) -> bool:
    seen.add(model)
    of = shape(model)
    if not RENAMED.isdisjoint(of.fields):
        return True
    return any(_renames(inner, seen) for inner in of.nested.values() if inner not in seen)


def unsendable(content: JsonObject, model: type) -> str | None:
    """The first place of what no class describes that JSON cannot hold (or that nests too deep), with the reason."""
    if _all_free_parts_sendable(content, shape(model)):
        return None
    for place in places(content, model):
        for name in place.content.keys() - place.shape.described:
            if not _sendable(place.content[name], MAX_DEPTH):
                return _why_not(place.content[name], f"{place.path}{name}", MAX_DEPTH)
    return None


def _all_free_parts_sendable(content: JsonObject, of: SdkClass) -> bool:
    """Whether all values can be sent. Called for every item, so it builds no paths as :func:`places` does."""
    for name, value in content.items():
        if type(value) in _SENDABLE:
            continue
        if name not in of.described:
            if not _sendable(value, MAX_DEPTH):
                return False
        elif name in of.nested:
            inner = shape(of.nested[name])
            for entry in value if isinstance(value, list) else (value,):
                if isinstance(entry, dict) and not _all_free_parts_sendable(entry, inner):
                    return False
    return True


def _sendable(value: object, levels: int) -> bool:
    """Most maps and lists hold nothing but scalars: those are settled without a loop."""
    entries: Collection[object]
    if isinstance(value, dict):
        if levels <= 0 or not _TEXT.issuperset(map(type, value)):
            return False
        entries = value.values()
    elif isinstance(value, list):
        if levels <= 0:
            return False
        entries = value
    else:
        return type(value) in _SENDABLE or (isinstance(value, float) and math.isfinite(value))
    if _SENDABLE.issuperset(map(type, entries)):
        return True
    # A loop, not a generator: this is the innermost step of decoding an item.
    for entry in entries:  # noqa: SIM110
        if type(entry) not in _SENDABLE and not _sendable(entry, levels - 1):
            return False
    return True


def _why_not(value: object, path: str, levels: int) -> str:
    """Spell out the first place for which :func:`_sendable` says no."""
    if levels == 0 and isinstance(value, (dict, list)):
        return f"{path[:80]}... nests deeper than {MAX_DEPTH} levels"
    if isinstance(value, dict):
        bad_key = next((key for key in value if not isinstance(key, str)), None)
        if bad_key is not None:
            return f"{path} has a key that is not text: {bad_key!r}"
    for step, entry in _entries(value):
        if not _sendable(entry, levels - 1):
            return _why_not(entry, path + step, levels - 1)
    what = str(value) if isinstance(value, float) else type(value).__name__
    return f"{path} holds {what}, which JSON cannot hold"


def _entries(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f".{key}", entry) for key, entry in value.items())
    elif isinstance(value, list):
        yield from ((f"[{number}]", entry) for number, entry in enumerate(value))
