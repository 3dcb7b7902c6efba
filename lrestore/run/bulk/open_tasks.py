"""The items of a bulk run that are still to be restored, and the order in which they are handed out."""

from __future__ import annotations

from collections.abc import Callable, Collection

from lrestore.errors import DependencyError, InternalError
from lrestore.graph import DependencyGraph
from lrestore.messages import ItemKey, ItemResult
from lrestore.run.bulk.coordinator_outbox import CoordinatorOutbox
from lrestore.run.bulk.crash_policy import CrashPolicy
from lrestore.run.bulk.failed_needs import FailedNeeds
from lrestore.run.bulk.protocol import RestorationTask, Settled
from lrestore.run.items.dead_letter import failed
from lrestore.run.items.two_passes import FirstPasses
from lrestore.run.select.dependencies import Links
from lrestore.text.words import shortened


class OpenTasks:
    """``absent`` tells whether the destination provably lacks an item that failed because of another one;
    ``name_of`` returns its name in the backup.

    An item that fails without a worker goes to ``outbox``.
    """

    def __init__(
        self,
        ready: DependencyGraph[ItemKey],
        links: Links,
        outbox: CoordinatorOutbox,
        crash_policy: CrashPolicy,
        absent: Callable[[ItemKey], bool],
        name_of: Callable[[ItemKey], str],
    ) -> None:
        self._ready = ready
        self._outbox = outbox
        self._crash_policy = crash_policy
        self._absent = absent
        self._name_of = name_of
        self._failed_needs = FailedNeeds(links.needs, links.hard)
        self._first_passes = FirstPasses(links.awaits, ready.waits)
        self._again: set[ItemKey] = set()
        self._in_doubt: set[ItemKey] = set()
        self._notes: dict[ItemKey, str] = {}

    @property
    def unsettled(self) -> int:
        """The number of items without a result."""
        return self._ready.unsettled

    @property
    def ready(self) -> int:
        """The number of items that could be handed out now."""
        return self._ready.ready

    @property
    def next_type(self) -> str:
        """The type of the item that is handed out next; "" if none is ready."""
        key = self._ready.next_ready
        return key.type if key is not None else ""

    def check_first(self, keys: Collection[ItemKey]) -> None:
        """These items may be partly done: a worker that gets one checks first."""
        self._again.update(keys)

    def doubt(self, keys: Collection[ItemKey]) -> None:
        """These items have an open create: each is tried alone, after all others."""
        self._in_doubt.update(keys)

    def take(self, room: Callable[[], float]) -> list[RestorationTask]:
        """Items of one type that can be restored side by side, at most ``room()`` of them. Items that fail here take
        room, too.
        """
        tasks: list[RestorationTask] = []
        type_name = self.next_type
        while len(tasks) < room() and self.next_type == type_name and not self._outbox.full:
            key = self._ready.take()
            if key is None:
                break
            if key in self._in_doubt:
                self._in_doubt.discard(key)
                self.set_apart(key, unanswered=True)
            elif not self._fail_for_need(key):
                tasks.append(self._task(key))
        return tasks

    def take_suspect(self, idle: Callable[[], bool]) -> RestorationTask | None:
        """An item that a worker died on. It is tried alone, so that no other item is blamed if a worker dies again.

        ``idle()``: nothing is in progress.
        """
        while (key := self._crash_policy.next_suspect(idle=not self._ready.ready and idle())) is not None:
            if self._ready.hold(key) and not self._fail_for_need(key):
                return self._task(key)
        return None

    def set_apart(self, key: ItemKey, *, unanswered: bool) -> None:
        """Try an item alone, later. ``unanswered``: it has an open create."""
        self._ready.withdraw(key)
        self._crash_policy.suspect(key, unanswered=unanswered)

    def blame(self, key: ItemKey) -> bool:
        """A worker died while it had the item; returns whether too many have, so that the item fails."""
        self._again.add(key)
        return self._crash_policy.blame(key)

    def fail_as_deadly(self, key: ItemKey) -> None:
        """Fail an item that too many workers died on."""
        hint = "restore it alone with --select and -v, and report the output"
        message = f"{self._crash_policy.over(key)} workers died while they had {key} in hand"
        self._outbox.record(failed(InternalError(message, key=key, hint=hint), key, self._name_of(key)))

    def break_circle(self) -> None:
        """Items in a circular dependency never become ready. Try each of them: the destination may have the others.

        Items that only wait for such a circle come after it: parts of it may be restored.
        """
        circle = self._ready.closing()
        if not circle:
            return
        names = shortened(list(map(str, circle)), 5)
        for key in circle:
            self._notes[key] = f"it is part of a circular dependency: {names}"
            self._ready.force(key)

    def has_first_pass(self, key: ItemKey) -> bool:
        """Whether the item's first pass is done."""
        return self._first_passes.of(key) is not None

    def first_pass_done(self, key: ItemKey, result: ItemResult) -> None:
        """The item comes again once the items that it awaits are settled."""
        self._first_passes.done(key, result)
        self._ready.pass_on(key)

    def settle(self, settled: Settled) -> bool:
        """The result of an item is on disk; False if it was already."""
        if not self._ready.settle(settled.key):
            return False
        if settled.missing:
            self._failed_needs.lose(settled.key, settled.reason)
        return True

    def _task(self, key: ItemKey) -> RestorationTask:
        return RestorationTask(
            key,
            self._notes.get(key, ""),
            again=key in self._again,
            died=self._crash_policy.over(key) > 0,
            awaited=self._first_passes.awaited(key),
            first_pass=self._first_passes.of(key),
        )

    def _fail_for_need(self, key: ItemKey) -> bool:
        """Fail an item without a call, naming the chain, if it needs an item that failed and does not exist."""
        why = self._failed_needs.why(key)
        if not why:
            return False
        error = DependencyError(why, key=key).with_context(missing=self._absent(key))
        self._outbox.record(failed(error, key, self._name_of(key)))
        return True
