"""One run from settings to report.

open the backup, choose the items, put them in order
dry run: read and validate each, done
meet the destination; is it the instance that the backup came from?
plan, verify: compare each item, done
restore: take the lock, record the session; a few items in this process, many in several
verify, if asked for; make the report from what is on record
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from lrestore.errors import DestinationError, LookerError, StateError, StoppedError, UsageError, VaultError
from lrestore.identity import Judgement
from lrestore.looker.limits import FixedRate, Limiter, Unlimited
from lrestore.looker.live import Live
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import OPERATIONS
from lrestore.report.build import ReportBuilder, plan_of
from lrestore.report.model import Api, Difference, Report, Verify
from lrestore.restoration.asked import Definitions, Nowhere
from lrestore.restoration.context import Context, Journal
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.steps import Write
from lrestore.run.budget import Budget
from lrestore.run.bulk import run_bulk
from lrestore.run.choose import choose
from lrestore.run.dependencies import Needs
from lrestore.run.faults import crash_point
from lrestore.run.items import ItemLoop, Planned, Verifier, planning
from lrestore.run.journal import ReadOnlyJournal
from lrestore.run.linked import links_here
from lrestore.run.making_way import make_ready, renames
from lrestore.run.origin import definitions_for, gather, meet_origin, nested, origin_session
from lrestore.run.prefetch import prefetched
from lrestore.run.preflight import AdminCheck, DestinationFacts, judge, meet
from lrestore.run.pretend import Pretend
from lrestore.run.preview import preview
from lrestore.run.request import RunRequest
from lrestore.run.rounds import Rounds
from lrestore.run.setup import Job, Record, Surroundings, looker_session, policy_of
from lrestore.run.single import Ended, run_single
from lrestore.run.specification import acquaint
from lrestore.run.taking_over import take_over
from lrestore.run.waiting import age, interruptible
from lrestore.settings import Settings
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession, new_session_id, utc_now
from lrestore.state.undo import prune
from lrestore.state.writer import StateWriter
from lrestore.vault.reader import Vault

__all__ = ["Surroundings", "execute", "resume", "retry"]

log = logging.getLogger(__name__)

FEW = 8
"""Up to so many items are restored in this process: starting others would take longer than the work."""


def execute(settings: Settings, request: RunRequest, surroundings: Surroundings) -> Report:
    """Run it. Raises RunError where the run cannot start; items that fail are in the report."""
    with Vault.open(_paths(settings)) as vault:
        _warn(vault)
        chosen = choose(vault, request)
        facts = DestinationFacts(settings.destination.base_url, "", "", "")
        session_id = new_session_id(utc_now())
        job = Job(settings, request, surroundings, vault, session_id, chosen.keys, chosen.missing, facts)
        return _Run(job).go()


def resume(settings: Settings, reference: str, surroundings: Surroundings, limits: RunRequest | None = None) -> Report:
    """Go on with an unfinished session (``last``, an id or its beginning), as it was started.

    ``settings`` say where the state file and the destination are; ``limits`` brings the budget of this start. Raises
    UsageError if there is no such session, or it is finished; VaultError if the backup is not the one it began with.
    """
    with StateReader.open(settings.state.path) as reader:
        session = _unfinished(reader, reference)
        earlier = tuple(reader.results(session.id))
    request = msgspec.convert(session.selection, RunRequest)
    if limits is not None:
        changed = {"max_calls": limits.max_calls, "max_runtime_s": limits.max_runtime_s}
        request = msgspec.structs.replace(request, **changed, yes=True)
    with Vault.open(list(session.source_paths)) as vault:
        if vault.fingerprint() != session.source_fingerprint:
            changed_paths = ", ".join(session.source_paths)
            raise VaultError(
                f"session {session.id} was begun with another backup: {changed_paths} has changed since",
                hint="start a new session with --select; what is restored already is found unchanged",
            )
        _warn(vault)
        chosen = choose(vault, request)
        done = {result.key for result in earlier}
        keys = [key for key in chosen.keys if key not in done]
        log.info("session %s goes on: %d items are done, %d are left", session.id, len(done), len(keys))
        again = _as_begun(settings, session)
        facts = DestinationFacts(again.destination.base_url, "", "", "")
        missing = [result for result in chosen.missing if result.key not in done]
        job = Job(again, request, surroundings, vault, session.id, keys, missing, facts, earlier, resumed=True)
        return _Run(job).go()


def retry(settings: Settings, reference: str, surroundings: Surroundings) -> Report:
    """Try the dead letters of a session again, in a session of its own. Raises UsageError if there are none."""
    with StateReader.open(settings.state.path) as reader:
        session = reader.session(reference)
        keys = sorted({item.letter.type + "=" + item.letter.id for item in reader.dead_letters(session.id)})
    if not keys:
        raise UsageError(f"session {session.id} has no dead letters", hint="--show sessions lists the sessions")
    request = msgspec.convert(session.selection, RunRequest)
    filters = msgspec.structs.replace(type(request.filters)(), include_deleted=request.filters.include_deleted)
    again = msgspec.structs.replace(request, select=tuple(keys), exclude=(), filters=filters, parent=session.id)
    return execute(_as_begun(settings, session), again, surroundings)


def _unfinished(reader: StateReader, reference: str) -> RestorationSession:
    if reference == "last":
        session = reader.last_unfinished()
        if session is None:
            raise UsageError("no session is unfinished", hint="--show sessions lists them")
        return session
    session = reader.session(reference)
    if not session.resumable:
        raise UsageError(f"session {session.id} is {session.status}: there is nothing to go on with")
    return session


def _as_begun(settings: Settings, session: RestorationSession) -> Settings:
    """The settings of the session; where the destination is, and how to log in, is said anew; so is the living source,
    which may be named only now.
    """
    begun = msgspec.convert(session.settings, Settings)
    if settings.destination.name != session.destination:
        named = settings.destination.name
        raise UsageError(f"session {session.id} restores into {session.destination!r}, the settings name {named!r}")
    source = begun.source
    if settings.source.base_url:
        names = ("base_url", "ini_section")
        source = msgspec.structs.replace(source, **{name: getattr(settings.source, name) for name in names})
    return msgspec.structs.replace(
        begun, source=source, destination=settings.destination, state=settings.state, rate=settings.rate
    )


def _paths(settings: Settings) -> list[str]:
    path = settings.source.path
    return [path] if isinstance(path, str) else list(path)


def _warn(vault: Vault) -> None:
    for warning in vault.warnings:
        log.warning("backup: %s", warning)


class _Run:
    """One run. Its parts are set up in the order in which they may fail."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._settings = job.settings
        self._pause = interruptible(job.surroundings.stop)
        self._stack = ExitStack()
        self._definitions: Definitions = Nowhere()

    def go(self) -> Report:
        """Do what the mode says."""
        if self._job.request.mode == "dry-run":
            return self._dry_run()
        with self._destination():
            return self._restore() if self._job.request.mode == "restore" else self._compare()

    def _dry_run(self) -> Report:
        """What would be attempted, without a call."""
        builder = self._job.report()
        for result in self._job.missing:
            builder.add(result)
        for key in self._job.keys:
            builder.add(preview(self._job.vault, key, self._settings.run.max_item_bytes))
        return builder.finish(Api())

    @contextmanager
    def _destination(self) -> Iterator[None]:
        """Log in, and learn whose instance of which release this is."""
        credentials = self._job.surroundings.credentials()
        self._session = looker_session(self._settings, credentials, self._limiter(), self._pause)
        with self._stack, self._session:
            pool = ThreadPoolExecutor(self._settings.run.in_flight, thread_name_prefix="calls")
            self._pool = self._stack.enter_context(pool)
            facts = meet(self._session, self._settings.destination.base_url)
            self._known = acquaint(self._session, facts, Path(self._settings.state.path), self._job.route[1])
            self._job.facts = self._known.facts
            self._live = Live(self._session)
            yield

    def _limiter(self) -> Limiter:
        rate = self._settings.rate
        return FixedRate(rate.per_second, rate.burst, pause=self._pause) if rate.per_second > 0 else Unlimited()

    def _compare(self) -> Report:
        """``--plan`` and ``--verify``: read, write nothing, not even the state file."""
        journal = ReadOnlyJournal(Path(self._settings.state.path), *self._job.route)
        try:
            judgement = self._judgement()
            context = self._context(journal, judgement)
            take_over(self._job, context, journal.take_over)
            restorer = ItemRestorer(context)
            keys = prefetched(self._live, self._job.keys, judgement, journal.mapping)
            if self._job.request.mode == "verify":
                return self._verify_alone(restorer, keys)
            aside = renames(self._job, context)
            links = links_here(self._job.vault, self._job.keys, self._live, judgement, journal.mapping)
            links = nested(links, self._job.gathered.nesting())
            return self._plan(restorer, keys, journal, (aside, links.awaits))
        finally:
            journal.close()

    def _plan(
        self,
        restorer: ItemRestorer,
        keys: Iterator[ItemKey],
        journal: ReadOnlyJournal,
        known: tuple[Sequence[Write], Needs],
    ) -> Report:
        """``known`` before the first item: the renames that make way, and what each item awaits."""
        aside, awaits = known
        planned = Planned(Counter(write.operation for write in aside))
        builder = self._job.report()
        for write in aside:
            builder.warn(f"{write.type}={write.live_id} gets the name {write.body['name']!r} until its turn comes")
        turn = planning(restorer, planned, Pretend(journal, self._live))
        Rounds(self._loop(self._only_counting(builder)), awaits).over(keys, turn)
        usage = self._session.meter.snapshot()
        calls = planned.calls + Counter(usage.by_operation)
        return builder.finish(Api.of(usage), plan=plan_of(calls, OPERATIONS, planned.deletions))

    def _verify_alone(self, restorer: ItemRestorer, keys: Iterator[ItemKey]) -> Report:
        verifier = Verifier(restorer)
        builder = self._job.report()
        self._loop(self._only_counting(builder)).over(keys, verifier.step)
        return builder.finish(Api.of(self._session.meter.snapshot()), verify=verifier.outcome())

    def _only_counting(self, builder: ReportBuilder) -> Record:
        for missing in self._job.missing:
            builder.add(missing)

        def record(result: ItemResult, blob: bytes | None) -> None:
            builder.add(result)

        return record

    def _loop(self, record: Record) -> ItemLoop:
        limit = self._settings.run.max_item_bytes
        return ItemLoop(self._job.vault, limit, record, self._job.surroundings.stop)

    def _restore(self) -> Report:
        """Restore the items; every result is on record before the next depends on it."""
        state = Path(self._settings.state.path)
        with ExitStack() as stack:
            stack.enter_context(RunLock(state))
            self._open_state(state)
            judgement = self._judgement()
            self._announce(judgement)
            self._confirm()
            self._begin(state)
            builder = self._job.report()
            ended = self._carry_out(judgement)
            reader = stack.enter_context(StateReader.open(state))
            crash_point("report.before_write")
            return self._told(builder, reader, ended, judgement)

    def _open_state(self, state: Path) -> None:
        """Make or migrate the file and clear old undo copies, before anything else can fail."""
        with StateWriter.open(state, now=utc_now) as writer:
            prune(state, self._settings.state.keep_undo_days, utc_now(), writer.read.unfinished_ids())
            self._known.keep(writer, self._job.route[1])
        crash_point("run.state_open")

    def _begin(self, state: Path) -> None:
        with StateWriter.open(state, now=utc_now) as writer:
            session = self._job.session()
            if self._job.resumed:
                writer.reopen_session(session.id, pid=session.pid, host=session.host)
            else:
                writer.begin_session(session)
            for missing in self._job.missing:
                writer.record_result(self._job.session_id, missing)
        crash_point("run.session_begun")

    def _carry_out(self, judgement: Judgement) -> Ended:
        job, count = self._job, len(self._job.keys) + len(self._job.missing)
        budget = Budget.of(job.request, self._settings.run.max_failures, count + len(job.earlier))
        job.surroundings.progress.begin(count + len(job.earlier))
        try:
            make_ready(job, lambda journal: self._context(journal, judgement))
            if len(job.keys) <= FEW:
                return run_single(job, budget, self._session, lambda journal: self._context(journal, judgement))
            return run_bulk(job, budget, self._session, self._live, judgement)
        except StateError as error:
            raise StoppedError(f"stopped: {error}") from error
        finally:
            job.surroundings.progress.end()

    def _told(self, builder: ReportBuilder, reader: StateReader, ended: Ended, judgement: Judgement) -> Report:
        """The report, from what is on record."""
        if ended.reason:
            log.warning("stopped early: %s", ended.reason)
        builder.add_earlier(self._job.earlier)
        for result in reader.results(self._job.session_id):
            builder.add(result)
        for warning in (*ended.warnings, *([ended.reason] if ended.reason else [])):
            builder.warn(warning)
        for sample in ended.timeline:
            builder.note(sample)
        verify = None
        if self._job.request.verify_after and ended.status == "finished":
            verify = self._verify_after(reader, judgement)
        usage = self._session.meter.snapshot() + ended.usage
        return builder.finish(Api.of(usage), status=ended.status, verify=verify)

    def _verify_after(self, reader: StateReader, judgement: Judgement) -> Verify:
        """Read what was written once more, with fresh eyes; what was unchanged has just been compared."""
        outcomes = reader.outcomes(self._job.session_id)
        written = [key for key in self._job.keys if outcomes.get(key) in ("created", "updated")]
        same = sum(outcome in ("unchanged", "skipped") for outcome in outcomes.values())
        journal = ReadOnlyJournal(Path(self._settings.state.path), *self._job.route)
        context = self._context(journal, judgement)
        context.live = Live(self._session)
        verifier = Verifier(ItemRestorer(context))
        failures: list[ItemResult] = []
        try:
            again = prefetched(context.live, written, judgement, journal.mapping)
            self._loop(lambda result, blob: failures.append(result) if result.dead_letter else None).over(
                again, verifier.step
            )
        finally:
            journal.close()
        for failure in failures:
            log.error("%s could not be verified: %s", failure.key, failure.reason)
        outcome = verifier.outcome()
        unsure = tuple(Difference(failure.key.type, failure.key.id, failure.name) for failure in failures)
        return Verify(outcome.equal + same, outcome.different + unsure)

    def _judgement(self) -> Judgement:
        run = self._settings.run
        try:
            judgement = judge(self._job.vault, self._live, self._job.keys, run.identity, run.max_item_bytes)
        except LookerError as error:
            raise DestinationError(f"the destination could not be examined: {error}") from error
        if judgement.instance != "same":
            self._elsewhere()
        return judgement

    def _elsewhere(self) -> None:
        """Ids mean nothing here: what they stand for is read from the backup, and from the source if it is named."""
        credentials = self._job.surroundings.source_credentials() if self._settings.source.base_url else None
        session = None
        if credentials is not None:
            session = origin_session(self._settings, credentials, self._session.meter, self._pause)
            self._stack.enter_context(session)
            meet_origin(self._job, session)
        self._job.gathered = gather(self._job, session)
        limit = self._settings.run.max_item_bytes
        self._definitions = definitions_for(self._job.vault, limit, self._job.gathered, session)

    def _context(self, journal: Journal, judgement: Judgement) -> Context:
        def side_by_side(tasks: Any) -> list[Any]:
            return list(self._pool.map(_call, tasks))

        return Context(
            session=self._session,
            live=self._live,
            source=self._job.vault,
            journal=journal,
            policy=policy_of(self._settings, self._job.request),
            judgement=judgement,
            releases=self._job.releases(),
            hosts=self._job.hosts(),
            caller_id=self._job.facts.user_id,
            is_admin=AdminCheck(self._session, self._job.facts.user_id),
            side_by_side=side_by_side,
            pause=self._pause,
            definitions=self._definitions,
        )

    def _confirm(self) -> None:
        count = len(self._job.keys)
        if count <= self._settings.run.confirm_above or self._job.request.yes:
            return
        if not self._job.surroundings.confirm(count):
            raise StoppedError("nothing was written: not confirmed")

    def _announce(self, judgement: Judgement) -> None:
        """What somebody wants to have seen who finds out tomorrow that it was the wrong Looker."""
        facts, count = self._job.facts, len(self._job.keys)
        paths, instance = ", ".join(map(str, self._job.vault.paths)), self._settings.source.instance
        log.info("destination: %s as %s, Looker %s", facts.base_url, facts.user_name, facts.looker_version or "?")
        log.info("backup: %s, instance %r, %s", paths, instance, age(self._job.vault.synced_to(), utc_now()))
        log.info("order: %s", ", ".join(f"{name} ({many})" for name, many in _by_type(self._job.keys)))
        agree, disagree = judgement.agree, judgement.disagree
        log.info("identity: %s instance (%d agree, %d disagree)", judgement.instance, agree, disagree)
        log.info("up to %d object%s to be written; session %s", count, "" if count == 1 else "s", self._job.session_id)


def _by_type(keys: Sequence[ItemKey]) -> list[tuple[str, int]]:
    """How many of each type, in the order in which the types come."""
    return list(Counter(key.type for key in keys).items())


def _call(task: Callable[[], Any]) -> Any:
    return task()
