"""A worker process: restores the items that it receives, several at a time.

    open the backup and the state file read-only, an undo shard and a Looker session of its own
    main thread: receive messages of the coordinator, pass tasks to the threads, pass on confirmations
    each thread: take a task, restore the item, send the result to the writer

It ends when it is told to and everything that it sent is confirmed, or at once when the coordinator has ended. It may
be killed at any moment: its tasks go to another worker, which checks what was begun.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any, TextIO, cast

from lrestore.crash_points import crash_point
from lrestore.errors import DependencyError, RunError
from lrestore.log_fields import log_session
from lrestore.logs import configure, redact
from lrestore.messages import ItemResult
from lrestore.restoration.beside import for_items
from lrestore.restoration.item import ItemRestorer
from lrestore.run.bulk.launch.child import begin_child
from lrestore.run.bulk.outbox import Outbox
from lrestore.run.bulk.pipes import Channel, PeerGoneError, ResultWriter
from lrestore.run.bulk.protocol import (
    Ack,
    Finish,
    FromWorker,
    GaveUp,
    PageSizesReport,
    Resend,
    RestorationTask,
    Started,
    Tasks,
    ToWorker,
    UsageReport,
)
from lrestore.run.bulk.worker_brief import WorkerBrief
from lrestore.run.bulk.worker_context import open_worker
from lrestore.run.items.loop import ItemLoop
from lrestore.run.items.two_passes import restoring
from lrestore.run.journal.records import Finished, FirstPass
from lrestore.run.prepare.prefetch import prefetch
from lrestore.streams import Unfailing
from lrestore.vault.decode import build_decoders
from lrestore.vault.items import VaultItem

log = logging.getLogger(__name__)

WorkerChannel = Channel[Any, ToWorker]

_RECEIVE_EVERY_S = 0.2
_REPORT_EVERY_S = 0.5


def worker_main(brief: WorkerBrief, channel: WorkerChannel, pipe: ResultWriter) -> None:
    """Entry point of the process."""
    begin_child(f"lrestore-w{brief.number}")
    crash_point("worker.start")
    if brief.log is not None:
        sys.stderr = cast("TextIO", Unfailing(sys.stderr))
        configure(
            level=brief.log.level,
            format=brief.log.format,
            file=brief.log.file,
            stream=sys.stderr,
            stream_level=brief.log.stream_level,
        )
        log_session(brief.session_id, brief.number)
        for credentials in filter(None, (brief.credentials, brief.source_credentials)):
            redact(credentials.client_secret)
    build_decoders()
    with ExitStack() as stack:
        Worker(brief, channel, pipe, stack).run()


class Worker:
    """The main thread of the process."""

    def __init__(self, brief: WorkerBrief, channel: WorkerChannel, pipe: ResultWriter, stack: ExitStack) -> None:
        self._brief = brief
        self._channel = channel
        self._sending = threading.Lock()
        self._orphaned = threading.Event()
        self._stopping = threading.Event()
        self._tasks: queue.PriorityQueue[tuple[int, int, tuple[RestorationTask, ...]]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._in_hand = 0
        self._counting = threading.Lock()
        self._reported_sizes: dict[str, int] = {}
        overflow = brief.folder / f"outbox-{brief.number}.db"
        self._outbox = Outbox(brief.number, pipe, overflow, self._orphaned.is_set)
        stack.callback(self._outbox.close)
        opened = open_worker(brief, self._outbox, self._stopping.wait, stack)
        self._session, self._journal = opened.session, opened.journal
        self._live = opened.context.destination.live
        self._turn = restoring(ItemRestorer(opened.context))
        limit = brief.settings.run.max_item_bytes
        self._loop = ItemLoop(opened.vault, limit, self._record, self._stopping.is_set)

    def run(self) -> None:
        """Work until told to finish."""
        threads = [
            threading.Thread(target=self._work, name=f"items-{index}", daemon=True)
            for index in range(self._brief.settings.run.in_flight)
        ]
        for thread in threads:
            thread.start()
        self._send(Started())
        self._receive_messages()
        self._send(UsageReport(self._session.meter.snapshot()))

    def _receive_messages(self) -> None:
        finishing = False
        reported_at_s = time.monotonic()
        while not (finishing and self._idle()):
            if self._channel.ready(_RECEIVE_EVERY_S):
                message = self._receive()
                finishing = finishing or isinstance(message, Finish)
                self._process(message)
            if time.monotonic() - reported_at_s >= _REPORT_EVERY_S:
                reported_at_s = time.monotonic()
                self._send(UsageReport(self._session.meter.snapshot()))

    def _idle(self) -> bool:
        with self._counting:
            return self._in_hand == 0 and self._outbox.empty

    def _receive(self) -> ToWorker:
        try:
            return self._channel.receive()
        except PeerGoneError:
            # The coordinator is dead and can confirm nothing; --resume repeats what is not confirmed.
            os._exit(1)

    def _process(self, message: ToWorker) -> None:
        match message:
            case Tasks(tasks):
                with self._counting:
                    self._in_hand += len(tasks)
                self._journal.tasks_came()
                self._queue(tasks)
            case Ack(number):
                self._outbox.confirm(number)
            case Resend():
                self._outbox.resend()
            case Finish(hurry):
                self._leave_undone()
                if hurry:
                    self._stopping.set()
                    if isinstance(sys.stderr, Unfailing):
                        sys.stderr.stop_waiting()

    def _leave_undone(self) -> None:
        """Drop tasks that were not started; --resume restores them."""
        with contextlib.suppress(queue.Empty):
            while True:
                _, _, tasks = self._tasks.get_nowait()
                with self._counting:
                    self._in_hand -= len(tasks)

    def _send(self, message: FromWorker) -> None:
        try:
            with self._sending:
                self._channel.send(message)
        except PeerGoneError:
            os._exit(1)

    def _work(self) -> None:
        while True:
            _, _, tasks = self._tasks.get()
            if len(tasks) > 1:
                self._distribute(tasks)
            else:
                self._one(tasks[0])

    def _distribute(self, tasks: tuple[RestorationTask, ...]) -> None:
        """Read the live objects of a batch with one search, then distribute its items to all threads."""
        try:
            keys = [task.key for task in tasks]
            for type_name, count in Counter(key.type for key in keys).items():
                self._live.page_sizes.reached(type_name, count)
            judgement = for_items(self._brief.judgement, self._brief.beside)
            prefetch(self._live, keys, judgement, self._journal.recorded)
        except RunError as error:
            self._send(GaveUp(str(error), ()))
        except Exception as error:  # noqa: BLE001 (it only saves calls: the items' own reads tell what is wrong)
            log.warning("bulk read of items from %s on failed; reading them one by one: %s", tasks[0].key, error)
        for task in tasks:
            self._queue((task,))
        self._report_page_sizes()

    def _report_page_sizes(self) -> None:
        sizes = self._live.page_sizes.known()
        if sizes != self._reported_sizes:
            self._reported_sizes = sizes
            self._send(PageSizesReport(sizes))

    def _queue(self, tasks: tuple[RestorationTask, ...]) -> None:
        """Batches have priority: they are read in advance while single items are still in progress."""
        self._tasks.put((0 if len(tasks) > 1 else 1, next(self._order), tasks))

    def _one(self, task: RestorationTask) -> None:
        try:
            crash_point("task.taken")
            if task.again:
                self._journal.repeat(task.key, died=task.died)
            self._loop.one(task.key, lambda item: self._restored(item, task))
        except RunError as error:
            self._send(GaveUp(str(error), (task.key,)))
        except BaseException as error:  # noqa: BLE001 (a thread that dies silently would hold the run for ever)
            self._send(GaveUp(f"worker {self._brief.number}: {type(error).__name__}: {error}", (task.key,)))
        finally:
            with self._counting:
                self._in_hand -= 1

    def _restored(self, item: VaultItem, task: RestorationTask) -> ItemResult | None:
        try:
            result, again = self._turn(item, task.awaited, task.first_pass)
        except DependencyError as error:
            if not task.note:
                raise
            raise error.with_context(message=f"{error.message}; {task.note}") from error.__cause__
        if not again:
            return result
        self._outbox.send(FirstPass(result))
        return None

    def _record(self, result: ItemResult, blob: bytes | None) -> None:
        self._outbox.send(Finished(result, blob))
        crash_point("result.sent")
