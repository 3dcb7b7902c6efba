"""Opens backup, state file, undo shard and session of a worker process, and makes the context of its items."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lrestore.looker.read.index_files import Shared
from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession, session_for
from lrestore.restoration.backup import Backup
from lrestore.restoration.context import WritingContext
from lrestore.restoration.destination import Destination
from lrestore.restoration.ports import Definitions
from lrestore.run.bulk.call_crash_points import Calls
from lrestore.run.bulk.outbox import Outbox
from lrestore.run.bulk.worker_brief import WorkerBrief
from lrestore.run.journal.earlier import Earlier, FormerSessions
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.session import SessionJournal
from lrestore.run.prepare.source_instance import Handed, definitions_for, source_session
from lrestore.run.saved_plan.permit import permit_of
from lrestore.run.undo.copied_groups import CopiedGroups
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute
from lrestore.state.undo import UndoJournal
from lrestore.state.undone import Undone
from lrestore.vault.reader import Vault


@dataclass(frozen=True, slots=True)
class OpenWorker:
    """The connections of a worker, and the context in which its items are restored."""

    session: LookerSession
    vault: Vault
    journal: SessionJournal
    context: WritingContext


def open_worker(brief: WorkerBrief, outbox: Outbox, pause: Callable[[float], bool], stack: ExitStack) -> OpenWorker:
    """Open everything that ``brief`` names; ``stack`` closes it. Raises RunError if that fails."""
    settings = brief.settings
    vault = stack.enter_context(Vault.reopen(brief.vault_files))
    reader = stack.enter_context(StateReader.open(Path(settings.state.path)))
    undo = stack.enter_context(UndoJournal(brief.folder, worker=brief.number))
    limiter = brief.limiter(pause=pause)
    limiter.check = brief.guard.check_before_call
    session = stack.enter_context(session_for(settings, brief.credentials, pause, limiter=Calls(limiter)))
    session.share_login(brief.login)
    route = MappingRoute(settings.source.instance, settings.destination.name, settings.destination.former_name)
    mappings = Mappings(reader, route, brief.beside)
    journal = SessionJournal(outbox.send, outbox.settle, reader, undo, brief.session_id, mappings)
    former = stack.enter_context(FormerSessions(settings.state.path, brief.former))
    earlier = Earlier(journal, brief.folder, former)
    source = None
    if brief.undo is None and brief.source_credentials is not None and brief.judgement.instance != "same":
        source = stack.enter_context(source_session(settings, brief.source_credentials, session.meter, pause))
    shared = Shared(brief.folder, f"{brief.session_id} {brief.began_at}", brief.indexed)
    tables = msgspec.msgpack.decode(brief.listings.read_bytes())
    live = Live(session, tables, sees_all=lambda: brief.is_admin, shared=shared)
    context = WritingContext(
        destination=Destination(
            session=session,
            live=live,
            releases=brief.releases,
            caller_id=brief.caller_id,
            is_admin=lambda: brief.is_admin,
            # The listings were read by the coordinator, perhaps long before this process was started.
            began_at=brief.began_at,
        ),
        backup=Backup(
            source=vault,
            judgement=brief.judgement,
            hosts=brief.hosts,
            definitions=_definitions(brief, vault, session, source),
            undone=_undone(brief, stack),
            beside=brief.beside,
            max_item_bytes=settings.run.max_item_bytes,
        ),
        records=journal,
        policy=brief.policy,
        pause=pause,
        in_run=brief.titled.__contains__,
        permit=permit_of(brief.plan, journal, live, earlier),
        earlier=earlier,
    )
    return OpenWorker(session, vault, journal, context)


def _undone(brief: WorkerBrief, stack: ExitStack) -> Undone | None:
    """The session that this one undoes; None if it is not an undo."""
    undo = brief.undo
    if undo is None:
        return None
    return stack.enter_context(Undone(Path(brief.vault_files[0][1]), undo.session, force=undo.force))


def _definitions(brief: WorkerBrief, vault: Vault, session: LookerSession, source: LookerSession | None) -> Definitions:
    """The source of query definitions, for a destination that is another instance."""
    limit = brief.settings.run.max_item_bytes
    if brief.undo is not None:
        return CopiedGroups(vault, limit)
    return definitions_for(vault, limit, Handed.read(brief.handed), session, source)
