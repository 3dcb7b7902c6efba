"""The journal knows what other processes of its session have done, and what it has done itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.clock import utc_now
from lrestore.messages import Intent, ItemKey, ObjectMapping, Proof
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.records import Dropped, JournalRecord, Mapped, Opened, apply_record
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


def test_a_create_that_was_refused_is_not_waited_for_although_its_record_is_on_its_way(tmp_path: Path) -> None:
    """The same object is created again, with another title."""
    on_the_way: list[JournalRecord] = []
    with (
        StateWriter.open(tmp_path / "state.db", now=utc_now) as writer,
        StateReader.open(tmp_path / "state.db") as reader,
        UndoJournal(tmp_path / "undo", worker=1) as undo,
    ):
        writer.begin_session(
            RestorationSession(id=SESSION, mode="restore", source_instance="s", source_paths=(), destination="d")
        )

        def settle() -> None:
            for record in on_the_way:
                apply_record(writer, SESSION, record)
            on_the_way.clear()

        mappings = Mappings(reader, MappingRoute("s", "d"), None)
        journal = SessionJournal(on_the_way.append, settle, reader, undo, SESSION, mappings)
        (intent,) = journal.open_intents([Intent(ONE)])
        assert journal.may_run_s(intent, 120.0) is not None
        journal.drop_intent(intent)
        assert journal.may_run_s(intent, 120.0) is None


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


class Worked:
    """The journal of a worker, and the state file that another process writes to."""

    def __init__(self, journal: SessionJournal, state: Path, statements: list[str]) -> None:
        self.journal = journal
        self.state = state
        self._statements = statements

    def other_process(self, record: JournalRecord) -> None:
        with StateWriter.open(self.state, now=utc_now) as writer:
            apply_record(writer, SESSION, record)

    def statements(self, act: Callable[[], object]) -> int:
        """How often the state file is asked."""
        before = len(self._statements)
        act()
        return len(self._statements) - before


@pytest.fixture
def worked(tmp_path: Path) -> Iterator[Worked]:
    state = tmp_path / "state.db"
    statements: list[str] = []
    with StateWriter.open(state, now=utc_now) as writer:
        writer.begin_session(
            RestorationSession(id=SESSION, mode="restore", source_instance="s", source_paths=(), destination="d")
        )

    def connect(*arguments: Any, **keywords: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(*arguments, **keywords)
        connection.set_trace_callback(statements.append)
        return connection

    with StateReader.open(state, connect=connect) as reader, UndoJournal(tmp_path / "undo", worker=2) as undo:
        mappings = Mappings(reader, MappingRoute("s", "d"), None)
        journal = SessionJournal(lambda record: None, lambda: None, reader, undo, SESSION, mappings)
        yield Worked(journal, state, statements)


MAPPED = Mapped(ObjectMapping("look", "1", "77", Proof()))


def test_a_mapping_of_another_process_is_seen_once_tasks_have_come(worked: Worked) -> None:
    worked.journal.tasks_came()
    assert worked.journal.recorded("look", "1") is None
    worked.other_process(MAPPED)
    worked.journal.tasks_came()
    found = worked.journal.recorded("look", "1")
    assert found is not None and found.destination_id == "77"


def test_without_tasks_every_mapping_is_read_anew(worked: Worked) -> None:
    assert worked.journal.recorded("look", "1") is None
    worked.other_process(MAPPED)
    assert worked.journal.recorded("look", "1") is not None


def test_a_mapping_of_this_process_is_seen_at_once(worked: Worked) -> None:
    worked.journal.tasks_came()
    assert worked.journal.recorded("look", "1") is None
    worked.journal.map(MAPPED.mapping)
    assert worked.journal.recorded("look", "1") is not None


def test_what_items_share_is_asked_for_once(worked: Worked) -> None:
    worked.journal.tasks_came()
    worked.other_process(Mapped(ObjectMapping("user", "9", "8", Proof())))
    assert worked.statements(lambda: worked.journal.recorded("user", "5")) == 2
    assert worked.statements(lambda: worked.journal.recorded("user", "5")) == 0
    assert worked.statements(lambda: worked.journal.recorded("folder", "1")) == 1
    assert worked.statements(lambda: [worked.journal.recorded("folder", str(n)) for n in range(20)]) == 0
    keys = [ItemKey("look", str(number)) for number in range(20)]
    assert worked.statements(lambda: [worked.journal.in_doubt(key) for key in keys]) == 1
    assert worked.statements(lambda: [worked.journal.unsettled_parts(key) for key in keys]) == 0


def test_an_open_create_of_an_ended_process_is_seen_with_the_task(worked: Worked) -> None:
    worked.journal.tasks_came()
    assert not worked.journal.in_doubt(ONE)
    worked.other_process(Opened((Intent(ONE),)))
    worked.journal.tasks_came()
    assert worked.journal.in_doubt(ONE) and worked.journal.unsettled(ONE)
    assert not worked.journal.in_doubt(OTHER)


def test_an_open_create_of_this_process_is_seen_at_once(worked: Worked) -> None:
    worked.journal.tasks_came()
    assert not worked.journal.in_doubt(ONE)
    (intent,) = worked.journal.open_intents([Intent(ONE)])
    worked.other_process(Opened((intent,)))
    assert worked.journal.in_doubt(ONE)
    worked.other_process(Dropped(intent))
    worked.journal.drop_intent(intent)
    assert not worked.journal.in_doubt(ONE)
