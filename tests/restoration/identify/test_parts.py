"""Parts are matched by id, mapping or content, each at most once."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.shapes.boundary import as_tile
from lrestore.content.shapes.tile import DashboardTile
from lrestore.json_types import JsonObject
from lrestore.restoration.dashboards.tiles import strict_key, title_key
from lrestore.restoration.identify.parts import match_parts


def by_title(part: JsonObject) -> Any:
    return part.get("title")


def test_valid_ids_win_over_content() -> None:
    backed_up = [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}]
    live = [{"id": "1", "title": "B"}, {"id": "2", "title": "A"}]
    matching = match_parts(backed_up, live, mapped=lambda _: None, ids_hold=True, keys=((by_title, by_title),))
    assert {index: part["id"] for index, part in matching.live_of.items()} == {0: "1", 1: "2"}


def test_ids_of_another_instance_are_ignored() -> None:
    backed_up, live = [{"id": "1", "title": "A"}], [{"id": "1", "title": "B"}, {"id": "9", "title": "A"}]
    matching = match_parts(backed_up, live, mapped=lambda _: None, ids_hold=False, keys=((by_title, by_title),))
    assert matching.live_of[0]["id"] == "9"
    assert [part["id"] for part in matching.extra] == ["1"]


def test_a_mapping_wins_over_content() -> None:
    backed_up, live = [{"id": "1", "title": "A"}], [{"id": "8", "title": "A"}, {"id": "9", "title": "B"}]
    matching = match_parts(backed_up, live, mapped={"1": "9"}.get, ids_hold=False, keys=((by_title, by_title),))
    assert matching.live_of[0]["id"] == "9"


def test_merged_queries_are_distinguished_by_their_source_queries() -> None:
    """In another instance their ids are invalid, and all of them may have the same title."""

    def tile(number: str, view: str) -> DashboardTile:
        maker = {"filterables": [{"name": "q_0", "model": "m", "view": view, "listen": []}]}
        return as_tile(
            {"id": number, "type": "vis", "title": "Merged", "merge_result_id": number, "result_maker": maker}
        )

    backed_up, live = [tile("1", "orders"), tile("2", "users")], [tile("71", "users"), tile("72", "orders")]
    keys = ((strict_key, strict_key), (title_key, title_key))
    matching = match_parts(backed_up, live, mapped=lambda _: None, ids_hold=False, keys=keys)
    assert {index: part["id"] for index, part in matching.live_of.items()} == {0: "72", 1: "71"}


@given(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ABC")), unique_by=lambda pair: pair[0]),
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ABC")), unique_by=lambda pair: pair[0]),
    st.booleans(),
)
def test_every_live_part_is_matched_once_or_extra(
    ours: list[tuple[int, str]], theirs: list[tuple[int, str]], ids_hold: bool
) -> None:
    backed_up = [{"id": str(number), "title": title} for number, title in ours]
    live = [{"id": str(number), "title": title} for number, title in theirs]
    matching = match_parts(backed_up, live, mapped=lambda _: None, ids_hold=ids_hold, keys=((by_title, by_title),))
    seen = [part["id"] for part in matching.live_of.values()] + [part["id"] for part in matching.extra]
    assert sorted(seen) == sorted(part["id"] for part in live)
    assert set(matching.live_of) <= set(range(len(backed_up)))
