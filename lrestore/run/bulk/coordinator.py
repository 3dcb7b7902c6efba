"""The coordinator of a bulk run: hands out ready items, receives results, replaces dead processes.

    until everything is settled, or the run has to stop:
        fill each worker's short queue with items whose needs are settled
        wait for a message from the writer or a worker, or for the death of a process
        a result that the writer has committed is settled: confirm it, release the items that waited for it
        the items of a dead worker are handed out again; a new writer receives everything unconfirmed again
    let the workers finish their items; let the writer close the session

Not guaranteed: an order among items that do not need each other.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from lrestore.crash_points import crash_point
from lrestore.errors import StoppedError
from lrestore.graph import DependencyGraph
from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Outcome
from lrestore.report.events import Announcer
from lrestore.run.bulk.batch_size import BatchSizes
from lrestore.run.bulk.coordinator_outbox import COORDINATOR_NUMBER, CoordinatorOutbox
from lrestore.run.bulk.crash_policy import CrashPolicy
from lrestore.run.bulk.hand_out import HandOut
from lrestore.run.bulk.open_tasks import OpenTasks
from lrestore.run.bulk.pipes import PeerGoneError, wait
from lrestore.run.bulk.processes import Processes, WorkerHandle
from lrestore.run.bulk.protocol import (
    Ack,
    Committed,
    Finish,
    GaveUp,
    PageSizesReport,
    Resend,
    Settled,
    Started,
    UsageReport,
    WriterFailed,
)
from lrestore.run.items.budget import Budget
from lrestore.run.job import Ended
from lrestore.run.select.dependencies import Links
from lrestore.state.records import SessionStatus

log = logging.getLogger(__name__)

_RECEIVE_EVERY_S = 0.2
_PATIENCE_S = 5.0
"""How long after a signal items in progress may wait for the rate limit or an unreachable Looker: half of the time that
service managers and containers allow before they kill."""


class Coordinator:
    """One bulk run. ``processes`` have been started. ``unanswered`` returns the items that have an open create.
    ``absent`` tells whether the destination provably lacks an item that failed because of another one;
    ``name_of`` returns its name in the backup.
    """

    def __init__(
        self,
        ready: DependencyGraph[ItemKey],
        links: Links,
        processes: Processes,
        absent: Callable[[ItemKey], bool],
        name_of: Callable[[ItemKey], str],
        unanswered: Callable[[], Collection[ItemKey]],
    ) -> None:
        self._unanswered = unanswered
        self._batch_sizes = BatchSizes(processes.threads)
        self._processes = processes
        self._crash_policy = CrashPolicy()
        self._usage: dict[int, ApiUsage] = {}
        self._used: ApiUsage | None = None
        self._outbox = CoordinatorOutbox(self._processes.send_to_writer)
        self._tasks = OpenTasks(ready, links, self._outbox, self._crash_policy, absent, name_of)
        self._tasks.doubt(unanswered())
        self._hand_out = HandOut(
            self._tasks,
            self._processes,
            self._outbox,
            self._batch_sizes,
            lambda: self._budget.failures_left(self.outcomes["failed"]),
        )
        self._guard = processes.guard
        self._budget = Budget(ready.unsettled)
        self._reason = ""
        self.outcomes: Counter[Outcome] = Counter()
        self.warnings: list[str] = []
        self.announcer = Announcer()

    def resume(self, again: set[ItemKey]) -> None:
        """These items may be partly done: a worker that gets one checks first."""
        self._tasks.check_first(again)

    def run(self, stop: Callable[[], bool], budget: Budget, show: Callable[[ApiUsage, int], None]) -> Ended:
        """Until everything is settled or the run has to stop. ``show`` is called a few times per second."""
        self._budget = budget
        interrupted = False
        while self._tasks.unsettled and not self._reason:
            interrupted = stop()
            self._reason = self._guard.trouble() or self._budget.spent(self.outcomes["failed"], self.usage.calls)
            if interrupted or self._reason:
                break
            if not (self._processes.in_hand or self._outbox.pending):
                self._tasks.break_circle()
            self._hand_out.fill()
            self._receive()
            show(self.usage, self._processes.in_hand)
        self._finish_workers(show)
        status: SessionStatus = "finished"
        if self._tasks.unsettled:
            status = "interrupted" if interrupted else "stopped"
        self._processes.end_writer(status)
        return Ended(status, self._reason, self.usage)

    @property
    def usage(self) -> ApiUsage:
        """API usage of all workers, including dead ones."""
        if self._used is None:
            self._used = sum(self._usage.values(), ApiUsage())
        return self._used

    def _note_usage(self, worker: WorkerHandle, usage: ApiUsage) -> None:
        self._usage[worker.number] = usage
        self._used = None

    def _receive(self) -> None:
        channels: dict[Any, Callable[[], object]] = {self._processes.writer_channel: self._receive_from_writer}
        for worker in self._processes.workers.values():
            channels[worker.channel] = partial(self._receive_from_worker, worker)
        sentinels: dict[Any, WorkerHandle] = {
            worker.process.sentinel: worker for worker in self._processes.workers.values()
        }
        for signalled in wait(channels, [*sentinels, self._processes.writer.sentinel], _RECEIVE_EVERY_S):
            if signalled == self._processes.writer.sentinel:
                self._replace_writer()
            elif signalled in sentinels:
                self._handle_death(sentinels[signalled])
            else:
                channels[signalled]()

    def _receive_from_writer(self) -> bool:
        """Process one message; returns whether there was one."""
        try:
            message = self._processes.writer_channel.receive()
        except PeerGoneError:
            return False
        match message:
            case Committed():
                self._committed(message)
            case WriterFailed(reason, lost):
                if lost:
                    self._guard.lose(reason)
                self._reason = self._reason or reason
        return True

    def _committed(self, message: Committed) -> None:
        self._crash_policy.writer_wrote()
        self.warnings += message.warnings
        for settled in message.settled:
            crash_point("coordinator.result_seen")
            self._settle(settled)
        for number, confirmed in message.numbers.items():
            if number == COORDINATOR_NUMBER:
                self._outbox.confirm(confirmed)
            elif number in self._processes.workers:
                self._processes.send(self._processes.workers[number], Ack(confirmed))

    def _settle(self, settled: Settled) -> None:
        if settled.first_pass is not None:
            self._first_pass_done(settled.key, settled.first_pass, self._processes.workers.get(settled.by))
            return
        for worker in self._processes.workers.values():
            worker.let_go(settled.key)
        if not self._tasks.settle(settled):
            return
        self.outcomes[settled.outcome] += 1
        if settled.event is not None:
            self.announcer.settled(settled.event, settled.letter)
        self._batch_sizes.settled(settled.key.type, settled.outcome)

    def _first_pass_done(self, key: ItemKey, first_pass: ItemResult, worker: WorkerHandle | None) -> None:
        """Ignore the message of a worker that no longer has the item: another worker has it, or has finished it."""
        if worker is None or key not in worker.in_hand or self._tasks.has_first_pass(key):
            return
        worker.let_go(key)
        self._tasks.first_pass_done(key, first_pass)

    def _receive_from_worker(self, worker: WorkerHandle) -> bool:
        """Process one message; returns whether there was one."""
        try:
            message = worker.channel.receive()
        except PeerGoneError:
            return False
        match message:
            case UsageReport(usage):
                self._note_usage(worker, usage)
            case PageSizesReport(sizes):
                self._batch_sizes.pages_reached(sizes)
            case GaveUp(reason, keys):
                self._reason = self._reason or reason
                for key in keys:
                    worker.let_go(key)
            case Started():
                worker.started = True
                self._crash_policy.worker_began()
        return True

    def _handle_death(self, worker: WorkerHandle) -> None:
        """Hand the items of a dead worker to others, which check first; an item that killed too many fails."""
        while worker.channel.ready() and self._receive_from_worker(worker):
            pass
        self._processes.dismiss(worker)
        if worker.finishing and worker.process.exitcode == 0:
            return
        number, exit_code = worker.number, worker.process.exitcode
        log.warning("worker %d died (exit code %s); starting a new one", number, exit_code, extra={"worker": number})
        if not worker.started:
            self._reason = self._reason or self._crash_policy.worker_ended_unborn()
        unanswered = self._unanswered()
        for key in worker.in_hand:
            if worker.started and self._tasks.blame(key):
                self._tasks.fail_as_deadly(key)
            elif not worker.finishing:
                self._tasks.set_apart(key, unanswered=key in unanswered)
        if not worker.finishing and self._tasks.unsettled:
            self._start_worker()

    def _start_worker(self) -> None:
        try:
            self._processes.start_worker()
        except StoppedError as error:
            self._reason = self._reason or error.message

    def _replace_writer(self) -> None:
        self._processes.writer.join()
        # Its last messages are valid: the writer sends them after the commit.
        while self._processes.writer_channel.ready() and self._receive_from_writer():
            pass
        if self._reason:
            return
        log.warning("the writer died (exit code %s); starting a new one", self._processes.writer.exitcode)
        self._reason = self._crash_policy.writer_died()
        if self._reason:
            return
        self._processes.replace_writer()
        for worker in self._processes.workers.values():
            self._processes.send(worker, Resend())
        self._outbox.resend()

    def _finish_workers(self, show: Callable[[ApiUsage, int], None]) -> None:
        """Let workers finish their items and wait for the commits. After a while, tell workers to stop waiting."""
        patience_until_s = 0.0 if self._reason else time.monotonic() + _PATIENCE_S
        hurried = self._ask_to_finish(hurry=not patience_until_s)
        while self._processes.workers or self._outbox.pending:
            if not hurried and time.monotonic() >= patience_until_s:
                hurried = self._ask_to_finish(hurry=True)
            if not self._processes.writer.is_alive() and self._reason:
                self._processes.kill_workers()
            self._receive()
            show(self.usage, self._processes.in_hand)
            if not self._processes.writer.is_alive() and not self._processes.workers:
                return

    def _ask_to_finish(self, *, hurry: bool) -> bool:
        for worker in self._processes.workers.values():
            worker.finishing = True
            self._processes.send(worker, Finish(hurry=hurry))
        return hurry
