"""Tabs that a scheduled plan sends: ids of the dashboard's layouts, or labels for a LookML dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.errors import DependencyError, ItemError
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.identify.parts import flags_of_layouts_count, mapped_part, present

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import DashboardLayout
    from lrestore.content.shapes.schedule import ScheduledPlan

_KIND = "dashboard_layout"


def translated_tabs(context: Context, key: ItemKey, raw: ScheduledPlan, dashboard_id: str | None) -> list[str]:
    """The tabs of the plan ``raw`` in the ids of the live dashboard. Raises DependencyError for one that is not there.

    In the same instance a tab keeps its id as long as its dashboard does, unless the tab alone was made anew.
    """
    tabs = [str(one) for one in raw.get("tab_ids") or ()]
    source_id = raw.get("dashboard_id")
    same = context.backup.same_instance and str(source_id) == dashboard_id
    if source_id is None or dashboard_id is None or (same and not any(_made_anew(context, tab) for tab in tabs)):
        return tabs
    made = {tab: made_id for tab in tabs if (made_id := _made_here(context, tab))}
    if len(made) == len(set(tabs)):
        # In a plan there may be no dashboard to read them from yet.
        return [made[tab] for tab in tabs]
    ours = _layouts_of(context, str(source_id))
    theirs: list[DashboardLayout] = context.destination.session.call(
        "dashboard_dashboard_layouts", path={"dashboard_id": dashboard_id}
    )
    kept = {str(one["id"]) for one in present(theirs, flags=flags_of_layouts_count(theirs))} if same else set()
    found = []
    for tab in tabs:
        if tab in kept:
            found.append(tab)
            continue
        mapped = made.get(tab) or mapped_part(context.records, _KIND, tab, theirs) or _namesake(ours.get(tab), theirs)
        if mapped is None:
            raise DependencyError(
                f"{key} needs {_KIND}={tab} (tab_ids), a tab that dashboard {dashboard_id} of the destination lacks",
                path="tab_ids",
                key=key,
            )
        found.append(mapped)
    return found


def _made_anew(context: Context, tab: str) -> bool:
    """Whether the tab is recorded with another id: only then is a call needed."""
    recorded = context.records.recorded(_KIND, tab)
    return recorded is not None and recorded.destination_id != tab


def _made_here(context: Context, tab: str) -> str | None:
    """The id of a tab that this run has made, or that a plan would make."""
    recorded = context.records.recorded(_KIND, tab)
    return recorded.destination_id if recorded is not None and recorded.sure else None


def _layouts_of(context: Context, dashboard_id: str) -> dict[str, DashboardLayout]:
    try:
        item = context.backup.read(ItemKey("dashboard", dashboard_id))
    except ItemError:
        return {}
    return {str(layout["id"]): layout for layout in as_dashboard(item.raw).get("dashboard_layouts") or ()}


def _namesake(layout: DashboardLayout | None, live: list[DashboardLayout]) -> str | None:
    """The live tab with the same label; if neither has labels, the only tab."""
    if layout is None:
        return None
    there = present(live, flags=flags_of_layouts_count(live))
    found = [one for one in there if (one.get("label") or "") == (layout.get("label") or "")]
    return str(found[0]["id"]) if len(found) == 1 else None
