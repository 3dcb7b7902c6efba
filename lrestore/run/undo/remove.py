"""Deletes the objects that the undone session created, in the reverse order of need.

Content is deleted before the copies are restored, because these take slugs and titles back; its containers are deleted
afterwards. Objects that contain something of another person, or that were changed since, are never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lrestore.errors import ItemError, NotFoundError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.messages import Deletion, ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES, OPERATIONS
from lrestore.restoration.apply.execute import send
from lrestore.restoration.context import WritingContext
from lrestore.restoration.dashboards.alerts import AlertGuard
from lrestore.restoration.identify.match import Match, title_of
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.undo_rules import UndoRules
from lrestore.restoration.writes import Plan
from lrestore.run.items.dead_letter import failed
from lrestore.run.job import Job
from lrestore.run.journal.local import recorded_here
from lrestore.run.journal.session import SessionJournal
from lrestore.run.select.order import depth
from lrestore.run.undo.foreign import Foreign
from lrestore.state.writer import StateWriter

_CONTENT = ("scheduled_plan", "board", "dashboard", "look")
_HOLDERS = ("folder", "user", "role", "group", "permission_set", "model_set", "lookml_model")


def remove_content(job: Job, context: Callable[[SessionJournal], WritingContext]) -> None:
    """Delete the dashboards, looks, boards and plans that the undone session created. Raises
    StoppedError, StateError.
    """
    _remove(job, context, _of_types(job.removals, _CONTENT))


def remove_holders(job: Job, context: Callable[[SessionJournal], WritingContext]) -> None:
    """The same for folders (the deepest first), users, groups, roles and sets."""
    keys = _of_types(job.removals, _HOLDERS)
    _remove(job, context, keys)


def _of_types(keys: Iterable[ItemKey], types: Sequence[str]) -> list[ItemKey]:
    found = list(keys)
    return [key for type_name in types for key in found if key.type == type_name]


def _remove(job: Job, context: Callable[[SessionJournal], WritingContext], keys: list[ItemKey]) -> None:
    if not keys:
        return
    with recorded_here(job) as (writer, journal):
        done = set(writer.read.outcomes(job.session_id))
        left = [key for key in keys if key not in done]
        for key in left:
            journal.repeat(key)
        remover = _Remover(job, context(journal), journal, writer)
        for key in remover.in_order(left):
            if job.surroundings.stop() or job.the_guard.trouble():
                raise StoppedError(job.the_guard.trouble() or "interrupted")
            remover.remove(key)


class _Remover:
    def __init__(self, job: Job, context: WritingContext, journal: SessionJournal, writer: StateWriter) -> None:
        self._job = job
        self._context = context
        self._journal = journal
        self._writer = writer
        self._foreign = Foreign(context.destination, frozenset(job.removals))
        self._rules = UndoRules(context)
        self._alerts = AlertGuard(context.destination.live, context.policy)

    def in_order(self, keys: list[ItemKey]) -> Iterator[ItemKey]:
        """Folders, the deepest first."""
        folders = self._context.destination.live.table("folder") if any(key.type == "folder" for key in keys) else {}
        parents = {one: str(row["parent_id"]) for one, row in folders.items() if row.get("parent_id") is not None}
        yield from sorted(keys, key=lambda key: -depth(key, parents))

    def remove(self, key: ItemKey) -> None:
        """Delete one object, or report why it is kept."""
        item = self._job.vault.read(key, max_item_bytes=self._job.settings.run.max_item_bytes)
        blob = None
        try:
            result = self._removed(key, item.name)
        except ItemError as error:
            result, blob = failed(error, key, item.name), item.blob
        self._writer.record_result(self._job.session_id, result, blob)
        self._job.surroundings.announcer.finished(result)

    def _removed(self, key: ItemKey, name: str) -> ItemResult:
        context, entry = self._context, CONTENT_TYPES[key.type]
        context.destination.live.look_anew(key.type)
        live = context.destination.live.beyond(key.type, key.id) or context.destination.live.trashed(key.type, key.id)
        if live is None:
            if self._journal.kept(key, key.id, None):
                # This session has deleted it, in a process that died later.
                return self._told(key, name)
            return ItemResult(key, name, "skipped", destination_id=key.id, reason=self._rules.gone(key, Match()))
        changed = self._rules.changed_since(key, ({}, live), None, Plan())
        stays = changed or self._foreign.inside(key, live) or self._with_alerts(live)
        if stays:
            return ItemResult(key, name, "skipped", destination_id=key.id, reason=stays)
        title = title_of(key.type, live) or name
        self._journal.delete(LiveObject(key.type, key.id, title, live))
        operation = entry.delete or ""
        try:
            send(context.destination.session, operation, {OPERATIONS[operation].id_parameter: key.id}, None)
        except NotFoundError:
            # It is gone; or the caller may not delete it, and then it is still shown.
            context.destination.live.look_anew(key.type)
            if context.destination.live.beyond(key.type, key.id) is not None:
                raise
        return self._told(key, title)

    def _told(self, key: ItemKey, name: str) -> ItemResult:
        self._writer.close_mappings(self._job.session_id, key.type, key.id)
        return ItemResult(key, name, "updated", destination_id=key.id, deletions=(Deletion(key.type, key.id, name),))

    def _with_alerts(self, live: JsonObject) -> str:
        tiles = [tile for tile in live.get("dashboard_elements") or () if self._alerts.protects(tile)]
        return f"{len(tiles)} of its tiles have alerts (--allow-alert-loss deletes it)" if tiles else ""
