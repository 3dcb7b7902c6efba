"""Colours in free-form settings: found at any depth, translated by id or label, left alone where that is not known."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.palettes import Collection, Colours, KnownColours, Palette, collection, colours_in, recoloured

KIND = "categoricalPalettes"


def listed(collection_id: str, label: str, **palettes: str) -> Collection:
    return Collection(collection_id, label, tuple(Palette(one, name, KIND) for one, name in palettes.items()))


THERE = {"acme9": listed("acme9", "Acme", p9="Warm", q9="Cold"), "std": listed("std", "Looker", p0="Default")}
SOURCE = {"acme1": listed("acme1", "Acme", p1="Warm", q1="Gone"), "std": listed("std", "Looker", p0="Default")}
KNOWN = KnownColours(THERE, SOURCE)


def chart(collection_id: str, palette_id: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "looker_column",
        "color_application": {"collection_id": collection_id, "palette_id": palette_id, **more},
    }


def test_a_row_of_the_listing_keeps_its_palettes_by_kind() -> None:
    row = {"id": "a", "label": "A", KIND: [{"id": "p", "label": None}], "sequentialPalettes": None}
    assert collection(row) == Collection("a", "A", (Palette("p", "", KIND),))


def test_colours_are_found_in_charts_conditional_formatting_and_cells() -> None:
    value = {
        **chart("c1", "p1"),
        "conditional_formatting": [{"color_application": {"collection_id": "c2", "palette_id": "p2"}}],
        "series_cell_visualizations": {"orders.count": {"palette": {"palette_id": "p3", "collection_id": "c3"}}},
    }
    assert {(one.collection, one.palette) for one in colours_in(value)} == {("c1", "p1"), ("c2", "p2"), ("c3", "p3")}


def test_a_palette_of_the_charts_own_names_nothing() -> None:
    (found,) = colours_in(chart("c1", "p1", custom={"id": "p1", "colors": ["#fff"]}))
    assert found == Colours("c1", "", own=True)


def test_ids_that_are_there_stay() -> None:
    assert KNOWN.translated(Colours("std", "p0")) == Colours("std", "p0")


def test_others_follow_their_labels() -> None:
    assert KNOWN.translated(Colours("acme1", "p1")) == Colours("acme9", "p9")


def test_what_has_no_counterpart_is_not_known() -> None:
    """Half a translation would be another chart."""
    assert KNOWN.translated(Colours("acme1", "q1")) is None
    assert KnownColours(THERE).translated(Colours("acme1", "p1")) is None
    twice = {**THERE, "other": listed("other", "acme")}
    assert KnownColours(twice, SOURCE).translated(Colours("acme1", "")) is None


def test_a_chart_is_rewritten_and_its_own_palette_kept() -> None:
    def new(one: Colours) -> Colours:
        return KNOWN.translated(one) or one

    assert recoloured(chart("acme1", "p1", options={"steps": 5}), new) == chart("acme9", "p9", options={"steps": 5})
    own = chart("acme1", "mine", custom={"id": "mine"})
    assert recoloured(own, new) == chart("acme9", "mine", custom={"id": "mine"})


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_what_names_no_colours_stays_itself(value: Any) -> None:
    assert recoloured(value, lambda one: Colours("x", "y")) is value
    assert not list(colours_in(value))
