"""Text, JSON and messages that can always be stored: a record must not be lost because of an odd name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_encoder = msgspec.json.Encoder(enc_hook=str)


def storable(text: str) -> str:
    """``text`` with lone surrogates (halves of a character, seen in broken text) replaced: SQLite refuses them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def storable_values(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a statement's parameters; texts are made storable."""
    return {
        name: value if not isinstance(value, str) or value.isascii() else storable(value)
        for name, value in values.items()
    }


def to_json(value: object) -> str:
    """JSON text of builtins and Structs; what has no JSON form is written as its ``str``."""
    try:
        return _encoder.encode(value).decode("utf-8")
    except UnicodeEncodeError:
        return _encoder.encode(_storable_parts(msgspec.to_builtins(value, enc_hook=str))).decode("utf-8")


def to_msgpack(value: object) -> bytes:
    """MessagePack of builtins and Structs, with lone surrogates replaced as :func:`storable` does."""
    try:
        return msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(_storable_parts(msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=str)))


def _storable_parts(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable_parts(key): _storable_parts(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_parts(entry) for entry in value]
    return value
