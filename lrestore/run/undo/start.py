"""Starts a session that undoes another one: copies ─► one backup file ─► a restore from it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import msgspec

from lrestore.clock import utc_now
from lrestore.errors import UsageError
from lrestore.run.job import Job
from lrestore.run.request import RunRequest, Undo
from lrestore.run.select.choose import choose
from lrestore.run.surroundings import Surroundings
from lrestore.run.undo.source import FILE, write_source
from lrestore.settings import Settings
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession, new_session_id
from lrestore.state.undo_folder import make_directory, undo_directory
from lrestore.state.undone import Undone
from lrestore.vault.reader import Vault


@contextmanager
def undo_job(settings: Settings, request: RunRequest, undo: Undo, surroundings: Surroundings) -> Iterator[Job]:
    """The job that undoes a session, ready to run.

    Raises UsageError if the session does not exist, wrote nothing, or wrote to another destination; StateError if its
    copies are missing.
    """
    session_id = new_session_id(utc_now())
    state = Path(settings.state.path)
    with StateReader.open(state) as reader, _place(state, session_id, request) as target:
        session = reader.session(undo.session)
        _check(session, settings)
        _write(target, reader, session, settings, request, undo)
        named = msgspec.structs.replace(
            request,
            select=request.select or ("all",),
            undo=msgspec.structs.replace(undo, session=session.id),
            parent=session.id,
        )
        with Vault.open([str(target)]) as copies, Undone(target, session.id, force=undo.force) as undone:
            if not any(True for _ in copies.index()):
                raise UsageError(f"session {session.id} wrote nothing: there is nothing to undo")
            chosen = choose(copies, named)
            job = Job(
                settings=literal_settings(settings, target),
                request=chosen.spelt(named),
                surroundings=surroundings,
                vault=copies,
                session_id=session_id,
            )
            job.take(chosen)
            job.take_back(undone)
            yield job


def literal_settings(settings: Settings, source: Path) -> Settings:
    """The settings of an undo: its own source, without the user's policies, which apply to backups."""
    destination = settings.destination.name
    return msgspec.structs.replace(
        settings,
        source=msgspec.structs.replace(
            settings.source, path=str(source), instance=f"{destination} (undo)", base_url=""
        ),
        run=msgspec.structs.replace(
            settings.run,
            identity="auto",
            skip_if_modified=False,
            keep_extra=False,
            if_missing="create",
            if_different="update",
            if_trashed="restore",
            fallback_owner="",
            fallback_folder="",
            missing_looks="skip",
            # Copies hold no access lists of folders.
            new_folder_access="inherit" if settings.run.new_folder_access == "copy" else settings.run.new_folder_access,
        ),
    )


@contextmanager
def _place(state: Path, session_id: str, request: RunRequest) -> Iterator[Path]:
    """The folder for the source file: that of the undo's own copies; for a plan, a temporary one."""
    if request.mode == "restore":
        folder = undo_directory(state, session_id)
        make_directory(folder)
        yield folder / FILE
        return
    with tempfile.TemporaryDirectory(prefix="lrestore-undo-") as temporary:
        yield Path(temporary) / FILE


def _write(
    target: Path, reader: StateReader, session: RestorationSession, settings: Settings, request: RunRequest, undo: Undo
) -> None:
    """Write the source of the undo. Raises LockHeldError while another run uses the state file, except for a plan."""
    state = Path(settings.state.path)
    # A session that is still running goes on writing.
    with RunLock(state) if request.mode == "restore" else nullcontext():
        copies = undo_directory(state, session.id)
        write_source(target, reader, session, copies, undo.created, settings.run.settle_s)


def _check(session: RestorationSession, settings: Settings) -> None:
    if session.destination != settings.destination.name:
        raise UsageError(
            f"session {session.id} wrote to {session.destination!r}, but the settings name "
            f"{settings.destination.name!r}",
            hint="use the settings with which the session was started",
        )
