"""Scheduled plans: content that Looker sends at set times. Restoring a plan never sends anything.

A plan is created switched off; a separate last call switches it on. ``run_once`` is never sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.canonical import field_types
from lrestore.content.destinations import DESTINATIONS, secret_kinds, wanted_destinations
from lrestore.content.shapes.boundary import as_plan
from lrestore.errors import InvalidContentError
from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.restoration.apply.execute import Applied, update_all
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.absence import lookml_missing
from lrestore.restoration.identify.match import Match
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.schedules.tabs import translated_tabs
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.schedule import ScheduledPlan

_TYPE = "scheduled_plan"


def adjust_plan(planner: OwnPlanner, body: JsonObject) -> None:
    """Adjust fields of a plan that cannot be copied. Raises DependencyError if its content is not available."""
    wanted, live = as_plan(body), as_plan(planner.live or {})
    _content(planner, body)
    _owner(planner, wanted)
    _times(planner, wanted)
    _tabs(planner, wanted)
    _destinations(planner, wanted, live)
    if planner.live is None:
        _send_switches(planner, body)
    if planner.live is None or planner.context.policy.disable_schedules:
        wanted["enabled"] = False


def _content(planner: OwnPlanner, body: JsonObject) -> None:
    """A plan sends one object: if the live plan sends another one, that reference is removed. Checks LookML."""
    names, live = CONTENT_TYPES[_TYPE].one_of, as_plan(planner.live or {})
    chosen = [name for name in names if body.get(name) is not None]
    for name in names:
        if chosen and name not in chosen and live.get(name) is not None:
            body[name] = None
    lookml = as_plan(body).get("lookml_dashboard_id")
    if lookml and live.get("lookml_dashboard_id") != lookml:
        where = "lookml_dashboard_id"
        error = lookml_missing(planner.context.destination.live, str(lookml), where, planner.key, planner.warnings)
        if error:
            raise error
    if planner.live is None and not chosen:
        raise InvalidContentError(
            f"{planner.key} names nothing to send: no dashboard, look, LookML dashboard or query",
            path="dashboard_id",
            key=planner.key,
        )


def _owner(planner: OwnPlanner, wanted: ScheduledPlan) -> None:
    """Warn about another owner: the queries of a plan run with the rights of its owner."""
    if as_plan(planner.raw).get("user_id") is None:
        return
    lost = "user_id" not in wanted or any(text.startswith("its owner, user ") for text in planner.warnings)
    if planner.live is None:
        wanted.setdefault("user_id", planner.context.destination.caller_id)
    if lost:
        planner.warnings.append("it runs its queries with the rights of its owner, which is another user now")


def _times(planner: OwnPlanner, wanted: ScheduledPlan) -> None:
    if planner.live is None and not (wanted.get("crontab") or wanted.get("datagroup")):
        raise InvalidContentError(
            f"{planner.key} names no time: Looker creates a plan only with a crontab or a datagroup",
            path="crontab",
            key=planner.key,
        )
    if not (wanted.get("crontab") or wanted.get("datagroup")):
        # A backup that names no time says nothing of it: without one, Looker would refuse the plan.
        wanted.pop("crontab", None)
        wanted.pop("datagroup", None)


def _tabs(planner: OwnPlanner, wanted: ScheduledPlan) -> None:
    if wanted.get("tab_ids"):
        dashboard_id = wanted.get("dashboard_id")
        wanted["tab_ids"] = translated_tabs(planner.context, planner.key, as_plan(planner.raw), dashboard_id)


def _destinations(planner: OwnPlanner, wanted: ScheduledPlan, live: ScheduledPlan) -> None:
    """Sent whole where they differ, left out where they do not; never null or empty, which is an error (specification,
    update_scheduled_plan).
    """
    backed_up = wanted.pop(DESTINATIONS, None)
    if not backed_up:
        return
    found = wanted_destinations(backed_up, live.get(DESTINATIONS) or [], planner.context.destination.releases)
    if found is None:
        return
    wanted[DESTINATIONS] = found
    kinds = secret_kinds(backed_up)
    if kinds:
        planner.warnings.append(
            f"secret parameters of its destinations ({', '.join(kinds)}) are in no backup: enter them again in Looker"
        )


def _send_switches(planner: OwnPlanner, wanted: JsonObject) -> None:
    """Send a switch that was null as off: Looker requires some of them in the plan of a look."""
    kinds = field_types(fields.sdk_model("ScheduledPlan"))
    for field in planner.context.destination.releases.taken("ScheduledPlan"):
        if field.known and kinds.get(field.name) is bool and wanted.get(field.name) is None:
            wanted[field.name] = False


class PlanSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`: switches a new plan on, after it is
    created.
    """

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._item = item
        self._deferred = deferred

    def plan(self, match: Match) -> Plan:
        on = bool(as_plan(self._item.raw).get("enabled")) and not self._context.policy.disable_schedules
        if match.live is not None or not on:
            return Plan()
        change = Change("enabled", old=False, new=True)
        name, body = self._item.name, {"enabled": True}
        return Plan(
            [
                Write(
                    operation="update_scheduled_plan",
                    type=_TYPE,
                    source_id=self._item.key.id,
                    live_id="",
                    path="",
                    name=name,
                    body=body,
                    changes=(change,),
                )
            ]
        )

    def apply(
        self, context: WritingContext, applied: Applied, plan: Plan, live: JsonObject
    ) -> tuple[Plan, list[Change]]:
        for write in plan.writes:
            write.live_id = str(live["id"])
            update_all(context, applied, [write])
            if not applied.failures:
                self._context.destination.live.put(_TYPE, {"id": live["id"], **write.body})
        return plan, []


def is_enabled(context: Context, live_id: str) -> bool:
    """Whether the live plan of that id is switched on, as far as this run has seen."""
    return bool(as_plan(context.destination.live.get(_TYPE, live_id) or {}).get("enabled"))
