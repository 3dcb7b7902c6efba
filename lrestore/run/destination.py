"""The destination of a run: log in, examine it, and make the contexts in which its items are restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import Judgement
from lrestore.errors import CallsSpentError, DestinationError, LookerError, OutageError, UsageError
from lrestore.log_fields import with_log_item
from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession
from lrestore.restoration.backup import Backup
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.destination import Destination
from lrestore.restoration.journal import Journal, Records
from lrestore.restoration.ports import Definitions, Nowhere
from lrestore.run.early_calls import EarlyCalls
from lrestore.run.introduction import Stops, introduce
from lrestore.run.job import Job, policy_of
from lrestore.run.journal.earlier import Earlier, FormerSessions, former_sessions
from lrestore.run.limiter import SharedLimiter
from lrestore.run.prepare.api_specification import Known
from lrestore.run.prepare.copies import name_copies
from lrestore.run.prepare.identity import Sampled, judge
from lrestore.run.prepare.preflight import check_fallbacks, check_new_folders, least_calls
from lrestore.run.prepare.source_instance import (
    connect_source,
    definitions_for,
    gather,
    gather_access,
    source_session,
    surely_there,
)
from lrestore.run.saved_plan.permit import permit_of
from lrestore.run.undo.copied_groups import CopiedGroups
from lrestore.state.undo_folder import undo_directory

_MORE = "allow more calls: counting starts with the login"


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationConnection:
    """A destination that the run has logged in to.

    ``limiter`` admits each call of the run. ``calls`` runs the calls of one item side by side. ``sampled``
    was searched for the identity check already. ``former`` are the sessions that the run carries on. ``resources`` are
    closed when the run ends.
    """

    session: LookerSession
    live: Live
    specification: Known
    limiter: SharedLimiter
    calls: Executor
    pause: Callable[[float], bool]
    sampled: Sequence[Sampled]
    former: FormerSessions
    resources: ExitStack
    began_at: str = field(default_factory=lambda: stamp(utc_now()))
    """When the run began to read."""


@contextmanager
def log_in(job: Job, early: EarlyCalls | None = None) -> Iterator[DestinationConnection]:
    """Log in; read user, release and specification into the job. ``early``: the calls that have been begun.

    Raises DestinationError if the destination cannot be used, UsageError if ``--max-calls`` is too small.
    """
    most = job.request.max_calls
    least = least_calls(job.keys, job.settings.run.identity, undoes=job.undone is not None)
    if most is not None and most < least:
        raise UsageError(f"--max-calls {most} is too small: the opening alone takes {least} calls or more", hint=_MORE)
    with ExitStack() as resources:
        calls = ThreadPoolExecutor(job.settings.run.in_flight, thread_name_prefix="calls")
        resources.enter_context(calls)
        with opening(job):
            if early is not None:
                introduced = early.result()
            else:
                stops: Stops = [job.surroundings.stop]
                introduced = introduce(job.settings, job.request, job.surroundings, stops, resources)
        introduced.stops.append(lambda: bool(job.guard and job.guard.trouble()))
        job.facts, job.is_admin = introduced.specification.facts, introduced.is_admin
        state = Path(job.settings.state.path)
        job.former = former_sessions(state, job.session_id, job.request, job.route.destination)
        yield DestinationConnection(
            session=introduced.session,
            live=introduced.live,
            specification=introduced.specification,
            limiter=introduced.limiter,
            calls=calls,
            pause=introduced.pause,
            sampled=early.sampled if early is not None else [],
            former=resources.enter_context(FormerSessions(state, job.former)),
            resources=resources,
        )


@contextmanager
def opening(job: Job) -> Iterator[None]:
    """The calls before the first item: nothing is written yet.

    Raises UsageError if they use up ``--max-calls``, DestinationError if the destination stops answering meanwhile.
    """
    try:
        yield
    except CallsSpentError as error:
        most = job.request.max_calls
        message = f"--max-calls {most} is too small: the opening alone used them up; nothing was written"
        raise UsageError(message, hint=_MORE) from error
    except OutageError as error:
        raise DestinationError(f"nothing was written: {error.message}") from error


@dataclass(frozen=True, slots=True)
class ExaminedDestination:
    """A destination that was examined: whether the backup came from there, and where ids of the backup are defined.
    ``source``: the session with the source instance, if this is another one and it is configured.
    """

    job: Job
    connection: DestinationConnection
    judgement: Judgement
    definitions: Definitions
    source: LookerSession | None = None

    def context(self, records: Records) -> Context:
        """The context of a plan. All contexts of a process share one cache of live objects, except the fresh ones."""
        return self._context(records, self.connection.live)

    def fresh_context(self, records: Records) -> Context:
        """The same without cached live objects: everything is read again."""
        return self._context(records, Live(self.connection.session, sees_all=self.job.is_admin))

    def writing_context(self, journal: Journal) -> WritingContext:
        """The context of the items that are restored in this process."""
        return self._writing_context(journal, self.connection.live)

    def fresh_writing_context(self, journal: Journal) -> WritingContext:
        """The same without cached live objects: everything is read again."""
        return self._writing_context(journal, Live(self.connection.session, sees_all=self.job.is_admin))

    def _context(self, records: Records, live: Live) -> Context:
        return Context(
            destination=self._destination(live),
            backup=self._backup(),
            records=records,
            policy=policy_of(self.job.settings, self.job.request),
            earlier=self._earlier(records),
        )

    def _writing_context(self, journal: Journal, live: Live) -> WritingContext:
        connection, earlier = self.connection, self._earlier(journal)

        def side_by_side(tasks: Any) -> list[Any]:
            return list(connection.calls.map(_call, map(with_log_item, tasks)))

        return WritingContext(
            destination=self._destination(live),
            backup=self._backup(),
            records=journal,
            policy=policy_of(self.job.settings, self.job.request),
            earlier=earlier,
            side_by_side=side_by_side,
            pause=connection.pause,
            permit=permit_of(self.job.plan, journal, connection.live, earlier),
        )

    def _earlier(self, records: Records) -> Earlier:
        own_copies = undo_directory(self.job.settings.state.path, self.job.session_id)
        return Earlier(records, own_copies, self.connection.former)

    def _destination(self, live: Live) -> Destination:
        return Destination(
            session=self.connection.session,
            live=live,
            releases=self.job.releases(),
            caller_id=self.job.facts.user_id,
            is_admin=self.job.is_admin,
            began_at=self.connection.began_at,
        )

    def _backup(self) -> Backup:
        job = self.job
        return Backup(
            source=job.vault,
            judgement=self.judgement,
            hosts=job.hosts(),
            definitions=self.definitions,
            undone=job.undone,
            beside=job.request.beside,
            max_item_bytes=job.settings.run.max_item_bytes,
        )


def examine(job: Job, connection: DestinationConnection) -> ExaminedDestination:
    """Check whether the backup came from the destination, and whether the fallbacks exist there.

    Copies get their titles. Raises WrongInstanceError if the backup came from another instance, DestinationError if
    that cannot be checked, or if copies cannot go into the folder that is named.
    """
    run = job.settings.run
    try:
        judgement = judge(job.vault, connection.live, job.keys, run.identity, run.max_item_bytes, connection.sampled)
        check_fallbacks(connection.live, run.fallback_owner, run.fallback_folder)
    except LookerError as error:
        raise DestinationError(f"the destination could not be examined: {error}") from error
    if job.undone is not None:
        # The session wrote to this very destination: where no object tells, its ids hold all the same.
        same = replace(judgement, instance="same")
        return ExaminedDestination(job, connection, same, CopiedGroups(job.vault, run.max_item_bytes))
    check_new_folders(job)
    name_copies(job, connection.live)
    definitions, source = _definitions(job, connection, same=judgement.instance == "same")
    return ExaminedDestination(job, connection, judgement, definitions, source)


def _definitions(
    job: Job, connection: DestinationConnection, *, same: bool
) -> tuple[Definitions, LookerSession | None]:
    """Another instance: the definitions behind ids from the backup, and from the source instance if it is configured,
    with the session to the latter. In the ``same`` instance, only access lists are read from the source instance.
    """
    if same and job.settings.run.new_folder_access != "copy":
        return Nowhere(), None
    credentials = job.surroundings.source_credentials() if job.settings.source.base_url else None
    source = None
    if credentials is not None:
        source = source_session(job.settings, credentials, connection.session.meter, connection.pause)
        connection.resources.enter_context(source)
        connect_source(job, source)
    there = partial(surely_there, job, connection.live, same=same)
    if same and source is not None:
        job.gathered, source = gather_access(job, source, there), None
    else:
        job.gathered = gather(job, connection.session, source, there)
    limit = job.settings.run.max_item_bytes
    return definitions_for(job.vault, limit, job.gathered, connection.session, source), source


def _call(task: Callable[[], Any]) -> Any:
    return task()
