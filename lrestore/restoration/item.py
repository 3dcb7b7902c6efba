"""Restore one item: find it, plan it, check it, keep a copy, write what differs.

    live = find_live(item)                  mapping, id, natural key; trash included
    plan = own fields + parts               only differences; references translated
    check looks, folder, explores           before the first write, so that an item fails before it is written
    keep a copy of the live object          durably, for the undo
    write; report

Not guaranteed: that an item whose writing was interrupted is complete. It is then a dead letter, or unfinished. The
same command continues it, because finished writes no longer differ.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from lrestore.content.diff import changes
from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import Change, Intent, ItemKey, ItemResult, ObjectMapping, Outcome
from lrestore.ontology import CONTENT_TYPES, OPERATIONS, PARTS
from lrestore.restoration.apply.create_once import Creation, create_one
from lrestore.restoration.apply.execute import Applied, correct_links, make_queries, not_taken, send
from lrestore.restoration.context import WritingContext
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.identify.unanswered_create import sole_new
from lrestore.restoration.item_plan import ItemPlan, ItemPlanner, live_id_of, mark_missing
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.plan.title_clashes import find_under_temporary_name, use_temporary_title
from lrestore.restoration.touches import note_answer, touches_of
from lrestore.restoration.type_handlers import handler_of
from lrestore.restoration.writes import Write, incomplete, writes_with_live_ids
from lrestore.vault.items import VaultItem

_TRIES = 2
"""Number of tries after a refused title: other items release theirs meanwhile."""


log = logging.getLogger(__name__)


class _AppearedError(Exception):
    """Looker refused, with ``refusal``, the create of an object that the lists did not show."""

    def __init__(self, refusal: LookerError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Restored:
    """The outcome for an item. ``needs_second_pass``: it refers to items that this run restores later."""

    result: ItemResult
    needs_second_pass: bool = False


class ItemRestorer:
    """Plans and restores items, one after the other or concurrently; it keeps no state between them."""

    def __init__(self, context: WritingContext) -> None:
        self._context = context
        self.plan = ItemPlanner(context).plan

    def restore(self, item: VaultItem, awaited: Collection[ItemKey] = (), *, last: bool = False) -> Restored:
        """Restore the item. Raises ItemError (such as a LookerError with all details) if that fails, IncompleteError if
        some of its references have no target.
        """
        plan = self.plan(item, awaited, last=last)
        self._context.permit.item(plan, last=last)
        try:
            return self.carry_out(plan)
        except _AppearedError as error:
            log.info("looking for it: %s", error)
            self._context.destination.live.look_anew(item.key.type)
            refused, refusal = plan.own, error.refusal
        plan = self.plan(item, awaited, last=last)
        plan.looked_anew = True
        if plan.action == "created" and plan.own and refused and plan.own.body == refused.body:
            # It is another object that exists: Looker would refuse the same again.
            with mark_missing():
                raise refusal
        self._context.permit.item(plan, last=last)
        return self.carry_out(plan)

    def carry_out(self, plan: ItemPlan) -> Restored:
        """Carry out the plan."""
        applied = Applied(plan.key, created=plan.action == "created")
        found: list[Change] = []
        live = plan.match.live
        if plan.action == "created":
            with mark_missing():
                self._prepare(plan, applied)
                live = self._create_if_still_missing(plan, applied)
        elif plan.action == "updated" and live is not None:
            applied.live_id = live_id_of(plan.key, live)
            self._keep(plan, live)
            self._prepare(plan, applied)
            self._update(plan, applied)
        elif live is not None and plan.only_copied:
            self._keep(plan, live)
        if plan.sub_resources is not None and live is not None and plan.action in ("created", "updated"):
            plan.parts, found = plan.sub_resources.apply(self._context, applied, plan.parts, live)
        applied.raise_failures()
        plan.action = self._outcome(plan, live)
        if live is not None:
            self._map_if_moved(plan, live)
        result = self._result(plan, applied, live, found)
        if plan.all_unmet and not plan.deferred.found:
            raise incomplete(plan.key, plan.all_unmet, "the rest was restored").with_context(restored=result)
        return Restored(result, needs_second_pass=bool(plan.deferred.found))

    def _keep(self, plan: ItemPlan, live: JsonObject) -> None:
        """Keep a copy for the undo, before the first write. An object that a process which died has made gets none: the
        session has created it.
        """
        live_id, touches = live_id_of(plan.key, live), touches_of(plan.own, plan.parts)
        if self._context.records.begun(plan.key):
            born = str(live.get("created_at") or "")
            self._context.journal.created(plan.key.type, live_id, born, touches)
        else:
            kept = LiveObject(plan.key.type, live_id, plan.name, live)
            self._context.journal.keep(kept, plan.parts.seen, touches)

    def _outcome(self, plan: ItemPlan, live: JsonObject | None) -> Outcome:
        """The outcome of the item in this session, even if a process that died had restored it."""
        if live is not None and plan.action in ("updated", "unchanged"):
            if self._context.records.begun(plan.key):
                return "created"
            if self._context.records.kept(plan.key, live_id_of(plan.key, live), live.get("created_at")):
                return "updated"
        return plan.action

    def _map_if_moved(self, plan: ItemPlan, live: JsonObject) -> None:
        """An object found by its natural key is remembered; one that kept its id needs no mapping. One that is on
        record is recorded as it is now, or the next run would not know it again.
        """
        if plan.match.live is not None:
            for mapping in _mappings(plan, live):
                self._context.journal.map(mapping)
            if plan.match.how != "id" and plan.action != "skipped" and not live.get("deleted"):
                self._context.destination.live.confirm(plan.key.type, live_id_of(plan.key, live), plan.key.id)

    def _prepare(self, plan: ItemPlan, applied: Applied) -> None:
        """Create the queries that the item shows."""
        if plan.own is not None and plan.before:
            make_queries(self._context, applied, plan.before)
            applied.raise_failures()
            (plan.own,) = writes_with_live_ids([plan.own], applied.made)

    def _update(self, plan: ItemPlan, applied: Applied) -> None:
        if plan.own is None:
            return
        entry = CONTENT_TYPES[plan.key.type]
        write, path = plan.own, {OPERATIONS[plan.own.operation].id_parameter: plan.own.live_id}
        # Looker answers with the whole object, tiles and all: a listing needs that, a comparison what was sent.
        only = None if plan.key.type in LISTED else write.body.keys()
        answer = self._insist(plan, lambda: self._send(write, path, only) or {})
        applied.done += 1
        applied.warnings += not_taken(plan.own, answer)
        live = plan.match.live or {}
        known = {name: live[name] for name in entry.natural_key if name in live}
        written = {**known, **plan.own.body, **answer, entry.id_field: plan.own.live_id}
        self._context.destination.live.put(plan.key.type, written, plan.own.body.keys())
        self._context.destination.live.note(plan.key.type, plan.own.live_id)
        here = ItemKey(plan.key.type, plan.own.live_id)
        note_answer(self._context.journal, here, here, plan.own.body, answer)

    def _send(self, write: Write, path: dict[str, str], only: Collection[str] | None = None) -> Any:
        try:
            return send(self._context.destination.session, write.operation, path, write.body, only)
        except LookerError as error:
            raise error.with_context(key=ItemKey(write.type, write.source_id)) from error.__cause__

    def _insist(self, plan: ItemPlan, act: Callable[[], JsonObject]) -> JsonObject:
        """Write the item's own fields, under a title of no meaning where its own will be free in its second turn."""
        write, live = plan.own, plan.match.live or {}
        for _ in range(_TRIES):
            try:
                return act()
            except LookerError as error:
                if write is None or not use_temporary_title(self._context, plan.deferred, write, live, error):
                    raise
            write.changes = changes(write.body, live)
            if live:
                self._keep(plan, live)
        return act()

    def _create_if_still_missing(self, plan: ItemPlan, applied: Applied) -> JsonObject:
        """Raises _AppearedError if Looker has such an object by now: another person has made it, or the request was
        sent twice on its way.
        """
        try:
            return self._create(plan, applied)
        except LookerError as error:
            if not plan.looked_anew and not applied.live_id and error.is_clash:
                raise _AppearedError(error) from error
            raise

    def _create(self, plan: ItemPlan, applied: Applied) -> JsonObject:
        write = plan.own
        if write is None:
            raise ValueError(f"{plan.key}: nothing to create it from")
        entry = CONTENT_TYPES[plan.key.type]
        making = handler_of(plan.key.type).making
        with making(self._context, plan.key) if making else nullcontext():
            made = self._insist(
                plan, lambda: find_under_temporary_name(self._context, write) or self._made(plan, write)
            )
        applied.done += 1
        object_id = str(made[entry.id_field])
        applied.live_id = object_id
        born, touches = str(made.get("created_at") or ""), touches_of(write, plan.parts)
        self._context.journal.created(plan.key.type, object_id, born, touches)
        here = ItemKey(plan.key.type, object_id)
        note_answer(self._context.journal, here, here, write.body, made)
        self._context.destination.live.put(plan.key.type, {**write.body, **made})
        self._context.destination.live.note(plan.key.type, object_id)
        applied.warnings += not_taken(write, made)
        correct_links(self._context, applied, write, object_id, made)
        applied.raise_failures()
        return made

    def _made(self, plan: ItemPlan, write: Write) -> JsonObject:
        entry = CONTENT_TYPES[plan.key.type]
        key_fields = {name: str(write.body[name]) for name in entry.natural_key if write.body.get(name) is not None}

        def by_key() -> JsonObject | None:
            found = self._context.destination.live.find_now(plan.key.type, key_fields) if key_fields else []
            return sole_new(self._context, plan.key, found)

        watch = handler_of(plan.key.type).watch
        look = by_key if watch is None else watch(self._context, plan.key, write)
        intent = Intent(plan.key, natural_key=repr(key_fields))
        return create_one(self._context, Creation(intent, lambda: self._send(write, {}), look, write.body))

    def _result(self, plan: ItemPlan, applied: Applied, live: JsonObject | None, found: list[Change]) -> ItemResult:
        destination_id = live_id_of(plan.key, live) if live else ""
        return ItemResult(
            key=plan.key,
            name=plan.name,
            outcome=plan.action,
            destination_id=destination_id,
            reason=plan.reason,
            changes=plan.changes + tuple(found),
            deletions=plan.parts.deletions,
            mappings=(_mappings(plan, live) if live else ()) + self._found(plan),
            warnings=tuple(dict.fromkeys([*plan.all_warnings, *applied.warnings, *_made_again(plan, applied)])),
            left_out=plan.left_out + tuple(sorted(plan.parts.left_out)),
            enabled=plan.action in ("created", "updated") and self._runs(plan.key.type, destination_id),
            live=plan.facts,
        )

    def _found(self, plan: ItemPlan) -> tuple[ObjectMapping, ...]:
        """The existing parts that a process which died had begun to create."""
        begun = self._context.records.unsettled_parts(plan.key) if plan.parts.matched else ()
        return tuple(ObjectMapping(*part, live_id) for part, live_id in plan.parts.matched.items() if part in begun)

    def _runs(self, type_name: str, live_id: str) -> bool:
        """Whether the written object is a scheduled plan that is switched on."""
        enabled = handler_of(type_name).enabled
        return enabled is not None and enabled(self._context, live_id)


def _made_again(plan: ItemPlan, applied: Applied) -> Iterator[str]:
    """The new ids of parts that an undo has made again, because they had been deleted."""
    for write in plan.parts.writes if plan.literal and plan.action == "updated" else ():
        made = applied.made.get((write.type, write.source_id))
        if write.creates and made is not None and made != write.source_id and write.type in PARTS:
            named = f" ({write.name!r})" if write.name else ""
            yield f"its {write.type} {write.source_id}{named} had been deleted, and is made again: its id is {made}"


def _mappings(plan: ItemPlan, live: JsonObject) -> tuple[ObjectMapping, ...]:
    """The mapping of an item, if it is new or has a better proof than the recorded one."""
    mapping = mapping_to(plan.key.type, plan.key.id, live_id_of(plan.key, live), _as_restored(plan, live))
    recorded = plan.match.recorded
    known = recorded is not None and recorded.proof == mapping.proof
    return () if known or plan.match.how == "id" or plan.action == "skipped" else (mapping,)


def _as_restored(plan: ItemPlan, live: JsonObject) -> JsonObject:
    """The live object with the written fields."""
    sent = plan.own.body if plan.own else {}
    found = {**sent, **live} if plan.match.live is None else {**live, **sent}
    for write in plan.parts.writes:
        if write.type == "credentials_email":
            found[write.type] = {**(found.get(write.type) or {}), **write.body}
    return found
