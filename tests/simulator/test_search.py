"""Searching, sorting, paging, and the ``fields`` parameter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.simulator.api.search import like, matches
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.projection import parse, project
from lrestore.simulator.core.refusal import RefusedError
from lrestore.simulator.world.world import Sizes, make_world
from tests.simulator.direct import Direct


def naive_like(pattern: str, text: str) -> bool:
    """SQL LIKE by recursion, from its definition."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(naive_like(pattern[1:], text[i:]) for i in range(len(text) + 1))
    if pattern[0] == "\\" and len(pattern) > 1:
        return text[:1] == pattern[1] and naive_like(pattern[2:], text[1:])
    return bool(text) and pattern[0] in ("_", text[0]) and naive_like(pattern[1:], text[1:])


@given(st.text("ab%_\\", max_size=6), st.text("ab%_\\", max_size=6))
def test_like_is_sqls(pattern: str, text: str) -> None:
    assert bool(like(pattern).fullmatch(text)) == naive_like(pattern, text)


@given(st.text(max_size=20))
def test_an_escaped_text_matches_itself(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    assert matches(text, escaped, "title") or escaped in ("IS NULL", "NOT NULL")


def test_text_is_matched_without_regard_to_case_and_with_wildcards(looker: Direct) -> None:
    title = looker.get("/dashboards/1")["title"]
    assert looker.get("/dashboards/search", title=title.upper())[0]["id"] == "1"
    assert "1" in [d["id"] for d in looker.get("/dashboards/search", title=title[:4] + "%")]
    assert looker.get("/dashboards/search", title=title[:4]) == []


def test_ids_come_in_lists_and_filters_may_be_alternatives(looker: Direct) -> None:
    assert [d["id"] for d in looker.get("/dashboards/search", id="3,1,999", fields="id")] == ["1", "3"]
    either = looker.get(
        "/dashboards/search", id="1", folder_id=looker.get("/dashboards/2")["folder_id"], filter_or=True
    )
    assert {"1", "2"} <= {d["id"] for d in either}


def test_pages_are_sorted_by_id_as_a_number_and_counted() -> None:
    looker = Direct(make_world(Sizes(dashboards=25, tiles=1, trashed=0)))
    pages = [looker.get("/dashboards/search", limit=10, offset=o, fields="id") for o in (0, 10, 20, 30)]
    assert [d["id"] for page in pages for d in page] == [str(n) for n in range(1, 26)]
    assert looker.headers["X-Total-Count"] == "25"
    latest = looker.get("/dashboards/search", sorts="created_at desc", limit=1, fields="id")
    assert latest == [{"id": "25"}]


def test_a_page_may_be_capped_below_its_limit() -> None:
    looker = Direct(make_world(), SimulatorConfig(page_cap=5))
    assert len(looker.get("/dashboards/search", limit=100)) == 5
    assert len(looker.get("/dashboards/search")) == 5


def test_null_is_searched_for_by_a_word(looker: Direct) -> None:
    looker.patch("/dashboards/1", {"description": None})
    looker.patch("/dashboards/2", {"description": "x"})
    assert "1" in [d["id"] for d in looker.get("/dashboards/search", description="IS NULL")]
    assert "1" not in [d["id"] for d in looker.get("/dashboards/search", description="NOT NULL")]


def test_fields_are_parsed_at_any_depth() -> None:
    tree = parse("id, dashboard_elements(id,query(model,view)),title", "Dashboard")
    assert tree == {
        "id": None,
        "dashboard_elements": {"id": None, "query": {"model": None, "view": None}},
        "title": None,
    }
    assert project({"id": 1, "title": 2, "folder": 3}, {"id": None, "title": None}) == {"id": 1, "title": 2}


@pytest.mark.parametrize("text", ["id)", "folder(id", "(id)", "nothing", "folder(nothing)"])
def test_invalid_fields_are_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        parse(text, "Dashboard")
