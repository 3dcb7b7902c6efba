"""The interface of the limiter: ``acquire`` blocks until a call may go out, ``report`` passes on its result.

If several threads of a process must wait, one waits for the limiter and the others wait for that thread. There are
never more waiting callers than processes, whatever the number of threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from lrestore.clock import Clock
from lrestore.errors import CallsSpentError, OutageError, StoppedError
from lrestore.run.limiter.cell import Cell, MemoryCell
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.controller import Controller, Why
from lrestore.run.limiter.events import CallResult
from lrestore.run.limiter.file import FileCell
from lrestore.run.limiter.gate import RECLAIM_EVERY_S, Gate
from lrestore.run.limiter.state import NEVER

Pause = Callable[[float], bool]
"""Waits some seconds and returns whether the run is to stop, as ``threading.Event.wait`` does."""
Probe = Callable[[], bool]
"""Makes a harmless call to the destination, without this limiter and without retries; True if it answers."""


class LimiterView(msgspec.Struct, frozen=True):
    """The state of the limiter. ``limit``: allowed calls per second; ``window``: allowed concurrent calls.

    ``paused_until`` and ``outage_since`` are times of ``time.monotonic``, None if there is no pause or outage;
    ``rate_limited`` and ``granted`` count the run's 429s and the calls let through.
    """

    limit: float
    window: int
    in_flight: int
    paused_until: float | None
    outage_since: float | None
    rate_limited: int
    granted: int


def _no_check() -> None:
    return


class _Ticket(NamedTuple):
    sent_at_s: float
    in_flight: int


class SharedLimiter:
    """One limiter for all calls of a run to its destination; implements :class:`lrestore.looker.limits.Limiter`.

    A run begins :meth:`alone`. :meth:`share` lets other processes take part: each has one object for all its threads,
    and gets the path, not the object. Each thread has at most one call
    in progress. If a call ends without a report, even by the death of its thread, its slot is freed.
    """

    def __init__(
        self,
        cell: Cell,
        config: LimiterConfig,
        *,
        clock: Clock = time.monotonic,
        pause: Pause | None = None,
        probe: Probe | None = None,
    ) -> None:
        """Use :meth:`alone` or :meth:`attach`.

        Without ``probe``, a real call tests whether an outage is over. ``probe`` and ``check`` may be set later.
        ``check`` is called before each call, when its turn has come, and raises a RunError if the run must not go on.
        """
        self.config = config
        self._gate = Gate(cell, Controller(config), clock)
        self._clock = clock
        self._pause = pause or threading.Event().wait
        self.probe = probe
        self.check: Callable[[], None] = _no_check
        self._turnstile = threading.Lock()
        self._tickets: dict[int, _Ticket] = {}
        self._pruned_at_s = clock()

    @classmethod
    def alone(cls, config: LimiterConfig, *, clock: Clock = time.monotonic, pause: Pause | None = None) -> Self:
        """For the threads of one process."""
        return cls(MemoryCell(Controller(config).begin(clock())), config, clock=clock, pause=pause)

    @classmethod
    def attach(
        cls,
        path: Path | str,
        *,
        clock: Clock = time.monotonic,
        pause: Pause | None = None,
        probe: Probe | None = None,
    ) -> Self:
        """For a worker. Raises :class:`~lrestore.errors.StateError` if there is no such file, or another one."""
        cell = FileCell(Path(path))
        return cls(cell, cell.config, clock=clock, pause=pause, probe=probe)

    def share(self, path: Path | str, config: LimiterConfig) -> None:
        """Let other processes :meth:`attach`; replaces a file that an earlier run left. Calls let through before count;
        no call is in progress here.

        Raises :class:`~lrestore.errors.StateError` if the file cannot be made.
        """
        controller = Controller(config)
        with self._turnstile:
            with self._gate.cell.lock:
                before, _ = self._gate.cell.load()
            shared = FileCell.create(Path(path), config, controller.widened(before, self._clock()))
            self._gate.cell.close()
            self.config = config
            self._gate = Gate(shared, controller, self._clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def acquire(self) -> None:
        """Return when this thread may make one call.

        Raises :class:`~lrestore.errors.StoppedError` if ``pause`` returns True while it waits,
        :class:`~lrestore.errors.OutageError` if the destination has been unreachable for ``give_up_after_s``,
        :class:`~lrestore.errors.CallsSpentError` after ``max_calls``; and what ``check`` raises.
        """
        thread = threading.get_ident()
        if self._tickets.pop(thread, None):
            self._gate.forget()
        with self._turnstile:
            self._tickets[thread] = self._turn()
        self.check()

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """Report the result of this thread's call: status (None: no answer), time taken, the pause that was requested.

        Ignored if this thread has no call in progress.
        """
        ticket = self._tickets.pop(threading.get_ident(), None)
        if ticket:
            self._gate.answer(CallResult(ticket.sent_at_s, status, latency_s, retry_after_s, ticket.in_flight))

    def snapshot(self) -> LimiterView:
        """The current state over all processes, without dead ones."""
        state, in_flight, now_s = self._gate.look()
        return LimiterView(
            limit=state.limit,
            window=int(state.window),
            in_flight=in_flight,
            paused_until=state.paused_until_s if state.paused_until_s > now_s else None,
            outage_since=None if state.outage_since_s == NEVER else state.outage_since_s,
            rate_limited=int(state.rate_limited),
            granted=int(state.granted),
        )

    def close(self) -> None:
        """Leave: this process's calls no longer count. The file stays until its creator removes it."""
        self._gate.cell.close()

    def _turn(self) -> _Ticket:
        queued = False
        while True:
            verdict, at_s, in_flight = self._gate.ask(queued=queued)
            why = verdict.why
            if why is Why.GO or (why is Why.PROBE and self.probe is None):
                return _Ticket(at_s, in_flight)
            if why is Why.GONE:
                raise self._gone()
            if why is Why.SPENT:
                raise CallsSpentError("all allowed calls have been made (--max-calls)")
            if why is Why.PROBE:
                self._look(at_s)
            elif self._pause(verdict.wait_s):
                raise StoppedError("stopped while waiting for the rate limit")
            queued = why is Why.RATE
            if why is Why.SLOT:
                self._prune()

    def _look(self, at_s: float) -> None:
        there = False
        try:
            there = self.probe is not None and self.probe()
        finally:
            self._gate.answer(CallResult(at_s, 200 if there else None, self._clock() - at_s))

    def _prune(self) -> None:
        """Free the slots of threads that died between ``acquire`` and ``report``."""
        if self._clock() - self._pruned_at_s < RECLAIM_EVERY_S:
            return
        self._pruned_at_s = self._clock()
        living = {thread.ident for thread in threading.enumerate()}
        for thread in self._tickets.keys() - living:
            if self._tickets.pop(thread, None):
                self._gate.forget()

    def _gone(self) -> OutageError:
        return OutageError(
            f"the destination has not answered for {self.config.give_up_after_s:g} s (give_up_after_s)",
            hint="once it is back, continue with --resume",
        )
