"""Tiles with live alerts: deleting such a tile would permanently detach its alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.errors import ForbiddenError, NotFoundError
from lrestore.looker.read.live import Live
from lrestore.restoration.policy import Policy

if TYPE_CHECKING:
    from lrestore.content.shapes.tile import DashboardTile


class AlertGuard:
    """Says which tiles must stay. The alerts are listed at most once, and only when a tile without a count is
    at stake.
    """

    def __init__(self, live: Live, policy: Policy) -> None:
        self._live = live
        self._policy = policy
        self._listed: frozenset[str] | None = None

    def protects(self, tile: DashboardTile) -> bool:
        """Whether the tile must stay: it has alerts or may have some, and the user does not accept their loss."""
        if self._policy.allow_alert_loss:
            return False
        if tile.get("alert_count"):
            return True
        if self._listed is None:
            self._listed = self._list()
        return ("*" in self._listed and tile.get("alert_count") is None) or str(tile["id"]) in self._listed

    def _list(self) -> frozenset[str]:
        """Ids of the tiles with alerts; ``*`` when this caller may not see all alerts (403 or 404 for non-admins)."""
        try:
            rows = list(self._live.pages("search_alerts", {"all_owners": True}))
        except (ForbiddenError, NotFoundError):
            return frozenset({"*"})
        return frozenset(str(row.get("dashboard_element_id")) for row in rows)
