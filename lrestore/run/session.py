"""Records in the state file that a session begins, and how it ends."""

from __future__ import annotations

import logging
import os
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.crash_points import crash_point
from lrestore.errors import StateError
from lrestore.messages import Totals
from lrestore.report.model import Report, Sample
from lrestore.run.job import Job
from lrestore.run.prepare.api_specification import Known
from lrestore.run.saved_plan.file import keep_copy
from lrestore.settings import Settings
from lrestore.state.records import COPY, UNDO, Pace, RestorationSession, SessionStatus
from lrestore.state.undo_folder import clear_all_but_copies, prune, undo_directory
from lrestore.state.writer import StateWriter
from lrestore.version import __version__

log = logging.getLogger(__name__)

_OFTEN = 3
"""Calls of an operation that make a mean: a single one may have waited for something else."""
_SPAN = 3
"""Samples over which calls are counted, about one each second: fewer would take a burst for a rate."""


def open_state(job: Job, specification: Known) -> None:
    """Create or migrate the state file and remove old undo copies, before anything else can fail."""
    state = Path(job.settings.state.path)
    with StateWriter.open(state, now=utc_now) as writer:
        prune(state, job.settings.state.keep_undo_days, utc_now(), writer.read.unfinished_ids())
        specification.keep(writer, job.route.destination)
    crash_point("run.state_open")


def begin(job: Job) -> None:
    """Record the session, and the items that cannot be attempted. From here on it can be resumed."""
    job.surroundings.beginning(job.session_id)
    state = Path(job.settings.state.path)
    if job.plan is not None and not job.resumed:
        # A resume needs the plan, and the file may be edited meanwhile.
        keep_copy(job.plan, state, job.session_id)
    with StateWriter.open(state, now=utc_now) as writer:
        session = _record(job)
        if job.resumed:
            writer.reopen_session(session.id, pid=session.pid, host=session.host, reason=session.reason)
        else:
            writer.begin_session(session)
            _give_up_the_undone(job, writer)
        with writer.transaction():
            for missing in job.missing:
                writer.record_result(job.session_id, missing)
    crash_point("run.session_begun")


def _give_up_the_undone(job: Job, writer: StateWriter) -> None:
    """A session that is being undone cannot be resumed: it would restore again what the undo puts back."""
    undo = job.request.undo
    if undo is not None and writer.read.session(undo.session).resumable:
        writer.discard_session(undo.session)


def end(job: Job, report: Report) -> None:
    """Record the end of the session and how fast the destination answered, unless the state file is lost."""
    if job.the_guard.trouble():
        return
    try:
        with StateWriter.open(Path(job.settings.state.path), now=utc_now) as writer:
            counts = Counter(writer.read.outcomes(job.session_id).values())
            writer.end_session(job.session_id, cast("SessionStatus", report.status), Totals.of(counts))
            writer.record_pace(job.session_id, _pace(report))
    except StateError as error:
        log.warning("could not record the end of the session: %s", error)


def _pace(report: Report) -> Pace:
    """The rate counts only if the destination refused calls: otherwise something else held them back. The latency is
    that of a typical operation: a mean of all calls would be that of the operation that was used most.
    """
    api = report.api
    reached = reached_per_s(report.throughput.timeline, refused=api.rate_limited > 0)
    often = {name: mean for name, mean in api.latencies_ms.items() if api.by_operation.get(name, 0) >= _OFTEN}
    return Pace(
        calls=api.calls,
        latency_ms=statistics.median(api.latencies_ms.values()) if api.latencies_ms else 0.0,
        per_second=reached if api.rate_limited else 0.0,
        reached=reached,
        latencies_ms=often,
    )


def reached_per_s(timeline: Sequence[Sample], *, refused: bool) -> float:
    """The calls per second that the destination admits as far as is known; 0 if there was no limit.

    If calls were refused, the limit at the end: it is what is admitted. Otherwise the most that were made over some
    seconds, if that is more: at the end of a run few calls are left, and the limit falls while it is not used.
    """
    limits = [limit for *_, limit in timeline if limit is not None]
    if not limits:
        return 0.0
    samples = zip(timeline, timeline[_SPAN:], strict=False)
    rates = [(end[2] - begin[2]) / (end[0] - begin[0]) for begin, end in samples if end[0] - begin[0] >= 1]
    return round(limits[-1] if refused else max(limits[-1], *rates, 0.0), 3)


def clear(job: Job) -> None:
    """Remove the temporary files of the session; its undo copies stay."""
    try:
        clear_all_but_copies(undo_directory(Path(job.settings.state.path), job.session_id))
    except StateError as error:
        log.warning("could not remove temporary files of the session: %s", error)


def _record(job: Job) -> RestorationSession:
    """The record of this run in the state file, without secrets."""
    synced_to, caller = job.vault.synced_to(), job.by
    return RestorationSession(
        id=job.session_id,
        mode=UNDO if job.request.undo else COPY if job.request.beside else job.request.mode,
        source_instance=job.route.source_instance,
        source_paths=tuple(str(path) for path in job.vault.paths),
        source_fingerprint=job.vault.fingerprint(),
        destination=job.settings.destination.name,
        base_url=job.facts.base_url,
        user=caller.looker_user,
        looker_version=job.facts.looker_version,
        selection=msgspec.to_builtins(job.request),
        settings=msgspec.to_builtins(_without_secrets(job.settings)),
        lrestore_version=__version__,
        pid=os.getpid(),
        host=caller.host,
        os_user=caller.os_user,
        command=caller.command,
        reason=job.request.reason,
        backed_up_at="" if synced_to is None or job.undone is not None else stamp(synced_to),
        parent_id=job.request.parent,
        totals=Totals.of({}, len(job.keys) + len(job.removals) + len(job.missing)),
    )


def _without_secrets(settings: Settings) -> Settings:
    """The settings for the state file. The proxy is left out: its URL may contain a password, and each
    start sets it.
    """
    return msgspec.structs.replace(settings, destination=msgspec.structs.replace(settings.destination, proxy=""))
