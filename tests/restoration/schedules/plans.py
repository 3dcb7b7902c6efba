"""Scheduled plans of an instance, and how tests restore them."""

from __future__ import annotations

from typing import Any

from lrestore.content.identity import Judgement
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult, ObjectMapping
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.policy import Policy
from tests.restoration.restore_fixture import SESSION, RestoreFixture

OTHER = Judgement("other")
OFF = Policy(max_retries=2, disable_schedules=True)


def live_plan(setup: RestoreFixture, plan_id: str = "1") -> JsonObject:
    shown: JsonObject = setup.call("scheduled_plan", scheduled_plan_id=plan_id)
    return shown


def restored(
    setup: RestoreFixture, item: Any, judgement: Judgement | None = None, policy: Policy | None = None
) -> ItemResult:
    result = ItemRestorer(setup.context(policy, judgement)).restore(item).result
    assert setup.simulator.log.incidents == [], "a plan was sent"
    return result


def planned(setup: RestoreFixture, item: Any, policy: Policy | None = None) -> ItemPlan:
    return ItemRestorer(setup.context(policy)).plan(item)


def with_fields(setup: RestoreFixture, key: str = "scheduled_plan=1", **values: Any) -> Any:
    """The item as if it had been backed up with these values; None removes the field, as in a backup."""
    item = setup.item(key)
    item.raw.update(values)
    for name in [name for name, value in item.raw.items() if value is None]:
        del item.raw[name]
    return item


def of_a_look(setup: RestoreFixture) -> Any:
    look = next(row for row in setup.world.table("look") if not row["deleted"])
    return with_fields(setup, dashboard_id=None, look_id=look["id"])


def delete(setup: RestoreFixture, plan_id: str = "1") -> None:
    setup.call("delete_scheduled_plan", scheduled_plan_id=plan_id)


def bodies(setup: RestoreFixture, operation: str) -> list[Any]:
    return [call.body for call in setup.simulator.log.calls if call.operation == operation]


def map_content(setup: RestoreFixture) -> None:
    """Record mappings of the content to the same ids in the other instance."""
    rows = [(kind, row["id"]) for kind in ("dashboard", "look", "user") for row in setup.world.table(kind)]
    setup.writer.record_mappings(SESSION, [ObjectMapping(kind, key, key) for kind, key in rows])
