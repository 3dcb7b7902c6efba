"""Scheduled plans of an instance, and how tests restore them."""

from __future__ import annotations

from typing import Any

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult, Mapping
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.policy import Policy
from tests.restoration.restore_fixture import SESSION, Stage

OTHER = Judgement("other")
OFF = Policy(max_retries=2, disable_schedules=True)


def live_plan(stage: Stage, plan_id: str = "1") -> JsonObject:
    shown: JsonObject = stage.call("scheduled_plan", scheduled_plan_id=plan_id)
    return shown


def restored(stage: Stage, item: Any, judgement: Judgement | None = None, policy: Policy | None = None) -> ItemResult:
    result = ItemRestorer(stage.context(policy, judgement)).restore(item).result
    assert stage.simulator.log.incidents == [], "a plan was sent"
    return result


def planned(stage: Stage, item: Any, policy: Policy | None = None) -> ItemPlan:
    return ItemRestorer(stage.context(policy)).plan(item)


def with_fields(stage: Stage, key: str = "scheduled_plan=1", **values: Any) -> Any:
    """The item as if it had been backed up with these values; None removes the field, as in a backup."""
    item = stage.item(key)
    item.raw.update(values)
    for name in [name for name, value in item.raw.items() if value is None]:
        del item.raw[name]
    return item


def of_a_look(stage: Stage) -> Any:
    look = next(row for row in stage.world.table("look") if not row["deleted"])
    return with_fields(stage, dashboard_id=None, look_id=look["id"])


def delete(stage: Stage, plan_id: str = "1") -> None:
    stage.call("delete_scheduled_plan", scheduled_plan_id=plan_id)


def bodies(stage: Stage, operation: str) -> list[Any]:
    return [call.body for call in stage.simulator.log.calls if call.operation == operation]


def map_content(stage: Stage) -> None:
    """Record mappings of the content to the same ids in the other instance."""
    rows = [(kind, row["id"]) for kind in ("dashboard", "look", "user") for row in stage.world.table(kind)]
    stage.writer.record_mappings(SESSION, [Mapping(kind, key, key) for kind, key in rows])
