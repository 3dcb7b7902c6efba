"""The rules of dashboards: their slugs, and their parts: filters, layouts and tiles.

Slugs are unique in the whole instance, trash included. A dashboard without a backed-up slug, or whose slug belongs to
another dashboard now, gets a generated one. It is derived from the item alone, so that the dashboard of an unanswered
create is found again, even by another run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.errors import NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.restoration.apply.execute import Applied
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.dashboards.apply import apply_parts
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.dashboards.same_parts import plan_if_same
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.match import Match
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.text_links import Linker
from lrestore.restoration.plan.title_clashes import holder_will_release
from lrestore.restoration.stand_in_names import generated_slug
from lrestore.restoration.touches import touches_of
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard


_PART_LISTS = ("dashboard_filters", "dashboard_layouts", "dashboard_elements")

_UNSEEN = "it is in the trash, where Looker does not show its tiles: they are compared when it is out"

_AGAIN = "it is in the trash, where Looker shows its parts as deleted: they are compared again when it is out"

_BARE: Dashboard = {"id": "", "dashboard_layouts": [{"id": "", "active": True}]}
"""A dashboard as Looker makes it: with one active layout, which is changed and not made a second time."""


class DashboardSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._item = item
        self._deferred = deferred
        self._unseen = False
        self._trashed = False
        self._ids_hold = False

    def plan(self, match: Match) -> DashboardPlan:
        self._unseen, self._ids_hold = match.parts_unseen, match.ids_hold
        live = as_dashboard(match.live or {})
        self._trashed = bool(live.get("deleted")) and not as_dashboard(self._item.raw).get("deleted")
        if self._unseen:
            return DashboardPlan(warnings=[_UNSEEN], again=True, unseen=self._all_parts)
        plan = self._planned(live or _BARE, ids_hold=match.ids_hold)
        plan.provisional = match.live is None
        if self._trashed:
            plan.warnings.append(_AGAIN)
            plan.again, plan.unseen = True, self._all_parts
        return plan

    def apply(
        self, context: WritingContext, applied: Applied, plan: DashboardPlan, live: JsonObject
    ) -> tuple[DashboardPlan, list[Change]]:
        dashboard = as_dashboard(live)
        if applied.created:
            dashboard = self._whole(dashboard)
            plan = self._replanned(context, dashboard, ids_hold=False)
            born = str(dashboard.get("created_at") or "")
            context.journal.created("dashboard", str(dashboard["id"]), born, touches_of(None, plan))
        elif self._unseen or self._trashed:
            shown = self._out_of_the_trash(str(dashboard["id"]))
            dashboard = as_dashboard(shown)
            plan = self._replanned(context, dashboard, ids_hold=self._ids_hold)
            # The copy of before shows no parts.
            kept = LiveObject("dashboard", str(dashboard["id"]), self._item.name, shown)
            parts = {path: shown[path] for path in _PART_LISTS if shown.get(path) is not None}
            context.journal.keep(kept, parts, touches_of(None, plan))
        return plan, apply_parts(context, applied, plan, dashboard)

    def _all_parts(self) -> DashboardPlan:
        """The writes that create all parts; a part that exists is updated if it differs."""
        return self._planned(_BARE, ids_hold=False)

    def _planned(self, live: Dashboard, *, ids_hold: bool) -> DashboardPlan:
        live_id = str(live.get("id") or "")
        # A saved plan cannot hold what is known only then: it has a second pass for links of a new dashboard to itself.
        again = isinstance(self._context, WritingContext) and not self._context.permit.saved
        linker = Linker(self._context, self._item.key, self._deferred, live_id, planned_again=again)
        raw = as_dashboard(linker.parts(self._item))
        plan = plan_if_same(self._context, raw, live, ids_hold=ids_hold)
        if plan is None:
            planner = DashboardPlanner(self._context, self._item.key, raw, live, ids_hold=ids_hold)
            planner.rewrite = linker.value
            plan = planner.plan()
        plan.warnings += linker.warnings
        return plan

    def _replanned(self, context: WritingContext, live: Dashboard, *, ids_hold: bool) -> DashboardPlan:
        """Plan again: the dashboard was not visible when the plan was made."""
        plan = self._planned(live, ids_hold=ids_hold)
        context.permit.parts(self._item.key, str(live["id"]), plan)
        return plan

    def _out_of_the_trash(self, live_id: str) -> JsonObject:
        """The dashboard with its parts, which Looker shows now."""
        live = self._context.destination.live.get("dashboard", live_id)
        key = self._item.key
        if live is not None and live.get("deleted"):
            raise NotRestorableError(
                f"{key} is in the trash, and Looker did not take it out when deleted was set to false",
                hint="take it out of the trash in Looker, then restore it again",
                key=key,
            )
        if live is None or not live.get("dashboard_layouts"):
            raise NotRestorableError(
                f"{key} is out of the trash, but Looker does not show its tiles: they are left alone", key=key
            )
        return live

    def _whole(self, made: Dashboard) -> Dashboard:
        """The new dashboard with the layout that Looker created, read only if the answer does not show it."""
        layouts = made.get("dashboard_layouts") or []
        if not layouts:
            session, path = self._context.destination.session, {"dashboard_id": str(made["id"])}
            layouts = session.call("dashboard_dashboard_layouts", path=path)
        return {
            **made,
            "dashboard_filters": made.get("dashboard_filters") or [],
            "dashboard_layouts": layouts,
            "dashboard_elements": made.get("dashboard_elements") or [],
        }


def adjust_dashboard(planner: OwnPlanner, body: JsonObject) -> None:
    """A live dashboard keeps its slug if the backed-up one belongs to another dashboard now: Looker would refuse the
    whole update.
    """
    wanted, live = as_dashboard(body), as_dashboard(planner.live or {})
    slug = wanted.get("slug")
    if planner.live is None or slug is None or slug == live.get("slug"):
        return
    found = planner.context.destination.live.find("dashboard", {"slug": str(slug)})
    other = next((row for row in found if str(row["id"]) != str(live["id"])), None)
    if other is None:
        return
    if holder_will_release(planner.context, planner.deferred, "dashboard", other, "slug"):
        wanted["slug"] = generated_slug(planner.key, planner.raw)
        return
    del wanted["slug"]
    planner.warnings.append(f"its slug {slug!r} belongs to dashboard {other['id']}: it keeps {live.get('slug')!r}")
