"""Planned writes as plans and reports show them."""

from __future__ import annotations

from lrestore.messages import Change
from lrestore.restoration.writes import FutureId, named_changes


def test_an_object_that_the_restore_creates_stands_by_name_in_the_changes() -> None:
    body = {"dashboard_layout_id": FutureId("dashboard_layout", "2"), "title": "T"}
    assert named_changes(body, {"title": "Old"}) == (
        Change("dashboard_layout_id", None, "new dashboard_layout 2"),
        Change("title", "Old", "T"),
    )
