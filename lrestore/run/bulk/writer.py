"""The writer process: the only one that writes the state file while a bulk run goes on.

    for ever:
        read what is in the pipe, for some time unless somebody waits
        in one transaction: record each message that comes next from its worker
        commit; tell the coordinator what is on disk now
        now and then: a checkpoint

Group commits make one fsync serve many results. Killed at any moment, it loses nothing: what was not committed is not
confirmed, and the workers send it again to its successor.
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
from lrestore.run.bulk.launch.child import begin_child
from lrestore.run.bulk.pipes import Channel, PeerGoneError, ResultReader, wait
from lrestore.run.bulk.protocol import Committed, End, FromWriter, Sent, Settled, Stored, ToWriter, WriterFailed
from lrestore.run.journal.apply_record import apply_record
from lrestore.run.journal.records import Finished, Halfway, Opened, Record
from lrestore.state.guard import Guard
from lrestore.state.overflow import fetch
from lrestore.state.writer import StateWriter

ToCoordinator = Channel[Any, ToWriter]

_GATHER_S = 0.05
"""Least time between commits, unless somebody waits for an intent: one fsync, and one word to the coordinator, for
many."""
_WAIT_S = 0.05
"""How long everything may be silent before the writer looks around all the same."""


@dataclass(frozen=True, slots=True)
class WriterBrief:
    """What the writer needs to know; goes to it once, at its start."""

    state: Path
    session_id: str
    checkpoint_every: int
    checkpoint_seconds: float
    guard: Guard


@dataclass(slots=True)
class _Group:
    """What one transaction records."""

    numbers: dict[int, int] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    intents: bool = False


def writer_main(brief: WriterBrief, incoming: ResultReader[Sent], coordinator: ToCoordinator) -> None:
    """Entry of the process."""
    begin_child("lrestore-writer")
    crash_point("writer.start")
    try:
        brief.guard.check()
        with StateWriter.open(brief.state, now=utc_now) as writer:
            Writer(brief, writer, incoming, coordinator).run()
    except StateError as error:
        _say(coordinator, WriterFailed(str(error), lost=isinstance(error, StateLostError)))


class Writer:
    """Records what the workers send, in groups."""

    def __init__(
        self, brief: WriterBrief, writer: StateWriter, incoming: ResultReader[Sent], coordinator: ToCoordinator
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
        """Until the coordinator says that it is over, or is gone."""
        end: End | None = None
        waiting: list[Sent] = []
        while end is None:
            wait([self._incoming, self._coordinator], timeout_s=self._due_in_s() if waiting else _WAIT_S)
            try:
                own, end = self._hear()
            except PeerGoneError:
                return
            waiting += [*own, *self._incoming.read(0)]
            if end or self._due_in_s() <= 0 or any(isinstance(sent.record, Opened) for sent in waiting):
                self.record(waiting)
                waiting = []
        if end.status != "finished":
            self._writer.end_session(self._brief.session_id, end.status, Totals.of(Counter(self._outcomes.values())))
        _say(self._coordinator, Committed({}))

    def _due_in_s(self) -> float:
        """How long results may still gather before they are committed."""
        return max(0.0, self._committed_at_s + _GATHER_S - time.monotonic())

    def _hear(self) -> tuple[list[Sent], End | None]:
        own: list[Sent] = []
        while self._coordinator.ready():
            message = self._coordinator.receive()
            if isinstance(message, End):
                return own, message
            own.append(message.sent)
        return own, None

    def record(self, messages: list[Sent]) -> None:
        """Record messages in one transaction, and tell the coordinator what is on disk now."""
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
            _say(self._coordinator, Committed(group.numbers, tuple(group.settled), tuple(group.warnings)))

    def _take(self, sent: Sent, group: _Group) -> None:
        # What a dead writer left in the pipe may be older than what it confirmed: ``first`` only ever goes up.
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
        elif isinstance(record, Halfway):
            half = record.result
            group.settled.append(Settled(half.key, half.outcome, half=half, by=sent.worker))

    def _whole(self, sent: Sent) -> Record | None:
        if not isinstance(sent.record, Stored):
            return sent.record
        content = fetch(Path(os.fsdecode(sent.record.path)), sent.number)
        return None if content is None else msgspec.msgpack.decode(content, type=Record)

    def _count(self, record: Finished, group: _Group) -> None:
        result = record.result
        missing = result.outcome == "failed" and result.missing
        group.settled.append(Settled(result.key, result.outcome, missing=missing, reason=result.reason))
        self._outcomes[result.key] = result.outcome
        self._since_checkpoint += 1

    def _checkpoint(self, group: _Group) -> None:
        due = self._since_checkpoint >= self._brief.checkpoint_every
        late = time.monotonic() - self._checkpoint_at_s >= self._brief.checkpoint_seconds
        if group.settled and (due or late):
            self._writer.checkpoint(self._brief.session_id, Totals.of(Counter(self._outcomes.values())))
            self._since_checkpoint = 0
            self._checkpoint_at_s = time.monotonic()


def _say(coordinator: ToCoordinator, message: FromWriter) -> None:
    """A coordinator that is gone hears nothing; the pipe to it tells so at the next look."""
    try:
        coordinator.send(message)
    except PeerGoneError:
        return
