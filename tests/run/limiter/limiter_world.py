"""A destination and its callers in simulated time, for the limiter: events in order, without waiting, with a seed.

Each process has one gate, as in a run; if several of its threads wait, one waits at the gate and the others for it.
"""

from __future__ import annotations

import heapq
import math
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lrestore.run.limiter.cell import Cell
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.controller import Controller, Verdict, Why
from lrestore.run.limiter.events import CallResult
from lrestore.run.limiter.gate import Gate
from lrestore.run.limiter.shared_limiter import SharedLimiter
from lrestore.run.limiter.state import LimiterState, packed, unpacked

BEGIN_S = 1000.0
"""A clock rarely starts at 0."""


@dataclass
class Call:
    process: Process
    sent_at_s: float
    in_flight: int = 1
    probe: bool = False
    server_s: float = 0.0


class Server:
    """Answers every call after ``latency_s``; subclasses refuse some. ``down`` may be set while it runs."""

    def __init__(self, latency_s: float = 0.05, *, jitter: float = 0.2) -> None:
        self.latency_s = latency_s
        self.jitter = jitter
        self.random = random.Random(1)
        self.down = False
        self.under_way = 0

    def status(self, now_s: float) -> tuple[int | None, float | None]:
        """The status for a call that arrives now, and its Retry-After."""
        return (None, None) if self.down else (200, None)

    def takes_s(self, now_s: float) -> float:
        return self.latency_s * (1 + self.jitter * self.random.random())


class Bucket(Server):
    """A token bucket that holds ``depth_s`` seconds of its rate."""

    def __init__(self, per_second: float, depth_s: float = 0.1, *, retry_after: bool = False, **more: float) -> None:
        super().__init__(**more)
        self.per_second = per_second
        self.depth_s = depth_s
        self.retry_after = retry_after
        self._tokens, self._at_s = math.inf, BEGIN_S

    def status(self, now_s: float) -> tuple[int | None, float | None]:
        depth = max(1.0, self.per_second * self.depth_s)
        self._tokens = min(depth, self._tokens + (now_s - self._at_s) * self.per_second)
        self._at_s = now_s
        if self.down or self._tokens >= 1:
            self._tokens -= 1
            return super().status(now_s)
        wait_s = (1 - self._tokens) / self.per_second
        return 429, max(1.0, math.ceil(wait_s)) if self.retry_after else None


class Windows(Server):
    """A limit of calls in each second of the wall clock."""

    def __init__(self, per_second: float) -> None:
        super().__init__()
        self.per_second = per_second
        self._second, self._calls = 0, 0

    def status(self, now_s: float) -> tuple[int | None, float | None]:
        if int(now_s) != self._second:
            self._second, self._calls = int(now_s), 0
        self._calls += 1
        return (429, None) if self._calls > self.per_second else super().status(now_s)


class Narrow(Server):
    """Refuses more than ``places`` concurrent calls."""

    def __init__(self, places: int, **more: float) -> None:
        super().__init__(**more)
        self.places = places

    def status(self, now_s: float) -> tuple[int | None, float | None]:
        return (429, None) if self.under_way > self.places else super().status(now_s)


class Fickle(Server):
    """Refuses a share of the calls by chance, whatever their rate, and names no pause."""

    def __init__(self, share: float, **more: float) -> None:
        super().__init__(**more)
        self.share = share

    def status(self, now_s: float) -> tuple[int | None, float | None]:
        return (429, None) if self.random.random() < self.share else super().status(now_s)


class Queueing(Server):
    """Never refuses: does ``per_second`` calls at most, and lets the others wait."""

    def __init__(self, per_second: float, **more: float) -> None:
        super().__init__(**more)
        self.per_second = per_second
        self._free_at_s = BEGIN_S

    def takes_s(self, now_s: float) -> float:
        self._free_at_s = max(now_s, self._free_at_s) + 1 / self.per_second
        return self._free_at_s - now_s + super().takes_s(now_s)


class Slowed(Server):
    """Takes several times as long for a part of each period, whatever its load."""

    def __init__(self, times: float, *, slow_s: float = 7.0, period_s: float = 21.0, **more: float) -> None:
        super().__init__(**more)
        self.times, self.slow_s, self.period_s = times, slow_s, period_s

    def takes_s(self, now_s: float) -> float:
        slow = (now_s - BEGIN_S) % self.period_s >= self.period_s - self.slow_s
        return super().takes_s(now_s) * (self.times if slow else 1.0)


class Processor:
    """The client's processor: each answer needs a little of it. Others take most of it for a part of each period, and
    then the client runs for one slice out of several.
    """

    def __init__(self, per_answer_s: float, *, taken_s: float = 7.0, period_s: float = 21.0, others: int = 3) -> None:
        self.per_answer_s = per_answer_s
        self.taken_s, self.period_s, self.others = taken_s, period_s, others
        self.slice_s = 0.004
        self._free_at_s = BEGIN_S

    def done_at_s(self, now_s: float) -> float:
        """When an answer that arrives now has been read."""
        at_s, left_s = self._running(max(now_s, self._free_at_s)), self.per_answer_s
        while left_s > 0:
            step_s = min(left_s, self._slice_end_s(at_s) - at_s)
            left_s -= step_s
            at_s = self._running(at_s + step_s + 1e-9)
        self._free_at_s = at_s
        return at_s

    def _taken(self, now_s: float) -> bool:
        return (now_s - BEGIN_S) % self.period_s >= self.period_s - self.taken_s

    def _running(self, at_s: float) -> float:
        """The first time from ``at_s`` on at which the client runs."""
        turn = int((at_s - BEGIN_S) / self.slice_s)
        if self._taken(at_s) and turn % (self.others + 1):
            return BEGIN_S + (turn - turn % (self.others + 1) + self.others + 1) * self.slice_s + 1e-9
        return at_s

    def _slice_end_s(self, at_s: float) -> float:
        return BEGIN_S + (int((at_s - BEGIN_S) / self.slice_s) + 1) * self.slice_s


@dataclass
class Process:
    gate: Gate
    idle: int
    waiting: bool = False
    alive: bool = True


@dataclass
class World:
    """Runs the callers against the server until a given time. ``log``: (answered at, status), in order."""

    server: Server
    cell: Cell
    config: LimiterConfig
    think_s: float = 0.0
    processor: Processor | None = None
    now_s: float = BEGIN_S
    log: list[tuple[float, int | None]] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    limits: list[tuple[float, float]] = field(default_factory=list)
    gone_at_s: float | None = None

    def __post_init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.random = random.Random(7)
        self.controller = Controller(self.config)
        self.processes: list[Process] = []
        self.at(self.now_s, self._sample)

    def start(self, cells: list[Cell], threads: int) -> None:
        """One process per cell, with so many threads."""
        for cell in cells:
            process = Process(Gate(cell, self.controller, lambda: self.now_s), idle=threads)
            self.processes.append(process)
            self.at(self.now_s, self._turn_of(process))

    def at(self, when_s: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when_s, self._count, what))

    def run(self, for_s: float) -> None:
        """Let so much time pass."""
        end_s = self.now_s + for_s
        while self._events and self._events[0][0] <= end_s:
            self.now_s, _, what = heapq.heappop(self._events)
            what()
        self.now_s = end_s

    def per_second(self, begin_s: float, end_s: float) -> float:
        """Calls answered with success in that part of the run, in seconds since its start."""
        times = [at for at, status in self.log if status == 200]
        return sum(begin_s <= at - BEGIN_S < end_s for at in times) / (end_s - begin_s)

    def refused_share(self) -> float:
        return sum(status == 429 for _, status in self.log) / len(self.log)

    def _sample(self) -> None:
        with self.cell.lock:
            state, _ = self.cell.load()
        self.limits.append((self.now_s - BEGIN_S, state.limit))
        self.at(self.now_s + 0.5, self._sample)

    def _turn_of(self, process: Process) -> Callable[[], None]:
        return lambda: self._turn(process)

    def _turn(self, process: Process, *, queued: bool = False, again: bool = False) -> None:
        """The first waiting thread asks; when it is let through, the next one asks."""
        if not process.alive or not process.idle or (process.waiting and not again):
            return
        verdict, at_s, in_flight = process.gate.ask(queued=queued)
        if verdict.why is Why.GONE:
            self.gone_at_s = self.gone_at_s or at_s
            return
        if verdict.why not in (Why.GO, Why.PROBE):
            process.waiting = True
            self.at(self.now_s + verdict.wait_s, lambda: self._again(process, verdict))
            return
        process.waiting = False
        process.idle -= 1
        self._send(Call(process, at_s, in_flight=in_flight, probe=verdict.why is Why.PROBE))
        self.at(at_s, self._turn_of(process))

    def _again(self, process: Process, verdict: Verdict) -> None:
        process.waiting = False
        self._turn(process, queued=verdict.why is Why.RATE, again=True)

    def _send(self, call: Call) -> None:
        self.sent.append(self.now_s)
        self.server.under_way += 1
        status, retry_after_s = self.server.status(self.now_s)
        took_s = self.server.takes_s(self.now_s) if status == 200 else self.server.latency_s
        self.at(self.now_s + took_s, lambda: self._arrived(call, status, retry_after_s))

    def _arrived(self, call: Call, status: int | None, retry_after_s: float | None) -> None:
        """The answer is there; the client reads it when it has the processor."""
        read_at_s = self.processor.done_at_s(self.now_s) if self.processor is not None else self.now_s
        self.server.under_way -= 1
        call.server_s = self.now_s - call.sent_at_s
        self.at(read_at_s, lambda: self._answered(call, status, retry_after_s))

    def _answered(self, call: Call, status: int | None, retry_after_s: float | None) -> None:
        self.log.append((self.now_s, status))
        process = call.process
        if not process.alive:
            return
        process.gate.answer(CallResult(call.sent_at_s, status, call.server_s, retry_after_s, call.in_flight))
        rest_s = self.think_s if status == 200 else (retry_after_s or 0.0) + self.random.random() * 0.5
        self.at(self.now_s + rest_s, lambda: self._rested(process))

    def _rested(self, process: Process) -> None:
        process.idle += 1
        self._turn(process)


def bursts(sent: list[float], window_s: float = 1.0) -> int:
    """The most calls in any window of that length, open at its end."""
    most = 0
    inside: deque[float] = deque()
    for at in sent:
        inside.append(at)
        while inside[0] <= at - window_s:
            inside.popleft()
        most = max(most, len(inside))
    return most


def shared(path: Path, config: LimiterConfig) -> SharedLimiter:
    """A limiter that other processes can attach to."""
    limiter = SharedLimiter.alone(config)
    limiter.share(path, config)
    return limiter


class _Board:
    def __init__(self, record: bytes) -> None:
        self.lock = threading.Lock()
        self.record = record
        self.members = 0
        self.calls: dict[int, int] = {}
        self.dead: set[int] = set()


class MembersCell:
    """A cell of several processes: ``joined`` makes further members, ``die`` is a member's kill -9."""

    def __init__(self, state: LimiterState | _Board) -> None:
        self._board = state if isinstance(state, _Board) else _Board(packed(state))
        self.lock = self._board.lock
        with self.lock:
            self._number = self._board.members
            self._board.members += 1

    def joined(self) -> MembersCell:
        """Another member over the same record."""
        return MembersCell(self._board)

    def die(self) -> None:
        """Simulate a kill: the member's calls stay counted until ``reclaim``."""
        self._board.dead.add(self._number)

    def load(self) -> tuple[LimiterState, int]:
        return unpacked(self._board.record), sum(self._board.calls.values())

    def save(self, state: LimiterState, own_calls: int) -> None:
        self._board.record = packed(state)
        self._board.calls[self._number] = own_calls

    def reclaim(self) -> int:
        found = self._board.dead & self._board.calls.keys()
        for number in found:
            del self._board.calls[number]
        return len(found)

    def close(self) -> None:
        with self.lock:
            self._board.calls.pop(self._number, None)
