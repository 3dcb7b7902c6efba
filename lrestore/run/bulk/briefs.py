"""Briefs for the workers of a run, and the files that they read at their start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from lrestore.looker.read.index import WORTH_SHARING
from lrestore.looker.read.listings import ObjectsById
from lrestore.restoration.plan.title_clashes import IN_FOLDERS
from lrestore.run.bulk.worker_brief import WorkerBrief
from lrestore.run.contents import name_colours
from lrestore.run.destination import ExaminedDestination
from lrestore.run.job import Job, policy_of
from lrestore.run.limiter import SharedLimiter
from lrestore.run.prepare.source_instance import Handed
from lrestore.state.connection import state_errors
from lrestore.state.undo_folder import make_directory, undo_directory

Tables = Mapping[str, ObjectsById | None]
"""Listings by type; None for one that Looker does not give."""


def limiter_file(job: Job) -> Path:
    """The file by which the processes of a run share their rate limit."""
    return _folder(job) / "limiter"


def brief_workers(destination: ExaminedDestination, tables: Tables, threads: int) -> Callable[[int], WorkerBrief]:
    """Write the files of the workers. Returns the brief of each worker by its number.

    Raises StateError if the files cannot be written.
    """
    folder = _folder(destination.job)
    listings, handed = folder / "listings.msgpack", folder / "handed.msgpack"
    with state_errors(folder):
        make_directory(folder)
        listings.write_bytes(msgspec.msgpack.encode(tables))
        _handed(destination).write(handed)
    brief = _brief(destination, threads, listings, handed)
    return lambda number: replace(brief, number=number)


def _folder(job: Job) -> Path:
    return undo_directory(job.settings.state.path, job.session_id)


def _handed(destination: ExaminedDestination) -> Handed:
    """Facts about the source instance that are read once for all workers."""
    job, gathered = destination.job, destination.job.gathered
    elsewhere = destination.judgement.instance != "same" and name_colours(job.vault, job.keys)
    colours = gathered.colours() if elsewhere else None
    return Handed(dict(gathered.shown()), gathered.nesting(), dict(gathered.access()), colours)


def _brief(destination: ExaminedDestination, threads: int, listings: Path, handed: Path) -> WorkerBrief:
    job, judgement = destination.job, destination.judgement
    settings, surroundings = job.settings, job.surroundings
    with_threads = msgspec.structs.replace(settings, run=msgspec.structs.replace(settings.run, in_flight=threads))
    counts = Counter(key.type for key in job.keys)
    return WorkerBrief(
        number=0,
        settings=with_threads,
        credentials=surroundings.credentials(),
        login=destination.connection.session.present_login,
        source_credentials=surroundings.source_credentials() if job.asks_source(judgement) else None,
        vault_files=job.vault.opened,
        session_id=job.session_id,
        folder=_folder(job),
        listings=listings,
        handed=handed,
        limiter=partial(SharedLimiter.attach, limiter_file(job)),
        policy=policy_of(settings, job.request),
        judgement=judgement,
        releases=job.releases(),
        hosts=job.hosts(),
        caller_id=job.facts.user_id,
        is_admin=job.is_admin(),
        titled=frozenset(key for key in job.keys if key.type in IN_FOLDERS or job.undone),
        indexed=frozenset(name for name, count in counts.items() if count >= WORTH_SHARING),
        guard=job.the_guard,
        log=surroundings.log,
        undo=job.request.undo,
        beside=job.request.beside,
        plan=msgspec.structs.replace(job.plan, content=b"") if job.plan else None,
        former=job.former,
        began_at=destination.connection.began_at,
    )
