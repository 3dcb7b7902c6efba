"""The order in which an undo deletes what a session created."""

from __future__ import annotations

from lrestore.ontology import CONTENT_TYPES
from lrestore.run.undo.decide import CONTENT, HOLDERS


def test_each_type_that_can_be_deleted_has_a_place() -> None:
    assert sorted((*CONTENT, *HOLDERS)) == sorted(name for name, entry in CONTENT_TYPES.items() if entry.delete)
