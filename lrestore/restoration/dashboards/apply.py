"""Carries out the plan for a dashboard's parts in stages: referenced parts come first, deletions last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_tile
from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.messages import Change
from lrestore.restoration.apply.execute import Applied, create_parts, make_queries, update_all
from lrestore.restoration.apply.removal import remove_all
from lrestore.restoration.context import WritingContext
from lrestore.restoration.dashboards.placements import Spot, placement_write, places_of
from lrestore.restoration.dashboards.plan import DashboardPlan, Placement
from lrestore.restoration.dashboards.tabs import TAB
from lrestore.restoration.dashboards.tiles import SOURCES, not_overridden, tile_body
from lrestore.restoration.writes import Removal, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.dashboard import Dashboard, DashboardFilter, DashboardLayout, DashboardLayoutComponent
    from lrestore.content.shapes.tile import DashboardTile

    _Part = DashboardFilter | DashboardLayout | DashboardTile


def apply_parts(context: WritingContext, applied: Applied, plan: DashboardPlan, live: Dashboard) -> list[Change]:
    """Write what differs. ``live`` is the dashboard as it was read; its id is the parent of all parts.

    Returns the changes that were not known before (positions of new tiles). Refusals are in ``applied``.
    """
    dashboard_id = str(live["id"])
    applied.made["dashboard", applied.key.id] = dashboard_id
    applied.made.update(plan.matched)
    make_queries(context, applied, [write for write in plan.writes if write.type in ("query", "merge_query")])
    early, late = _blocking(plan)
    remove_all(context.destination.session, applied, early)
    there: tuple[tuple[str, Iterable[_Part]], ...] = (
        ("dashboard_filter", live.get("dashboard_filters") or ()),
        ("dashboard_layout", live.get("dashboard_layouts") or ()),
        ("dashboard_element", live.get("dashboard_elements") or ()),
    )
    for kind, parts in there:
        _write_kind(context, applied, plan, kind, dashboard_id, {str(part["id"]) for part in parts})
    update_all(context, applied, _of(plan, "dashboard_layout_component", creates=False))
    changes = _place_new(context, applied, plan, dashboard_id)
    if not applied.failures:
        remove_all(context.destination.session, applied, late)
    return changes


def _of(plan: DashboardPlan, kind: str, *, creates: bool) -> list[Write]:
    return [write for write in plan.writes if write.type == kind and write.creates is creates]


def _write_kind(
    context: WritingContext, applied: Applied, plan: DashboardPlan, kind: str, dashboard_id: str, known: set[str]
) -> None:
    """Write the parts of one kind. ``known``: the ids of those that are there already."""
    updates, creates = _of(plan, kind, creates=False), _of(plan, kind, creates=True)
    if kind == "dashboard_filter":
        update_all(context, applied, _out_of_the_way(updates))
    answers = update_all(context, applied, updates)
    if kind == "dashboard_element":
        _send_overrides_again(context, applied, list(zip(updates, answers, strict=True)))
    if kind == "dashboard_filter" and any(write.body.get("listens_to_filters") for write in creates):
        for write in creates:
            create_parts(context, applied, [write], dashboard_id, known)
    else:
        create_parts(context, applied, creates, dashboard_id, known)


def _send_overrides_again(
    context: WritingContext, applied: Applied, answered: list[tuple[Write, JsonObject | LookerError]]
) -> None:
    """Send the overrides of a tile again if it has got another source and Looker's answer does not show them as they
    were sent. Those that Looker does not store then, either, become warnings.
    """
    writes = []
    for write, answer in answered:
        if isinstance(answer, LookerError) or not any(name in write.body for name in SOURCES):
            continue
        lost = not_overridden(tile_body(write.body), as_tile(answer))
        if lost:
            body = {"result_maker": {**write.body["result_maker"], **lost}}
            writes.append(replace(write, body=body, changes=()))
    for write, answer in zip(writes, update_all(context, applied, writes), strict=True):
        if not isinstance(answer, LookerError):
            lost = not_overridden(tile_body(write.body), as_tile(answer))
            applied.warnings += [f"Looker did not take {write.path}.result_maker.{name}" for name in lost]


def _blocking(plan: DashboardPlan) -> tuple[list[Removal], list[Removal]]:
    """Extra filters whose name or title a restored one takes go first: both are unique in a dashboard."""
    taken = {
        write.body[field]
        for write in plan.writes
        for field in ("name", "title")
        if write.type == "dashboard_filter" and write.body.get(field)
    }
    early = [one for one in plan.removals if one.deletion.type == "dashboard_filter" and one.deletion.name in taken]
    return early, [one for one in plan.removals if one not in early]


def _out_of_the_way(updates: list[Write]) -> list[Write]:
    """Filters that swap names: a filter that holds the name of another one is first renamed temporarily."""
    aside = []
    for write in updates:
        held = {change.path.rpartition(".")[2]: change.old for change in write.changes}
        clash = {
            name
            for name in ("name", "title")
            if held.get(name) and any(other.body.get(name) == held[name] for other in updates if other is not write)
        }
        if clash:
            body = {name: f"{held[name]} (being restored {write.live_id})" for name in sorted(clash)}
            aside.append(replace(write, body=body, changes=()))
    return aside


def _place_new(context: WritingContext, applied: Applied, plan: DashboardPlan, dashboard_id: str) -> list[Change]:
    """Looker chooses the positions of new tiles: read them once, and move tiles whose position differs."""
    pending = [one for one in plan.pending if _exists(applied, one.layout, one.element)]
    if not pending:
        return []
    places = _places(context.destination.session, dashboard_id)
    if _move_to_tabs(context, applied, [one for one in pending if _spot(applied, one) not in places]):
        places = _places(context.destination.session, dashboard_id)
    writes = []
    for placement in pending:
        spot = _spot(applied, placement)
        if spot in places:
            write = placement_write(placement, places[spot])
            writes += [write] if write else []
        elif not placement.hidden:
            applied.warnings.append(f"tile {placement.name!r} got no place on its tab ({placement.path})")
    update_all(context, applied, writes)
    return [change for write in writes for change in write.changes]


def _spot(applied: Applied, placement: Placement) -> Spot:
    return (
        applied.made["dashboard_layout", placement.layout],
        applied.made["dashboard_element", placement.element],
    )


def _places(session: Caller, dashboard_id: str) -> dict[Spot, DashboardLayoutComponent]:
    return places_of(session.call("dashboard_dashboard_layouts", path={"dashboard_id": dashboard_id}))


def _move_to_tabs(context: WritingContext, applied: Applied, astray: list[Placement]) -> bool:
    """Move tiles that Looker has put on another tab than that of the backup; returns whether there were any. A tile
    that Looker does not move is reported later, because its position is missing.
    """
    writes = []
    for one in astray:
        if not one.hidden and context.destination.releases.can_write("DashboardElement", TAB):
            layout_id, tile_id = _spot(applied, one)
            kind, body = "dashboard_element", {TAB: layout_id}
            writes.append(
                Write(
                    operation="update_dashboard_element",
                    type=kind,
                    source_id=one.element,
                    live_id=tile_id,
                    path=one.path,
                    name=one.name,
                    body=body,
                )
            )
    trial = Applied(applied.key)
    update_all(context, trial, writes)
    applied.done += trial.done
    return bool(writes)


def _exists(applied: Applied, layout: str, element: str) -> bool:
    return ("dashboard_layout", layout) in applied.made and ("dashboard_element", element) in applied.made
