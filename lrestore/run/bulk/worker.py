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
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

import msgspec

from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.crash_points import crash_point
from lrestore.credentials import Credentials
from lrestore.errors import DependencyError, RunError
from lrestore.log_fields import log_session
from lrestore.logs import configure, redact
from lrestore.looker.limits import Limiter, Watched
from lrestore.looker.read.live import Live
from lrestore.looker.session import session_for
from lrestore.messages import ItemKey, ItemResult
from lrestore.restoration.backup import Backup, Hosts
from lrestore.restoration.beside import Beside, for_items
from lrestore.restoration.context import WritingContext
from lrestore.restoration.destination import Destination
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.restoration.ports import Definitions
from lrestore.run.bulk.call_crash_points import Calls
from lrestore.run.bulk.launch.child import begin_child
from lrestore.run.bulk.outbox import Outbox
from lrestore.run.bulk.pipes import Channel, PeerGoneError, ResultWriter
from lrestore.run.bulk.protocol import (
    Ack,
    Finish,
    FromWorker,
    GaveUp,
    Resend,
    RestorationTask,
    Started,
    Tasks,
    ToWorker,
    UsageReport,
)
from lrestore.run.items.loop import ItemLoop
from lrestore.run.items.two_passes import restoring
from lrestore.run.journal.earlier import Earlier, FormerSessions
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.records import Finished, FirstPass
from lrestore.run.journal.session import SessionJournal
from lrestore.run.prepare.prefetch import prefetch
from lrestore.run.prepare.source_instance import Handed, definitions_for, source_session
from lrestore.run.request import Undo
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.saved_plan.permit import permit_of
from lrestore.run.surroundings import LogSetup
from lrestore.run.undo.copied_groups import CopiedGroups
from lrestore.settings import Settings
from lrestore.state.guard import Guard
from lrestore.state.read import StateReader
from lrestore.state.records import Route
from lrestore.state.undo import UndoJournal
from lrestore.state.undone import Undone
from lrestore.streams import Unfailing
from lrestore.vault.decode import prepare
from lrestore.vault.items import VaultItem
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

ToCoordinator = Channel[Any, ToWorker]

_RECEIVE_EVERY_S = 0.2
_REPORT_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class WorkerBrief:
    """Everything that a worker needs, sent once at its start. It contains a secret: sent through a pipe, never in argv.

    ``titled`` are the items of the run whose titles are unique in their folder. ``plan`` is the saved plan that is
    carried out, ``former`` are the sessions that this one carries on; at
    ``began_at`` the run began to read.
    """

    number: int
    settings: Settings
    credentials: Credentials
    source_credentials: Credentials | None
    vault_files: tuple[tuple[str, str], ...]
    session_id: str
    folder: Path
    listings: Path
    handed: Path
    limiter: Callable[..., Limiter]
    policy: Policy
    judgement: Judgement
    releases: Releases
    hosts: Hosts
    caller_id: str
    is_admin: bool
    titled: frozenset[ItemKey]
    guard: Guard
    log: LogSetup | None
    undo: Undo | None = None
    beside: Beside | None = None
    plan: ReadPlan | None = None
    former: tuple[str, ...] = ()
    began_at: str = ""


def worker_main(brief: WorkerBrief, channel: ToCoordinator, pipe: ResultWriter) -> None:
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
    prepare()
    with ExitStack() as stack:
        Worker(brief, channel, pipe, stack).run()


class Worker:
    """The main thread of the process."""

    def __init__(self, brief: WorkerBrief, channel: ToCoordinator, pipe: ResultWriter, stack: ExitStack) -> None:
        self._brief = brief
        self._channel = channel
        self._sending = threading.Lock()
        self._orphaned = threading.Event()
        self._stopping = threading.Event()
        self._tasks: queue.PriorityQueue[tuple[int, int, tuple[RestorationTask, ...]]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._in_hand = 0
        self._counting = threading.Lock()
        overflow = brief.folder / f"outbox-{brief.number}.db"
        self._outbox = Outbox(brief.number, pipe, overflow, self._orphaned.is_set)
        settings = brief.settings
        self._vault = stack.enter_context(Vault.reopen(brief.vault_files))
        reader = stack.enter_context(StateReader.open(Path(settings.state.path)))
        undo = stack.enter_context(UndoJournal(brief.folder, worker=brief.number))
        self._session = stack.enter_context(
            session_for(
                settings,
                brief.credentials,
                self._stopping.wait,
                limiter=Watched(Calls(brief.limiter(pause=self._stopping.wait)), brief.guard.check),
            )
        )
        self._definitions = self._defined(stack)
        self._undone_session = self._undone(stack)
        route = Route(settings.source.instance, settings.destination.name, settings.destination.former_name)
        mappings = Mappings(reader, route, brief.beside)
        self._journal = SessionJournal(self._outbox.send, self._outbox.settle, reader, undo, brief.session_id, mappings)
        former = stack.enter_context(FormerSessions(settings.state.path, brief.former))
        self._earlier = Earlier(self._journal, brief.folder, former)
        self._live = Live(self._session, msgspec.msgpack.decode(brief.listings.read_bytes()))
        self._turn = restoring(ItemRestorer(self._context()))
        self._loop = ItemLoop(self._vault, settings.run.max_item_bytes, self._record, self._stopping.is_set)

    def _undone(self, stack: ExitStack) -> Undone | None:
        """The session that this one undoes; None if it is not an undo."""
        undo = self._brief.undo
        if undo is None:
            return None
        return stack.enter_context(Undone(Path(self._brief.vault_files[0][1]), undo.session, force=undo.force))

    def _defined(self, stack: ExitStack) -> Definitions:
        """The source of query definitions, for a destination that is another instance."""
        brief, session = self._brief, None
        if brief.undo is not None:
            return CopiedGroups(self._vault, brief.settings.run.max_item_bytes)
        if brief.source_credentials is not None and brief.judgement.instance != "same":
            meter, pause = self._session.meter, self._stopping.wait
            session = stack.enter_context(source_session(brief.settings, brief.source_credentials, meter, pause))
        limit = brief.settings.run.max_item_bytes
        return definitions_for(self._vault, limit, Handed.read(brief.handed), self._session, session)

    def _context(self) -> WritingContext:
        brief = self._brief
        return WritingContext(
            destination=Destination(
                session=self._session,
                live=self._live,
                releases=brief.releases,
                caller_id=brief.caller_id,
                is_admin=lambda: brief.is_admin,
                # The listings were read by the coordinator, perhaps long before this process was started.
                began_at=brief.began_at,
            ),
            backup=Backup(
                source=self._vault,
                judgement=brief.judgement,
                hosts=brief.hosts,
                definitions=self._definitions,
                undone=self._undone_session,
                beside=brief.beside,
                max_item_bytes=brief.settings.run.max_item_bytes,
            ),
            records=self._journal,
            policy=brief.policy,
            pause=self._stopping.wait,
            in_run=brief.titled.__contains__,
            permit=permit_of(brief.plan, self._journal, self._live, self._earlier),
            earlier=self._earlier,
        )

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
                self._queue(tasks)
            case Ack(number):
                self._outbox.confirm(number)
            case Resend():
                self._outbox.resend()
            case Finish(hurry):
                self._leave_undone()
                if hurry:
                    self._stopping.set()

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
            keys = (task.key for task in tasks)
            judgement = for_items(self._brief.judgement, self._brief.beside)
            prefetch(self._live, keys, judgement, self._journal.recorded)
        except RunError as error:
            self._send(GaveUp(str(error), ()))
        except Exception as error:  # noqa: BLE001 (it only saves calls: the items' own reads tell what is wrong)
            log.warning("bulk read of items from %s on failed; reading them one by one: %s", tasks[0].key, error)
        for task in tasks:
            self._queue((task,))

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
