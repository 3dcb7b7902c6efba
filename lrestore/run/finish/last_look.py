"""The last check of a session, when all its items are done: settles open creates and names duplicates.

A create of a failed item may still be open. This module looks for its object until the create must have ended. If the
object exists, it is recorded. If it does not, it was not created. If it cannot be looked for, the item's dead letter
says so. If more than one create was sent for an object, Looker may have carried out several: duplicates are reported,
and nothing is deleted. If a failed item still has its temporary name, its dead letter says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lrestore.content.canonical import parse_moment
from lrestore.errors import ItemError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.messages import Intent, ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.identify.claims import is_another_item
from lrestore.restoration.identify.match import find_live
from lrestore.restoration.identify.proof import proof_of
from lrestore.restoration.identify.unclosed_folders import ACCESS
from lrestore.restoration.item_plan import ItemPlanner
from lrestore.restoration.journal import Journal
from lrestore.run.finish.temporary_names import names_left
from lrestore.run.job import Job
from lrestore.run.journal.local import recorded_here
from lrestore.state.records import OpenIntent, RepeatedIntent
from lrestore.state.undo_folder import undo_directory
from lrestore.state.writer import StateWriter

log = logging.getLogger(__name__)

_PAUSE_S = 8.0
"""Pause between two checks."""
_SPARE_S = 60.0
"""Tolerance for the ``created_at`` of duplicates, beyond the time between their creates: Looker sets it at the end."""


def last_look(job: Job, context: Callable[[Journal], WritingContext]) -> tuple[str, ...]:
    """Settle the open creates of the job's session, and name temporary names; returns warnings. Makes no call if there
    are none.

    Raises StoppedError if the run is stopped meanwhile, StateError if the state file cannot be written.
    """
    with recorded_here(job) as (writer, journal):
        _report_names(job, lambda: context(journal), writer)
        # That a folder is still to be closed is for the run that restores it again.
        still_open = [row for row in writer.read.open_intents(job.session_id) if row.intent.mapped_by[0] != ACCESS]
        repeated = writer.read.repeated_intents(job.session_id)
        if not still_open and not repeated:
            return ()
        look = _LastLook(job, context(journal), writer)
        return (*look.settle(still_open), *look.twins(repeated))


def _report_names(job: Job, context: Callable[[], Context], writer: StateWriter) -> None:
    failed = [key for key, outcome in writer.read.outcomes(job.session_id).items() if outcome == "failed"]
    if not failed:
        return
    folders = [undo_directory(job.settings.state.path, one) for one in (*job.former, job.session_id)]
    for key, text in names_left(failed, folders, context()):
        writer.add_to_dead_letter(job.session_id, key, text)


class _LastLook:
    def __init__(self, job: Job, context: WritingContext, writer: StateWriter) -> None:
        self._job = job
        self._context = replace(context, policy=replace(context.policy.leaving_nothing_alone(), keep_extra=False))
        self._writer = writer
        self._live: dict[tuple[str, str], JsonObject] = {}

    def settle(self, rows: Sequence[OpenIntent]) -> Iterator[str]:
        """Close or drop each of them, or report that neither is possible."""
        by_item: dict[ItemKey, list[OpenIntent]] = {}
        for row in rows:
            by_item.setdefault(row.intent.key, []).append(row)
        for key, some in by_item.items():
            try:
                found = self._found(key, some)
            except ItemError as error:
                yield self._unknown(key, error)
            else:
                yield from (warning for row in some if (warning := self._ended(row, found)))

    def _found(self, key: ItemKey, rows: Sequence[OpenIntent]) -> dict[tuple[str, str], str]:
        """The live ids of the item and its parts. Waits until each of them exists or can no longer appear."""
        while True:
            found = self._there(key, parts=any(row.intent.part for row in rows))
            left_s = max((self._left_s(row.intent) for row in rows if row.intent.mapped_by not in found), default=0.0)
            if left_s <= 0:
                return found
            log.info("creates of %s %s may still be running; waiting %.0f s", key.type, key.id, left_s)
            if self._context.pause(min(left_s, _PAUSE_S)):
                raise StoppedError(f"stopped while it was unknown whether {key} had been created")

    def _left_s(self, intent: Intent) -> float:
        return self._context.journal.may_run_s(intent, self._context.policy.settle_s) or 0.0

    def _there(self, key: ItemKey, *, parts: bool) -> dict[tuple[str, str], str]:
        self._context.destination.live.look_anew(key.type)
        item = self._job.vault.read(key, max_item_bytes=self._job.settings.run.max_item_bytes)
        shown = item if self._context.backup.beside is None else self._context.backup.beside.copy_of(item)
        live = find_live(self._context, key, shown.raw).live
        if live is None:
            return {}
        self._live[key.type, key.id] = live
        found = {(key.type, key.id): str(live[CONTENT_TYPES[key.type].id_field])}
        if parts:
            self._context.destination.live.look_anew(key.type)
            found |= ItemPlanner(self._context).plan(item).parts.matched
        return found

    def _ended(self, row: OpenIntent, found: dict[tuple[str, str], str]) -> str:
        """Record the object if it exists; otherwise drop the intent, since the create can no longer take effect."""
        live_id = found.get(row.intent.mapped_by)
        if live_id is None:
            self._writer.drop_intent(row.id)
            return ""
        live = self._live.get(row.intent.mapped_by)
        if live is None:
            self._writer.close_intent(row.id, live_id)
            return ""
        kind, _ = row.intent.mapped_by
        self._writer.close_intent(row.id, live_id, proof_of(kind, live))
        self._context.journal.created(kind, live_id, str(live.get("created_at") or ""))
        return f"{row.intent.key} failed, but Looker has created it: id {live_id} (--retry-dead-letters completes it)"

    def _unknown(self, key: ItemKey, error: ItemError) -> str:
        text = f"it is unknown whether Looker has created it or parts of it: {error}"
        self._writer.add_to_dead_letter(self._job.session_id, key, text)
        return f"{key}: {text}"

    def twins(self, rows: Sequence[RepeatedIntent]) -> Iterator[str]:
        """Report the objects that may exist twice."""
        for row in rows:
            kind, _ = row.intent.mapped_by
            try:
                ids = self._part_twins(row, kind) if row.intent.part else self._item_twins(row)
            except ItemError as error:
                log.warning("cannot check whether %s was created twice: %s", row.intent.key, error)
                continue
            if ids:
                yield (
                    f"{row.intent.key}: Looker may have created its {kind} more than once: id {row.destination_id} is "
                    f"recorded, id {', '.join(ids)} looks the same; nothing was deleted"
                )

    def _part_twins(self, row: RepeatedIntent, kind: str) -> list[str]:
        """Live parts that the backup lacks: each of them may be a duplicate."""
        self._context.destination.live.look_anew(row.intent.key.type)
        item = self._job.vault.read(row.intent.key, max_item_bytes=self._job.settings.run.max_item_bytes)
        plan = ItemPlanner(self._context).plan(item)
        return [removal.deletion.id for removal in plan.parts.removals if removal.deletion.type == kind]

    def _item_twins(self, row: RepeatedIntent) -> list[str]:
        key, live = row.intent.key, self._context.destination.live
        entry = CONTENT_TYPES[key.type]
        live.look_anew(key.type)
        own = live.get(key.type, row.destination_id)
        if own is None:
            return []
        if key.type == "user":
            rows = live.people.without_credentials(own.get("first_name"), own.get("last_name"))
        else:
            names = {name: str(own[name]) for name in entry.natural_key if own.get(name) is not None}
            rows = live.find(key.type, names) if names else []
        return [
            str(one[entry.id_field])
            for one in rows
            if str(one[entry.id_field]) != row.destination_id
            and not one.get("deleted")
            and not is_another_item(self._context.backup, self._context.records, key, one)
            and self._about_then(row, own, one)
        ]

    def _about_then(self, row: RepeatedIntent, own: JsonObject, other: JsonObject) -> bool:
        """Whether both objects may come from these creates, judged by ``created_at``; True if it is missing."""
        made, also = parse_moment(own.get("created_at")), parse_moment(other.get("created_at"))
        first, last = parse_moment(row.first), parse_moment(row.last)
        if made is None or also is None or first is None or last is None:
            return True
        span_s = (last - first).total_seconds() + 2 * self._context.policy.settle_s + _SPARE_S
        return abs((made - also).total_seconds()) <= span_s
