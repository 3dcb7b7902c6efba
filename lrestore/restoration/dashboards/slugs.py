"""Slugs of dashboards: unique in the whole instance, trash included.

A dashboard without a backed-up slug, or whose slug belongs to another dashboard now, gets a generated one. It is
derived from the item alone, so that the dashboard of an unanswered create is found again, even by another run.
"""

from __future__ import annotations

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.json_types import JsonObject
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.title_clashes import holder_will_release
from lrestore.restoration.stand_in_names import generated_slug


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
    if holder_will_release(planner.context, planner.ends, "dashboard", other, "slug"):
        wanted["slug"] = generated_slug(planner.key, planner.raw)
        return
    del wanted["slug"]
    planner.warnings.append(f"its slug {slug!r} belongs to dashboard {other['id']}: it keeps {live.get('slug')!r}")
