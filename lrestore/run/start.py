"""Starts a new session, from a selection or from a saved plan (``--apply``), and runs a job in its mode."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from lrestore.clock import utc_now
from lrestore.errors import GuardError
from lrestore.log_fields import log_session
from lrestore.messages import ItemKey
from lrestore.report.model import AppliedPlan, Report
from lrestore.run.compare.dry_run import dry_run
from lrestore.run.comparison import compare
from lrestore.run.destination import log_in
from lrestore.run.early_calls import EarlyCalls, early_calls
from lrestore.run.guards.limits import check_age
from lrestore.run.job import ITEMS_FOR_ONE_PROCESS, Job
from lrestore.run.request import RunRequest, ThisStart
from lrestore.run.restore import load_ahead, restore
from lrestore.run.saved_plan.file import ReadPlan, read_plan
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.run.saved_plan.origin import check_backup, check_destination, request_of_plan, settings_of_plan
from lrestore.run.select.choose import choose, extent_of, ordered, parsed
from lrestore.run.select.row_counts import rows_selected
from lrestore.run.surroundings import Surroundings
from lrestore.run.undo.start import undo_job
from lrestore.settings import Settings
from lrestore.state.records import new_session_id
from lrestore.vault.backups.source import open_source
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)


def execute(settings: Settings, request: RunRequest, surroundings: Surroundings) -> Report:
    """Start a new session. Raises RunError if the run cannot start; items that fail are in the report.

    The session records the content of selection files, not their paths: a file may be edited before it is resumed.
    """
    return execute_with(settings, request, surroundings, None)


def execute_with(settings: Settings, request: RunRequest, surroundings: Surroundings, plan: ReadPlan | None) -> Report:
    """The same; a saved ``plan`` limits what may be written."""
    if request.undo is not None:
        with undo_job(settings, request, request.undo, surroundings) as job:
            job.plan = plan
            return run(job)
    with open_source(settings.source, request.as_of) as vault:
        if request.mode == "restore" and rows_selected(vault, request) > ITEMS_FOR_ONE_PROCESS:
            load_ahead()
        log_warnings(vault)
        selection, session_id = parsed(request), new_session_id(utc_now())
        log_session(session_id)
        is_young = partial(_is_young, vault, settings, request)
        with early_calls(vault, settings, request, surroundings, is_young=is_young) as early:
            chosen = choose(vault, request, selection)
            job = Job(
                settings=settings,
                request=_with_copies_of(session_id, chosen.spelt(request)),
                surroundings=surroundings,
                vault=vault,
                session_id=session_id,
                plan=plan,
            )
            job.take(chosen)
            return run(job, early)


def _is_young(vault: Vault, settings: Settings, request: RunRequest) -> bool:
    """Whether the backup passes ``[source] max_backup_age``; where it does not, :func:`run` says so."""
    try:
        check_age(settings, vault.synced_to(), utc_now(), request.override)
    except GuardError:
        return False
    return True


def _with_copies_of(session_id: str, request: RunRequest) -> RunRequest:
    """The request, whose copies are known by its session unless an earlier one has begun them."""
    if request.beside is None or request.beside.id:
        return request
    return msgspec.structs.replace(request, beside=msgspec.structs.replace(request.beside, id=session_id))


def apply(settings: Settings, file: Path, surroundings: Surroundings, now: ThisStart) -> Report:
    """Carry out a saved plan, in a session of its own. ``settings`` say where the state file and the destination are.

    Raises UsageError if the file is not a whole plan, WrongInstanceError if it is one for another destination,
    VaultError if the backup is not the one that it was made of.
    """
    read = read_plan(file)
    plan = read.plan
    check_destination(plan, settings)
    there = settings_of_plan(plan, settings)
    asked = msgspec.structs.replace(
        request_of_plan(plan), mode="restore", applies=AppliedPlan(str(file.absolute()), read.digest)
    )
    with _job_of_plan(plan, there, now.applied_to(asked), surroundings) as job:
        check_backup(plan, job.vault)
        log.info("plan: %s, made %s (%s)", file, plan.made_at, read.digest)
        job.plan = read
        job.keys, job.missing = items_of_plan(job.vault, plan), list(plan.not_written())
        if job.undone is not None:
            job.take_back(job.undone)
        job.extent = extent_of(job.vault, job.keys)
        return run(job)


def items_of_plan(vault: Vault, plan: SavedPlan) -> list[ItemKey]:
    """The items that a plan writes, in the order of a restore. The plan has them as they were settled: an item that
    refers to others comes after these.
    """
    return ordered(vault, [item.key for item in plan.to_write()])


@contextmanager
def _job_of_plan(plan: SavedPlan, settings: Settings, request: RunRequest, surroundings: Surroundings) -> Iterator[Job]:
    """The job of a plan: a restore from its backup, or an undo from the copies of a session."""
    if request.undo is not None:
        with undo_job(settings, request, request.undo, surroundings) as job:
            yield job
        return
    with open_source(settings.source, request.as_of, fingerprint=plan.source.fingerprint) as vault:
        log_warnings(vault)
        yield Job(
            settings=settings,
            request=request,
            surroundings=surroundings,
            vault=vault,
            session_id=new_session_id(utc_now()),
        )


def log_warnings(vault: Vault) -> None:
    """Log what is wrong with the backup's files."""
    if vault.chosen:
        log.info("backup: %s (%s)", vault.chosen, ", ".join(vault.paths))
    for warning in vault.warnings:
        log.warning("backup: %s", warning)


def run(job: Job, early: EarlyCalls | None = None) -> Report:
    """Run a job in the mode of its request: dry run, comparison or restore. ``early``: calls that have been begun.

    Raises RunError if the run cannot start, StoppedError if it ended early; items that fail are in the report.
    """
    log_session(job.session_id)
    if job.request.mode == "dry-run":
        return dry_run(job)
    overridden: list[str] = []
    if job.request.mode == "restore" and not job.resumed and job.undone is None:
        overridden = check_age(job.settings, job.vault.synced_to(), utc_now(), job.request.override)
    with log_in(job, early) as connection:
        if job.request.mode == "restore":
            return restore(job, connection, overridden)
        return compare(job, connection)
