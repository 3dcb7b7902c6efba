"""The journal knows the undo copies of other processes of its session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.clock import utc_now
from lrestore.messages import ItemKey
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.session import SessionJournal
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute, RestorationSession
from lrestore.state.undo import UndoJournal
from lrestore.state.writer import StateWriter

SESSION = "20260102-030405-abcd"
ONE, OTHER = ItemKey("look", "1"), ItemKey("look", "2")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SessionJournal]:
    """The journal of a start; an earlier start has kept copies of look 1 and look 2."""
    with StateWriter.open(tmp_path / "state.db", now=utc_now) as writer:
        writer.begin_session(
            RestorationSession(id=SESSION, mode="restore", source_instance="s", source_paths=(), destination="d")
        )
    keep(tmp_path, 1, "1", "2")
    with StateReader.open(tmp_path / "state.db") as reader, UndoJournal(tmp_path / "undo", worker=2) as undo:
        mappings = Mappings(reader, MappingRoute("s", "d"), None)
        yield SessionJournal(lambda record: None, lambda: None, reader, undo, SESSION, mappings)


def keep(directory: Path, worker: int, *ids: str) -> None:
    with UndoJournal(directory / "undo", worker=worker) as undo:
        for one in ids:
            undo.before_update("look", one, "a look", {"id": one})


def test_copies_of_an_earlier_start_are_read_once(journal: SessionJournal, tmp_path: Path) -> None:
    """Reading the copies for each item took most of the time of a large resumed run."""
    for key in (ONE, OTHER):
        assert not journal.kept(key, key.id, None)
        journal.repeat(key)
    assert journal.kept(ONE, "1", None)
    for shard in (tmp_path / "undo").iterdir():
        shard.unlink()
    assert journal.kept(OTHER, "2", None) and not journal.kept(OTHER, "3", None)


def test_copies_of_a_worker_that_died_are_seen(journal: SessionJournal, tmp_path: Path) -> None:
    late = ItemKey("look", "3")
    journal.repeat(ONE)
    assert journal.kept(ONE, "1", None)
    keep(tmp_path, 3, "3")
    journal.repeat(late, died=True)
    assert journal.kept(late, "3", None)
