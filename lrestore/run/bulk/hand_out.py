"""Hands open items out to workers: short queues that are never empty, and items that are tried alone."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from lrestore.crash_points import crash_point
from lrestore.run.bulk.batch_size import BatchSizes, InHand
from lrestore.run.bulk.coordinator_outbox import CoordinatorOutbox
from lrestore.run.bulk.open_tasks import OpenTasks
from lrestore.run.bulk.processes import Processes, WorkerHandle
from lrestore.run.bulk.protocol import RestorationTask, Tasks

log = logging.getLogger(__name__)


class HandOut:
    """``failures_left()``: how many more items may fail before the run stops; None without ``max_failures``."""

    def __init__(
        self,
        tasks: OpenTasks,
        processes: Processes,
        outbox: CoordinatorOutbox,
        batch_sizes: BatchSizes,
        failures_left: Callable[[], int | None],
    ) -> None:
        self._tasks = tasks
        self._processes = processes
        self._outbox = outbox
        self._batch_sizes = batch_sizes
        self._failures_left = failures_left
        self._started_types: set[str] = set()

    def fill(self) -> None:
        """Keep every worker's queue short and never empty. Workers take turns, so that the last items are spread."""
        given = 1
        while given:
            idlest_first = sorted(self._processes.workers.values(), key=lambda one: len(one.in_hand))
            given = sum(self._hand_batch(one) for one in idlest_first)

    def _hand_batch(self, worker: WorkerHandle) -> bool:
        """Hand one more batch to the worker if its queue is short."""
        if self._room() <= 0:
            return False
        if not worker.in_hand and (suspect := self._tasks.take_suspect(self._idle)):
            self._hand(worker, [suspect])
            worker.alone = True
            return False
        count = 0 if worker.alone else self._batch_size(worker)
        tasks = self._tasks.take(lambda: min(count, self._room()))
        if tasks:
            self._hand(worker, tasks)
        return bool(tasks)

    def _hand(self, worker: WorkerHandle, tasks: list[RestorationTask]) -> None:
        worker.in_hand.update(dict.fromkeys(task.key for task in tasks))
        for type_name in dict.fromkeys(task.key.type for task in tasks):
            if type_name not in self._started_types:
                self._started_types.add(type_name)
                log.info("starting type: %s", type_name)
        self._processes.send(worker, Tasks(tuple(tasks)))
        crash_point("coordinator.task_sent")

    def _idle(self) -> bool:
        """Whether nothing is in progress in any worker: of two plans or boards that look alike and have an open create,
        one would take the object that the other makes for its own.
        """
        return not (self._processes.in_hand or self._outbox.pending)

    def _batch_size(self, worker: WorkerHandle) -> int:
        in_hand = InHand(len(worker.in_hand), self._processes.in_hand, len(self._processes.workers))
        return self._batch_sizes.of(self._tasks.next_type, self._tasks.ready, in_hand)

    def _room(self) -> float:
        """How many more items may be in progress: never more than may still fail."""
        left = self._failures_left()
        return math.inf if left is None else left - self._processes.in_hand - self._outbox.pending
