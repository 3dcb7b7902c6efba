"""Runs a job in the mode of its request: dry run, comparison, restore."""

from __future__ import annotations

from lrestore.clock import utc_now
from lrestore.log_fields import log_session
from lrestore.report.model import Report
from lrestore.run.compare.dry_run import dry_run
from lrestore.run.comparison import compare
from lrestore.run.destination import log_in
from lrestore.run.guards.limits import check_age
from lrestore.run.job import Job
from lrestore.run.restore import restore


def run(job: Job) -> Report:
    """Raises RunError if the run cannot start, StoppedError if it ended early; items that fail are in the report."""
    log_session(job.session_id)
    if job.request.mode == "dry-run":
        return dry_run(job)
    overridden: list[str] = []
    if job.request.mode == "restore" and not job.resumed and job.undone is None:
        overridden = check_age(job.settings, job.vault.synced_to(), utc_now(), job.request.override)
    with log_in(job) as connection:
        if job.request.mode == "restore":
            return restore(job, connection, overridden)
        return compare(job, connection)
