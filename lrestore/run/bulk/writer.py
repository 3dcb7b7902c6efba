"""The writer process: the only one that writes the state file while a bulk run goes on.

    forever:
        read messages from the pipe, for a short time unless a worker waits for an intent
        in one transaction: record each message that is the next one of its worker
        commit; tell the coordinator what is on disk now
        write a checkpoint from time to time

Group commits make one fsync serve many results. The writer may be killed at any moment: messages that were not
committed are not confirmed, and the workers send them again to its successor.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lrestore.clock import utc_now
from lrestore.crash_points import crash_point
from lrestore.errors import StateError, StateLostError
from lrestore.messages import ItemKey, Outcome, Totals
from lrestore.report.events import item_finished
from lrestore.report.model import FailedItem
from lrestore.run.bulk.launch.child import begin_child
from lrestore.run.bulk.pipes import Channel, PeerGoneError, ResultReader, wait
from lrestore.run.bulk.protocol import Committed, End, FromWriter, Sent, Settled, Stored, ToWriter, WriterFailed
from lrestore.run.journal.records import Finished, FirstPass, JournalRecord, Opened, apply_record
from lrestore.state.guard import Guard
from lrestore.state.overflow import stored_record
from lrestore.state.writer import StateWriter

WriterChannel = Channel[Any, ToWriter]

_GATHER_S = 0.05
"""Shortest time between commits, unless a worker waits for an intent: one fsync and one message to the coordinator
serve many results."""
_WAIT_S = 0.05
"""Longest time that the writer waits for a message before it checks its state again."""


@dataclass(frozen=True, slots=True)
class WriterBrief:
    """Everything that the writer needs, sent once at its start."""

    state: Path
    session_id: str
    checkpoint_every: int
    checkpoint_seconds: float
    guard: Guard


@dataclass(slots=True)
class _Group:
    """The content of one transaction."""

    numbers: dict[int, int] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    intents: bool = False


def writer_main(brief: WriterBrief, incoming: ResultReader[Sent], coordinator: WriterChannel) -> None:
    """Entry point of the process."""
    begin_child("lrestore-writer")
    crash_point("writer.start")
    try:
        brief.guard.check()
        with StateWriter.open(brief.state, now=utc_now) as writer:
            Writer(brief, writer, incoming, coordinator).run()
    except StateError as error:
        _send(coordinator, WriterFailed(str(error), lost=isinstance(error, StateLostError)))


class Writer:
    """Records the messages of the workers, in groups."""

    def __init__(
        self, brief: WriterBrief, writer: StateWriter, incoming: ResultReader[Sent], coordinator: WriterChannel
    ) -> None:
        self._brief = brief
        self._writer = writer
        self._incoming = incoming
        self._coordinator = coordinator
        self._next: dict[int, int] = {}
        self._outcomes: dict[ItemKey, Outcome] = dict(writer.read.outcomes(brief.session_id))
        self._since_checkpoint = 0
        self._checkpoint_at_s = time.monotonic()
        self._committed_at_s = float("-inf")

    def run(self) -> None:
        """Record until the coordinator sends End, or has ended."""
        end: End | None = None
        waiting: list[Sent] = []
        while end is None:
            wait([self._incoming, self._coordinator], timeout_s=self._due_in_s() if waiting else _WAIT_S)
            try:
                own, end = self._receive_messages()
            except PeerGoneError:
                return
            waiting += [*own, *self._incoming.read(0)]
            if end or self._due_in_s() <= 0 or any(isinstance(sent.record, Opened) for sent in waiting):
                self.record(waiting)
                waiting = []
        if end.status != "finished":
            self._writer.end_session(self._brief.session_id, end.status, Totals.of(Counter(self._outcomes.values())))
        _send(self._coordinator, Committed({}))

    def _due_in_s(self) -> float:
        """How long to collect further results before the next commit."""
        return max(0.0, self._committed_at_s + _GATHER_S - time.monotonic())

    def _receive_messages(self) -> tuple[list[Sent], End | None]:
        own: list[Sent] = []
        while self._coordinator.ready():
            message = self._coordinator.receive()
            if isinstance(message, End):
                return own, message
            own.append(message.sent)
        return own, None

    def record(self, messages: list[Sent]) -> None:
        """Record messages in one transaction, then tell the coordinator what is on disk."""
        if not messages:
            return
        group = _Group()
        self._brief.guard.check()
        with self._writer.transaction():
            for sent in messages:
                self._take(sent, group)
            self._checkpoint(group)
            crash_point("writer.before_commit")
        self._committed_at_s = time.monotonic()
        crash_point("writer.after_commit")
        if group.intents:
            crash_point("intent.committed")
        if group.numbers:
            _send(self._coordinator, Committed(group.numbers, tuple(group.settled), tuple(group.warnings)))

    def _take(self, sent: Sent, group: _Group) -> None:
        # Messages that a dead writer left in the pipe may be older than those that it confirmed: ``first`` never falls.
        expected = max(self._next.get(sent.worker, 0), sent.first)
        if sent.number > expected:
            return
        group.numbers[sent.worker] = max(sent.number, group.numbers.get(sent.worker, 0))
        if sent.number < expected:
            return
        self._next[sent.worker] = expected + 1
        record = self._whole(sent)
        if record is None:
            return
        group.warnings += apply_record(self._writer, self._brief.session_id, record)
        group.intents = group.intents or isinstance(record, Opened)
        if isinstance(record, Finished):
            self._count(record, group)
        elif isinstance(record, FirstPass):
            first_pass = record.result
            group.settled.append(Settled(first_pass.key, first_pass.outcome, first_pass=first_pass, by=sent.worker))

    def _whole(self, sent: Sent) -> JournalRecord | None:
        if not isinstance(sent.record, Stored):
            return sent.record
        content = stored_record(Path(os.fsdecode(sent.record.path)), sent.number)
        return None if content is None else msgspec.msgpack.decode(content, type=JournalRecord)

    def _count(self, record: Finished, group: _Group) -> None:
        result = record.result
        missing = result.outcome == "failed" and result.missing
        letter = None if result.dead_letter is None else FailedItem.of(result.dead_letter)
        group.settled.append(
            Settled(
                result.key,
                result.outcome,
                missing=missing,
                reason=result.reason,
                event=item_finished(result),
                letter=letter,
            )
        )
        self._outcomes[result.key] = result.outcome
        self._since_checkpoint += 1

    def _checkpoint(self, group: _Group) -> None:
        due = self._since_checkpoint >= self._brief.checkpoint_every
        late = time.monotonic() - self._checkpoint_at_s >= self._brief.checkpoint_seconds
        if group.settled and (due or late):
            self._writer.checkpoint(self._brief.session_id, Totals.of(Counter(self._outcomes.values())))
            self._since_checkpoint = 0
            self._checkpoint_at_s = time.monotonic()


def _send(coordinator: WriterChannel, message: FromWriter) -> None:
    """Send to the coordinator. If it has ended, the next read of the channel reports that."""
    try:
        coordinator.send(message)
    except PeerGoneError:
        return
