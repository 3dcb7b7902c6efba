"""Blobs: what sound ones become, and that broken or hostile ones never become anything but a precise error."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrestore.errors import CorruptItemError, ItemError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.vault import Vault, schema
from lrestore.vault import sdk_shapes as shapes
from lrestore.vault.decode import DecodedBlob, UnreadableError, decode, skim
from tests.vault.builder import MADE_AT, SAMPLES, build, dashboard, row_of

DASHBOARD = schema.VAULT_TYPES["dashboard"]
pack = msgspec.msgpack.encode


def map_of(*pairs: bytes) -> bytes:
    """A dashboard's map on the wire with further pairs, each key and value already encoded."""
    start = {"id": "1", "title": "t"}
    return bytes([0x80 + len(start) + len(pairs)]) + pack(start)[1:] + b"".join(pairs)


def value(wire: bytes) -> bytes:
    """A dashboard whose free-form part holds this wire value."""
    return map_of(pack("x") + wire)


def refusal(blob: bytes, kind: schema.VaultType = DASHBOARD) -> str:
    with pytest.raises(UnreadableError) as caught:
        decode(kind, blob)
    return str(caught.value)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_type_becomes_plain_builtins(name: str) -> None:
    """FR-002."""
    assert decode(schema.VAULT_TYPES[name], pack(SAMPLES[name])).raw == SAMPLES[name]


def test_nested_parts_and_free_maps_keep_their_nulls() -> None:
    content = decode(DASHBOARD, pack(dashboard()))
    (tile,) = content.raw["dashboard_elements"]
    assert tile["query"]["vis_config"] == {"x": [1, 2.5, None]}
    assert tile["deleted"] is None
    assert "description" not in content.raw


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 3, 5, 6, 7, 8, tzinfo=UTC),
        MADE_AT,
        datetime(1950, 1, 1, tzinfo=UTC),
        datetime(2600, 1, 1, tzinfo=UTC),
        datetime(2024, 3, 5, 8, 7, 8, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_timestamps_of_every_width_come_back_as_the_same_moment(moment: datetime) -> None:
    content = decode(DASHBOARD, pack(dashboard(created_at=moment)))
    assert content.raw["created_at"] == moment


def test_times_as_text_stay_text_in_the_builtins() -> None:
    """Backups that went through LookerVault's pack hold text."""
    content = decode(DASHBOARD, pack(dashboard(created_at="2024-03-05T06:07:08.123000")))
    assert content.raw["created_at"] == "2024-03-05T06:07:08.123000"


def test_a_look_decodes_with_and_without_its_query() -> None:
    bare, full = (
        {"id": "1", "title": "t", "query_id": "7"},
        {"id": "1", "title": "t", "query": {"model": "m", "view": "v"}},
    )
    look = schema.VAULT_TYPES["look"]
    assert decode(look, pack(bare)).raw["query_id"] == "7"
    assert decode(look, pack(full)).raw["query"]["view"] == "v"


def test_fields_that_this_sdk_does_not_know_stay_in_the_builtins() -> None:
    content = decode(DASHBOARD, pack(dashboard(of_the_future={"a": [1]})))
    assert content.raw["of_the_future"] == {"a": [1]}


def test_an_enum_value_that_the_sdk_did_not_know_is_left_out_where_it_is_an_enum_and_nowhere_else() -> None:
    lost = shapes.UNKNOWN_ENUM_VALUE
    blob = pack(dashboard(description=lost, certification_metadata={"certification_status": lost, "notes": "n"}))
    content = decode(DASHBOARD, blob)
    assert content.raw["certification_metadata"] == {"notes": "n"}
    assert content.raw["description"] == lost


def test_names_that_python_reserves_get_their_own_back() -> None:
    content = decode(DASHBOARD, pack(dashboard(from_="x", from_me_="kept")))
    assert content.raw["from"] == "x"
    assert "from_" not in content.raw
    assert content.raw["from_me_"] == "kept"


def test_reserved_names_inside_of_free_form_maps_are_the_users_own() -> None:
    tile = {"id": "11", "query": {"model": "m", "view": "v", "vis_config": {"class_": 1}}}
    content = decode(DASHBOARD, pack(dashboard(from_="x", dashboard_elements=[tile])))
    assert content.raw["dashboard_elements"] == [tile]


@pytest.mark.parametrize(
    ("name", "parts", "path"),
    [
        ("dashboard", {"dashboard_elements": [{"id": "5"}, {"title": "Tile"}]}, "dashboard_elements[1]"),
        ("dashboard", {"dashboard_filters": [{"id": ""}]}, "dashboard_filters[0]"),
        ("dashboard", {"dashboard_layouts": [{"id": None}]}, "dashboard_layouts[0]"),
        ("board", {"board_sections": [{"title": "Section"}]}, "board_sections[0]"),
        ("board", {"board_sections": [{"id": "3", "board_items": [{}]}]}, "board_sections[0].board_items[0]"),
    ],
)
def test_a_part_without_an_id_is_refused_by_its_path(name: str, parts: JsonObject, path: str) -> None:
    """Tiles, filters, sections: what is made of them is recorded under their ids."""
    assert refusal(pack({**SAMPLES[name], **parts}), schema.VAULT_TYPES[name]) == f"{path} has no id"


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"", "is empty"),
        (b'{"id": "1", "title": "t"}', "is JSON text"),
        (pack("dashboard"), "Expected `object`, got `str`"),
        (pack([dashboard()]), "Expected `object`, got `array`"),
        (pack(dashboard())[:-1], "truncated"),
        (pack(dashboard()) + b"\x00", "trailing characters"),
        (b"\xc1" + pack(dashboard()), "invalid opcode"),
        (pack({"title": "t"}), "missing required field `id`"),
        (pack({"id": "1"}), "missing required field `title`"),
        (pack({"id": "1", "title": None}), "got `None` - at `$.title`"),
        (pack({"id": 1, "title": "t"}), "got `int` - at `$.id`"),
        (pack({"id": "", "title": "t"}), "dashboard's id is empty"),
        (pack(dashboard(hidden="yes")), "Expected `bool | null`, got `str` - at `$.hidden`"),
        (
            pack(dashboard(dashboard_elements=[{"id": "2", "title": 5}])),
            "got `int` - at `$.dashboard_elements[0].title`",
        ),
        (pack(dashboard(created_at="yesterday")), "Invalid RFC3339 encoded datetime - at `$.created_at`"),
    ],
)
def test_a_broken_blob_is_refused_with_what_is_wrong_and_where(blob: bytes, reason: str) -> None:
    assert reason in refusal(blob)


@pytest.mark.parametrize(("name", "field"), [("scheduled_plan", "name"), ("board", "title")])
@pytest.mark.parametrize("value", [None, ""])
def test_plans_and_boards_may_have_no_name(name: str, field: str, value: str | None) -> None:
    """The specification lets these be null."""
    assert skim(schema.VAULT_TYPES[name], pack({"id": "1", field: value})).true_id == "1"


@pytest.mark.parametrize(
    ("name", "field"), [(kind.name, field) for kind in schema.VAULT_TYPES.values() for field in kind.required]
)
def test_what_every_object_of_a_type_has_is_required(name: str, field: str) -> None:
    whole = dict.fromkeys(schema.VAULT_TYPES[name].required, "1")
    assert skim(schema.VAULT_TYPES[name], pack(whole)).true_id == "1"
    del whole[field]
    assert f"`{field}`" in refusal(pack(whole), schema.VAULT_TYPES[name])


NAN = b"\xcb\x7f\xf8" + bytes(6)


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (value(b"\x91" * 100_000 + b"\xc0"), "nests too deeply"),
        (value(b"\x81\xa1a" * 100_000 + b"\xc0"), "nests too deeply"),
        (value(b"\x91" * 200 + b"\xc0"), "nests deeper than 64 levels"),
        (value(b"\x81\xa1a" * 200 + b"\xc0"), "nests deeper than 64 levels"),
        (value(b"\xdd\xff\xff\xff\xff"), "truncated"),
        (value(b"\xdf\xff\xff\xff\xff"), "truncated"),
        (value(b"\xdb\xff\xff\xff\xff"), "truncated"),
        (value(b"\xa2\xff\xfe"), "not UTF-8"),
        (value(b"\xa3\xed\xa0\x80"), "not UTF-8"),
        (value(b"\xd4\x05\x01"), "extension type 5"),
        (value(b"\xc7\x0c\xff" + b"\xff" * 12), "out of range"),
        (value(b"\xc7\x03\xff\x00\x00\x00"), "Invalid MessagePack timestamp"),
        (value(b"\xc4\x01a"), "x holds bytes, which JSON cannot hold"),
        (value(NAN), "x holds nan, which JSON cannot hold"),
        (value(b"\x92\x01\xcb\x7f\xf0" + bytes(6)), "x[1] holds inf"),
        (value(b"\x81\x01\x01"), "x has a key that is not text: 1"),
        (value(b"\x81" + NAN + b"\x01"), "x has a key that is not text: nan"),
        (value(b"\x81\x91\x01\x01"), "x has a key that is not text: (1,)"),
        (value(b"\x81\x80\x01"), "map keys must be hashable"),
        (value(b"\x81\xa1a\x81\xa1b\xc4\x00"), "x.a.b holds bytes"),
        (map_of(NAN + b"\x01"), "Expected `str`, got `float` - at `key` in `$`"),
        (map_of(b"\x01\x01"), "Expected `str`, got `int` - at `key` in `$`"),
        (map_of(pack("title") + pack("another")), "has the key 'title' twice"),
        (value(b"\x82\xa1a\x01\xa1a\x02"), "has the key 'a' twice"),
        (value(b"\x92\x81\xa1a\x01\x82\xa1a\x01\xa1a\x02"), "has the key 'a' twice"),
    ],
)
def test_a_hostile_blob_is_refused_not_a_crash(blob: bytes, reason: str) -> None:
    assert reason in refusal(blob)


def test_what_claims_to_be_huge_costs_no_memory() -> None:
    tracemalloc.start()
    for opcode in (b"\xdd", b"\xdf", b"\xdb", b"\xc6"):
        refusal(value(opcode + b"\xff\xff\xff\xff"))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 10_000_000


@pytest.mark.parametrize(
    "wire",
    [
        b"\xcf" + b"\xff" * 8,
        b"\xd3\x80" + bytes(7),
        b"\xca\x3f\x80\x00\x00",
        b"\xd9\x01a",
        b"\xdc\x00\x01\x01",
        b"\xde\x00\x01\xd9\x01a\x01",
        b"\x82\xa1a\x01\xd9\x01b\x81\xa1a\x01",
    ],
)
def test_what_another_encoder_may_have_written_is_read(wire: bytes) -> None:
    """Wider headers than needed are legal, and not a key twice."""
    assert decode(DASHBOARD, value(wire)).raw["x"] == msgspec.msgpack.decode(wire)


def test_content_of_64_levels_is_read() -> None:
    nested: Any = "leaf"
    for _ in range(shapes.MAX_DEPTH):
        nested = {"a": nested}
    assert decode(DASHBOARD, pack(dashboard(x=nested))).raw["x"] == nested


class Spliced(msgspec.Struct, frozen=True):
    """A change to a blob: some bytes replaced by others."""

    position: float
    removed: int
    inserted: bytes


splices = st.lists(
    st.builds(Spliced, st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=4
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), splices)
@example("dashboard", [Spliced(0.0, 1, b"\xdf\xff\xff\xff\xff")])
def test_a_real_blob_changed_at_random_decodes_or_is_refused(name: str, changes: list[Spliced]) -> None:
    blob = pack(SAMPLES[name])
    for change in changes:
        at = int(change.position * len(blob))
        blob = blob[:at] + change.inserted + blob[at + change.removed :]
    kind = schema.VAULT_TYPES[name]
    content = decoded_or_refused(kind, blob)
    if content is not None:
        assert skim(kind, blob).true_id == content.true_id
        msgspec.json.encode(content.raw)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_decode_or_are_refused(tail: bytes) -> None:
    for blob in (tail, value(tail)):
        decoded_or_refused(DASHBOARD, blob)


def decoded_or_refused(kind: schema.VaultType, blob: bytes) -> DecodedBlob | None:
    """Any other exception than the one fails the test."""
    try:
        return decode(kind, blob)
    except UnreadableError as error:
        return None if str(error) else pytest.fail("a refusal without a reason")


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(json_like)
def test_whatever_json_can_hold_comes_back_unchanged(anything: object) -> None:
    assert decode(DASHBOARD, pack(dashboard(x=anything))).raw["x"] == anything


def test_every_refusal_is_a_dead_letter_that_names_file_and_item(tmp_path: Path) -> None:
    """FR-003, FR-021."""
    path = build(tmp_path / "vault.db", [row_of("dashboard", content=pack(dashboard(hidden="yes")))])
    with Vault.open([str(path)]) as vault, pytest.raises(ItemError) as caught:
        vault.read(ItemKey("dashboard", "1"))
    assert type(caught.value) is CorruptItemError
    assert caught.value.key == ItemKey("dashboard", "1")
    for part in ("dashboard=1", str(path), "$.hidden", "another backup"):
        assert part in str(caught.value)


def test_a_deep_listing_finds_what_a_shallow_one_steps_over(tmp_path: Path) -> None:
    path = build(tmp_path / "vault.db", [row_of("dashboard", content=pack(dashboard(hidden="yes")))])
    with Vault.open([str(path)]) as vault:
        assert [row.corrupt for row in vault.index()] == [""]
        assert ["$.hidden" in row.corrupt for row in vault.index(deep=True)] == [True]
        assert vault.summary().corrupt == 1
