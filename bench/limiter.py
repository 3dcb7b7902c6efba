"""Measures the used share of the admitted rate, and the refused calls: ``python -m bench.limiter --admit 200``.

Real processes with real sessions call a simulated instance that admits a number of calls per second. They do not know
the number: the limiter measures it. With ``--drop`` the instance admits a fifth for ten seconds in the middle; with
``--at-random`` it refuses a share of the calls by chance, independently of the rate.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import multiprocess

from bench.measured import clean_environment, rows
from lrestore.credentials import Credentials
from lrestore.errors import LookerError
from lrestore.looker.session import LookerSession
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.simulator.http.remote import SimulatorProcess

WARM_UP_S = 10.0
DROP_S = 10.0
DROPPED_TO = 0.2
ENOUGH = 0.95
OVER_S = 3
"""Seconds over which a rate is averaged before it counts as reached again."""


@dataclass(frozen=True, slots=True)
class Load:
    """The callers: ``processes`` with ``threads`` each, until ``until_s`` of the monotonic clock."""

    base_url: str
    credentials: Credentials
    limiter: Path
    threads: int
    until_s: float


@dataclass(slots=True)
class Tally:
    """Calls per second since the beginning: answered, refused. ``limits``: what the limiter allowed."""

    begin_s: float
    done: Counter[int]
    refused: Counter[int]
    limits: dict[int, float]

    def rate(self, first_s: int, last_s: int) -> float:
        """Calls answered per second, from one second to another."""
        return sum(self.done[second] for second in range(first_s, last_s)) / max(1, last_s - first_s)

    def refused_share(self, first_s: int, last_s: int) -> float:
        """Share of the calls that were refused."""
        refused = sum(self.refused[second] for second in range(first_s, last_s))
        return refused / max(1.0, refused + self.rate(first_s, last_s) * (last_s - first_s))


class _Recording:
    """The limiter, and a list of the results of all calls."""

    def __init__(self, limiter: SharedLimiter) -> None:
        self._limiter = limiter
        self.seen: list[tuple[float, int | None]] = []

    def acquire(self) -> None:
        self._limiter.acquire()

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        self.seen.append((time.monotonic(), status))
        self._limiter.report(status, latency_s, retry_after_s)


def call_until_the_end(load: Load, results: Any) -> None:
    """Entry point of a calling process."""
    with SharedLimiter.attach(load.limiter) as shared:
        limiter = _Recording(shared)
        session = LookerSession(
            load.base_url, load.credentials, in_flight=load.threads, limiter=limiter, max_retries=1000
        )
        threads = [threading.Thread(target=_call, args=(session, load.until_s)) for _ in range(load.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.send(limiter.seen)


def _call(session: LookerSession, until_s: float) -> None:
    while time.monotonic() < until_s:
        try:
            session.call_once("me")
        except LookerError as error:
            # Like a worker's thread, it waits a little before the next call.
            time.sleep(0.5 + (error.retry_after_s or 0.0))


@dataclass(frozen=True, slots=True)
class Callers:
    """The number of callers and the duration. ``drop_from``: the admitted rate outside the drop, 0 for no drop."""

    processes: int
    threads: int
    seconds: float
    drop_from: float = 0.0


def measure(simulator: SimulatorProcess, callers: Callers) -> Tally:
    """Run the calling processes."""
    processes, threads = callers.processes, callers.threads
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "limiter"
        config = LimiterConfig(max_in_flight=processes * threads)
        with SharedLimiter.alone(config) as limiter:
            limiter.share(path, config)
            begin_s = time.monotonic()
            credentials = Credentials(simulator.client_id, simulator.client_secret)
            load = Load(simulator.base_url, credentials, path, threads, begin_s + callers.seconds)
            context = multiprocess.get_context("spawn")
            pipes = []
            for _ in range(processes):
                ours, theirs = context.Pipe(duplex=False)
                context.Process(target=call_until_the_end, args=(load, theirs), daemon=True).start()
                pipes.append(ours)
            limits = _watch(simulator, limiter, load.until_s, callers.drop_from)
            return _tally(begin_s, [pipe.recv() for pipe in pipes], limits)


def _watch(simulator: SimulatorProcess, limiter: SharedLimiter, until_s: float, drop_from: float) -> dict[int, float]:
    begin_s = time.monotonic()
    drop_s, back_s = (until_s - begin_s) / 3, (until_s - begin_s) / 3 + DROP_S
    limits: dict[int, float] = {}
    admitted = drop_from
    while (now_s := time.monotonic()) < until_s:
        passed_s = now_s - begin_s
        wanted = drop_from * (DROPPED_TO if drop_s <= passed_s < back_s else 1.0)
        if wanted != admitted:
            simulator.configure(rate_per_s=wanted)
            admitted = wanted
        limits[int(passed_s)] = limiter.snapshot().limit
        time.sleep(0.1)
    return limits


def _tally(begin_s: float, seen: list[list[tuple[float, int | None]]], limits: dict[int, float]) -> Tally:
    tally = Tally(begin_s, Counter(), Counter(), limits)
    for at_s, status in (entry for entries in seen for entry in entries):
        into = tally.refused if status == 429 else tally.done
        into[int(at_s - begin_s)] += 1
    return tally


def back_after_s(tally: Tally, admitted: float, since_s: int, until_s: int) -> int | None:
    """Seconds from ``since_s`` until the rate reaches the admitted rate again; None if it does not."""
    for second in range(since_s, until_s - OVER_S + 1):
        if tally.rate(second, second + OVER_S) >= ENOUGH * admitted:
            return second - since_s
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.limiter", description="Measure the rate limiter.")
    parser.add_argument("--admit", type=float, default=200.0, help="calls per second that the instance admits")
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=8, help="callers per process")
    parser.add_argument("--no-retry-after", action="store_true", help="refusals name no time to wait")
    parser.add_argument("--drop", action="store_true", help="admit a fifth for 10 s, from a third of the time on")
    parser.add_argument("--at-random", type=float, default=0.0, help="share of calls refused whatever the rate")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    command = ["--latency-ms", str(options.latency_ms), "--rate", str(0 if options.at_random else options.admit)]
    if options.no_retry_after:
        command.append("--no-retry-after")
    with SimulatorProcess(command, clean_environment()) as simulator:
        if options.at_random:
            simulator.fault("status:429", match={"rate": options.at_random})
        drop_from = options.admit if options.drop else 0.0
        tally = measure(simulator, Callers(options.processes, options.threads, options.seconds, drop_from))
    print(rows(told(tally, options)))


def told(tally: Tally, options: argparse.Namespace) -> list[tuple[str, str]]:
    """The measured values as text."""
    end_s = int(options.seconds)
    lines = [("calls per second", " ".join(f"{tally.done[second]}" for second in range(end_s)))]
    lines.append(("limit", " ".join(f"{tally.limits.get(second, 0):.0f}" for second in range(end_s))))
    if options.drop:
        drop_s = int(options.seconds / 3)
        back_s = drop_s + int(DROP_S)
        before = tally.rate(int(WARM_UP_S), drop_s)
        lines.append(("before the drop", f"{before / options.admit:.1%} of what is admitted"))
        after_s = back_after_s(tally, options.admit, back_s, end_s)
        lines.append(("back at 95 %", f"{after_s} s after the end of the drop" if after_s is not None else "never"))
        lines.append(("refused after it", f"{tally.refused_share(back_s, end_s):.2%}"))
        return lines
    first_s = int(WARM_UP_S)
    done = tally.rate(first_s, end_s)
    share = "" if options.at_random else f", {done / options.admit:.1%} of what is admitted"
    lines.append((f"from second {first_s} on", f"{done:.1f} calls/s{share}"))
    lines.append(("refused", f"{tally.refused_share(first_s, end_s):.2%}"))
    return lines


if __name__ == "__main__":
    main()
