"""Deletes the objects that the undone session created, in the reverse order of need.

Content is deleted before the copies are restored, because these take slugs and titles back; its containers are deleted
afterwards. Which objects are kept is decided by :mod:`lrestore.run.undo.decide`, right before each delete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lrestore.errors import ItemError, NotFoundError, StoppedError
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import OPERATIONS
from lrestore.restoration.apply.execute import send
from lrestore.restoration.context import WritingContext
from lrestore.restoration.journal import LiveObject
from lrestore.run.items.dead_letter import failed
from lrestore.run.job import Job
from lrestore.run.journal.local import recorded_here
from lrestore.run.journal.session import SessionJournal
from lrestore.run.undo.decide import CONTENT, HOLDERS, RemovalDecision, Removals
from lrestore.state.writer import StateWriter


def remove_content(job: Job, context: Callable[[SessionJournal], WritingContext]) -> None:
    """Delete the dashboards, looks, boards and plans that the undone session created. Raises
    StoppedError, StateError.
    """
    _remove(job, context, CONTENT)


def remove_holders(job: Job, context: Callable[[SessionJournal], WritingContext]) -> None:
    """The same for folders (the deepest first), users, groups, roles and sets."""
    _remove(job, context, HOLDERS)


def _remove(job: Job, context: Callable[[SessionJournal], WritingContext], types: Sequence[str]) -> None:
    if not any(key.type in types for key in job.removals):
        return
    with recorded_here(job) as (writer, journal):
        remover = _Remover(job, context(journal), journal, writer)
        for key in remover.left(types):
            if job.surroundings.stop() or job.the_guard.trouble():
                raise StoppedError(job.the_guard.trouble() or "interrupted")
            remover.remove(key)


class _Remover:
    def __init__(self, job: Job, context: WritingContext, journal: SessionJournal, writer: StateWriter) -> None:
        self._job = job
        self._context = context
        self._journal = journal
        self._writer = writer
        self._removals = Removals(context, job.removals)

    def left(self, types: Sequence[str]) -> list[ItemKey]:
        """The objects of these types without a result, in the order of deletion."""
        done = self._writer.read.outcomes(self._job.session_id)
        for key in self._job.removals:
            if done.get(key, "updated") != "updated":
                self._removals.keep(key)
        left = [key for key in self._job.removals if key not in done]
        for key in left:
            self._journal.repeat(key)
        return self._removals.in_order(left, types)

    def remove(self, key: ItemKey) -> None:
        """Delete one object, or report why it is kept."""
        item = self._job.vault.read(key, max_item_bytes=self._job.settings.run.max_item_bytes)
        blob = None
        try:
            result = self._removed(key, item.name)
        except ItemError as error:
            self._removals.keep(key)
            result, blob = failed(error, key, item.name), item.blob
        self._writer.record_result(self._job.session_id, result, blob)
        self._job.surroundings.announcer.finished(result)

    def _removed(self, key: ItemKey, name: str) -> ItemResult:
        removal = self._removals.decide(key, name)
        if removal.live is None:
            # If this session has a copy, it has deleted the object, in a process that died later.
            return self._deleted(removal) if self._journal.kept(key, key.id, None) else removal.kept()
        self._context.permit.removal(key, removal.live, removal.stays)
        if removal.stays:
            return removal.kept()
        self._journal.delete(LiveObject(key.type, key.id, removal.name, removal.live))
        live = self._context.destination.live
        try:
            parameter = OPERATIONS[removal.operation].id_parameter
            send(self._context.destination.session, removal.operation, {parameter: key.id}, None)
        except NotFoundError:
            # It is gone; or the caller may not delete it, and then it is still shown.
            live.look_anew(key.type)
            if live.beyond(key.type, key.id) is not None:
                raise
        return self._deleted(removal)

    def _deleted(self, removal: RemovalDecision) -> ItemResult:
        self._writer.close_mappings(self._job.session_id, removal.key.type, removal.key.id)
        return removal.removed()
