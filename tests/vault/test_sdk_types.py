"""Types of dictionaries against the SDK's classes that they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import attrs
import msgspec
import pytest

from lrestore.vault import schema
from lrestore.vault import sdk_shapes as shapes
from lrestore.vault.decode import sdk_class_of
from lrestore.vault.sdk_types import checked_timestamp, dictionary_of

VALUES: tuple[object, ...] = (
    *(None, True, 1, 1.5, 2.0, "x", b"x", datetime(2024, 1, 1, tzinfo=UTC), "2024-03-05T06:07:08.123000"),
    *("2024-03-05T06:07:08Z", "2024-13-05", "published", shapes.UNKNOWN_ENUM_VALUE),
    *([], [1], ["a"], [None], {}, [{}], {"a": 1}, {"a": True}, {1: "a"}, {"name": "n"}, [{"name": 1}]),
)


def classes() -> list[type]:
    """The SDK's classes that a backup can hold."""
    found: dict[type, None] = {}

    def visit(model: type) -> None:
        if model not in found:
            found[model] = None
            for inner in shapes.shape(model).nested.values():
                visit(inner)

    for kind in schema.VAULT_TYPES.values():
        visit(sdk_class_of(kind))
    return list(found)


def contents(model: type) -> Iterator[dict[str, object]]:
    """Objects of the class, each with one field of any value; and none without what it requires."""
    required: dict[str, object] = {field.name: "x" for field in attrs.fields(model) if field.default is attrs.NOTHING}
    yield {}
    yield required
    yield {**required, "of_the_future": 1}
    for field in attrs.fields(model):
        yield from ({**required, field.name: value} for value in VALUES)


def test_a_dictionary_is_refused_in_the_words_in_which_the_class_is() -> None:
    compared = 0
    for model in classes():
        ours = msgspec.msgpack.Decoder(dictionary_of(model), dec_hook=checked_timestamp)
        theirs: msgspec.msgpack.Decoder[object] = msgspec.msgpack.Decoder(model)
        for content in contents(model):
            blob = msgspec.msgpack.encode(content)
            told = [_refusal(decoder, blob) for decoder in (ours, theirs)]
            assert told[0] == told[1], f"{model.__name__}: {content}"
            compared += told[0] is not None
    assert compared > 1000


def _refusal(decoder: msgspec.msgpack.Decoder[object], blob: bytes) -> str | None:
    try:
        decoder.decode(blob)
    except msgspec.ValidationError as error:
        return str(error)
    return None


@pytest.mark.parametrize("moment", ["2024-03-05T06:07:08.123000", "2024-03-05T06:07:08Z"])
def test_a_timestamp_that_is_text_stays_text(moment: str) -> None:
    dashboard = dictionary_of(sdk_class_of(schema.VAULT_TYPES["dashboard"]))
    decoder = msgspec.msgpack.Decoder(dashboard, dec_hook=checked_timestamp)
    assert decoder.decode(msgspec.msgpack.encode({"created_at": moment})) == {"created_at": moment}
