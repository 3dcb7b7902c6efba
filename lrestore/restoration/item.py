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

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from lrestore.content.diff import changes
from lrestore.content.payload import left_out, require
from lrestore.errors import (
    InvisibleOrMissingError,
    ItemError,
    LookerError,
    MissingInDestinationError,
    NotRestorableError,
)
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import Change, Intent, ItemKey, ItemResult, Mapping, Outcome
from lrestore.ontology import CONTENT_TYPES, OPERATIONS
from lrestore.ontology.built_in import is_built_in, why_built_in
from lrestore.restoration.apply.create_once import Creation, after_a_death, create_one
from lrestore.restoration.apply.execute import Applied, make_queries, not_taken, send
from lrestore.restoration.context import Context
from lrestore.restoration.deferred import Deferred, never
from lrestore.restoration.identify.match import Match, find_live
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.identify.stand_in_names import generated_slug
from lrestore.restoration.identify.unanswered_create import sole_new
from lrestore.restoration.left_alone import DIFFERS, LeftAlone
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.preconditions import stale_explores, without_missing_calls
from lrestore.restoration.plan.text_links import Linker
from lrestore.restoration.plan.title_clashes import find_under_temporary_name, holder_will_release, use_temporary_title
from lrestore.restoration.ports import LiveObject
from lrestore.restoration.touches import note_answer, touches_of
from lrestore.restoration.type_handlers import SUPPORTED, SubResources, handler_of
from lrestore.restoration.undo_rules import UndoRules
from lrestore.restoration.writes import Plan, Unmet, Write, incomplete, settle
from lrestore.vault.items import VaultItem

_TRIES = 2
"""After a title was refused: others give theirs up meanwhile."""


@dataclass(slots=True)
class ItemPlan:
    """The plan for one item, with the reason. ``action`` is an outcome of the report; ``before``: queries to create
    before the item is written.
    """

    key: ItemKey
    name: str
    action: Outcome
    match: Match
    reason: str = ""
    before: list[Write] = field(default_factory=list)
    own: Write | None = None
    parts: Plan = field(default_factory=Plan)
    sub_resources: SubResources[Any] | None = None
    warnings: list[str] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)
    ends: Deferred = field(default_factory=Deferred)
    left_out: tuple[str, ...] = ()
    literal: bool = False
    """A copy is put back: what it refers to may be gone since, so that nothing brings it back. That is a warning."""

    @property
    def live_id(self) -> str:
        return _live_id(self.key, self.match.live) if self.match.live else ""

    @property
    def told(self) -> tuple[str, ...]:
        """All warnings, once each."""
        without = [f"restored without {one}" for one in (*self.unmet, *self.parts.unmet)]
        return tuple(dict.fromkeys([*self.warnings, *self.parts.warnings, *without]))

    @property
    def all_unmet(self) -> list[Unmet]:
        """The missing references of the item, in its own fields and in its parts."""
        return [] if self.literal else [*self.unmet, *self.parts.unmet]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (self.own.changes if self.own else ()) + self.parts.changes


@dataclass(frozen=True, slots=True)
class Restored:
    """The outcome for an item. ``needs_second_pass``: it refers to items that this run restores later."""

    result: ItemResult
    needs_second_pass: bool = False


class ItemRestorer:
    """Plans and restores items, one after the other or concurrently; it keeps no state between them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._undo = UndoRules(context)

    def plan(self, item: VaultItem, awaited: Collection[ItemKey] = (), *, last: bool = False) -> ItemPlan:
        """Plan the item. Reads the destination, writes nothing. Raises ItemError if the item cannot be restored.

        ``awaited`` are items that this one refers to and that the same run restores later; ``last``: it has had its
        first pass, and waits for no item any more.
        """
        ends = Deferred(awaited, never if last else self._context.in_run)
        if self._context.backup.beside is not None:
            item = self._context.backup.beside.copy_of(item)
        key, raw = item.key, item.raw
        reason = self._never_written(key, raw) or self._undo.kept(key)
        if reason:
            return ItemPlan(key, item.name, "skipped", Match(), reason=reason)
        after_a_death(self._context, key)
        match = find_live(self._context, key, raw)
        gone = self._undo.gone(key, match)
        if gone:
            return ItemPlan(key, item.name, "skipped", match, reason=gone)
        if match.live is None:
            with _missing():
                return self._plan_missing(item, match, ends)
        return self._plan_existing(item, match, match.live, ends, first=not last)

    def _never_written(self, key: ItemKey, raw: JsonObject) -> str:
        """The reason why an object must never be written; "" if it may be."""
        entry = CONTENT_TYPES[key.type]
        return self._impossible(key.type) or (why_built_in(entry, raw) if is_built_in(entry, raw) else "")

    def _plan_existing(
        self, item: VaultItem, match: Match, live: JsonObject, ends: Deferred, *, first: bool
    ) -> ItemPlan:
        key, entry = item.key, CONTENT_TYPES[item.key.type]
        if is_built_in(entry, live):
            return ItemPlan(key, item.name, "skipped", match, reason=why_built_in(entry, live))
        left_alone = LeftAlone(self._context, key, item.raw, live)
        begun = not first or left_alone.begun
        left = "" if begun else left_alone.unread()
        if left:
            return ItemPlan(key, item.name, "skipped", match, reason=left)
        if not begun and left_alone.if_different():
            return self._unless_different(item, match)
        plan = self._planned(item, match, ends)
        plan.action = "updated" if plan.own or not plan.parts.empty else "unchanged"
        changed = self._undo.changed_since(key, (item.raw, live), plan.own, plan.parts) if first else ""
        if changed:
            return ItemPlan(key, item.name, "skipped", match, reason=changed)
        if plan.action == "updated":
            plan.reason = left_alone.why_not()
            self._check_lookml(plan, item.raw)
        return plan

    def _unless_different(self, item: VaultItem, match: Match) -> ItemPlan:
        """The plan for an object that is not written, whatever it is like: nothing is awaited, and nothing can fail but
        the reading.
        """
        try:
            plan = self._planned(item, match, Deferred())
        except LookerError:
            raise
        except ItemError:
            return ItemPlan(item.key, item.name, "skipped", match, reason=DIFFERS)
        if plan.own or not plan.parts.empty or plan.all_unmet:
            return ItemPlan(item.key, item.name, "skipped", match, reason=DIFFERS)
        return plan

    def _impossible(self, type_name: str) -> str:
        """The reason why objects of a type cannot be restored; "" if they can."""
        if type_name not in SUPPORTED:
            return f"this version does not restore a {type_name}"
        releases = self._context.destination.releases
        return "" if releases.offers_type(type_name) else f"Looker {releases.destination} has no {type_name}s"

    def _plan_missing(self, item: VaultItem, match: Match, ends: Deferred) -> ItemPlan:
        policy, key = self._context.policy, item.key
        if CONTENT_TYPES[key.type].trash and item.raw.get("deleted") is True:
            reason = "it was in the trash when it was backed up, and is not in the destination"
            return ItemPlan(key, item.name, "skipped", match, reason=reason, warnings=match.warnings)
        if policy.if_missing == "skip":
            return ItemPlan(key, item.name, "skipped", match, reason="not in the destination", warnings=match.warnings)
        if policy.if_missing == "fail":
            raise MissingInDestinationError(f"{key} ({item.name!r}) is not in the destination", key=key)
        if not self._context.backup.copies(key):
            self._check_creatable(item)
        plan = self._planned(item, match, ends)
        plan.action, plan.reason = "created", plan.parts.note
        self._check_lookml(plan, item.raw)
        return plan

    def _check_lookml(self, plan: ItemPlan, raw: JsonObject) -> None:
        """Warn about LookML that the item uses and the destination lacks."""
        told = [one.path for one in plan.all_unmet]
        plan.warnings += stale_explores(self._context, plan.key, raw, told)

    def _check_creatable(self, item: VaultItem) -> None:
        key, entry = item.key, CONTENT_TYPES[item.key.type]
        if entry.create is None:
            raise NotRestorableError(
                f"{key} is not in the destination, and Looker's API cannot create LookML",
                hint="deploy the LookML first",
                key=key,
            )
        if not self._context.policy.trust_404 and not self._context.destination.is_admin():
            raise InvisibleOrMissingError(
                f"{key} ({item.name!r}): Looker does not show it; to a caller without admin rights it may be hidden, "
                "not missing",
                hint="use an admin's credentials, or set [run] trust_404 = true",
                key=key,
            )

    def _planned(self, item: VaultItem, match: Match, ends: Deferred) -> ItemPlan:
        key, raw, live = item.key, item.raw, match.live
        entry, handler = CONTENT_TYPES[key.type], handler_of(key.type)
        linker = Linker(self._context, key, ends, _live_id(key, live) if live else "")
        planner = OwnPlanner(self._context, key, linker.own(item), live, ends)
        planner.rewrite = linker.value
        body = planner.body(handler.adjust)
        planner.lost_owner()
        warnings = [*item.warnings, *match.warnings, *planner.warnings, *linker.warnings]
        plan = ItemPlan(key, item.name, "unchanged", match, before=planner.before, warnings=warnings, ends=ends)
        plan.unmet, plan.literal = planner.unmet, self._context.policy.literal
        if live is None:
            require(body, entry.create_needs, "")
            if "slug" in entry.natural_key and (match.taken or not body.get("slug")):
                if match.taken and not holder_will_release(self._context, ends, key.type, match.taken, "slug"):
                    plan.warnings.append(f"slug {body['slug']!r} is taken by another dashboard; generating a new one")
                body["slug"] = generated_slug(key, raw)
        if body:
            operation = entry.update if live else entry.create
            if operation is None:
                raise NotRestorableError(f"{key}: Looker's API cannot change a {key.type}", key=key)
            if live is None and handler.creation is not None:
                operation, body = handler.creation(raw, body)
            live_id = _live_id(key, live) if live else ""
            plan.own = Write(
                operation=operation,
                type=key.type,
                source_id=key.id,
                live_id=live_id,
                path="",
                name=item.name,
                body=body,
                changes=changes(body, live or {}),
            )
        if handler.sub_resources is not None and self._undo.restores_parts(key):
            plan.sub_resources = handler.sub_resources(self._context, item, ends)
            plan.parts = plan.sub_resources.plan(match)
        releases = self._context.destination.releases
        plan.left_out = left_out(raw, entry, releases) + without_missing_calls(releases, plan)
        return plan

    def restore(self, item: VaultItem, awaited: Collection[ItemKey] = (), *, last: bool = False) -> Restored:
        """Restore the item. Raises ItemError (such as a LookerError with all details) if that fails, IncompleteError if
        some of its references have no target.
        """
        plan = self.plan(item, awaited, last=last)
        self._context.permit.item(plan, last=last)
        return self.carry_out(plan)

    def carry_out(self, plan: ItemPlan) -> Restored:
        """Carry out the plan."""
        applied = Applied(plan.key, created=plan.action == "created")
        found: list[Change] = []
        live = plan.match.live
        if plan.action == "created":
            with _missing():
                self._prepare(plan, applied)
                live = self._create(plan, applied)
        elif plan.action == "updated" and live is not None:
            applied.live_id = _live_id(plan.key, live)
            self._keep(plan, live)
            self._prepare(plan, applied)
            self._update(plan, applied)
        elif plan.literal and live is not None and (plan.unmet or plan.parts.unmet):
            # Nothing is written, but an undo of this undo may bring back what the object refers to.
            self._keep(plan, live)
        if plan.sub_resources is not None and live is not None and plan.action in ("created", "updated"):
            plan.parts, found = plan.sub_resources.apply(applied, plan.parts, live)
        applied.raise_failures()
        plan.action = self._told(plan, live)
        if live is not None:
            self._map_if_moved(plan, live)
        result = self._result(plan, applied, live, found)
        if plan.all_unmet and not plan.ends.found:
            raise incomplete(plan.key, plan.all_unmet, "the rest was restored").with_context(restored=result)
        return Restored(result, needs_second_pass=bool(plan.ends.found))

    def _keep(self, plan: ItemPlan, live: JsonObject) -> None:
        """Before the first write: a copy for the undo. What a process that died had made is no object of before."""
        live_id, touches = _live_id(plan.key, live), touches_of(plan.own, plan.parts)
        if self._context.journal.begun(plan.key):
            born = str(live.get("created_at") or "")
            self._context.journal.created(plan.key.type, live_id, born, touches)
        else:
            kept = LiveObject(plan.key.type, live_id, plan.name, live)
            self._context.journal.keep(kept, plan.parts.seen, touches)

    def _told(self, plan: ItemPlan, live: JsonObject | None) -> Outcome:
        """The outcome of the item in this session, even if a process that died had restored it."""
        if live is not None and plan.action in ("updated", "unchanged"):
            if self._context.journal.begun(plan.key):
                return "created"
            if self._context.journal.kept(plan.key, _live_id(plan.key, live), live.get("created_at")):
                return "updated"
        return plan.action

    def _map_if_moved(self, plan: ItemPlan, live: JsonObject) -> None:
        """An object found by its natural key is remembered; one that kept its id needs no mapping. One that is on
        record is recorded as it is now, or the next run would not know it again.
        """
        if plan.match.live is not None:
            for mapping in _mappings(plan, live):
                self._context.journal.map(mapping)

    def _prepare(self, plan: ItemPlan, applied: Applied) -> None:
        """Create the queries that the item shows."""
        if plan.own is not None and plan.before:
            make_queries(self._context, applied, plan.before)
            applied.raise_failures()
            plan.own.body = settle(plan.own.body, applied.made)

    def _update(self, plan: ItemPlan, applied: Applied) -> None:
        if plan.own is None:
            return
        entry = CONTENT_TYPES[plan.key.type]
        write, path = plan.own, {OPERATIONS[plan.own.operation].id_parameter: plan.own.live_id}
        # Looker answers with the whole object, tiles and all: a listing needs that, a comparison what was sent.
        only = None if plan.key.type in LISTED else write.body.keys()
        answer = self._insist(plan, lambda: self._send(write, path, only) or {})
        applied.done += 1
        applied.warnings += not_taken(plan.key, plan.own, plan.own.body, answer)
        self._context.destination.live.put(plan.key.type, {**plan.own.body, **answer, entry.id_field: plan.own.live_id})
        self._context.destination.live.note(plan.key.type, plan.own.live_id)
        here = (plan.key.type, plan.own.live_id)
        note_answer(self._context, ItemKey(*here), here, plan.own.body, answer)

    def _send(self, write: Write, path: dict[str, str], only: Collection[str] | None = None) -> Any:
        try:
            return send(self._context, write.operation, path, write.body, only)
        except LookerError as error:
            raise error.with_context(key=ItemKey(write.type, write.source_id)) from error.__cause__

    def _insist(self, plan: ItemPlan, act: Callable[[], JsonObject]) -> JsonObject:
        """Write the item's own fields, under a title of no meaning where its own will be free in its second turn."""
        write, live = plan.own, plan.match.live or {}
        for _ in range(_TRIES):
            try:
                return act()
            except LookerError as error:
                if write is None or not use_temporary_title(self._context, plan.ends, write, live, error):
                    raise
            write.changes = changes(write.body, live)
            if live:
                self._keep(plan, live)
        return act()

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
        note_answer(self._context, ItemKey(plan.key.type, object_id), (plan.key.type, object_id), write.body, made)
        self._context.destination.live.put(plan.key.type, {**write.body, **made})
        self._context.destination.live.note(plan.key.type, object_id)
        applied.warnings += not_taken(plan.key, write, write.body, made)
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
        destination_id = _live_id(plan.key, live) if live else ""
        return ItemResult(
            key=plan.key,
            name=plan.name,
            outcome=plan.action,
            destination_id=destination_id,
            reason=plan.reason,
            changes=plan.changes + tuple(found),
            deletions=plan.parts.deletions,
            mappings=(_mappings(plan, live) if live else ()) + self._found(plan),
            warnings=tuple(dict.fromkeys([*plan.told, *applied.warnings])),
            left_out=plan.left_out + tuple(sorted(plan.parts.left_out)),
            enabled=plan.action in ("created", "updated") and self._runs(plan.key.type, destination_id),
        )

    def _found(self, plan: ItemPlan) -> tuple[Mapping, ...]:
        """The existing parts that a process which died had begun to create."""
        begun = self._context.journal.unsettled_parts(plan.key) if plan.parts.matched else ()
        return tuple(Mapping(*part, live_id) for part, live_id in plan.parts.matched.items() if part in begun)

    def _runs(self, type_name: str, live_id: str) -> bool:
        """Whether the written object is a scheduled plan that is switched on."""
        enabled = handler_of(type_name).enabled
        return enabled is not None and enabled(self._context, live_id)


@contextmanager
def _missing() -> Iterator[None]:
    """If the body fails, the destination lacks the object: set ``missing`` of the error."""
    try:
        yield
    except ItemError as error:
        raise error.with_context(missing=True) from error.__cause__


def _live_id(key: ItemKey, live: JsonObject) -> str:
    return str(live[CONTENT_TYPES[key.type].id_field])


def _mappings(plan: ItemPlan, live: JsonObject) -> tuple[Mapping, ...]:
    """The mapping of an item, if it is new or has a better proof than the recorded one."""
    mapping = mapping_to(plan.key.type, plan.key.id, _live_id(plan.key, live), _as_restored(plan, live))
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
