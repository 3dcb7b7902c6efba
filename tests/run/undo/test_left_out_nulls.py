"""Undo copies of a Looker that leaves nulls out of its answers."""

from __future__ import annotations

from typing import Any

from lrestore.messages import Touch
from lrestore.run.undo.source import complete_with_nulls


def test_a_field_that_the_session_set_and_the_copy_lacks_was_null() -> None:
    copy: dict[str, Any] = {"id": "1", "title": "A", "dashboard_elements": [{"id": "2", "title": "T"}]}
    written = [
        Touch("dashboard", "1", "update", {"title": "B", "lookml_link_id": "m::d", "updated_at": "2026-01-01"}),
        Touch("dashboard_element", "2", "update", {"note_text": "set"}),
        Touch("dashboard_element", "3", "update", {"note_text": "of a new tile"}),
        Touch("dashboard_filter", "4", "create", {"name": "F"}),
    ]
    complete_with_nulls(copy, "dashboard", written)
    assert copy == {
        "id": "1",
        "title": "A",
        "lookml_link_id": None,
        "dashboard_elements": [{"id": "2", "title": "T", "note_text": None}],
    }
