"""The SDK's classes as types of plain dictionaries: msgspec checks content against them and builds nothing else.

Such a type accepts what the class accepts, and refuses the rest in the same words. The decoded values are those of the
blob: an enum's value stays text, and so does a timestamp that is text.
"""

from __future__ import annotations

import typing
from abc import ABC
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, NotRequired

import attrs
import msgspec


class _Timestamp(ABC):  # noqa: B024 (it only names the values that msgspec gives to check_timestamp)
    """A timestamp of msgpack, or a text that says one: LookerVault has written both."""


_Timestamp.register(datetime)
_Timestamp.register(str)


def checked_timestamp(kind: type, value: object) -> object:
    """For msgspec's ``dec_hook``: the value of a timestamp as it is. Raises ValueError for what is none; msgspec makes
    a ValidationError of it, and adds the path.
    """
    if kind is not _Timestamp:
        raise NotImplementedError(f"no field of the SDK is a {kind.__name__}")
    try:
        if not isinstance(value, datetime):
            msgspec.convert(value, datetime | None)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    return value


@cache
def dictionary_of(model: type) -> Any:
    """The type of the dictionaries that hold the fields of an SDK class; other keys may be there too and are not
    decoded. The SDK's classes do not hold themselves.
    """
    hints = typing.get_type_hints(model)
    fields: dict[str, Any] = {}
    for field in attrs.fields(model):
        kind = _plain(hints[field.name])
        fields[field.name] = kind if field.default is attrs.NOTHING else NotRequired[kind]
    make: Any = typing.TypedDict
    return make(model.__name__, fields)


def _plain(hint: Any) -> Any:
    if isinstance(hint, type):
        return _plain_class(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    return origin[tuple(map(_plain, arguments))] if origin is not None else hint


def _plain_class(hint: type) -> Any:
    if attrs.has(hint):
        return dictionary_of(hint)
    if issubclass(hint, Enum):
        return Literal[tuple(member.value for member in hint)]
    return _Timestamp if hint is datetime else hint
