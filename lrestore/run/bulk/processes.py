"""The processes of a bulk run: starts them, sends them messages, replaces the writer.

The coordinator decides which worker gets which item, and what a death means.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from multiprocess.process import BaseProcess

from lrestore.crash_points import crash_point
from lrestore.messages import ItemKey
from lrestore.run.bulk.launch.launcher import Launcher
from lrestore.run.bulk.launch.parcel import Parcel
from lrestore.run.bulk.pipes import Channel, PeerGoneError, channel, result_pipe
from lrestore.run.bulk.protocol import End, FromWorker, FromWriter, Sent, ToWorker, ToWriter
from lrestore.run.bulk.worker import worker_main
from lrestore.run.bulk.worker_brief import WorkerBrief
from lrestore.run.bulk.writer import WriterBrief, writer_main
from lrestore.state.guard import Guard
from lrestore.state.records import SessionStatus

log = logging.getLogger(__name__)


@dataclass(slots=True)
class WorkerHandle:
    """A worker process. ``started``: it has reported that it runs. ``alone``: its item may kill it, so it gets no other
    one meanwhile.
    """

    number: int
    process: BaseProcess
    channel: Channel[Any, FromWorker]
    in_hand: dict[ItemKey, None] = field(default_factory=dict)
    started: bool = False
    finishing: bool = False
    alone: bool = False

    def let_go(self, key: ItemKey) -> None:
        """The worker no longer has the item."""
        self.in_hand.pop(key, None)
        self.alone = self.alone and bool(self.in_hand)


class Processes:
    """The writer, and the workers by number. ``worker_brief`` makes the brief for a worker number."""

    def __init__(self, worker_brief: Callable[[int], WorkerBrief], writer_brief: WriterBrief) -> None:
        self._worker_brief = worker_brief
        self._writer_brief = writer_brief
        self._launcher = Launcher()
        self._reading, self._writing = result_pipe(Sent)
        self._next_number = 1
        self.workers: dict[int, WorkerHandle] = {}
        self.writer: BaseProcess
        self.writer_channel: Channel[Any, FromWriter]

    def begin(self, workers: int) -> None:
        """Start the writer and the workers. Raises StoppedError if that fails. After any exception, :meth:`kill` leaves
        no process.
        """
        self.writer, self.writer_channel = self._start_writer()
        crash_point("processes.writer_started")
        for _ in range(workers):
            self.start_worker()

    @contextmanager
    def none_left(self) -> Iterator[None]:
        """Ends all processes if the body raises."""
        try:
            yield
        except BaseException:
            self.kill()
            raise

    @property
    def guard(self) -> Guard:
        """Checks that the state file stays in place."""
        return self._writer_brief.guard

    @property
    def threads(self) -> int:
        """The calls that a worker may have under way."""
        return self._worker_brief(0).settings.run.in_flight

    @property
    def in_hand(self) -> int:
        """The number of items that workers have now."""
        return sum(len(worker.in_hand) for worker in self.workers.values())

    def _start_writer(self) -> tuple[BaseProcess, Channel[Any, FromWriter]]:
        ours, theirs = channel(ToWriter, FromWriter)
        arguments = (self._writer_brief, self._reading, theirs)
        try:
            return self._launcher.start(writer_main, arguments, "lrestore-writer"), ours
        finally:
            theirs.close()

    def start_worker(self) -> None:
        """Start one more worker with a new number. Raises StoppedError if no process can be started."""
        number = self._next_number
        self._next_number += 1
        ours, theirs = channel(ToWorker, FromWorker)
        arguments = (Parcel(self._worker_brief(number)), theirs, self._writing)
        try:
            process = self._launcher.start(worker_main, arguments, f"lrestore-w{number}")
        finally:
            theirs.close()
        self.workers[number] = WorkerHandle(number, process, ours)

    def replace_writer(self) -> None:
        """Start a new writer. The old one is dead and its messages are read. Raises StoppedError if that fails."""
        self.writer_channel.close()
        self.writer, self.writer_channel = self._start_writer()

    def dismiss(self, worker: WorkerHandle) -> None:
        """The worker has ended."""
        worker.process.join()
        worker.channel.close()
        del self.workers[worker.number]

    def kill_workers(self) -> None:
        """Kill the workers: no writer is left to confirm their work."""
        for worker in self.workers.values():
            worker.process.kill()

    def kill(self) -> None:
        """Kill all processes: the run cannot end in order."""
        self._launcher.kill()

    def send(self, worker: WorkerHandle, message: ToWorker) -> None:
        """Send to a worker. If it is dead, its sentinel reports that."""
        try:
            worker.channel.send(message)
        except PeerGoneError:
            log.debug("worker %d no longer reads its channel", worker.number)

    def send_to_writer(self, message: ToWriter) -> None:
        """Send to the writer. If it is dead, its successor receives the message again."""
        try:
            self.writer_channel.send(message)
        except PeerGoneError:
            log.debug("the writer no longer reads its channel")

    def end_writer(self, status: SessionStatus) -> None:
        """Let the writer close the session, and wait for it."""
        try:
            self.writer_channel.send(End(status))
        except PeerGoneError:
            log.warning("the writer process has ended; the session stays open and can be resumed")
        self.writer.join()
        self._writing.close()
        self._reading.close()
