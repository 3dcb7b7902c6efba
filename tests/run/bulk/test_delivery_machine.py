"""Two workers' outboxes, one pipe, writers that die: a state machine tries the events in any order."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lrestore.clock import utc_now
from lrestore.messages import Change, Intent, ItemKey, ItemResult
from lrestore.run.bulk.outbox import Outbox
from lrestore.run.bulk.pipes import Channel, channel, result_pipe
from lrestore.run.bulk.protocol import Committed, End, FromWriter, Sent
from lrestore.run.bulk.writer import Writer, WriterBrief
from lrestore.run.journal.records import Closed, Finished, JournalRecord, Opened
from lrestore.state.guard import Guard
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute, RestorationSession
from lrestore.state.writer import StateWriter

SESSION = "20260102-030405-abcd"
WORKERS = (1, 2)
ROOM = 40
"""Unread records: this many fit into the pipe, which has no reader while this process writes."""
LARGE = Change("vis_config", None, "x" * 5_000)


class Deliveries(RuleBasedStateMachine):
    """Each worker sends records 1, 2, 3 …; number n is about dashboard n of that worker."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        directory = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.state = directory / "state.db"
        with StateWriter.open(self.state, now=utc_now) as writer:
            writer.begin_session(
                RestorationSession(id=SESSION, mode="restore", source_instance="s", source_paths=(), destination="d")
            )
        self.reader = self.stack.enter_context(StateReader.open(self.state))
        self.reading, self.writing = result_pipe(Sent)
        self.stack.callback(self.reading.close)
        self.stack.callback(self.writing.close)
        self.outboxes = {
            worker: Outbox(worker, self.writing, directory / f"outbox-{worker}.db", lambda: False) for worker in WORKERS
        }
        for outbox in self.outboxes.values():
            self.stack.callback(outbox.close)
        self.sent: dict[int, list[JournalRecord]] = {worker: [] for worker in WORKERS}
        self.confirmed = dict.fromkeys(WORKERS, 0)
        self.untold: set[int] = set()
        self.under_way = 0
        self.office = ExitStack()
        self._new_writer()

    def _new_writer(self) -> None:
        self.office.close()
        self.office = ExitStack()
        connection = self.office.enter_context(StateWriter.open(self.state, now=utc_now))
        ours: Channel[Any, FromWriter]
        ours, theirs = channel(End, FromWriter)
        self.office.callback(ours.close)
        self.office.callback(theirs.close)
        self.heard = ours
        brief = WriterBrief(self.state, SESSION, 3, 1.0, Guard(self.state, SESSION))
        self.writer = Writer(brief, connection, self.reading, theirs)

    @rule(
        worker=st.sampled_from(WORKERS),
        kinds=st.lists(st.sampled_from(["result", "large", "intent", "mapping"]), min_size=1, max_size=4),
    )
    def send(self, worker: int, kinds: list[str]) -> None:
        """A worker sends records; if the pipe is full, the writer reads first."""
        if self.under_way > ROOM:
            self.write()
        for kind in kinds:
            record = made(worker, len(self.sent[worker]) + 1, kind)
            self.sent[worker].append(record)
            self.outboxes[worker].send(record)
            self.under_way += 1

    @rule()
    def write(self) -> None:
        """The writer records the messages in the pipe, and reports it."""
        self.writer.record(self.reading.read(0))
        self.under_way = 0

    @rule()
    def hear(self) -> None:
        """The coordinator passes on the writer's confirmations."""
        while self.heard.ready():
            message = self.heard.receive()
            assert isinstance(message, Committed)
            for worker, number in message.numbers.items():
                self.confirmed[worker] = max(self.confirmed[worker], number)
                self.outboxes[worker].confirm(number)

    @rule(when=st.sampled_from(["idle", "with results read", "after the commit"]))
    def lose_writer(self, when: str) -> None:
        """The writer dies. Its sent messages arrive; messages that it had read, or not sent yet, are lost."""
        self.hear()
        if when == "with results read":
            self.reading.read(0)
        elif when == "after the commit":
            self.writer.record(self.reading.read(0))
        if when != "idle":
            self.under_way = 0
        self._new_writer()
        self.untold = set(WORKERS)

    @rule(worker=st.sampled_from(WORKERS))
    def resend(self, worker: int) -> None:
        """A worker is told to send again; a repeated or needless request does no harm."""
        if self.under_way > ROOM:
            self.write()
        self.untold.discard(worker)
        self.outboxes[worker].resend()
        self.under_way += len(self.sent[worker]) - self.confirmed[worker]

    @invariant()
    def what_is_on_disk_is_a_beginning_of_what_was_sent(self) -> None:
        """Records have no gap; otherwise a confirmation would include records that were never written."""
        for worker in WORKERS:
            there = [self._on_disk(record) for record in self.sent[worker]]
            assert there == sorted(there, reverse=True), (worker, there)
            assert sum(there) >= self.confirmed[worker]

    def _on_disk(self, record: JournalRecord) -> bool:
        match record:
            case Finished(result):
                return self.reader.outcome(SESSION, result.key) == result.outcome
            case Opened(intents):
                return self.reader.begun(SESSION, intents[0].key)
            case Closed(intent, destination_id):
                recorded = self.reader.recorded(MappingRoute("s", "d"), intent.key.type, intent.key.id)
                return recorded is not None and recorded.destination_id == destination_id
        raise AssertionError(record)

    @rule()
    def come_to_rest(self) -> None:
        """Without further events, everything that was sent is recorded and confirmed."""
        self.write()
        for worker in sorted(self.untold):
            self.resend(worker)
            self.write()
        self.hear()
        assert all(outbox.empty for outbox in self.outboxes.values()), "something is never confirmed"

    def teardown(self) -> None:
        """Without further events, every record arrives exactly once."""
        try:
            self._settle()
        finally:
            self.office.close()
            self.stack.close()

    def _settle(self) -> None:
        self.come_to_rest()
        for worker in WORKERS:
            assert all(self._on_disk(record) for record in self.sent[worker])
        opened = [one.intent.key for one in self.reader.open_intents()]
        assert len(opened) == len(set(opened))
        results = [result.key for result in self.reader.results(SESSION)]
        wanted = [r.result.key for sent in self.sent.values() for r in sent if isinstance(r, Finished)]
        assert sorted(map(str, results)) == sorted(map(str, wanted))


def made(worker: int, number: int, kind: str) -> JournalRecord:
    """Record ``number`` of a worker."""
    key = ItemKey("dashboard", f"{worker}.{number}")
    if kind == "intent":
        return Opened((Intent(key),))
    if kind == "mapping":
        return Closed(Intent(key), f"{worker}00{number}")
    return Finished(ItemResult(key, "D", "updated", changes=(LARGE,) if kind == "large" else ()))


def test_messages_of_a_dead_writer_do_not_block_its_successor() -> None:
    """It names messages as unconfirmed that were confirmed meanwhile; the run once waited for them forever."""
    machine = Deliveries()
    machine.send(1, ["result"])
    machine.write()
    machine.send(1, ["result"])
    machine.lose_writer("idle")
    machine.teardown()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
