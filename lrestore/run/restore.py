"""Restores the items of a job.

take the lock, open the state file
check whether the backup came from the destination; show the screen, keep to the limits, ask
record the session: from here on each failure is reported as resumable
restore: a few items in this process, many in several processes
verify if requested; make the report from the records; record the end
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from lrestore.crash_points import crash_point
from lrestore.errors import LrestoreError, StateLostError, StoppedError
from lrestore.messages import ItemResult
from lrestore.report.build import ReportBuilder
from lrestore.report.guards import Guards
from lrestore.report.model import Api, Report
from lrestore.run.compare.people import names_in, with_names
from lrestore.run.compare.verify import verify_after
from lrestore.run.destination import DestinationConnection, ExaminedDestination, examine, opening
from lrestore.run.finish.last_look import last_look
from lrestore.run.finish.open_folders import more_open
from lrestore.run.finish.rescue import rescue
from lrestore.run.guards.gate import pass_guards
from lrestore.run.in_process import run_single
from lrestore.run.items.budget import Budget
from lrestore.run.job import Ended, Job, in_bulk
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.missing_looks import add_missing_looks
from lrestore.run.prepare.name_swaps import make_ready
from lrestore.run.report_head import announce, report_of
from lrestore.run.session import begin, clear, end, open_state
from lrestore.run.undo.remove import remove_content, remove_holders
from lrestore.state.destination_lock import DestinationLock
from lrestore.state.guard import Guard
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.records import SessionStatus

log = logging.getLogger(__name__)


def restore(job: Job, connection: DestinationConnection, overridden: Sequence[str]) -> Report:
    """Restore the items. Each result is recorded before another item depends on it. ``overridden``: limits that this
    run passes on demand.

    Raises RunError if the session could not begin; after that StoppedError alone.
    """
    with RunLock(Path(job.settings.state.path)), DestinationLock(job.facts.base_url):
        if in_bulk(job):
            load_ahead()
        open_state(job, connection.specification)
        with opening(job):
            destination = examine(job, connection)
            _add_missing_looks(destination)
            guards = pass_guards(destination, overridden)
        begin(job)
        with _failures_are_resumable():
            job.surroundings.begun(job.session_id)
            return _restore_items(destination, guards)


def load_ahead() -> None:
    """Let the processes load their modules while this one reads the backup and the destination."""
    # A few items need no processes, nor the libraries that start them.
    from lrestore.run.bulk.launch import launcher

    launcher.start_fork_server()


def _add_missing_looks(destination: ExaminedDestination) -> None:
    """Add looks that tiles show, unless the session is resumed or applies a plan: it has its own list."""
    job = destination.job
    if job.resumed or job.plan is not None:
        return
    with closing(ReadOnlyJournal.of(job)) as journal:
        add_missing_looks(job, destination.context(journal))


@contextmanager
def _failures_are_resumable() -> Iterator[None]:
    """Turn every failure into a StoppedError. Inside, something may have been written, so no failure may end the
    program with an exit code that says the opposite (3 or 2). The session can be resumed.
    """
    try:
        yield
    except StoppedError:
        raise
    except LrestoreError as error:
        raise StoppedError(error.message, hint=error.hint) from error
    except Exception as error:
        log.debug("internal error", exc_info=True)
        raise StoppedError(_internal_error(error)) from error


def _restore_items(destination: ExaminedDestination, guards: Guards) -> Report:
    """From the first item to the report. The session can be resumed, whatever ends this."""
    job = destination.job
    state = Path(job.settings.state.path)
    builder = report_of(job)
    builder.guards = guards
    for passed in guards.overridden:
        builder.warn(f"overridden: {passed}")
    announce(job, builder.warnings)
    # Open until the report is written: SQLite can read an open file even if it is removed meanwhile.
    with StateReader.open(state) as reader:
        job.guard = guard = Guard(state, job.session_id)
        destination.connection.limiter.check = guard.check_before_call
        ended = _carry_out(destination)
        if guard.trouble():
            ended = _lost(job, reader, ended)
        else:
            clear(job)
        crash_point("report.before_write")
        report = _report(destination, builder, reader, ended)
    if report.status == "finished":
        # The session is marked as finished afterwards: killed while it reports, it is resumed and reports then.
        job.surroundings.publish(report)
        crash_point("report.published")
    end(job, report)
    return report


def _carry_out(destination: ExaminedDestination) -> Ended:
    """Restore. The session has begun: whatever ends this, it is reported as resumable, never as not started."""
    job = destination.job
    count = len(job.keys) + len(job.removals) + len(job.missing) + len(job.earlier)
    budget = Budget.of(job.request, job.settings.run.max_failures, count)
    job.surroundings.progress.begin(count)
    try:
        remove_content(job, destination.writing_context)
        make_ready(job, destination.writing_context)
        ended = _each_item(destination, budget)
        if ended.status == "finished":
            remove_holders(job, destination.fresh_writing_context)
            ended.warnings += last_look(job, destination.fresh_writing_context)
        return ended
    except StateLostError as error:
        job.the_guard.lose(str(error))
        return _ended_early(job, str(error))
    except LrestoreError as error:
        return _ended_early(job, str(error))
    except Exception as error:
        log.debug("internal error", exc_info=True)
        return _ended_early(job, _internal_error(error))
    finally:
        job.surroundings.progress.end()


def _each_item(destination: ExaminedDestination, budget: Budget) -> Ended:
    if not in_bulk(destination.job):
        return run_single(destination, budget)
    # A few items need no processes, nor the libraries that start them.
    from lrestore.run.bulk.start import run_bulk

    return run_bulk(destination, budget)


def _ended_early(job: Job, reason: str) -> Ended:
    return Ended(_unfinished(job), reason)


def _unfinished(job: Job) -> SessionStatus:
    return "interrupted" if job.surroundings.stop() else "stopped"


def _lost(job: Job, reader: StateReader, ended: Ended) -> Ended:
    """The state file was lost or changed: save the records if possible, and say whether the run can be resumed."""
    trouble = job.the_guard.trouble()
    if not job.the_guard.in_place and not rescue(reader, Path(job.settings.state.path), job.session_id):
        job.surroundings.unresumable()
    return replace(ended, status=_unfinished(job), reason=trouble)


def _report(destination: ExaminedDestination, builder: ReportBuilder, reader: StateReader, ended: Ended) -> Report:
    """The report, made from the records."""
    job = destination.job
    if ended.reason:
        log.warning("stopped early: %s", ended.reason)
    builder.add_earlier(job.earlier)
    for result in reader.results(job.session_id):
        builder.add(_with_its_copy(job, reader, result))
    open_folders = _open_folders(destination, reader) if ended.status == "finished" else []
    for warning in (*ended.warnings, *open_folders):
        builder.warn(warning)
    if ended.reason:
        builder.stopped(ended.reason)
    for sample in ended.timeline:
        builder.note(sample)
    builder.refused(ended.refused)
    verify, status = None, ended.status
    if job.request.verify_after and status == "finished":
        verify = verify_after(destination, reader)
        status = status if verify else _unfinished(job)
    usage = destination.connection.session.meter.snapshot() + ended.usage
    report = builder.finish(Api.of(usage), status=status, verify=verify)
    # Ids of users are those of the backup only in its own instance; the copies of an undo hold no users.
    known = destination.judgement.instance == "same" and job.undone is None
    return with_names(report, partial(names_in, job.vault)) if known else report


def _with_its_copy(job: Job, reader: StateReader, result: ItemResult) -> ItemResult:
    """The result of a failed item with the id of its copy, if there is a part of one."""
    if job.request.beside is None or result.outcome != "failed" or result.destination_id:
        return result
    recorded = reader.recorded(job.route, result.key.type, result.key.id)
    return result if recorded is None else msgspec.structs.replace(result, destination_id=recorded.destination_id)


def _open_folders(destination: ExaminedDestination, reader: StateReader) -> list[str]:
    job = destination.job
    with closing(ReadOnlyJournal.of(job)) as journal:
        return list(more_open(destination, destination.fresh_context(journal), reader.results(job.session_id)))


def _internal_error(error: Exception) -> str:
    return f"internal error: {type(error).__name__}: {error}. Please report it"
