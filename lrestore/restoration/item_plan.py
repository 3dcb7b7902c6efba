"""Plan one item: find it, compare it, check what its restore needs. Reads the destination, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lrestore.content.live_facts import live_facts
from lrestore.content.payload import left_out, require
from lrestore.errors import (
    DependencyError,
    InvisibleOrMissingError,
    ItemError,
    LookerError,
    MissingInDestinationError,
    NotRestorableError,
)
from lrestore.json_types import JsonObject
from lrestore.messages import Change, ItemKey, LiveFacts, Outcome
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in, why_built_in
from lrestore.restoration.apply.create_once import after_a_death
from lrestore.restoration.context import Context
from lrestore.restoration.deferrals import Deferred, never
from lrestore.restoration.identify.likely_targets import likely_targets
from lrestore.restoration.identify.match import Match, find_live
from lrestore.restoration.left_alone import DIFFERS, LeftAlone
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.preconditions import stale_explores, without_missing_calls
from lrestore.restoration.plan.text_links import Linker
from lrestore.restoration.plan.title_clashes import holder_will_release
from lrestore.restoration.stand_in_names import generated_slug
from lrestore.restoration.type_handlers import SubResources, handler_of
from lrestore.restoration.undo_rules import UndoRules
from lrestore.restoration.writes import Plan, Unmet, Write, named_changes
from lrestore.vault.items import VaultItem


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
    deferred: Deferred = field(default_factory=Deferred)
    left_out: tuple[str, ...] = ()
    looked_anew: bool = False
    """Whether Looker has refused to create the item, as one that exists, and was asked again."""
    literal: bool = False
    """Whether an undo restores a copy. A reference to an object that is gone since is a warning then."""

    @property
    def live_id(self) -> str:
        return live_id_of(self.key, self.match.live) if self.match.live else ""

    @property
    def facts(self) -> LiveFacts | None:
        """When and by whom the live object was changed, if it differs or is left as it is."""
        live = self.match.live if self.action in ("updated", "skipped") else None
        return None if live is None else live_facts(live)

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """All warnings, once each."""
        without = [f"restored without {one}" for one in (*self.unmet, *self.parts.unmet)]
        return tuple(dict.fromkeys([*self.warnings, *self.parts.warnings, *without]))

    @property
    def only_copied(self) -> bool:
        """Whether a copy is kept although nothing is written: an undo of this undo may bring back the objects to which
        this one refers.
        """
        lacks = bool(self.unmet or self.parts.unmet)
        return self.literal and self.action == "unchanged" and self.match.live is not None and lacks

    @property
    def all_unmet(self) -> list[Unmet]:
        """The missing references of the item, in its own fields and in its parts."""
        return [] if self.literal else [*self.unmet, *self.parts.unmet]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (self.own.changes if self.own else ()) + self.parts.changes


class ItemPlanner:
    """Plans items, one after the other or concurrently; it keeps no state between them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._undo = UndoRules(context.backup.undone, context.records, context.earlier)

    def plan(
        self, item: VaultItem, awaited: Collection[ItemKey] = (), *, last: bool = False, match: Match | None = None
    ) -> ItemPlan:
        """Plan the item. Reads the destination, writes nothing. Raises ItemError if the item cannot be restored.

        ``awaited`` are items that this one refers to and that the same run restores later; ``last``: it has had its
        first pass, and waits for no item any more. ``match``: its live object, if it was looked for a moment ago.
        """
        deferred = Deferred(awaited, never if last else self._context.in_run, last=last)
        if self._context.backup.beside is not None:
            item = self._context.backup.beside.copy_of(item)
        key, raw = item.key, item.raw
        reason = self._never_written(key, raw) or self._undo.kept(key)
        if reason:
            return ItemPlan(key, item.name, "skipped", Match(), reason=reason)
        after_a_death(self._context, key)
        backup, records = self._context.backup, self._context.records
        self._context.destination.live.expect(partial(likely_targets, backup, records, key.type, raw))
        match = match or find_live(self._context, key, raw)
        gone = self._undo.gone(key, match)
        if gone:
            return ItemPlan(key, item.name, "skipped", match, reason=gone)
        if match.live is None:
            with mark_missing():
                return self._plan_missing(item, match, deferred)
        return self._plan_existing(item, match, match.live, deferred, first=not last)

    def _never_written(self, key: ItemKey, raw: JsonObject) -> str:
        """The reason why an object must never be written; "" if it may be."""
        entry = CONTENT_TYPES[key.type]
        return self._impossible(key.type) or (why_built_in(entry, raw) if is_built_in(entry, raw) else "")

    def _plan_existing(
        self, item: VaultItem, match: Match, live: JsonObject, deferred: Deferred, *, first: bool
    ) -> ItemPlan:
        key, entry = item.key, CONTENT_TYPES[item.key.type]
        if is_built_in(entry, live):
            return ItemPlan(key, item.name, "skipped", match, reason=why_built_in(entry, live))
        left_alone = LeftAlone(self._context.policy, self._context.earlier, key, item.raw, live)
        begun = not first or left_alone.begun
        left = "" if begun else left_alone.unread()
        if left:
            return ItemPlan(key, item.name, "skipped", match, reason=left)
        if not begun and left_alone.if_different():
            return self._unless_different(item, match)
        plan = self._planned_or_compared(item, match, deferred)
        plan.action = "updated" if plan.own or not plan.parts.empty or self._lacks(plan) else "unchanged"
        changed = self._undo.changed_since(key, item.raw, live, plan.own, plan.parts) if first else ""
        if changed:
            return ItemPlan(key, item.name, "skipped", match, reason=changed)
        if plan.action == "updated":
            plan.reason = left_alone.why_not()
            self._check_lookml(plan, item.raw)
        return plan

    def _planned_or_compared(self, item: VaultItem, match: Match, deferred: Deferred) -> ItemPlan:
        """The plan; in a mode that only compares, a reference that leads nowhere is a difference like others."""
        try:
            return self._planned(item, match, deferred)
        except DependencyError as error:
            if not self._context.policy.compares:
                raise
            path = error.path or ""
            unmet = [Unmet(f"its {path}" if path else "a reference", error.message, path)]
            return ItemPlan(item.key, item.name, "updated", match, warnings=match.warnings, unmet=unmet)

    def _lacks(self, plan: ItemPlan) -> bool:
        """Whether a comparison has found that the live object lacks a reference."""
        return self._context.policy.compares and any(not one.unknown for one in plan.all_unmet)

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
        """The reason why the destination cannot hold objects of a type; "" if it can."""
        releases = self._context.destination.releases
        return "" if releases.offers_type(type_name) else f"Looker {releases.destination} has no {type_name}s"

    def _plan_missing(self, item: VaultItem, match: Match, deferred: Deferred) -> ItemPlan:
        policy, key = self._context.policy, item.key
        if CONTENT_TYPES[key.type].trash and item.raw.get("deleted") is True:
            reason = "it was in the trash when it was backed up, and is not in the destination"
            return ItemPlan(key, item.name, "skipped", match, reason=reason, warnings=match.warnings)
        if policy.if_missing == "skip":
            return ItemPlan(key, item.name, "skipped", match, reason="not in the destination", warnings=match.warnings)
        if policy.compares and CONTENT_TYPES[key.type].create is None:
            return ItemPlan(key, item.name, "created", match, warnings=match.warnings)
        if policy.if_missing == "fail" and not policy.compares:
            raise MissingInDestinationError(f"{key} ({item.name!r}) is not in the destination", key=key)
        if not self._context.backup.copies(key):
            self._check_creatable(item)
        if policy.compares:
            return ItemPlan(key, item.name, "created", match, warnings=match.warnings)
        plan = self._planned(item, match, deferred)
        plan.action, plan.reason = "created", plan.parts.note
        self._check_lookml(plan, item.raw)
        return plan

    def _check_lookml(self, plan: ItemPlan, raw: JsonObject) -> None:
        """Warn about LookML that the item uses and the destination lacks."""
        reported = [one.path for one in plan.all_unmet]
        live, judgement = self._context.destination.live, self._context.backup.judgement
        plan.warnings += stale_explores(live, judgement, plan.key, raw, reported)

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

    def _planned(self, item: VaultItem, match: Match, deferred: Deferred) -> ItemPlan:
        key, raw, live = item.key, item.raw, match.live
        entry, handler = CONTENT_TYPES[key.type], handler_of(key.type)
        linker = Linker(self._context, key, deferred, live_id_of(key, live) if live else "")
        planner = OwnPlanner(self._context, key, linker.own(item), live, deferred)
        planner.rewrite = linker.value
        body = planner.body(handler.adjust)
        planner.lost_owner()
        warnings = [*item.warnings, *match.warnings, *planner.warnings, *linker.warnings]
        plan = ItemPlan(key, item.name, "unchanged", match, before=planner.before, warnings=warnings, deferred=deferred)
        plan.unmet, plan.literal = planner.unmet, self._context.policy.literal
        if live is None:
            require(body, entry.create_needs, "")
            if "slug" in entry.natural_key and (match.taken or not body.get("slug")):
                if match.taken and not holder_will_release(self._context, deferred, key.type, match.taken, "slug"):
                    plan.warnings.append(f"slug {body['slug']!r} is taken by another dashboard; generating a new one")
                body["slug"] = generated_slug(key, raw)
        if body:
            operation = entry.update if live else entry.create
            if operation is None:
                raise NotRestorableError(f"{key}: Looker's API cannot change a {key.type}", key=key)
            if live is None and handler.creation is not None:
                operation, body = handler.creation(raw, body)
            live_id = live_id_of(key, live) if live else ""
            plan.own = Write(
                operation=operation,
                type=key.type,
                source_id=key.id,
                live_id=live_id,
                path="",
                name=item.name,
                body=body,
                changes=named_changes(body, live or {}),
            )
        if handler.sub_resources is not None and self._undo.restores_parts(key):
            plan.sub_resources = handler.sub_resources(self._context, item, deferred)
            plan.parts = plan.sub_resources.plan(match)
        releases = self._context.destination.releases
        plan.left_out = left_out(raw, entry, releases) + without_missing_calls(releases, plan)
        return plan


@contextmanager
def mark_missing() -> Iterator[None]:
    """If the body fails, the destination lacks the object: set ``mark_missing`` of the error."""
    try:
        yield
    except ItemError as error:
        raise error.with_context(missing=True) from error.__cause__


def live_id_of(key: ItemKey, live: JsonObject) -> str:
    return str(live[CONTENT_TYPES[key.type].id_field])
