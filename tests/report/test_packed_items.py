"""The items of a large report are held encoded; nothing in them, and in the files, is another for that."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.messages import Change, Deletion, LiveFacts
from lrestore.report.model import Api, Item, Report
from lrestore.report.packed_items import FEW_ITEMS, Has, Items, pack, unpack
from lrestore.report.write import json_pieces, report_json
from lrestore.run.compare.people import with_names
from lrestore.text.storable import to_json
from tests.report.builders import builder, item

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.builds(
    Item,
    type=st.sampled_from(("dashboard", "look")),
    id=st.text(max_size=3),
    name=st.text(max_size=5),
    outcome=st.sampled_from(("created", "updated", "skipped", "failed")),
    changes=st.lists(st.builds(Change, st.text(max_size=3), JSON, JSON), max_size=2).map(tuple),
    deletions=st.lists(st.builds(Deletion, st.text(), st.text(), st.text()), max_size=1).map(tuple),
    earlier=st.booleans(),
    url=st.sampled_from(("", "https://looker/looks/1")),
    live=st.none() | st.builds(LiveFacts, st.none() | st.text(), updated_by_id=st.none() | st.just("7")),
)


@given(st.lists(ITEMS, max_size=4))
def test_packed_items_are_the_same_items(items: list[Item]) -> None:
    """Numbers of more than 64 bits and halves of characters are among them."""
    packed = Items([pack(one) for one in items])
    assert list(packed) == items == packed
    assert packed[1:] == items[1:] and len(packed) == len(items)
    assert list(packed.having(Has.DELETIONS)) == [one for one in items if one.deletions]
    assert list(packed.having(Has.URL | Has.EARLIER)) == [one for one in items if one.url or one.earlier]
    assert list(packed.having(Has.WARNINGS)) == [one for one in items if one.warnings]
    assert list(packed.having(Has.SKIPPED)) == [one for one in items if one.outcome == "skipped"]


@pytest.mark.parametrize("more", [0, 1])
def test_the_files_of_many_items_are_those_of_a_few(more: int) -> None:
    many = _report(FEW_ITEMS + more)
    assert isinstance(many.items, tuple) is not more
    plain = msgspec.structs.replace(many, items=tuple(many.items))
    assert b"".join(json_pieces(many)) == msgspec.json.format(to_json(plain), indent=2).encode() + b"\n"
    assert msgspec.json.decode(report_json(many), type=Report) == many == plain


def test_users_get_their_names_in_packed_items() -> None:
    named = with_names(_report(FEW_ITEMS + 1), lambda ids: {"7": "Ada"} if ids == ["7"] else {})
    assert {one.live.updated_by for one in named.items if one.live} == {"Ada"}


def test_a_value_that_msgpack_cannot_hold_is_kept() -> None:
    large = Item("look", "1", "L", "updated", changes=(Change("limit", 1 << 70, 1),))
    assert pack(large) is large is unpack(large)


def _report(count: int) -> Report:
    made = builder()
    for number in range(count):
        change = Change('a "name"\n  "items": []', number, {"items": [], "b": [1, {"c": None}]})
        live = LiveFacts("2026-01-01", updated_by_id="7")
        result = item("updated", str(number), changes=(change,))
        made.add(msgspec.structs.replace(result, live=live))
    return made.finish(Api())
