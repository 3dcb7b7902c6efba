"""Starts again from a session of the state file: ``--resume``, ``--retry-dead-letters``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lrestore.clock import utc_now
from lrestore.errors import UsageError, VaultError
from lrestore.filters import Filters
from lrestore.messages import DeadLetter, ItemKey, ItemResult
from lrestore.report.model import Report
from lrestore.run.job import Job
from lrestore.run.request import RunRequest, ThisStart
from lrestore.run.saved_plan.file import ReadPlan, kept_copy
from lrestore.run.select.choose import choose, extent_of, read_list
from lrestore.run.select.missing_looks import with_missing_looks
from lrestore.run.start import execute_with, items_of_plan, log_warnings, run
from lrestore.run.surroundings import Surroundings
from lrestore.selection import parse_selection
from lrestore.settings import Settings
from lrestore.state.read import StateReader
from lrestore.state.records import COPY, RestorationSession, new_session_id
from lrestore.state.undone import Undone
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)


def resume(settings: Settings, reference: str, surroundings: Surroundings, now: ThisStart) -> Report:
    """Resume an unfinished session (``last``, an id or a prefix of one) as it was started, without asking again.

    ``settings`` name the state file and the destination. Raises UsageError if there is no such session, or it is
    finished; VaultError if the backup is not the one it began with.
    """
    with StateReader.open(settings.state.path) as reader:
        finished = _finished_copies(reader, reference) if now.verify_after else None
        if finished is not None:
            return _compare_copies(settings, finished, surroundings, now)
        session = _unfinished(reader, reference)
        earlier = tuple(_settled(reader, session.id))
    request = msgspec.structs.replace(now, yes=True).applied_to(msgspec.convert(session.selection, RunRequest))
    plan = _plan_of(settings, session, request)
    with Vault.open(list(session.source_paths)) as vault:
        _check_backup(vault, session)
        if request.undo is None:
            log_warnings(vault)
        done = {result.key for result in earlier}
        whole, lost = _begun_with(vault, request, plan)
        keys = [key for key in whole if key not in done]
        log.info("resuming session %s: %d items are done, %d are left", session.id, len(done), len(keys))
        again = _as_begun(settings, session, now)
        missing = [result for result in lost if result.key not in done]
        job = Job(
            settings=again,
            request=request,
            surroundings=surroundings,
            vault=vault,
            session_id=session.id,
            keys=keys,
            missing=missing,
            earlier=earlier,
            resumed=True,
            plan=plan,
        )
        job.extent = extent_of(vault, keys)
        with _taking_back(job):
            return run(job)


def _check_backup(vault: Vault, session: RestorationSession) -> None:
    if vault.fingerprint() != session.source_fingerprint:
        changed_paths = ", ".join(session.source_paths)
        raise VaultError(
            f"session {session.id} was started with a different backup: {changed_paths} has changed since",
            hint="start a new session with --select; items that are restored already are found unchanged",
        )


def _finished_copies(reader: StateReader, reference: str) -> RestorationSession | None:
    """The session, if it is finished and has copied items beside the originals."""
    if reference == "last" and reader.last_unfinished() is not None:
        return None
    session = reader.session(reference)
    return session if session.mode == COPY and not session.resumable else None


def _compare_copies(
    settings: Settings, session: RestorationSession, surroundings: Surroundings, now: ThisStart
) -> Report:
    """Compare the copies that a finished session has made with the backup, and write nothing. Raises as
    :func:`resume`.
    """
    begun = msgspec.structs.replace(now, verify_after=False).applied_to(msgspec.convert(session.selection, RunRequest))
    request = msgspec.structs.replace(begun, mode="verify", verify_after=False, parent=session.id)
    again = _as_begun(settings, session, now)
    plan = _plan_of(settings, session, request)
    with Vault.open(list(session.source_paths)) as vault:
        _check_backup(vault, session)
        keys, missing = _begun_with(vault, request, plan)
        job = Job(
            settings=again,
            request=request,
            surroundings=surroundings,
            vault=vault,
            session_id=new_session_id(utc_now()),
            keys=list(keys),
            missing=list(missing),
        )
        return run(job)


@contextmanager
def _taking_back(job: Job) -> Iterator[None]:
    """An undo that is resumed reads from its own source again."""
    undo = job.request.undo
    if undo is None:
        yield
        return
    with Undone(Path(job.vault.paths[0]), undo.session, force=undo.force) as undone:
        job.take_back(undone)
        yield


def _begun_with(
    vault: Vault, request: RunRequest, plan: ReadPlan | None
) -> tuple[Sequence[ItemKey], Sequence[ItemResult]]:
    """The items that a session was to restore when it began, and the results of those that it could not attempt."""
    if plan is not None:
        return items_of_plan(vault, plan.plan), list(plan.plan.not_written())
    chosen = choose(vault, request)
    added = [ItemKey("look", look) for look in request.added_looks]
    return with_missing_looks(chosen.keys, added), chosen.missing


def _plan_of(settings: Settings, session: RestorationSession, request: RunRequest) -> ReadPlan | None:
    """The plan that a session carries out, from its own copy. Raises StateError if that is gone or damaged."""
    if request.applies is None:
        return None
    return kept_copy(settings.state.path, session.id, request.applies.digest)


def _settled(reader: StateReader, session_id: str) -> Iterator[ItemResult]:
    """Results that need no repetition. An item that failed with an open create is tried again: it may exist by now."""
    unknown = {row.intent.key for row in reader.open_intents(session_id)}
    for result in reader.results(session_id):
        if result.outcome != "failed" or result.key not in unknown:
            yield result


def retry(settings: Settings, reference: str, surroundings: Surroundings, now: ThisStart) -> Report:
    """Try only the open dead letters of a session again, in a new session; of them those that ``now`` selects. Raises
    UsageError if there are none.
    """
    with StateReader.open(settings.state.path) as reader:
        session = reader.session(reference)
        letters = [item.letter for item in reader.dead_letters(session.id) if not item.resolved_by]
    if not letters:
        hint = "--show sessions lists the sessions"
        raise UsageError(f"session {session.id} has no open dead letters", hint=hint)
    letters = _selected(letters, session.id, now)
    begun = msgspec.convert(session.selection, RunRequest)
    again = msgspec.structs.replace(
        now.applied_to(begun),
        select=tuple(sorted({f"{letter.type}={letter.id}" for letter in letters})),
        exclude=(),
        filters=Filters(include_deleted=begun.filters.include_deleted),
        with_dependencies=False,
        added_looks=(),
        parent=session.id,
        as_of="",
        beside=begun.beside.completed_after(session.id) if begun.beside is not None else None,
    )
    # The backup of that session, whatever newer ones the settings name by now.
    then = _as_begun(settings, session, now)
    then = msgspec.structs.replace(then, source=msgspec.structs.replace(then.source, path=list(session.source_paths)))
    return execute_with(then, again, surroundings, _plan_of(settings, session, begun))


def _selected(letters: Sequence[DeadLetter], session_id: str, now: ThisStart) -> list[DeadLetter]:
    """The dead letters that this start selects: all without a word of it."""
    if not (now.select or now.exclude):
        return list(letters)
    selection = parse_selection(now.select or ("all",), now.exclude, read_list, include_deleted=True)
    keys = {ItemKey(letter.type, letter.id) for letter in letters}
    without = ", ".join(str(key) for key in selection.explicit_ids() if key not in keys)
    chosen = [letter for letter in letters if selection.wants(ItemKey(letter.type, letter.id))]
    if not chosen:
        raise UsageError(
            f"the selection fits none of the {len(letters)} open dead letters of session {session_id}",
            hint=f"--show dead-letters={session_id} lists them",
        )
    if without:
        log.warning("session %s has no open dead letter of %s", session_id, without)
    return chosen


def _unfinished(reader: StateReader, reference: str) -> RestorationSession:
    if reference == "last":
        session = reader.last_unfinished()
        if session is None:
            raise UsageError("there is no unfinished session", hint="--show sessions lists them")
        later = reader.superseding(session.id)
        if later:
            raise UsageError(
                f"session {session.id} is unfinished, but session {later[0]}, which began later, is finished and has "
                "restored some of its items",
                hint=f"to resume it anyway: --resume {session.id}; to give it up: --discard {session.id}",
            )
        return session
    session = reader.session(reference)
    if not session.resumable:
        raise UsageError(f"session {session.id} is {session.state}: nothing to resume")
    return session


def _as_begun(settings: Settings, session: RestorationSession, now: ThisStart) -> Settings:
    """The settings of the session, except those that this start sets again: address and login of the destination, the
    source instance, ``settle_s``, and the rate if the flag is given.
    """
    begun = msgspec.convert(session.settings, Settings)
    if settings.destination.name != session.destination:
        named = settings.destination.name
        raise UsageError(f"session {session.id} restores into {session.destination!r}, but the settings name {named!r}")
    source = begun.source
    if settings.source.base_url:
        names = ("base_url", "ini_section")
        source = msgspec.structs.replace(source, **{name: getattr(settings.source, name) for name in names})
    rate = begun.rate if now.rate is None else msgspec.structs.replace(begun.rate, per_second=now.rate)
    run = msgspec.structs.replace(begun.run, settle_s=settings.run.settle_s)
    return msgspec.structs.replace(
        begun, source=source, destination=settings.destination, state=settings.state, run=run, rate=rate
    )
