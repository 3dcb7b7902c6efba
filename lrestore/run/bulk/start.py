"""Sets up a bulk run: reads what all workers need, then starts coordinator, workers and writer."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from lrestore.clock import utc_now
from lrestore.content.identity import Judgement
from lrestore.graph import DependencyGraph
from lrestore.looker.meter import ApiUsage
from lrestore.looker.read.live import LISTED
from lrestore.messages import ItemKey, Totals
from lrestore.report.model import Sample
from lrestore.report.speed import Standing
from lrestore.restoration.beside import for_items
from lrestore.run.bulk.briefs import Tables, brief_workers, limiter_file
from lrestore.run.bulk.callers import callers
from lrestore.run.bulk.coordinator import Coordinator
from lrestore.run.bulk.launch.launcher import start_fork_server
from lrestore.run.bulk.processes import Processes
from lrestore.run.bulk.writer import WriterBrief
from lrestore.run.destination import ExaminedDestination
from lrestore.run.introduction import limits_alone
from lrestore.run.items.budget import Budget
from lrestore.run.job import Ended, Job
from lrestore.run.journal.mappings import Mappings
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.run.limiter.config import GENTLE_PER_SECOND
from lrestore.run.prepare.prefetch import users_ahead
from lrestore.run.prepare.source_instance import with_group_edges
from lrestore.run.prepare.unfinished_creates import unanswered
from lrestore.run.select.dependencies import Links
from lrestore.run.select.text_links import links_here
from lrestore.state.read import StateReader
from lrestore.state.records import Pace

log = logging.getLogger(__name__)

REMEMBERED = timedelta(days=1)
"""A destination may admit another rate after this time."""
_SHOW_EVERY_S = 0.25
_SAMPLE_EVERY_S = 1.0
_ALWAYS_LISTED = frozenset({"folder", "lookml_model"})
"""Nearly every item refers to these; the other listings are read only if their types are selected."""


def run_bulk(destination: ExaminedDestination, budget: Budget) -> Ended:
    """Restore the items of the job in several processes. The caller records that the session is finished.

    Raises StateError if the state file cannot be written.
    """
    start_fork_server()
    job, connection = destination.job, destination.connection
    tables, pace = _read_for_all(destination)
    workers, threads = callers(job.settings, len(job.keys))
    brief = brief_workers(destination, tables, threads)
    connection.limiter.share(limiter_file(job), _limits(job, pace))
    processes = Processes(brief, _writer_brief(job))
    with processes.none_left():
        processes.begin(workers)
        # Meanwhile they open their files and log in.
        coordinator = _coordinator(destination, tables, _links(destination), processes)
        watch = _Watch(job, coordinator, connection.limiter)
        calls_before = connection.session.meter.snapshot().calls
        budget = replace(budget, calls_before=calls_before, failed_before=len(job.missing))
        ended = coordinator.run(job.surroundings.stop, budget, watch.show)
    watch.last(ended.usage)
    return Ended(
        ended.status,
        ended.reason,
        ended.usage,
        tuple(coordinator.warnings),
        tuple(watch.timeline),
        tuple(watch.refused),
    )


def _read_for_all(destination: ExaminedDestination) -> tuple[Tables, Pace | None]:
    """The listings and users that all workers need, and the pace of an earlier session."""
    job, live = destination.job, destination.connection.live
    tables = live.tables((_ALWAYS_LISTED | {key.type for key in job.keys}) & LISTED)
    with StateReader.open(Path(job.settings.state.path)) as reader:
        pace = reader.recent_pace(job.ordinary_route.destination, utc_now() - REMEMBERED)
        mapped = Mappings(reader, job.ordinary_route, job.request.beside).recorded
        tables["user"] = users_ahead(live, job.keys, destination.judgement, mapped)
    return tables, pace


def _links(destination: ExaminedDestination) -> Links:
    """The links among the items."""
    job, live = destination.job, destination.connection.live
    judgement = for_items(destination.judgement, job.request.beside)
    with StateReader.open(Path(job.settings.state.path)) as reader:
        mapped = Mappings(reader, job.ordinary_route, job.request.beside).recorded
        links = with_group_edges(links_here(job.contents, job.keys, live, judgement, mapped), job.gathered)
    job.contents.forget()
    return links


def _writer_brief(job: Job) -> WriterBrief:
    run, state = job.settings.run, Path(job.settings.state.path)
    return WriterBrief(state, job.session_id, run.checkpoint_every, run.checkpoint_seconds, job.the_guard)


def _coordinator(destination: ExaminedDestination, tables: Tables, links: Links, processes: Processes) -> Coordinator:
    job, state = destination.job, Path(destination.job.settings.state.path)
    absent, in_doubt = partial(_absent, tables, destination.judgement), partial(unanswered, state, job.route)
    places = {key: place for place, key in enumerate(job.keys)}
    ready = DependencyGraph(job.keys, links.needs, places.__getitem__)
    coordinator = Coordinator(ready, links, processes, absent, job.vault.name_of, in_doubt)
    coordinator.announcer = job.surroundings.announcer
    if job.resumed:
        coordinator.resume(set(job.keys))
    return coordinator


def _limits(job: Job, pace: Pace | None) -> LimiterConfig:
    run = job.settings.run
    config = msgspec.structs.replace(
        limits_alone(job.settings, job.request),
        max_in_flight=run.workers * run.in_flight,
        start_per_second=GENTLE_PER_SECOND,
    )
    if pace is None:
        return config
    log.info("rate: starting with %.0f calls/s, which session %s reached", pace.reached, pace.session_id)
    return config.starting(pace.reached, pace.latency_ms / 1000, refused=pace.per_second > 0)


def _absent(tables: Tables, judgement: Judgement, key: ItemKey) -> bool:
    """Whether the listings prove that the destination has no such object. Makes no call."""
    listed = tables.get(key.type) if key.type in LISTED else None
    return listed is not None and (judgement.instance != "same" or key.id not in listed)


class _Watch:
    """Shows progress a few times per second, and records it for the report once per second."""

    def __init__(self, job: Job, coordinator: Coordinator, limiter: SharedLimiter) -> None:
        self._job = job
        self._coordinator = coordinator
        self._limiter = limiter
        self._began_s = time.monotonic()
        self._shown_at_s = self._noted_at_s = self._began_s
        self._outcomes_before = Counter(result.outcome for result in (*job.earlier, *job.missing))
        self.timeline: list[Sample] = []
        self.refused: list[tuple[float, int]] = []

    def show(self, usage: ApiUsage, in_hand: int) -> None:
        """Show progress, unless it was shown a moment ago."""
        now_s = time.monotonic()
        if now_s - self._shown_at_s < _SHOW_EVERY_S:
            return
        self._show(usage, now_s)

    def last(self, usage: ApiUsage) -> None:
        """Show and record the final state."""
        self._noted_at_s = float("-inf")
        self._show(usage, time.monotonic())

    def _show(self, usage: ApiUsage, now_s: float) -> None:
        self._shown_at_s = now_s
        totals = Totals.of(self._outcomes_before + self._coordinator.outcomes)
        items = totals.attempted
        view = self._limiter.snapshot()
        self._job.surroundings.progress.show(
            Standing(
                items=items,
                ok=totals.succeeded,
                failed=totals.failed,
                skipped=totals.skipped,
                calls=usage.calls,
                limit=view.limit,
                in_flight=view.in_flight,
            )
        )
        if view.rate_limited > (self.refused[-1][1] if self.refused else 0):
            self.refused.append((round(now_s - self._began_s, 3), view.rate_limited))
        if now_s - self._noted_at_s >= _SAMPLE_EVERY_S:
            self._noted_at_s = now_s
            self.timeline.append((round(now_s - self._began_s, 3), items, usage.calls, view.limit))
