"""Adds looks that tiles show and the destination lacks: see :mod:`lrestore.run.select.missing_looks`."""

from __future__ import annotations

import logging

import msgspec

from lrestore.restoration.context import Context
from lrestore.run.job import Job
from lrestore.run.report_head import added_looks
from lrestore.run.select.missing_looks import missing_looks, with_missing_looks

log = logging.getLogger(__name__)


def add_missing_looks(job: Job, context: Context) -> None:
    """Add the looks to the items of ``job`` and to its request, if ``[run] missing_looks`` is "restore"."""
    if job.settings.run.missing_looks != "restore" or job.request.beside is not None:
        # A run that makes copies writes nothing but the copies.
        return
    looks = missing_looks(job.contents, job.keys, context)
    if looks:
        job.request = msgspec.structs.replace(job.request, added_looks=tuple(look.id for look in looks))
        job.keys = with_missing_looks(job.keys, looks)
        log.warning("%s", added_looks(job))
