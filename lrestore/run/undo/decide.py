"""Decides which of the objects that the undone session created are deleted, and in which order.

Objects that contain something of another person, or that were changed since, are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from lrestore.json_types import JsonObject
from lrestore.messages import Deletion, ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.alerts import AlertGuard
from lrestore.restoration.identify.match import Match, title_of
from lrestore.restoration.undo_rules import UndoRules
from lrestore.restoration.writes import Plan
from lrestore.run.select.order import depth
from lrestore.run.undo.foreign import Foreign

NONE_LEFT: Mapping[ItemKey, Set[str]] = MappingProxyType({})
CONTENT = ("scheduled_plan", "board", "dashboard", "look")
"""Deleted before the copies are restored, because these take slugs and titles back."""
HOLDERS = ("folder", "user", "role", "group", "permission_set", "model_set", "lookml_model")
"""Deleted afterwards, in the reverse order of need."""


@dataclass(frozen=True, slots=True)
class RemovalDecision:
    """The decision about one object. ``live`` is None if it is gone already; ``stays`` is the reason to keep it."""

    key: ItemKey
    name: str
    live: JsonObject | None
    stays: str = ""

    @property
    def operation(self) -> str:
        """The call that deletes the object."""
        return CONTENT_TYPES[self.key.type].delete or ""

    def removed(self) -> ItemResult:
        """The result if it is deleted."""
        key = self.key
        return ItemResult(
            key, self.name, "updated", destination_id=key.id, deletions=(Deletion(key.type, key.id, self.name),)
        )

    def kept(self) -> ItemResult:
        """The result if it is not deleted."""
        return ItemResult(self.key, self.name, "skipped", destination_id=self.key.id, reason=self.stays)


class Removals:
    """The objects of one undo that may be deleted. ``left``, which may grow: objects that the undo will have taken out
    of what holds them now, with the types of these holders. They do not count as foreign there.
    """

    def __init__(
        self, context: Context, keys: Collection[ItemKey], left: Mapping[ItemKey, Set[str]] = NONE_LEFT
    ) -> None:
        self._live = context.destination.live
        self._foreign = Foreign(context, keys, left)
        self._rules = UndoRules(context.backup.undone, context.records, context.earlier)
        self._alerts = AlertGuard(self._live, context.policy)

    def in_order(self, keys: Iterable[ItemKey], types: Collection[str]) -> list[ItemKey]:
        """The keys of these types in the order of deletion; folders the deepest first."""
        found = [key for type_name in types for key in keys if key.type == type_name]
        folders = self._live.table("folder") if any(key.type == "folder" for key in found) else {}
        parents = {one: str(row["parent_id"]) for one, row in folders.items() if row.get("parent_id") is not None}
        return sorted(found, key=lambda key: -depth(key, parents))

    def keep(self, key: ItemKey) -> None:
        """Keep the object, and the objects that contain it."""
        self._foreign.keep(key)

    def decide(self, key: ItemKey, name: str) -> RemovalDecision:
        """The decision, from what Looker shows now. Raises LookerError if a read fails."""
        self._live.look_anew(key.type)
        live = self._live.beyond(key.type, key.id) or self._live.trashed(key.type, key.id)
        if live is None:
            return RemovalDecision(key, name, None, self._rules.gone(key, Match()))
        changed = self._rules.changed_since(key, {}, live, None, Plan())
        stays = changed or self._foreign.inside(key, live) or self._with_alerts(live)
        if stays:
            self.keep(key)
        return RemovalDecision(key, title_of(key.type, live) or name, live, stays)

    def _with_alerts(self, live: JsonObject) -> str:
        tiles = [tile for tile in live.get("dashboard_elements") or () if self._alerts.protects(tile)]
        return f"{len(tiles)} of its tiles have alerts (--allow-alert-loss deletes it)" if tiles else ""
