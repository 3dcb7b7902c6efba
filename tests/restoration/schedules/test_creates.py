"""A scheduled plan is created disabled, and enabled last; an unanswered create is never repeated blindly."""

from __future__ import annotations

import pytest

from lrestore.errors import InvalidContentError, LookerError
from lrestore.json_types import JsonObject
from lrestore.run.compare.planned_objects import calls_of
from tests.restoration.restore_fixture import RestoreFixture, writes
from tests.restoration.schedules.plans import OFF, bodies, delete, live_plan, of_a_look, planned, restored, with_fields


def test_a_plan_without_destinations_cannot_be_made(setup: RestoreFixture) -> None:
    delete(setup)
    with pytest.raises(InvalidContentError, match="scheduled_plan_destination"):
        restored(setup, with_fields(setup, scheduled_plan_destination=None))


def test_a_plan_without_time_cannot_be_made(setup: RestoreFixture) -> None:
    delete(setup)
    with pytest.raises(InvalidContentError, match="names no time"):
        restored(setup, with_fields(setup, crontab=None))


def test_a_plan_without_content_cannot_be_made(setup: RestoreFixture) -> None:
    delete(setup)
    with pytest.raises(InvalidContentError, match="names nothing to send"):
        restored(setup, with_fields(setup, dashboard_id=None))


def test_a_new_plan_is_created_disabled_and_enabled_last(setup: RestoreFixture) -> None:
    delete(setup)
    plan = planned(setup, setup.item("scheduled_plan=1"))
    calls = setup.counted(lambda: restored(setup, setup.item("scheduled_plan=1")))
    assert writes(calls) == {"create_scheduled_plan": 1, "update_scheduled_plan": 1}
    assert {name: count for name, count in calls_of(plan).items() if count} == writes(calls)
    (made,) = bodies(setup, "create_scheduled_plan")
    assert made["enabled"] is False
    assert "run_once" not in made
    assert "dashboard_filters" not in made
    assert bodies(setup, "update_scheduled_plan") == [{"enabled": True}]
    assert setup.restore("scheduled_plan=1").outcome == "unchanged"


def test_the_result_tells_whether_the_plan_is_enabled(setup: RestoreFixture) -> None:
    assert not restored(setup, setup.item("scheduled_plan=1")).enabled
    delete(setup)
    assert restored(setup, setup.item("scheduled_plan=1")).enabled
    setup.call("update_scheduled_plan", {"enabled": False}, scheduled_plan_id="2")
    assert restored(setup, setup.item("scheduled_plan=2")).enabled
    delete(setup, "3")
    assert not restored(setup, setup.item("scheduled_plan=3"), policy=OFF).enabled


def test_a_disabled_plan_stays_disabled(setup: RestoreFixture) -> None:
    delete(setup)
    item = with_fields(setup, enabled=False)
    calls = setup.counted(lambda: restored(setup, item))
    assert writes(calls) == {"create_scheduled_plan": 1}
    assert restored(setup, item).outcome == "unchanged"


def test_schedules_can_be_restored_disabled(setup: RestoreFixture) -> None:
    """An enabled live plan is disabled too, and a comparison with the same flag finds no difference."""
    delete(setup, "1")
    for number in (1, 2):
        item = setup.item(f"scheduled_plan={number}")
        result = restored(setup, item, policy=OFF)
        assert live_plan(setup, result.destination_id)["enabled"] is False
        assert planned(setup, item, OFF).action == "unchanged"
        assert planned(setup, item).action == "updated"


def test_a_plan_that_cannot_be_enabled_fails_and_exists(setup: RestoreFixture) -> None:
    delete(setup)
    setup.simulator.fault("status:422", operation="update_scheduled_plan")
    with pytest.raises(LookerError) as caught:
        setup.restore("scheduled_plan=1")
    assert caught.value.key == setup.item("scheduled_plan=1").key
    setup.simulator.simulation.faults.clear()
    result = setup.restore("scheduled_plan=1")
    assert (result.outcome, result.enabled) == ("updated", True)


def test_null_flags_are_sent_as_false_for_a_new_plan(setup: RestoreFixture) -> None:
    """A plan of a look requires some of them."""
    item = of_a_look(setup)
    for name in ("require_results", "require_no_results", "require_change", "send_all_results"):
        item.raw.pop(name, None)
    delete(setup)
    result = restored(setup, item)
    (made,) = bodies(setup, "create_scheduled_plan")
    assert made["require_results"] is made["require_no_results"] is made["require_change"] is False
    assert "run_once" not in made
    assert live_plan(setup, result.destination_id)["look_id"] == item.raw["look_id"]


@pytest.mark.parametrize("loss", ["reset_after", "status:502", "html:504", "cut", "truncate"])
def test_a_lost_answer_to_a_create_is_adopted_not_repeated(setup: RestoreFixture, loss: str) -> None:
    delete(setup)
    count = len(setup.world.table("scheduled_plan"))
    fault = setup.simulator.fault(loss, handled=True, operation="create_scheduled_plan", times=1)
    result = setup.restore("scheduled_plan=1")
    assert fault.fired == 1
    assert (result.outcome, result.enabled) == ("created", True)
    assert len(setup.world.table("scheduled_plan")) == count + 1
    assert not setup.reader.open_intents()
    assert setup.restore("scheduled_plan=1").outcome == "unchanged"


def test_a_namesake_is_not_adopted_after_an_unanswered_create(setup: RestoreFixture) -> None:
    delete(setup)
    raw = setup.item("scheduled_plan=1").raw
    setup.call("update_scheduled_plan", {"name": raw["name"], **one_of(raw)}, scheduled_plan_id="3")
    setup.simulator.fault("reset_before", operation="create_scheduled_plan", times=1)
    result = setup.restore("scheduled_plan=1")
    assert (result.outcome, result.destination_id == "3") == ("created", False)


def one_of(raw: JsonObject) -> JsonObject:
    names = ("dashboard_id", "look_id", "lookml_dashboard_id", "query_id")
    return {name: raw.get(name) for name in names}


def test_a_create_that_was_never_handled_is_repeated_after_a_search(setup: RestoreFixture) -> None:
    delete(setup)
    fault = setup.simulator.fault("reset_before", operation="create_scheduled_plan", times=1)
    assert setup.restore("scheduled_plan=1").outcome == "created"
    assert fault.fired == 1
    assert setup.restore("scheduled_plan=1").outcome == "unchanged"
