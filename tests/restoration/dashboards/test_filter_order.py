"""The order in which filters are made."""

from __future__ import annotations

import pytest

from lrestore.content.shapes.dashboard import DashboardFilter
from lrestore.restoration.dashboards.planner import _listened_first


@pytest.mark.parametrize(
    ("listens", "order"),
    [
        ({"a": [], "b": []}, "ab"),
        ({"a": ["b"], "b": ["c"], "c": []}, "cba"),
        ({"a": ["c", "b"], "b": ["c"], "c": []}, "cba"),
        ({"a": ["b"], "b": ["a"], "c": ["elsewhere"]}, "bac"),
        ({"a": ["a"], "b": ["a"]}, "ab"),
    ],
)
def test_a_filter_comes_after_those_that_it_listens_to(listens: dict[str, list[str]], order: str) -> None:
    filters: list[DashboardFilter] = [
        {"id": name, "name": name, "listens_to_filters": heard} for name, heard in listens.items()
    ]
    assert "".join(str(filters[index]["id"]) for index in _listened_first(filters)) == order
