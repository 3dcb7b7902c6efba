"""Scheduled plans, alerts, LookML models, and user attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api import search
from lrestore.simulator.api.crud import Draft, TypeRules, handles, key_in_path, provide, show_page
from lrestore.simulator.api.looks import find_explore
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import FieldRefusal, conflict, forbidden, invalid, not_found
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall
from lrestore.simulator.core.store import Record

_CONTENT = ("look_id", "dashboard_id", "lookml_dashboard_id", "query_id")


def _check_plan(draft: Draft) -> None:
    draft.require("name")
    if sum(draft.new[name] is not None for name in _CONTENT) != 1:
        draft.problem("base", f"exactly one of {', '.join(_CONTENT)} is required")
    if draft.new["crontab"] and draft.new["datagroup"]:
        draft.problem("crontab", "crontab and datagroup exclude each other")
    if not (draft.new["crontab"] or draft.new["datagroup"] or draft.new["run_once"]):
        draft.problem("crontab", "crontab or datagroup is required", "missing_field")
    if not draft.new["scheduled_plan_destination"]:
        draft.problem("scheduled_plan_destination", "at least one destination is required", "missing_field")
    if draft.old is None and draft.new["look_id"] is not None:
        for name in ("require_results", "require_no_results", "require_change"):
            if name not in draft.values:
                draft.problem(name, f"{name} is required with look_id", "missing_field")
    if not draft.call.simulation.is_admin(draft.call.user_id) and draft.new["user_id"] not in (
        None,
        draft.call.user_id,
    ):
        draft.problem("user_id", "only an admin can give a plan to another user")


def _plan_made(call: OperationCall, plan: Record) -> None:
    plan["can"] = {"show": True, "update": True, "destroy": True, "run_once": True}
    call.world.table("scheduled_plan").change(plan["id"], {"user_id": plan["user_id"] or call.user_id or None})
    _fill_destinations(call, plan)
    if plan["run_once"]:
        call.simulation.journal.incident("plan_sent", id=plan["id"])


def _plan_changed(call: OperationCall, plan: Record, before: Mapping[str, Any]) -> None:
    if plan["scheduled_plan_destination"] != before["scheduled_plan_destination"]:
        _fill_destinations(call, plan)
    if plan["run_once"] and not before["run_once"]:
        call.simulation.journal.incident("plan_sent", id=plan["id"])


def _fill_destinations(call: OperationCall, plan: Record) -> None:
    blank = schema.blank("ScheduledPlanDestination")
    for index, sent in enumerate(plan["scheduled_plan_destination"]):
        own = {"id": call.world.new_id("scheduled_plan_destination"), "scheduled_plan_id": plan["id"]}
        plan["scheduled_plan_destination"][index] = {**blank, **sent, **own}
    content = call.world.get("dashboard", plan["dashboard_id"]) or call.world.get("look", plan["look_id"])
    if content is not None:
        plan["title"] = content["title"]


def _in_sight(call: OperationCall, plan: Record) -> bool:
    """Without ``all_users`` a list holds only the plans of the caller or of ``user_id``."""
    return call.flag("all_users") or plan["user_id"] == (call.query.get("user_id") or call.user_id)


PLAN = TypeRules(
    type="scheduled_plan",
    references={"user_id": "user", "look_id": "look", "dashboard_id": "dashboard", "query_id": "query"},
    check=_check_plan,
    made=_plan_made,
    changed=_plan_changed,
    visible=_in_sight,
    special={"all_users": lambda record, wanted: True},
)
provide(PLAN, get="scheduled_plan", all="all_scheduled_plans", search="search_scheduled_plans")
provide(PLAN, create="create_scheduled_plan", update="update_scheduled_plan", delete="delete_scheduled_plan")


def _plans_for(call: OperationCall, name: str) -> object:
    rows = [row for row in call.world.table("scheduled_plan") if row[name] == key_in_path(call)]
    return show_page(call, "scheduled_plan", [row for row in rows if _in_sight(call, row)])


handles("scheduled_plans_for_look")(lambda call: _plans_for(call, "look_id"))
handles("scheduled_plans_for_dashboard")(lambda call: _plans_for(call, "dashboard_id"))
handles("scheduled_plans_for_lookml_dashboard")(lambda call: _plans_for(call, "lookml_dashboard_id"))

ALERT = TypeRules(type="alert")
provide(ALERT, get="get_alert")


@handles("search_alerts")
def _search_alerts(call: OperationCall) -> object:
    everyone = call.flag("all_owners")
    if everyone and not call.simulation.is_admin(call.user_id):
        raise forbidden("only an admin sees everyone's alerts")
    rows = [row for row in call.world.table("alert") if everyone or row["owner_id"] == call.user_id]
    if disabled := call.query.get("disabled"):
        rows = [row for row in rows if search.matches(row["is_disabled"], disabled, "is_disabled")]
    return show_page(call, "alert", rows)


def _check_model(draft: Draft) -> None:
    draft.require("name")
    draft.raise_problems()
    if draft.sets("name") and draft.call.world.get("lookml_model", draft.new["name"]) is not None:
        raise conflict(f"Model {draft.new['name']} exists already")


def _model_made(call: OperationCall, model: Record) -> None:
    model["label"] = model["label"] or str(model["name"]).replace("_", " ").title()
    model["explores"] = model["explores"] or []


MODEL = TypeRules(
    type="lookml_model",
    defaults={"can": {"show": True, "explore": True}},
    check=_check_model,
    made=_model_made,
    visible=lambda call, model: bool(model["has_content"]) or not call.flag("exclude_empty"),
)
provide(MODEL, get="lookml_model", all="all_lookml_models", create="create_lookml_model", update="update_lookml_model")
provide(MODEL, delete="delete_lookml_model")


@handles("lookml_model_explore")
def _explore(call: OperationCall) -> object:
    model, name = call.path["lookml_model_name"], call.path["explore_name"]
    found = find_explore(call.world, call.need("lookml_model", model)["name"], name)
    if found is None:
        raise not_found()
    blank = schema.blank("LookmlModelExplore")
    own = {"id": f"{model}::{name}", "title": found.get("label"), "model_name": model, "project_name": model}
    shown: Record = {**blank, **{key: found[key] for key in found if key in blank}, **own}
    return shown if call.tree is None else {key: shown[key] for key in call.tree}


def _check_attribute(draft: Draft) -> None:
    draft.require("name", "label", "type")
    if draft.old is not None and draft.old["is_system"] and draft.sets("name", "label", "type"):
        draft.problem("name", "a system attribute cannot be redefined")


ATTRIBUTE = TypeRules(type="user_attribute", unique=("name", "label"), check=_check_attribute)
provide(ATTRIBUTE, get="user_attribute", all="all_user_attributes", create="create_user_attribute")
provide(ATTRIBUTE, update="update_user_attribute", delete="delete_user_attribute")


@handles("all_user_attribute_group_values")
def _group_values(call: OperationCall) -> object:
    attribute = call.need("user_attribute", key_in_path(call))
    table = call.world.table("user_attribute_group_value")
    rows = sorted(table.where("user_attribute_id", attribute["id"]), key=lambda row: row["rank"] or 0)
    return [call.show("user_attribute_group_value", row) for row in rows]


@handles("set_user_attribute_group_values")
def _set_group_values(call: OperationCall) -> object:
    attribute = call.need("user_attribute", key_in_path(call))
    problems = schema.check_list_body((call.operation.body or "")[1:-1], call.body)
    problems += [
        FieldRefusal(f"[{index}].group_id", "invalid", "the group does not exist")
        for index, entry in enumerate(call.body if not problems else ())
        if call.find("group", entry.get("group_id")) is None
    ]
    if problems:
        raise invalid(*problems)
    table = call.world.table("user_attribute_group_value")
    for row in table.where("user_attribute_id", attribute["id"]):
        table.remove(row["id"])
    for rank, entry in enumerate(call.body, start=1):
        own = {"id": call.world.new_id(table.kind), "user_attribute_id": attribute["id"]}
        ranked = {"rank": rank, "value_is_hidden": attribute["value_is_hidden"]}
        table.put({**schema.blank("UserAttributeGroupValue"), **ranked, **entry, **own})
    return _group_values(call)


@handles("user_attribute_user_values")
def _user_values(call: OperationCall) -> object:
    user = call.need("user", key_in_path(call))
    rows = call.world.table("user_attribute_user_value").where("user_id", user["id"])
    return [call.show("user_attribute_user_value", row) for row in rows]


def _user_value(call: OperationCall) -> tuple[Record, Record | None]:
    user = call.need("user", call.path["user_id"])
    attribute = call.need("user_attribute", call.path["user_attribute_id"])
    rows = call.world.table("user_attribute_user_value").where("user_id", user["id"])
    return attribute, next((row for row in rows if row["user_attribute_id"] == attribute["id"]), None)


@handles("set_user_attribute_user_value")
def _set_user_value(call: OperationCall) -> object:
    attribute, row = _user_value(call)
    values = call.checked_body(partial=True)
    table = call.world.table("user_attribute_user_value")
    if row is None:
        shown = {name: attribute[name] for name in ("name", "label", "value_is_hidden")}
        own = {"id": call.world.new_id(table.kind), "user_id": call.path["user_id"], "source": "user"}
        row = {**schema.blank("UserAttributeWithValue"), **shown, **own, "user_attribute_id": attribute["id"]}
        table.put(row)
    return call.show(table.kind, table.change(row["id"], values))


@handles("delete_user_attribute_user_value")
def _delete_user_value(call: OperationCall) -> object:
    _, row = _user_value(call)
    if row is None:
        raise not_found()
    call.world.table("user_attribute_user_value").remove(row["id"])
    return NO_CONTENT
