"""Worker's outbox and writer: if a process dies, every record is still recorded once and confirmed without gaps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lrestore.clock import utc_now
from lrestore.errors import StoppedError
from lrestore.messages import Change, Intent, ItemKey, ItemResult
from lrestore.run.bulk.outbox import Outbox
from lrestore.run.bulk.pipes import Channel, ResultReader, ResultWriter, channel, result_pipe
from lrestore.run.bulk.protocol import Committed, End, FromWriter, Sent
from lrestore.run.bulk.writer import Writer, WriterBrief
from lrestore.run.journal.records import Closed, Finished, Opened
from lrestore.state.guard import Guard
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute, RestorationSession
from lrestore.state.writer import StateWriter
from tests.waiting import HANG_S

SESSION = "20260102-030405-abcd"


class Desk:
    """One worker's outbox, a pipe, and a writer that can be replaced: all in this process."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state.db"
        with StateWriter.open(self.state, now=utc_now) as writer:
            writer.begin_session(
                RestorationSession(id=SESSION, mode="restore", source_instance="s", source_paths=(), destination="d")
            )
        self.stack = ExitStack()
        ends: tuple[ResultReader[Sent], ResultWriter] = result_pipe(Sent)
        self.reading, self.writing = ends
        self.outbox = Outbox(1, self.writing, directory / "outbox-1.db", lambda: False)
        self.new_writer()

    def new_writer(self) -> None:
        """The writer dies; its successor knows only the state file and the pipe."""
        self.stack.close()
        self.stack = ExitStack()
        self.connection = self.stack.enter_context(StateWriter.open(self.state, now=utc_now))
        ours: Channel[Any, FromWriter]
        ours, theirs = channel(End, FromWriter)
        self.stack.callback(ours.close)
        self.stack.callback(theirs.close)
        self.heard = ours
        brief = WriterBrief(self.state, SESSION, 100, 1.0, Guard(self.state, SESSION))
        self.writer = Writer(brief, self.connection, self.reading, theirs)

    def write(self) -> None:
        """The writer records what is in the pipe."""
        self.writer.record(self.reading.read(0.01))

    def hear(self) -> int:
        """The coordinator passes on the writer's confirmations; returns the highest confirmed number."""
        highest = 0
        while self.heard.ready():
            message = self.heard.receive()
            assert isinstance(message, Committed)
            highest = max(highest, message.numbers.get(1, 0))
        if highest:
            self.outbox.confirm(highest)
        return highest

    def results(self) -> dict[str, str]:
        with StateReader.open(self.state) as reader:
            return {str(key): outcome for key, outcome in reader.outcomes(SESSION).items()}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stack.close()
    made.outbox.close()
    made.writing.close()
    made.reading.close()


def finished(number: int, **more: Any) -> Finished:
    return Finished(ItemResult(ItemKey("dashboard", str(number)), "D", "updated", **more))


def test_committed_records_are_confirmed(desk: Desk) -> None:
    desk.outbox.send(finished(1))
    desk.outbox.send(finished(2))
    desk.write()
    assert desk.hear() == 2
    assert desk.outbox.empty
    assert desk.results() == {"dashboard=1": "updated", "dashboard=2": "updated"}


def test_a_lost_writer_loses_no_record(desk: Desk) -> None:
    """Messages that it had read and not committed are sent again to its successor."""
    desk.outbox.send(finished(1))
    desk.reading.read(0.01)
    desk.new_writer()
    desk.outbox.send(finished(2))
    desk.write()
    assert desk.results() == {}
    desk.outbox.resend()
    desk.write()
    assert desk.hear() == 2
    assert desk.results() == {"dashboard=1": "updated", "dashboard=2": "updated"}


def test_a_confirmation_that_was_lost_records_nothing_twice(desk: Desk) -> None:
    intent = Intent(ItemKey("dashboard", "1"))
    for record in (Opened((intent,)), Closed(intent, "77"), finished(1)):
        desk.outbox.send(record)
    desk.write()
    desk.new_writer()
    desk.outbox.resend()
    desk.write()
    assert desk.hear() == 3
    with StateReader.open(desk.state) as reader:
        assert reader.open_intents() == []
        recorded = reader.recorded(MappingRoute("s", "d"), "dashboard", "1")
        assert recorded is not None and recorded.destination_id == "77"


def test_a_record_too_large_for_the_pipe_is_stored_in_a_file(desk: Desk) -> None:
    large = Change("vis_config", None, "x" * 100_000)
    desk.outbox.send(finished(1, changes=(large,)))
    desk.write()
    assert desk.hear() == 1
    with StateReader.open(desk.state) as reader:
        (result,) = reader.results(SESSION)
    assert result.changes == (large,)


def test_settling_waits_for_the_confirmation(desk: Desk) -> None:
    desk.outbox.send(finished(1))
    settled = threading.Event()

    def settle() -> None:
        desk.outbox.settle()
        settled.set()

    thread = threading.Thread(target=settle)
    thread.start()
    assert not settled.is_set()
    desk.write()
    desk.hear()
    thread.join(HANG_S)
    assert settled.is_set()


def test_settling_ends_when_the_coordinator_has_ended(desk: Desk, tmp_path: Path) -> None:
    orphan = Outbox(2, desk.writing, tmp_path / "outbox-2.db", lambda: True)
    orphan.send(finished(1))
    with pytest.raises(StoppedError):
        orphan.settle()


def test_a_record_that_cannot_be_sent_leaves_no_gap_behind(desk: Desk) -> None:
    """The writer accepts numbers in order: a missing number would block all later ones forever."""
    with pytest.raises(TypeError):
        desk.outbox.send(Finished(ItemResult(ItemKey("look", "1"), "", "updated", changes=(Change("x", object(), 1),))))
    desk.outbox.send(Finished(ItemResult(ItemKey("look", "2"), "whole", outcome="updated")))
    desk.write()
    assert desk.hear() == 1
    assert desk.outbox.empty
    assert desk.results() == {"look=2": "updated"}


@pytest.mark.parametrize("folder", ["a?mode=memory", "a#b", "%41", "caf\udce9"])
def test_a_stored_record_is_found_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    desk = Desk(place)
    try:
        large = ItemResult(
            ItemKey("look", "1"), "name", outcome="updated", changes=(Change("title", "x" * 50_000, ""),)
        )
        desk.outbox.send(Finished(large))
        desk.write()
        assert desk.hear() == 1
        assert desk.results() == {"look=1": "updated"}
    finally:
        desk.stack.close()
        desk.writing.close()
        desk.reading.close()


@pytest.mark.parametrize("length", [10, 50_000])
def test_text_that_is_not_unicode_is_recorded(desk: Desk, length: int) -> None:
    """A path in a message, or a name in broken content, may hold half of a character."""
    name = "caf\udce9" * length
    desk.outbox.send(Finished(ItemResult(ItemKey("look", "1"), name, "updated"), b"\xff\x00"))
    desk.write()
    assert desk.hear() == 1
    with StateReader.open(desk.state) as reader:
        assert [result.name for result in reader.results(SESSION)] == [name.replace("\udce9", "?")]
