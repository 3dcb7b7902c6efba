"""One run from settings to report, in one process.

    open the backup, choose the items, put them in order
    dry run: read and validate each, done
    meet the destination; take the lock; open the state file
    is it the instance that the backup came from?
    for each item: plan, and in a restore carry it out; record the result before the next one
    verify, if asked for; write the report

Not guaranteed: speed. Items go one after the other here; the calls of one item go side by side.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from lrestore import __version__
from lrestore.credentials import Credentials
from lrestore.errors import DestinationError, LookerError, StateError, StoppedError
from lrestore.identity import Judgement
from lrestore.looker.limits import FixedRate, Limiter, Unlimited
from lrestore.looker.live import Live
from lrestore.looker.session import LookerSession
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import OPERATIONS
from lrestore.payload import Releases
from lrestore.report.build import Head, ReportBuilder, plan_of
from lrestore.report.model import Api, Destination, Difference, Report, Source, Verify
from lrestore.report.progress import Progress, Silent, Standing
from lrestore.restoration.context import Context, Journal, Policy
from lrestore.restoration.item import ItemRestorer
from lrestore.run.choose import Chosen, choose
from lrestore.run.items import ItemLoop, Planned, Verifier, planning
from lrestore.run.journal import LocalJournal, ReadOnlyJournal
from lrestore.run.preflight import AdminCheck, DestinationFacts, judge, meet
from lrestore.run.preview import preview
from lrestore.run.request import RunRequest
from lrestore.run.waiting import age, interruptible
from lrestore.settings import Settings
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession, SessionStatus, new_session_id, utc_now
from lrestore.state.undo import UndoJournal, prune, undo_directory
from lrestore.state.writer import StateWriter
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Surroundings:
    """What a run needs from whoever starts it. ``confirm`` is asked with the number of objects that may be written."""

    credentials: Callable[[], Credentials]
    progress: Progress = field(default_factory=Silent)
    confirm: Callable[[int], bool] = lambda count: True
    stop: Callable[[], bool] = lambda: False


def execute(settings: Settings, request: RunRequest, surroundings: Surroundings) -> Report:
    """Run it. Raises RunError where the run cannot start or must end; items that fail are in the report."""
    with Vault.open(_paths(settings)) as vault:
        for warning in vault.warnings:
            log.warning("backup: %s", warning)
        chosen = choose(vault, request)
        run = _Run(settings, request, surroundings, vault, chosen)
        if request.mode == "dry-run":
            return run.dry_run()
        with run.destination():
            return run.restore() if request.mode == "restore" else run.compare()


def _paths(settings: Settings) -> list[str]:
    path = settings.source.path
    return [path] if isinstance(path, str) else list(path)


class _Run:
    """One run. Its parts are set up in the order in which they may fail."""

    def __init__(
        self, settings: Settings, request: RunRequest, surroundings: Surroundings, vault: Vault, chosen: Chosen
    ) -> None:
        self._settings = settings
        self._request = request
        self._surroundings = surroundings
        self._vault = vault
        self._chosen = chosen
        self._session_id = new_session_id(utc_now())
        self._facts = DestinationFacts(settings.destination.base_url, "", "", "")
        self._pause = interruptible(surroundings.stop)

    def dry_run(self) -> Report:
        """What would be attempted, without a call."""
        builder = self._report()
        for result in self._chosen.missing:
            builder.add(result)
        for key in self._chosen.keys:
            builder.add(preview(self._vault, key, self._settings.run.max_item_bytes))
        return builder.finish(Api())

    @contextmanager
    def destination(self) -> Iterator[None]:
        """Log in, and learn whose instance of which release this is."""
        settings = self._settings
        self._session = LookerSession(
            settings.destination.base_url,
            self._surroundings.credentials(),
            verify_ssl=settings.destination.verify_ssl,
            timeout_s=settings.destination.timeout_s,
            in_flight=settings.run.in_flight,
            max_retries=settings.run.max_retries,
            limiter=_limiter(settings, self._pause),
            pause=self._pause,
        )
        with self._session, ThreadPoolExecutor(settings.run.in_flight, thread_name_prefix="calls") as pool:
            self._pool = pool
            self._facts = meet(self._session, settings.destination.base_url)
            self._live = Live(self._session)
            yield

    def compare(self) -> Report:
        """``--plan`` and ``--verify``: read, write nothing, not even the state file."""
        journal = ReadOnlyJournal(Path(self._settings.state.path), *self._route())
        try:
            restorer = ItemRestorer(self._context(journal, self._judgement()))
            return self._verify_alone(restorer) if self._request.mode == "verify" else self._plan(restorer)
        finally:
            journal.close()

    def _plan(self, restorer: ItemRestorer) -> Report:
        planned = Planned()
        builder = self._report()
        self._loop(self._record_only(builder)).over(self._chosen.keys, planning(restorer, planned))
        usage = self._session.meter.snapshot()
        calls = planned.calls + Counter(usage.by_operation)
        return builder.finish(Api.of(usage), plan=plan_of(calls, OPERATIONS, planned.deletions))

    def _verify_alone(self, restorer: ItemRestorer) -> Report:
        verifier = Verifier(restorer)
        builder = self._report()
        self._loop(self._record_only(builder)).over(self._chosen.keys, verifier.step)
        return builder.finish(Api.of(self._session.meter.snapshot()), verify=verifier.outcome())

    def restore(self) -> Report:
        """Restore the items, recording each result before the next is begun."""
        state = Path(self._settings.state.path)
        with ExitStack() as stack:
            stack.enter_context(RunLock(state))
            writer = stack.enter_context(StateWriter.open(state, now=utc_now))
            reader = stack.enter_context(StateReader.open(state))
            self._prune(state, reader)
            judgement = self._judgement_before_writing()
            self._begin(writer)
            undo = stack.enter_context(UndoJournal(undo_directory(state, self._session_id), worker=0))
            route = self._route()
            journal = LocalJournal(writer, reader, undo, (self._session_id, *route))
            return self._restore_all(writer, ItemRestorer(self._context(journal, judgement)))

    def _judgement_before_writing(self) -> Judgement:
        judgement = self._judgement()
        self._announce(judgement)
        count = len(self._chosen.keys)
        if count > self._settings.run.confirm_above and not self._request.yes and not self._surroundings.confirm(count):
            raise StoppedError("nothing was written: not confirmed")
        return judgement

    def _restore_all(self, writer: StateWriter, restorer: ItemRestorer) -> Report:
        builder = self._report()
        record = self._recording(builder, writer)
        self._surroundings.progress.begin(len(self._chosen.keys) + len(self._chosen.missing))
        status: SessionStatus = "interrupted"
        verify: Verify | None = None
        try:
            if self._loop(record).over(self._chosen.keys, restorer.restore):
                status = "finished"
                verify = self._verify_after(restorer) if self._request.verify_after else None
        except StateError as error:
            raise StoppedError(f"stopped: {error}") from error
        finally:
            self._surroundings.progress.end()
            writer.end_session(self._session_id, status, builder.totals)
        return builder.finish(Api.of(self._session.meter.snapshot()), status=status, verify=verify)

    def _verify_after(self, restorer: ItemRestorer) -> Verify:
        """Read what was written once more, with fresh eyes; what was unchanged has just been compared."""
        written = [key for key, outcome in self._outcomes.items() if outcome in ("created", "updated")]
        same = sum(outcome in ("unchanged", "skipped") for outcome in self._outcomes.values())
        verifier = Verifier(restorer.with_live(Live(self._session)))
        failures: list[ItemResult] = []
        self._loop(lambda result, blob: failures.append(result) if result.dead_letter else None).over(
            written, verifier.step
        )
        for failure in failures:
            log.error("%s could not be verified: %s", failure.key, failure.reason)
        outcome = verifier.outcome()
        return Verify(outcome.equal + same, outcome.different + tuple(_unverified(failure) for failure in failures))

    def _recording(self, builder: ReportBuilder, writer: StateWriter) -> Callable[[ItemResult, bytes | None], None]:
        self._outcomes: dict[ItemKey, str] = {}
        every, done = self._settings.run.checkpoint_every, 0

        def record(result: ItemResult, blob: bytes | None) -> None:
            nonlocal done
            for warning in writer.record_result(self._session_id, result, blob):
                builder.warn(warning)
            builder.add(result)
            self._outcomes[result.key] = result.outcome
            done += 1
            if done % every == 0:
                writer.checkpoint(self._session_id, builder.totals)
            self._show(builder)

        for missing in self._chosen.missing:
            record(missing, None)
        return record

    def _record_only(self, builder: ReportBuilder) -> Callable[[ItemResult, bytes | None], None]:
        for missing in self._chosen.missing:
            builder.add(missing)

        def record(result: ItemResult, blob: bytes | None) -> None:
            builder.add(result)

        return record

    def _show(self, builder: ReportBuilder) -> None:
        totals, calls = builder.totals, self._session.meter.snapshot().calls
        builder.sample(calls, None)
        self._surroundings.progress.show(
            Standing(items=totals.selected, ok=totals.succeeded, failed=totals.failed, calls=calls)
        )

    def _loop(self, record: Callable[[ItemResult, bytes | None], None]) -> ItemLoop:
        return ItemLoop(self._vault, self._settings.run.max_item_bytes, record, self._surroundings.stop)

    def _judgement(self) -> Judgement:
        run = self._settings.run
        try:
            return judge(self._vault, self._live, self._chosen.keys, run.identity, run.max_item_bytes)
        except LookerError as error:
            raise DestinationError(f"the destination could not be examined: {error}") from error

    def _context(self, journal: Journal, judgement: Judgement) -> Context:
        return Context(
            session=self._session,
            live=self._live,
            source=self._vault,
            journal=journal,
            policy=_policy(self._settings, self._request),
            judgement=judgement,
            releases=Releases(self._vault.release_floor(), self._facts.looker_version),
            caller_id=self._facts.user_id,
            is_admin=AdminCheck(self._session, self._facts.user_id),
            side_by_side=lambda tasks: list(self._pool.map(lambda task: task(), tasks)),
            pause=self._pause,
        )

    def _route(self) -> tuple[str, str]:
        return self._settings.source.instance, self._settings.destination.name

    def _report(self) -> ReportBuilder:
        source = Source(self._settings.source.instance, tuple(str(path) for path in self._vault.paths))
        destination = Destination(
            self._settings.destination.name, self._settings.destination.base_url, self._facts.looker_version
        )
        builder = ReportBuilder(Head(self._session_id, self._request.mode, source, destination))
        for warning in self._vault.warnings:
            builder.warn(f"backup: {warning}")
        return builder

    def _announce(self, judgement: Judgement) -> None:
        """What somebody wants to have seen who finds out tomorrow that it was the wrong Looker."""
        facts, count = self._facts, len(self._chosen.keys)
        log.info("destination: %s as %s, Looker %s", facts.base_url, facts.user_name, facts.looker_version or "?")
        paths, instance = ", ".join(map(str, self._vault.paths)), self._settings.source.instance
        log.info("backup: %s, instance %r, %s", paths, instance, age(self._vault.synced_to(), utc_now()))
        log.info(
            "identity: %s instance (%d agree, %d disagree)", judgement.instance, judgement.agree, judgement.disagree
        )
        log.info("up to %d object%s to be written; session %s", count, "" if count == 1 else "s", self._session_id)

    def _begin(self, writer: StateWriter) -> None:
        writer.begin_session(
            RestorationSession(
                id=self._session_id,
                mode=self._request.mode,
                source_instance=self._settings.source.instance,
                source_paths=tuple(str(path) for path in self._vault.paths),
                source_fingerprint=self._vault.fingerprint(),
                destination=self._settings.destination.name,
                base_url=self._facts.base_url,
                user=self._facts.user_name,
                looker_version=self._facts.looker_version,
                selection=msgspec.to_builtins(self._request),
                settings=msgspec.to_builtins(self._settings),
                lrestore_version=__version__,
                pid=os.getpid(),
                host=socket.gethostname(),
            )
        )

    def _prune(self, state: Path, reader: StateReader) -> None:
        prune(state, self._settings.state.keep_undo_days, datetime.now(UTC), reader.unfinished_ids())


def _limiter(settings: Settings, pause: Callable[[float], bool]) -> Limiter:
    if settings.rate.per_second > 0:
        return FixedRate(settings.rate.per_second, settings.rate.burst, pause=pause)
    return Unlimited()


def _policy(settings: Settings, request: RunRequest) -> Policy:
    run = settings.run
    return Policy(
        if_missing=run.if_missing,
        keep_extra=run.keep_extra,
        skip_if_modified=run.skip_if_modified,
        allow_alert_loss=request.allow_alert_loss,
        trust_404=run.trust_404,
        fallback_owner=run.fallback_owner,
        fallback_folder=run.fallback_folder,
        max_item_bytes=run.max_item_bytes,
        max_retries=run.max_retries,
    )


def _unverified(failure: ItemResult) -> Difference:
    return Difference(failure.key.type, failure.key.id, failure.name)
