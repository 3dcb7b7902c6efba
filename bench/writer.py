"""Measures the throughput of one writer process: ``python -m bench.writer --results 20000``.

Sender processes write results into the shared pipe, as workers do, as fast as possible or at a given pace. The writer
is that of a bulk run, with an fsync per commit. The benchmark counts results, commits and the writer's processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import multiprocess

from bench.measured import rows
from bench.processes import cpu_s
from lrestore.clock import utc_now
from lrestore.messages import Change, ItemKey, ItemResult
from lrestore.run.bulk.pipes import channel, result_pipe
from lrestore.run.bulk.protocol import Committed, End, FromWriter, Sent, ToWriter
from lrestore.run.bulk.writer import WriterBrief, writer_main
from lrestore.run.journal.records import Finished
from lrestore.state.guard import Guard
from lrestore.state.records import RestorationSession
from lrestore.state.writer import StateWriter

SESSION = "20260101-000000-beef"


@dataclass(frozen=True, slots=True)
class Written:
    """The work of the writer and its duration; ``cpu_s`` is its processor time."""

    results: int
    commits: int
    wall_s: float
    cpu_s: float

    @property
    def per_core_second(self) -> float:
        """Results per second of processor."""
        return self.results / self.cpu_s

    @property
    def commits_per_1000(self) -> float:
        return 1000 * self.commits / self.results


def send(worker: int, count: int, per_second: float, pipe: Any) -> None:
    """Entry point of a sending process. ``per_second``: 0 for as fast as possible."""
    begin_s = time.monotonic()
    for number in range(1, count + 1):
        if per_second:
            time.sleep(max(0.0, begin_s + number / per_second - time.monotonic()))
        pipe.send(Sent(worker, number, 1, Finished(result(f"{worker}{number:07}"))))


def result(id: str) -> ItemResult:
    """The result of a changed dashboard, as a worker sends it."""
    changes = (
        Change(path="description", old=f"drifted {id}", new="Sales by region, refreshed every morning"),
        Change(path="dashboard_elements[3].title", old="Revenue (old)", new="Revenue"),
    )
    return ItemResult(ItemKey("dashboard", id), f"Dashboard {id}", "updated", destination_id=id, changes=changes)


def measure(folder: Path, results: int, senders: int, per_second: float = 0.0) -> Written:
    """Let ``senders`` processes send this number of results in total."""
    state = folder / "state.db"
    _begin(state)
    context = multiprocess.get_context("forkserver")
    context.set_forkserver_preload(["lrestore.run.bulk.writer"])
    reading, writing = result_pipe(Sent)
    ours, theirs = channel(ToWriter, FromWriter)
    brief = WriterBrief(state, SESSION, 100, 1.0, Guard(state, SESSION))
    writer = context.Process(target=writer_main, args=(brief, reading, theirs))
    writer.start()
    theirs.close()
    each, pace = results // senders, per_second / senders
    processes = [context.Process(target=send, args=(worker, each, pace, writing)) for worker in range(1, senders + 1)]
    for process in processes:
        process.start()
    commits, settled, begin_s, used_s = 0, 0, 0.0, 0.0
    while settled < each * senders:
        message = ours.receive()
        if not isinstance(message, Committed):
            raise RuntimeError(f"the writer failed: {message}")
        if not begin_s:
            # The first commit starts the clock: the time before it is spent starting processes.
            begin_s, used_s = time.monotonic(), cpu_s(writer.pid or 0)
            first = len(message.settled)
        settled += len(message.settled)
        commits += 1
    found = Written(settled - first, commits - 1, time.monotonic() - begin_s, cpu_s(writer.pid or 0) - used_s)
    ours.send(End("finished"))
    writer.join()
    for end in (reading, writing):
        end.close()
    return found


def _begin(state: Path) -> None:
    with StateWriter.open(state, now=utc_now) as writer:
        writer.begin_session(
            RestorationSession(
                id=SESSION,
                mode="restore",
                source_instance="src",
                source_paths=("vault.db",),
                source_fingerprint="0",
                destination="dst",
                base_url="http://127.0.0.1",
                user="bench",
                looker_version="",
                selection={},
                settings={},
                lrestore_version="0",
                pid=1,
                host="localhost",
            )
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.writer", description="Measure the writer.")
    parser.add_argument("--results", type=int, default=20000)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument(
        "--per-second", type=float, default=0.0, help="pace of all senders together (0: as fast as possible)"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.results, options.senders, options.per_second)
    share = found.cpu_s / found.wall_s
    lines = [
        ("results", f"{found.results} in {found.wall_s:.2f} s: {found.results / found.wall_s:.0f} per second"),
        (
            "processor",
            f"{found.cpu_s:.2f} s, {share:.0%} of a core: {found.per_core_second:.0f} results per core second",
        ),
        ("commits", f"{found.commits}, each with an fsync: {found.commits_per_1000:.1f} per 1,000 results"),
    ]
    print(rows(lines))


if __name__ == "__main__":
    main()
