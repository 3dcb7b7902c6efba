"""One run from its items to its report.

dry run: read and validate each item, done
log in to the destination; check whether it is the instance that the backup came from
plan, verify: compare each item, done
restore: take the lock, record the session; restore a few items in this process, many in several processes
verify if requested; make the report from the records
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, cast

import msgspec

from lrestore.clock import utc_now
from lrestore.content.identity import Judgement
from lrestore.crash_points import crash_point
from lrestore.errors import (
    DestinationError,
    LookerError,
    LrestoreError,
    StateError,
    StateLostError,
    StoppedError,
    UsageError,
)
from lrestore.log_fields import log_session, with_log_item
from lrestore.looker.limits import AtMost, FixedRate, Limiter, Unlimited, Watched
from lrestore.looker.read.live import Live
from lrestore.looker.session import session_for
from lrestore.messages import ItemKey, ItemResult, Totals
from lrestore.ontology import OPERATIONS
from lrestore.report.build import ReportBuilder, plan_of
from lrestore.report.guards import Foreseen, Guards
from lrestore.report.model import Api, Plan, Report, Verify
from lrestore.restoration.context import Context
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.ports import Definitions, Journal, Nowhere
from lrestore.run.budget import Budget
from lrestore.run.compare.dry_run import preview
from lrestore.run.compare.saved import saved_plan
from lrestore.run.compare.verify import Verifier, read_again
from lrestore.run.guards.foresee import foreseen_of
from lrestore.run.guards.gate import may_ask, pass_guards
from lrestore.run.guards.limits import check_age
from lrestore.run.guards.screen import guards_of, with_plan
from lrestore.run.in_process import run_single
from lrestore.run.items.loop import ItemLoop
from lrestore.run.job import Ended, Job, Record, interruptible, policy_of
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.last_look import last_look
from lrestore.run.prepare.api_specification import load_api_specification
from lrestore.run.prepare.lookervault_mappings import take_over
from lrestore.run.prepare.name_swaps import make_ready
from lrestore.run.prepare.prefetch import prefetched
from lrestore.run.prepare.preflight import (
    AdminCheck,
    check_fallbacks,
    check_new_folders,
    connect_destination,
    judge,
    least_calls,
)
from lrestore.run.prepare.source_instance import (
    connect_source,
    definitions_for,
    gather,
    gather_access,
    source_session,
    surely_there,
)
from lrestore.run.rescue import rescue
from lrestore.run.saved_plan.file import keep_copy
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.run.saved_plan.permit import permit_of
from lrestore.run.saved_plan.record import PlanRecord, planned_rename
from lrestore.run.select.missing_looks import missing_looks, with_missing_looks
from lrestore.run.undo.copied_groups import CopiedGroups
from lrestore.run.undo.remove import remove_content, remove_holders
from lrestore.run.whole_plan import WholePlan
from lrestore.state.guard import Guard
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.records import SessionStatus
from lrestore.state.undo import clear_all_but_copies, prune, undo_directory
from lrestore.state.writer import StateWriter

log = logging.getLogger(__name__)

_MORE = "allow more calls: counting starts with the login"

FEW = 8
"""Up to this many items are restored in this process: starting other processes would take longer."""


class Run:
    """One run. Its parts are set up in the order in which they can fail."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._settings = job.settings
        self._pause = interruptible(lambda: job.surroundings.stop() or bool(job.guard and job.guard.trouble()))
        self._stack = ExitStack()
        self._state = Path(job.settings.state.path)
        self._definitions: Definitions = Nowhere()
        self._budget = Budget(len(job.keys))
        self._spent = ""
        self._opening = True
        self._guards: Guards | None = None
        self._overridden: list[str] = []

    def run(self) -> Report:
        """Run in the mode of the request."""
        log_session(self._job.session_id)
        if self._job.request.mode == "dry-run":
            return self._dry_run()
        if self._job.request.mode == "restore" and not self._job.resumed and self._job.undone is None:
            synced_to, override = self._job.vault.synced_to(), self._job.request.override
            self._overridden = check_age(self._settings, synced_to, utc_now(), override)
        most = self._job.request.max_calls
        least = least_calls(self._job.keys, self._settings.run.identity)
        if most is not None and most < least:
            raise UsageError(
                f"--max-calls {most} is too small: the opening alone takes {least} calls or more", hint=_MORE
            )
        try:
            with self._destination():
                return self._restore() if self._job.request.mode == "restore" else self._compare()
        except StoppedError as error:
            if self._opening and self._bound and self._bound.spent:
                message = f"--max-calls {most} is too small: the opening alone used them up; nothing was written"
                raise UsageError(message, hint=_MORE) from error
            raise

    def _dry_run(self) -> Report:
        """Report what would be attempted, without a call."""
        builder = self._job.report()
        for result in self._job.missing:
            builder.add(result)
        for key in takewhile(lambda _: not self._job.surroundings.stop(), self._job.keys):
            builder.add(preview(self._job.vault, key, self._settings.run))
        return builder.finish(Api())

    @contextmanager
    def _destination(self) -> Iterator[None]:
        """Log in and read user, release and specification."""
        credentials = self._job.surroundings.credentials()
        self._session = session_for(self._settings, credentials, self._pause, limiter=self._limiter())
        with self._stack, self._session:
            pool = ThreadPoolExecutor(self._settings.run.in_flight, thread_name_prefix="calls")
            self._pool = self._stack.enter_context(pool)
            facts = connect_destination(self._session, self._settings.destination.base_url)
            self._known = load_api_specification(self._session, facts, self._state, self._job.route.destination)
            self._job.facts = self._known.facts
            self._job.is_admin = AdminCheck(self._session, facts.user_id)
            self._live = Live(self._session)
            yield

    def _limiter(self) -> Limiter:
        rate, most = self._settings.rate, self._job.request.max_calls
        even = FixedRate(rate.per_second, rate.burst, pause=self._pause) if rate.per_second > 0 else Unlimited()
        self._bound = AtMost(most, even) if most else None
        self._watched = Watched(self._bound or even)
        return self._watched

    def _compare(self) -> Report:
        """``--plan`` and ``--verify``: read and write nothing, not even the state file."""
        journal = ReadOnlyJournal(self._state, self._job.route)
        self._budget = Budget.of(self._job.request, "none", len(self._job.keys))
        try:
            judgement = self._judgement()
            context = self._context(journal, judgement)
            take_over(self._job, context, journal.take_over)
            if self._job.request.mode == "plan":
                self._add_looks(context)
            keys = prefetched(self._live, self._job.keys, judgement, journal.recorded)
            if self._job.request.mode == "verify":
                context.policy = replace(context.policy, if_different="update", if_trashed="restore")
                return self._verify_alone(ItemRestorer(context), keys)
            return self._plan(WholePlan(self._job, context, journal), keys, judgement)
        finally:
            journal.close()

    def _plan(self, plan: WholePlan, keys: Iterator[ItemKey], judgement: Judgement) -> Report:
        planned, keep = plan.planned, self._job.surroundings.keep_plan
        if keep is not None:
            planned.record = PlanRecord([planned_rename(write) for write in plan.aside])
        builder = self._job.report()
        guards = self._screen(judgement)
        for write in plan.aside:
            builder.warn(f"{write.type}={write.live_id} is temporarily renamed to {write.body['name']!r}")
        loop = self._loop(self._only_counting(builder, planned.record))
        whole = self._until_spent(lambda: plan.over(keys, loop))
        builder.guards = with_plan(guards, foreseen_of(builder.totals, planned))
        calls = planned.calls + Counter(self._session.meter.snapshot().by_operation)
        unproved = tuple(f"{key}: {why}" for key, why in planned.unproved.items())
        cost = msgspec.structs.replace(plan_of(calls, OPERATIONS, planned.deletions), unproved_mappings=unproved)
        report = self._compared(builder, plan=cost)
        if keep is not None and planned.record is not None:
            self._keep_plan(keep, planned.record, report, whole=whole)
        return report

    def _keep_plan(
        self, keep: Callable[[SavedPlan], object], record: PlanRecord, report: Report, *, whole: bool
    ) -> None:
        """A part of a plan is none: what it lacks would be taken for what needs no change."""
        if not whole:
            log.warning("no plan was saved: it was stopped before all items had been planned")
            return
        for missing in self._job.missing:
            record.add_result(missing)
        keep(saved_plan(self._job, record, report))

    def _verify_alone(self, restorer: ItemRestorer, keys: Iterator[ItemKey]) -> Report:
        verifier = Verifier(restorer)
        builder = self._job.report()
        loop = self._loop(self._only_counting(builder))
        self._until_spent(lambda: loop.over(keys, verifier.step))
        return self._compared(builder, verify=verifier.outcome())

    def _until_spent(self, compare: Callable[[], bool]) -> bool:
        """Compare until the budget is spent; return whether all was compared. The rest has no result."""
        self._opening = False
        try:
            return compare() and not self._spent
        except StoppedError as error:
            if self._bound is None or not self._bound.spent:
                raise
            self._spent = self._spent or error.message
            return False

    def _compared(self, builder: ReportBuilder, *, verify: Verify | None = None, plan: Plan | None = None) -> Report:
        """The report of a mode that only reads; "stopped" if the budget ended it early."""
        if self._spent:
            log.warning("stopped early: %s", self._spent)
            builder.warn(self._spent)
        status = "stopped" if self._spent else "finished"
        return builder.finish(Api.of(self._session.meter.snapshot()), status=status, verify=verify, plan=plan)

    def _only_counting(self, builder: ReportBuilder, kept: PlanRecord | None = None) -> Record:
        for missing in self._job.missing:
            builder.add(missing)

        def record(result: ItemResult, blob: bytes | None) -> None:
            builder.add(result)
            if kept is not None:
                kept.add_result(result)

        return record

    def _loop(self, record: Record) -> ItemLoop:
        limit = self._settings.run.max_item_bytes
        return ItemLoop(self._job.vault, limit, record, self._enough)

    def _enough(self) -> bool:
        """Whether to stop reading. Looker licenses reading calls too, so the budget counts them."""
        self._spent = self._spent or self._budget.spent(0, self._session.meter.snapshot().calls)
        return bool(self._spent) or self._job.surroundings.stop()

    def _restore(self) -> Report:
        """Restore the items. Each result is recorded before another item depends on it."""
        with RunLock(self._state):
            self._open_state()
            judgement = self._judgement()
            self._add_missing_looks(judgement)
            self._guards = pass_guards(self._job, self._screen(judgement), lambda: self._foreseen(judgement))
            self._begin()
            with _failures_are_resumable():
                self._job.surroundings.begun(self._job.session_id)
                return self._restore_items(judgement)

    def _restore_items(self, judgement: Judgement) -> Report:
        """From the first item to the report. The session can be resumed, whatever ends this."""
        builder = self._job.report()
        builder.guards = self._guards
        for passed in self._guards.overridden if self._guards else ():
            builder.warn(f"overridden: {passed}")
        # Open until the report is written: SQLite can read an open file even if it is removed meanwhile.
        with StateReader.open(self._state) as reader:
            self._job.guard = guard = Guard(self._state, self._job.session_id)
            self._watched.check = guard.check
            ended = self._carry_out(judgement)
            if guard.trouble():
                ended = self._lost(reader, ended)
            else:
                self._clear()
            crash_point("report.before_write")
            report = self._report(builder, reader, ended, judgement)
        if report.status == "finished":
            # The session is marked as finished afterwards: killed while it reports, it is resumed and reports then.
            self._job.surroundings.tell(report)
            crash_point("report.told")
        self._end(report.status)
        return report

    def _lost(self, reader: StateReader, ended: Ended) -> Ended:
        """The state file was lost or changed: save the records if possible, and say whether the run can be resumed."""
        trouble = self._job.the_guard.trouble()
        status: SessionStatus = "interrupted" if self._job.surroundings.stop() else "stopped"
        if not self._job.the_guard.in_place and not rescue(reader, self._state, self._job.session_id):
            self._job.surroundings.unresumable()
        return replace(ended, status=status, reason=trouble)

    def _clear(self) -> None:
        try:
            clear_all_but_copies(undo_directory(self._state, self._job.session_id))
        except StateError as error:
            log.warning("could not remove temporary files of the session: %s", error)

    def _open_state(self) -> None:
        """Create or migrate the state file and remove old undo copies, before anything else can fail."""
        with StateWriter.open(self._state, now=utc_now) as writer:
            prune(self._state, self._settings.state.keep_undo_days, utc_now(), writer.read.unfinished_ids())
            self._known.keep(writer, self._job.route.destination)
        crash_point("run.state_open")

    def _keep_copy(self) -> None:
        """A session that applies a plan has a copy of it: a resume needs it, and the file may be edited meanwhile."""
        if self._job.plan is not None and not self._job.resumed:
            keep_copy(self._job.plan, self._state, self._job.session_id)

    def _begin(self) -> None:
        self._job.surroundings.beginning(self._job.session_id)
        self._keep_copy()
        with StateWriter.open(self._state, now=utc_now) as writer:
            session = self._job.session()
            if self._job.resumed:
                writer.reopen_session(session.id, pid=session.pid, host=session.host)
            else:
                writer.begin_session(session)
                self._give_up_the_undone(writer)
            with writer.transaction():
                for missing in self._job.missing:
                    writer.record_result(self._job.session_id, missing)
        crash_point("run.session_begun")

    def _give_up_the_undone(self, writer: StateWriter) -> None:
        """A session that is being undone cannot be resumed: it would restore again what the undo puts back."""
        undo = self._job.request.undo
        if undo is not None and writer.read.session(undo.session).resumable:
            writer.discard_session(undo.session)

    def _carry_out(self, judgement: Judgement) -> Ended:
        """Restore. The session has begun: whatever ends this, it is reported as resumable, never as not started."""
        job = self._job
        count = len(job.keys) + len(job.removals) + len(job.missing)
        budget = Budget.of(job.request, self._settings.run.max_failures, count + len(job.earlier))
        job.surroundings.progress.begin(count + len(job.earlier))
        self._opening = False
        try:
            remove_content(job, lambda journal: self._context(journal, judgement))
            make_ready(job, lambda journal: self._context(journal, judgement))
            if len(job.keys) <= FEW:
                ended = run_single(job, budget, self._session, lambda journal: self._context(journal, judgement))
            else:
                # A few items need no processes, nor the libraries that start them.
                from lrestore.run.bulk.start import run_bulk

                ended = run_bulk(job, budget, self._session, self._live, judgement)
            if ended.status == "finished":
                remove_holders(job, lambda journal: self._fresh_context(journal, judgement))
                ended.warnings += last_look(job, lambda journal: self._fresh_context(journal, judgement))
            return ended
        except StateLostError as error:
            job.the_guard.lose(str(error))
            return self._ended_early(str(error))
        except LrestoreError as error:
            return self._ended_early(str(error))
        except Exception as error:
            log.debug("internal error", exc_info=True)
            return self._ended_early(f"internal error: {type(error).__name__}: {error}. Please report it")
        finally:
            job.surroundings.progress.end()

    def _fresh_context(self, journal: Journal, judgement: Judgement) -> Context:
        """A context without cached live objects: everything is read again."""
        context = self._context(journal, judgement)
        context.live = Live(self._session)
        return context

    def _ended_early(self, reason: str) -> Ended:
        return Ended("interrupted" if self._job.surroundings.stop() else "stopped", reason)

    def _end(self, status: str) -> None:
        """Record the end of the session, unless the state file is lost."""
        if self._job.the_guard.trouble():
            return
        try:
            with StateWriter.open(self._state, now=utc_now) as writer:
                counts = Counter(writer.read.outcomes(self._job.session_id).values())
                writer.end_session(self._job.session_id, cast("SessionStatus", status), Totals.of(counts))
        except StateError as error:
            log.warning("could not record the end of the session: %s", error)

    def _report(self, builder: ReportBuilder, reader: StateReader, ended: Ended, judgement: Judgement) -> Report:
        """The report, made from the records."""
        if ended.reason:
            log.warning("stopped early: %s", ended.reason)
        builder.add_earlier(self._job.earlier)
        for result in reader.results(self._job.session_id):
            builder.add(result)
        for warning in (*ended.warnings, *([ended.reason] if ended.reason else [])):
            builder.warn(warning)
        for sample in ended.timeline:
            builder.note(sample)
        verify, status = None, ended.status
        if self._job.request.verify_after and status == "finished":
            verify = self._verify_after(reader, judgement)
            status = status if verify else self._ended_early("the verification was interrupted").status
        usage = self._session.meter.snapshot() + ended.usage
        return builder.finish(Api.of(usage), status=status, verify=verify)

    def _verify_after(self, reader: StateReader, judgement: Judgement) -> Verify | None:
        """Verify the items that this session wrote, in any of its starts. Unchanged ones were compared just before."""
        outcomes = reader.outcomes(self._job.session_id)
        written = [key for key, outcome in outcomes.items() if outcome in ("created", "updated")]
        same = sum(outcome == "unchanged" for outcome in outcomes.values())
        journal = ReadOnlyJournal(self._state, self._job.route)
        context = self._fresh_context(journal, judgement)
        context.policy = context.policy.leaving_nothing_alone()
        try:
            again = prefetched(context.live, written, judgement, journal.recorded)
            return read_again(ItemRestorer(context), again, self._loop, same=same)
        except StoppedError as error:
            log.warning("%s", error)
            return None
        finally:
            journal.close()

    def _judgement(self) -> Judgement:
        run = self._settings.run
        try:
            judgement = judge(self._job.vault, self._live, self._job.keys, run.identity, run.max_item_bytes)
            check_fallbacks(self._live, run.fallback_owner, run.fallback_folder)
        except LookerError as error:
            raise DestinationError(f"the destination could not be examined: {error}") from error
        if self._job.undone is not None:
            # The session wrote to this very destination: where no object tells, its ids hold all the same.
            self._definitions = CopiedGroups(self._job.vault, run.max_item_bytes)
            return replace(judgement, instance="same")
        check_new_folders(self._job)
        same = judgement.instance == "same"
        if not same or run.new_folder_access == "copy":
            self._ask_source(same=same)
        return judgement

    def _ask_source(self, *, same: bool) -> None:
        """Another instance: read the definitions behind ids from the backup, and from the source instance if named.
        In the ``same`` instance, read only access lists from the source instance.
        """
        credentials = self._job.surroundings.source_credentials() if self._settings.source.base_url else None
        session = None
        if credentials is not None:
            session = source_session(self._settings, credentials, self._session.meter, self._pause)
            self._stack.enter_context(session)
            connect_source(self._job, session)
        there = partial(surely_there, self._job, self._live, same=same)
        if same and session is not None:
            self._job.gathered, session = gather_access(self._job, session, there), None
        else:
            self._job.gathered = gather(self._job, self._session, session, there)
        limit = self._settings.run.max_item_bytes
        self._definitions = definitions_for(self._job.vault, limit, self._job.gathered, self._session, session)

    def _add_missing_looks(self, judgement: Judgement) -> None:
        """Add looks that tiles show, unless the session is resumed or applies a plan: it has its own list."""
        if self._job.resumed or self._job.plan is not None:
            return
        journal = ReadOnlyJournal(self._state, self._job.route)
        try:
            self._add_looks(self._context(journal, judgement))
        finally:
            journal.close()

    def _add_looks(self, context: Context) -> None:
        """Add looks that tiles show and the destination lacks, if ``[run] missing_looks`` is "restore"."""
        job = self._job
        if self._settings.run.missing_looks != "restore":
            return
        looks = missing_looks(job.vault, job.keys, context)
        if looks:
            job.request = msgspec.structs.replace(job.request, added_looks=tuple(look.id for look in looks))
            job.keys = with_missing_looks(job.keys, looks)
            log.warning("%s", job.added_looks())

    def _context(self, journal: Journal, judgement: Judgement) -> Context:
        def side_by_side(tasks: Any) -> list[Any]:
            return list(self._pool.map(_call, map(with_log_item, tasks)))

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
            is_admin=self._job.is_admin,
            side_by_side=side_by_side,
            pause=self._pause,
            definitions=self._definitions,
            undone=self._job.undone,
            permit=permit_of(self._job.plan, journal, self._live),
        )

    def _screen(self, judgement: Judgement) -> Guards:
        """The screen without a plan. Whether the caller is an admin is asked where that costs nothing more."""
        job = self._job
        workers = min(self._settings.run.workers, len(job.keys)) if len(job.keys) > FEW else 0
        plans = job.request.mode == "plan"
        # Several processes need the answer anyway. A plan with a budget of calls keeps them for its items.
        asks = may_ask(job) or (job.request.max_calls is None if plans else workers > 0)
        return guards_of(
            job,
            judgement,
            admin=job.is_admin() if asks else None,
            workers=workers,
            proxy=self._session.proxy_name,
            overridden=self._overridden,
        )

    def _foreseen(self, judgement: Judgement) -> Foreseen:
        """The work of the restore, as --plan tells it. Reads afresh: a plan pretends that things are there."""
        journal = ReadOnlyJournal(self._state, self._job.route)
        try:
            context = self._fresh_context(journal, judgement)
            keys = prefetched(context.live, self._job.keys, judgement, journal.recorded)
            plan, builder = WholePlan(self._job, context, journal), self._job.report()
            plan.over(keys, self._loop(self._only_counting(builder)))
            return foreseen_of(builder.totals, plan.planned)
        finally:
            journal.close()


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
        raise StoppedError(f"internal error: {type(error).__name__}: {error}. Please report it") from error


def _call(task: Callable[[], Any]) -> Any:
    return task()
