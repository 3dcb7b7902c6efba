"""A scheduled plan is created disabled, and enabled last; an unanswered create is never repeated blindly."""

from __future__ import annotations

import pytest

from lrestore.errors import InvalidContentError, LookerError
from lrestore.json_types import JsonObject
from lrestore.run.compare.planned_objects import calls_of
from tests.restoration.restore_fixture import Stage, writes
from tests.restoration.schedules.plans import OFF, bodies, delete, live_plan, of_a_look, planned, restored, with_fields


def test_a_plan_without_destinations_cannot_be_made(stage: Stage) -> None:
    delete(stage)
    with pytest.raises(InvalidContentError, match="scheduled_plan_destination"):
        restored(stage, with_fields(stage, scheduled_plan_destination=None))


def test_a_plan_without_time_cannot_be_made(stage: Stage) -> None:
    delete(stage)
    with pytest.raises(InvalidContentError, match="names no time"):
        restored(stage, with_fields(stage, crontab=None))


def test_a_plan_without_content_cannot_be_made(stage: Stage) -> None:
    delete(stage)
    with pytest.raises(InvalidContentError, match="names nothing to send"):
        restored(stage, with_fields(stage, dashboard_id=None))


def test_a_new_plan_is_created_disabled_and_enabled_last(stage: Stage) -> None:
    delete(stage)
    plan = planned(stage, stage.item("scheduled_plan=1"))
    calls = stage.counted(lambda: restored(stage, stage.item("scheduled_plan=1")))
    assert writes(calls) == {"create_scheduled_plan": 1, "update_scheduled_plan": 1}
    assert {name: count for name, count in calls_of(plan).items() if count} == writes(calls)
    (made,) = bodies(stage, "create_scheduled_plan")
    assert made["enabled"] is False
    assert "run_once" not in made
    assert "dashboard_filters" not in made
    assert bodies(stage, "update_scheduled_plan") == [{"enabled": True}]
    assert stage.restore("scheduled_plan=1").outcome == "unchanged"


def test_the_result_tells_whether_the_plan_is_enabled(stage: Stage) -> None:
    assert not restored(stage, stage.item("scheduled_plan=1")).enabled
    delete(stage)
    assert restored(stage, stage.item("scheduled_plan=1")).enabled
    stage.call("update_scheduled_plan", {"enabled": False}, scheduled_plan_id="2")
    assert restored(stage, stage.item("scheduled_plan=2")).enabled
    delete(stage, "3")
    assert not restored(stage, stage.item("scheduled_plan=3"), policy=OFF).enabled


def test_a_disabled_plan_stays_disabled(stage: Stage) -> None:
    delete(stage)
    item = with_fields(stage, enabled=False)
    calls = stage.counted(lambda: restored(stage, item))
    assert writes(calls) == {"create_scheduled_plan": 1}
    assert restored(stage, item).outcome == "unchanged"


def test_schedules_can_be_restored_disabled(stage: Stage) -> None:
    """An enabled live plan is disabled too, and a comparison with the same flag finds no difference."""
    delete(stage, "1")
    for number in (1, 2):
        item = stage.item(f"scheduled_plan={number}")
        result = restored(stage, item, policy=OFF)
        assert live_plan(stage, result.destination_id)["enabled"] is False
        assert planned(stage, item, OFF).action == "unchanged"
        assert planned(stage, item).action == "updated"


def test_a_plan_that_cannot_be_enabled_fails_and_exists(stage: Stage) -> None:
    delete(stage)
    stage.simulator.fault("status:422", operation="update_scheduled_plan")
    with pytest.raises(LookerError) as caught:
        stage.restore("scheduled_plan=1")
    assert caught.value.key == stage.item("scheduled_plan=1").key
    stage.simulator.simulation.faults.clear()
    result = stage.restore("scheduled_plan=1")
    assert (result.outcome, result.enabled) == ("updated", True)


def test_null_flags_are_sent_as_false_for_a_new_plan(stage: Stage) -> None:
    """A plan of a look requires some of them."""
    item = of_a_look(stage)
    for name in ("require_results", "require_no_results", "require_change", "send_all_results"):
        item.raw.pop(name, None)
    delete(stage)
    result = restored(stage, item)
    (made,) = bodies(stage, "create_scheduled_plan")
    assert made["require_results"] is made["require_no_results"] is made["require_change"] is False
    assert "run_once" not in made
    assert live_plan(stage, result.destination_id)["look_id"] == item.raw["look_id"]


@pytest.mark.parametrize("loss", ["reset_after", "status:502", "html:504", "cut", "truncate"])
def test_a_lost_answer_to_a_create_is_adopted_not_repeated(stage: Stage, loss: str) -> None:
    delete(stage)
    count = len(stage.world.table("scheduled_plan"))
    fault = stage.simulator.fault(loss, handled=True, operation="create_scheduled_plan", times=1)
    result = stage.restore("scheduled_plan=1")
    assert fault.fired == 1
    assert (result.outcome, result.enabled) == ("created", True)
    assert len(stage.world.table("scheduled_plan")) == count + 1
    assert not stage.reader.open_intents()
    assert stage.restore("scheduled_plan=1").outcome == "unchanged"


def test_a_namesake_is_not_adopted_after_an_unanswered_create(stage: Stage) -> None:
    delete(stage)
    raw = stage.item("scheduled_plan=1").raw
    stage.call("update_scheduled_plan", {"name": raw["name"], **one_of(raw)}, scheduled_plan_id="3")
    stage.simulator.fault("reset_before", operation="create_scheduled_plan", times=1)
    result = stage.restore("scheduled_plan=1")
    assert (result.outcome, result.destination_id == "3") == ("created", False)


def one_of(raw: JsonObject) -> JsonObject:
    names = ("dashboard_id", "look_id", "lookml_dashboard_id", "query_id")
    return {name: raw.get(name) for name in names}


def test_a_create_that_was_never_handled_is_repeated_after_a_search(stage: Stage) -> None:
    delete(stage)
    fault = stage.simulator.fault("reset_before", operation="create_scheduled_plan", times=1)
    assert stage.restore("scheduled_plan=1").outcome == "created"
    assert fault.fired == 1
    assert stage.restore("scheduled_plan=1").outcome == "unchanged"
