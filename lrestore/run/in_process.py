"""Restores a few items in this process, one after the other. The calls of one item run concurrently."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from lrestore.errors import StoppedError
from lrestore.looker.meter import ApiUsage
from lrestore.looker.session import LookerSession
from lrestore.messages import ItemResult, Outcome, Totals
from lrestore.report.model import Sample
from lrestore.report.speed import Standing
from lrestore.restoration.item import ItemRestorer
from lrestore.run.destination import ExaminedDestination
from lrestore.run.items.budget import Budget
from lrestore.run.items.loop import ItemLoop
from lrestore.run.items.two_passes import TwoPasses, restoring
from lrestore.run.job import Ended, Job
from lrestore.run.journal.local import recorded_here
from lrestore.run.prepare.source_instance import with_group_edges
from lrestore.run.prepare.unfinished_creates import doubtful_last, unanswered
from lrestore.run.select.dependencies import Needs
from lrestore.run.select.text_links import links_here
from lrestore.state.records import SessionStatus
from lrestore.state.writer import StateWriter


def run_single(destination: ExaminedDestination, budget: Budget) -> Ended:
    """Restore the items of the job. The caller records that the session is finished.

    Raises StateError if the state file cannot be written.
    """
    job = destination.job
    with recorded_here(job) as (writer, journal):
        if job.resumed:
            for key in job.keys:
                journal.repeat(key)
        here = replace(destination.writing_context(journal), in_run=frozenset(job.keys).__contains__)
        judgement = here.backup.judgement_of_items
        links = links_here(job.contents, job.keys, here.destination.live, judgement, journal.recorded)
        links = with_group_edges(links, job.gathered)
        job.keys = doubtful_last(job.keys, unanswered(job.settings.state.path, job.route), links.needs)
        return _Single(job, budget, destination.connection.session, writer).run(ItemRestorer(here), links.awaits)


class _Single:
    def __init__(self, job: Job, budget: Budget, session: LookerSession, writer: StateWriter) -> None:
        self._job = job
        self._budget = budget
        self._session = session
        self._writer = writer
        self._reason = ""
        self._warnings: list[str] = []
        self._timeline: list[Sample] = []
        self._began_s = time.monotonic()
        self._totals = Totals.of(_counted(writer, job.session_id))
        # Failures of an earlier start do not count again: otherwise --resume would stop at once.
        self._failed_before = self._totals.failed if job.resumed else 0

    def run(self, restorer: ItemRestorer, awaits: Needs) -> Ended:
        status: SessionStatus = "interrupted"
        limit = self._job.settings.run.max_item_bytes
        loop = ItemLoop(self._job.vault, limit, self._record, self._stop)
        try:
            if TwoPasses(loop, awaits).over(self._job.keys, restoring(restorer)):
                status = "finished"
        except StoppedError as error:
            self._reason = self._reason or error.message
        if self._reason and not self._job.surroundings.stop():
            status = "stopped"
        if status != "finished":
            self._writer.end_session(self._job.session_id, status, self._totals)
        return Ended(status, self._reason, ApiUsage(), tuple(self._warnings), tuple(self._timeline))

    def _stop(self) -> bool:
        calls = self._session.meter.snapshot().calls
        self._reason = self._reason or self._job.the_guard.trouble()
        self._reason = self._reason or self._budget.spent(self._totals.failed - self._failed_before, calls)
        return bool(self._reason) or self._job.surroundings.stop()

    def _record(self, result: ItemResult, blob: bytes | None) -> None:
        self._warnings += self._writer.record_result(self._job.session_id, result, blob)
        self._job.surroundings.announcer.finished(result)
        self._totals = Totals.of(_counted(self._writer, self._job.session_id))
        if self._totals.attempted % self._job.settings.run.checkpoint_every == 0:
            self._writer.checkpoint(self._job.session_id, self._totals)
        calls = self._session.meter.snapshot().calls
        totals = self._totals
        standing = Standing(totals.attempted, totals.succeeded, totals.failed, calls, skipped=totals.skipped)
        self._timeline.append((round(time.monotonic() - self._began_s, 3), standing.items, calls, None))
        self._job.surroundings.progress.show(standing)


def _counted(writer: StateWriter, session_id: str) -> Counter[Outcome]:
    return Counter(writer.read.outcomes(session_id).values())
