"""The coordinator of a bulk run: hands out ready items, receives results, replaces dead processes.

    start the writer and the workers
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
import math
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from lrestore.crash_points import crash_point
from lrestore.errors import DependencyError, InternalError, StoppedError
from lrestore.graph import DependencyGraph
from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Outcome
from lrestore.run.budget import Budget
from lrestore.run.bulk.batch_size import Portions
from lrestore.run.bulk.coordinator_outbox import COORDINATOR, OwnRecords
from lrestore.run.bulk.crash_policy import Deaths
from lrestore.run.bulk.failed_needs import Doomed
from lrestore.run.bulk.pipes import PeerGoneError, wait
from lrestore.run.bulk.processes import Crew, Helper
from lrestore.run.bulk.protocol import (
    Ack,
    Committed,
    Finish,
    FromWriter,
    GaveUp,
    Resend,
    Settled,
    Standing,
    Started,
    Task,
    Tasks,
    WriterFailed,
)
from lrestore.run.bulk.worker import WorkerBrief
from lrestore.run.bulk.writer import WriterBrief
from lrestore.run.items.dead_letter import failed
from lrestore.run.select.dependencies import Links
from lrestore.state.records import SessionStatus

log = logging.getLogger(__name__)

_HEAR_EVERY_S = 0.2
_PATIENCE_S = 5.0
"""How long after a signal items in progress may wait for the rate limit or an unreachable Looker: half of the time that
service managers and containers allow before they kill."""


@dataclass(slots=True)
class Ended:
    """How a bulk run ended. ``reason`` is "" when everything was settled."""

    status: SessionStatus
    reason: str
    usage: ApiUsage


class Coordinator:
    """One bulk run. ``worker_brief`` makes the brief for a worker number. ``unanswered`` returns the items that have an
    open create. ``absent`` tells whether the destination provably lacks an item that failed because of another one.
    """

    def __init__(
        self,
        ready: DependencyGraph[ItemKey],
        links: Links,
        worker_brief: Callable[[int], WorkerBrief],
        writer_brief: WriterBrief,
        absent: Callable[[ItemKey], bool],
        unanswered: Callable[[], Collection[ItemKey]],
    ) -> None:
        self._ready = ready
        self._absent = absent
        self._unanswered = unanswered
        self._lost = Doomed(links.needs, links.hard)
        self._awaits = links.awaits
        self._halves: dict[ItemKey, ItemResult] = {}
        self._portions = Portions(worker_brief(0).settings.run.in_flight)
        self._crew = Crew(worker_brief, writer_brief)
        self._deaths = Deaths()
        self._again: set[ItemKey] = set()
        self._in_doubt: set[ItemKey] = set(unanswered())
        self._notes: dict[ItemKey, str] = {}
        self._begun: set[str] = set()
        self._usage: dict[int, ApiUsage] = {}
        self._used: ApiUsage | None = None
        self._own = OwnRecords(self._crew.tell_writer)
        self._guard = writer_brief.guard
        self._budget = Budget(ready.unsettled)
        self._reason = ""
        self.outcomes: Counter[Outcome] = Counter()
        self.warnings: list[str] = []

    def resume(self, again: set[ItemKey]) -> None:
        """These items may be partly done: a worker that gets one checks first."""
        self._again |= again

    def run(
        self, workers: int, stop: Callable[[], bool], budget: Budget, show: Callable[[ApiUsage, int], None]
    ) -> Ended:
        """Until everything is settled or the run has to stop. ``show`` is called a few times per second.

        Whatever is raised, no process is left behind.
        """
        self._budget = budget
        try:
            return self._run(workers, stop, show)
        except BaseException:
            self._crew.kill()
            raise

    def _run(self, workers: int, stop: Callable[[], bool], show: Callable[[ApiUsage, int], None]) -> Ended:
        self._crew.begin()
        crash_point("crew.writer_started")
        for _ in range(workers):
            self._start_worker()
        interrupted = False
        while self._ready.unsettled and not self._reason:
            interrupted = stop()
            self._reason = self._guard.trouble() or self._budget.spent(self.outcomes["failed"], self.usage.calls)
            if interrupted or self._reason:
                break
            self._break_circles()
            self._fill()
            self._listen()
            show(self.usage, self._crew.in_hand)
        self._finish_workers(show)
        status: SessionStatus = "finished"
        if self._ready.unsettled:
            status = "interrupted" if interrupted else "stopped"
        self._crew.end_writer(status)
        return Ended(status, self._reason, self.usage)

    @property
    def usage(self) -> ApiUsage:
        """API usage of all workers, including dead ones."""
        if self._used is None:
            self._used = sum(self._usage.values(), ApiUsage())
        return self._used

    def _note_usage(self, helper: Helper, usage: ApiUsage) -> None:
        self._usage[helper.number] = usage
        self._used = None

    def _fill(self) -> None:
        """Keep every worker's queue short and never empty. Workers take turns, so that the last items are spread."""
        given = 1
        while given:
            idlest_first = sorted(self._crew.workers.values(), key=lambda one: len(one.in_hand))
            given = sum(self._give(one) for one in idlest_first)

    def _give(self, helper: Helper) -> bool:
        """Hand one more batch to the worker if its queue is short."""
        if self._room() <= 0:
            return False
        if not helper.in_hand and (suspect := self._suspect()):
            if self._doomed(suspect):
                return True
            self._hand(helper, [self._task(suspect)])
            helper.alone = True
            return False
        count = 0 if helper.alone else self._portions.of(len(helper.in_hand), self._share())
        tasks = self._take(count)
        if tasks:
            self._hand(helper, tasks)
        return bool(tasks)

    def _hand(self, helper: Helper, tasks: list[Task]) -> None:
        helper.in_hand.update(dict.fromkeys(task.key for task in tasks))
        for type_name in dict.fromkeys(task.key.type for task in tasks):
            if type_name not in self._begun:
                self._begun.add(type_name)
                log.info("starting type: %s", type_name)
        self._crew.say(helper, Tasks(tuple(tasks)))
        crash_point("coordinator.task_sent")

    def _suspect(self) -> ItemKey | None:
        """An item that a worker died on. It is tried alone, so that no other item is blamed if a worker dies again."""
        while (key := self._deaths.next_suspect(idle=self._idle())) is not None:
            if self._ready.hold(key):
                return key
        return None

    def _idle(self) -> bool:
        """Whether nothing is ready or in progress except items that are tried alone."""
        busy = any(helper.in_hand and not helper.alone for helper in self._crew.workers.values())
        return not (busy or self._ready.ready or self._own.pending)

    def _share(self) -> int:
        """The batch size that spreads the last items over all workers."""
        return max(1, self._ready.ready // max(1, len(self._crew.workers)))

    def _room(self) -> float:
        """How many more items may be in progress: never more than may still fail (``max_failures``)."""
        left = self._budget.failures_left(self.outcomes["failed"])
        return math.inf if left is None else left - self._crew.in_hand - self._own.pending

    def _take(self, count: int) -> list[Task]:
        tasks: list[Task] = []
        while len(tasks) < min(count, self._room()) and not self._own.full and (key := self._ready.take()) is not None:
            if key in self._in_doubt:
                self._in_doubt.discard(key)
                self._ready.withdraw(key)
                self._deaths.suspect(key, unanswered=True)
            elif not self._doomed(key):
                tasks.append(self._task(key))
        return tasks

    def _task(self, key: ItemKey) -> Task:
        awaited = tuple(other for other in self._awaits.get(key, ()) if self._to_come(other))
        half = self._halves.get(key)
        again, died = key in self._again, self._deaths.over(key) > 0
        return Task(key, self._notes.get(key, ""), again=again, died=died, awaited=awaited, half=half)

    def _to_come(self, key: ItemKey) -> bool:
        return key not in self._halves and self._ready.waits(key)

    def _doomed(self, key: ItemKey) -> bool:
        """Fail an item without a call, naming the chain, if it needs an item that failed and does not exist."""
        why = self._lost.why(key)
        if not why:
            return False
        error = DependencyError(why, key=key)
        error.missing = self._absent(key)
        self._own.record(failed(error, key, ""))
        return True

    def _break_circles(self) -> None:
        """Items in a circular dependency never become ready. Try each of them: the destination may have the others.

        Items that only wait for such a circle come after it: parts of it may be restored.
        """
        if self._crew.in_hand or self._own.pending:
            return
        circle = self._ready.closing()
        if not circle:
            return
        names = ", ".join(map(str, circle[:5])) + (f" and {len(circle) - 5} more" if len(circle) > 5 else "")
        for key in circle:
            self._notes[key] = f"it is part of a circular dependency: {names}"
            self._ready.force(key)

    def _listen(self) -> None:
        channels: dict[Any, Callable[[], object]] = {self._crew.writer_channel: self._hear_writer}
        for helper in self._crew.workers.values():
            channels[helper.channel] = partial(self._hear_worker, helper)
        sentinels: dict[Any, Helper] = {helper.process.sentinel: helper for helper in self._crew.workers.values()}
        for signalled in wait(channels, [*sentinels, self._crew.writer.sentinel], _HEAR_EVERY_S):
            if signalled == self._crew.writer.sentinel:
                self._replace_writer()
            elif signalled in sentinels:
                self._bury(sentinels[signalled])
            else:
                channels[signalled]()

    def _hear_writer(self) -> None:
        try:
            self._obey_writer(self._crew.writer_channel.receive())
        except PeerGoneError:
            return

    def _obey_writer(self, message: FromWriter) -> None:
        if isinstance(message, WriterFailed):
            if message.lost:
                self._guard.lose(message.reason)
            self._reason = self._reason or message.reason
        else:
            self._committed(message)

    def _committed(self, message: Committed) -> None:
        self._deaths.writer_wrote()
        self.warnings += message.warnings
        for settled in message.settled:
            crash_point("coordinator.result_seen")
            self._settle(settled)
        for number, confirmed in message.numbers.items():
            if number == COORDINATOR:
                self._own.confirm(confirmed)
            elif number in self._crew.workers:
                self._crew.say(self._crew.workers[number], Ack(confirmed))

    def _settle(self, settled: Settled) -> None:
        if settled.half is not None:
            self._halfway(settled.key, settled.half, self._crew.workers.get(settled.by))
            return
        for helper in self._crew.workers.values():
            helper.let_go(settled.key)
        if not self._ready.settle(settled.key):
            return
        self.outcomes[settled.outcome] += 1
        self._portions.settled(settled.outcome)
        if settled.missing:
            self._lost.lose(settled.key, settled.reason)

    def _halfway(self, key: ItemKey, half: ItemResult, helper: Helper | None) -> None:
        """Ignore the message of a worker that no longer has the item: another worker has it, or has finished it."""
        if helper is None or key not in helper.in_hand or key in self._halves:
            return
        helper.let_go(key)
        self._halves[key] = half
        self._ready.pass_on(key)

    def _hear_worker(self, helper: Helper) -> bool:
        """Process one message; returns whether there was one."""
        try:
            message = helper.channel.receive()
        except PeerGoneError:
            return False
        match message:
            case Standing(usage):
                self._note_usage(helper, usage)
            case GaveUp(reason, keys):
                self._reason = self._reason or reason
                for key in keys:
                    helper.in_hand.pop(key, None)
            case Started():
                helper.started = True
                self._deaths.worker_began()
        return True

    def _bury(self, helper: Helper) -> None:
        """Hand the items of a dead worker to others, which check first; an item that killed too many fails."""
        while helper.channel.ready() and self._hear_worker(helper):
            pass
        self._crew.dismiss(helper)
        if helper.finishing and helper.process.exitcode == 0:
            return
        log.warning("worker %d died (exit code %s); starting a new one", helper.number, helper.process.exitcode)
        if not helper.started:
            self._reason = self._reason or self._deaths.worker_ended_unborn()
        unanswered = self._unanswered()
        for key in helper.in_hand:
            if helper.started and self._is_deadly(key):
                self._own.record(failed(_poison(key, self._deaths.over(key)), key, ""))
            elif not helper.finishing:
                self._ready.withdraw(key)
                self._deaths.suspect(key, unanswered=key in unanswered)
        if not helper.finishing and self._ready.unsettled:
            self._start_worker()

    def _is_deadly(self, key: ItemKey) -> bool:
        self._again.add(key)
        return self._deaths.blame(key)

    def _start_worker(self) -> None:
        try:
            self._crew.start_worker()
        except StoppedError as error:
            self._reason = self._reason or error.message

    def _replace_writer(self) -> None:
        self._crew.writer.join()
        self._drain_writer()
        if self._reason:
            return
        log.warning("the writer died (exit code %s); starting a new one", self._crew.writer.exitcode)
        self._reason = self._deaths.writer_died()
        if self._reason:
            return
        self._crew.replace_writer()
        for helper in self._crew.workers.values():
            self._crew.say(helper, Resend())
        self._own.resend()

    def _drain_writer(self) -> None:
        """Process the last messages of a dead writer. They are valid: the writer sends them after the commit."""
        while True:
            try:
                if not self._crew.writer_channel.ready():
                    return
                self._obey_writer(self._crew.writer_channel.receive())
            except PeerGoneError:
                return

    def _finish_workers(self, show: Callable[[ApiUsage, int], None]) -> None:
        """Let workers finish their items and wait for the commits. After a while, tell workers to stop waiting."""
        patience_until_s = 0.0 if self._reason else time.monotonic() + _PATIENCE_S
        hurried = self._ask_to_finish(hurry=not patience_until_s)
        while self._crew.workers or self._own.pending:
            if not hurried and time.monotonic() >= patience_until_s:
                hurried = self._ask_to_finish(hurry=True)
            if not self._crew.writer.is_alive() and self._reason:
                self._crew.kill_workers()
            self._listen()
            show(self.usage, self._crew.in_hand)
            if not self._crew.writer.is_alive() and not self._crew.workers:
                return

    def _ask_to_finish(self, *, hurry: bool) -> bool:
        for helper in self._crew.workers.values():
            helper.finishing = True
            self._crew.say(helper, Finish(hurry=hurry))
        return hurry


def _poison(key: ItemKey, deaths: int) -> InternalError:
    hint = "restore it alone with --select and -v, and report the output"
    return InternalError(f"{deaths} workers died while they had {key} in hand", key=key, hint=hint)
