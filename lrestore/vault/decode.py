"""From a blob to content, or to the precise reason why not.

Two depths. :func:`skim` reads the few fields that tell objects apart and only steps over the rest, so that thousands of
rows can be listed; :func:`decode` reads everything, and checks it against the SDK's class. What ``skim`` refuses
``decode`` refuses too; ``decode`` finds more (a wrong type deep inside, text that is no UTF-8). Measured on dashboards
of 18 KB: 6 microseconds against 110.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from lrestore.content import references
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.vault import duplicate_keys as wire
from lrestore.vault import schema
from lrestore.vault import sdk_shapes as shapes
from lrestore.vault.sdk_types import checked_timestamp, dictionary_of


class UnreadableError(Exception):
    """This blob is no object of its type; the text says why, with the path where there is one."""


class Glance(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """The fields that tell objects apart and that selections filter by."""

    id: str | None = None
    name: str | None = None
    title: str | None = None
    user_id: str | None = None
    folder_id: str | None = None
    parent_id: str | None = None
    email: str | None = None
    display_name: str | None = None


class DecodedBlob(msgspec.Struct, frozen=True, gc=False):
    """A blob, decoded. ``true_id`` is the object's own id; ``raw`` is empty if it was only skimmed."""

    true_id: str
    seen: Glance
    raw: JsonObject = msgspec.field(default_factory=dict)


Depth = Callable[[schema.VaultType, bytes], DecodedBlob]
""":func:`skim` or :func:`decode`."""


def skim(kind: schema.VaultType, blob: bytes) -> DecodedBlob:
    """The identifying fields of ``blob``, of which the rest is known to be whole. Raises :class:`UnreadableError`."""
    if not blob:
        raise UnreadableError("the blob is empty")
    if blob.startswith(b"{"):
        raise UnreadableError("the blob is JSON text, not msgpack")
    try:
        seen = _glance_decoder(kind).decode(blob)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(_reason(kind, error)) from error
    empty = next((name for name in kind.required if getattr(seen, name) == ""), None)
    if empty:
        raise UnreadableError(f"the {kind.name}'s {empty} is empty")
    return DecodedBlob(getattr(seen, kind.id_field), seen)


def decode(kind: schema.VaultType, blob: bytes) -> DecodedBlob:
    """All of ``blob``. Raises :class:`UnreadableError`."""
    skimmed = skim(kind, blob)
    try:
        raw, ambiguity = _checked(kind, blob)
        reason = shapes.unsendable(raw, sdk_class_of(kind)) or ambiguity or _nameless(kind, raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(_reason(kind, error)) from error
    if reason:
        raise UnreadableError(reason)
    _give_names_back(kind, raw)
    return DecodedBlob(skimmed.true_id, skimmed.seen, raw)


def _checked(kind: schema.VaultType, blob: bytes) -> tuple[JsonObject, str | None]:
    """The content of the blob, which fits the SDK's class; and a key that the blob holds twice, in words.

    A decoder by type leaves out what the class does not know. Encoding again gives the same bytes for everything that
    LookerVault writes, unless something is lost: then all of the blob is decoded.
    """
    if _UNKNOWN_ENUM_VALUE in blob:
        raw: JsonObject = _raw_decoder.decode(blob)
        ambiguity = _ambiguity(blob, raw)
        shapes.drop_unknown_enum_values(raw, sdk_class_of(kind))
        msgspec.convert(raw, dictionary_of(sdk_class_of(kind)), dec_hook=checked_timestamp)
        return raw, ambiguity
    raw = _typed_decoder(kind).decode(blob)
    if wire.encode(raw) == blob:
        return raw, None
    raw = _raw_decoder.decode(blob)
    return raw, _ambiguity(blob, raw)


@cache
def sdk_class_of(kind: schema.VaultType) -> Any:
    """The SDK's class for this type. The first call imports the SDK, which takes about half a second."""
    from lrestore.sdk.api import models

    return getattr(models, kind.model)


def _ambiguity(blob: bytes, raw: JsonObject) -> str | None:
    key = wire.duplicate_key(blob, raw)
    return key and f"one object in the blob has the key {key!r} twice and it is unknown which one is valid"


def _nameless(kind: schema.VaultType, raw: JsonObject) -> str | None:
    """A part without an id: other parts refer to it by that, and what is made of it is recorded under it."""
    for part in CONTENT_TYPES[kind.name].parts:
        for path, entry in references.entries(raw, part.path) if part.create else ():
            if not entry.get("id"):
                return f"{path} has no id"
    return None


def _give_names_back(kind: schema.VaultType, raw: JsonObject) -> None:
    model = sdk_class_of(kind)
    if shapes.renames_fields(model) or not shapes.RENAMED.isdisjoint(raw):
        shapes.rename_keywords(raw, model)


def _reason(kind: schema.VaultType, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the blob nests too deeply to be decoded"
    if isinstance(error, UnicodeDecodeError):
        return f"the blob holds text that is not UTF-8: {error.reason}"
    if isinstance(error, msgspec.ValidationError):
        return f"the blob is not a {kind.name}: {error}"
    return f"the blob is not readable msgpack: {error}"


def _refuse_extension(code: int, _: memoryview) -> object:
    raise ValueError(f"it holds msgpack extension type {code}, which Looker's content never has")


_UNKNOWN_ENUM_VALUE: Final = shapes.UNKNOWN_ENUM_VALUE.encode()
_raw_decoder: Final = msgspec.msgpack.Decoder(JsonObject, ext_hook=_refuse_extension)


def build_decoders() -> None:
    """Build all decoders now, before there are threads.

    msgspec builds what it knows of a class at the first use and is not safe while it does so: a thread that decodes
    with a class that another is just looking at crashes the process (seen with msgspec 0.22).
    """
    for kind in schema.VAULT_TYPES.values():
        _typed_decoder(kind)
        _glance_decoder(kind)


@cache
def _typed_decoder(kind: schema.VaultType) -> msgspec.msgpack.Decoder[Any]:
    of = dictionary_of(sdk_class_of(kind))
    return msgspec.msgpack.Decoder(of, dec_hook=checked_timestamp, ext_hook=_refuse_extension)


@cache
def _glance_decoder(kind: schema.VaultType) -> msgspec.msgpack.Decoder[Glance]:
    required = [(name, str) for name in kind.required]
    of_kind = msgspec.defstruct(f"Glance_{kind.name}", required, bases=(Glance,), kw_only=True, frozen=True, gc=False)
    return msgspec.msgpack.Decoder(of_kind)
