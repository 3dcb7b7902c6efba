"""Scheduled plans are found by id, by name, owner and content; their owners are restored."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.errors import AmbiguousMatchError
from lrestore.json_types import JsonObject
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, incomplete
from tests.restoration.schedules.plans import OTHER, delete, live_plan, map_content, restored, with_fields


def test_a_plan_of_another_instance_is_matched_by_name_owner_and_content(setup: RestoreFixture) -> None:
    map_content(setup)
    setup.call("update_scheduled_plan", {"crontab": "0 1 * * *"}, scheduled_plan_id="1")
    setup.call("create_scheduled_plan", {**new_plan(setup), "name": live_plan(setup)["name"], **another_content(setup)})
    result = setup.restore("scheduled_plan=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("updated", "1")
    assert setup.restore("scheduled_plan=1", judgement=OTHER).outcome == "unchanged"


def new_plan(setup: RestoreFixture) -> JsonObject:
    mail = {"type": "email", "format": "wysiwyg_pdf", "address": "x@example.com"}
    return {"name": "New", "crontab": "0 7 * * 1", "enabled": False, "scheduled_plan_destination": [mail]}


def another_content(setup: RestoreFixture) -> JsonObject:
    look = next(row for row in setup.world.table("look") if not row["deleted"])
    switches = {"require_results": False, "require_no_results": False, "require_change": False}
    return {"look_id": look["id"], **switches}


def a_twin(setup: RestoreFixture, **fields: Any) -> str:
    """Another live plan like plan 1, with other values for these fields."""
    record = dict(setup.world.get("scheduled_plan", "1") or {})
    edit(setup.world, Edit(type="scheduled_plan", id="777", set={**record, **fields, "id": "777"}))
    return "777"


def test_two_indistinguishable_plans_are_a_dead_letter(setup: RestoreFixture) -> None:
    map_content(setup)
    a_twin(setup)
    with pytest.raises(AmbiguousMatchError, match="777"):
        setup.restore("scheduled_plan=1", judgement=OTHER)


@pytest.mark.parametrize(
    "fields",
    [
        {"crontab": "30 3 * * *"},
        {"crontab": None, "datagroup": "daily"},
        {"user_id": "2"},
        {"timezone": "Asia/Tokyo"},
        {"scheduled_plan_destination": []},
    ],
)
def test_of_two_plans_with_one_name_the_one_with_equal_content_matches(
    setup: RestoreFixture, fields: dict[str, Any]
) -> None:
    map_content(setup)
    a_twin(setup, **fields)
    result = setup.restore("scheduled_plan=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("unchanged", "1")


def test_a_plan_without_a_name_is_matched_by_its_content(setup: RestoreFixture) -> None:
    """A second one would send every mail twice."""
    map_content(setup)
    edit(setup.world, Edit(type="scheduled_plan", id="1", set={"name": None}))
    item = with_fields(setup, name=None)
    assert restored(setup, item, OTHER).destination_id == "1"


def test_a_plan_whose_owner_was_replaced_is_not_created_twice(setup: RestoreFixture) -> None:
    """An earlier run created it with the caller as owner, before its owner existed."""
    map_content(setup)
    item = with_fields(setup, user_id="2")
    assert restored(setup, item, OTHER).destination_id == "1"
    assert live_plan(setup)["user_id"] == "2"


def test_two_backed_up_plans_with_one_name_are_both_created(setup: RestoreFixture) -> None:
    """One at seven, one at eight: the second is not the first."""
    map_content(setup)
    first = setup.item("scheduled_plan=1")
    second = setup.item("scheduled_plan=2")
    second.raw.clear()
    second.raw.update(first.raw, id="2", crontab="0 8 * * 1")
    for plan_id in ("1", "2"):
        delete(setup, plan_id)
    ids = {restored(setup, item, OTHER).destination_id for item in (first, second)}
    assert len(ids) == 2
    assert [restored(setup, item, OTHER).outcome for item in (first, second)] == ["unchanged", "unchanged"]


def test_an_id_that_belongs_to_another_plan_now_is_left_alone(setup: RestoreFixture) -> None:
    edit(setup.world, Edit(type="scheduled_plan", id="1", set={"created_at": "2020-01-01T00:00:00Z", "name": "Other"}))
    result = setup.restore("scheduled_plan=1")
    assert result.outcome == "created"
    assert live_plan(setup)["name"] == "Other"
    assert any("belongs to another" in warning for warning in result.warnings)


def test_a_missing_owner_is_replaced_by_the_caller(setup: RestoreFixture) -> None:
    delete(setup)
    item = with_fields(setup, user_id="777")
    first, again = (incomplete(lambda: restored(setup, item)) for _ in range(2))
    assert (first.outcome, again.outcome) == ("created", "unchanged")
    assert live_plan(setup, first.destination_id)["user_id"] == "1"
    assert any("user=777" in warning for warning in first.warnings)
    assert any("rights of its owner" in warning for warning in first.warnings)


def test_a_missing_owner_is_replaced_by_the_fallback_owner(setup: RestoreFixture) -> None:
    delete(setup)
    policy = Policy(max_retries=2, fallback_owner="2")
    result = restored(setup, with_fields(setup, user_id="777"), policy=policy)
    assert live_plan(setup, result.destination_id)["user_id"] == "2"


def test_another_owner_is_set_back(setup: RestoreFixture) -> None:
    setup.call("update_scheduled_plan", {"user_id": "2"}, scheduled_plan_id="1")
    result = setup.restore("scheduled_plan=1")
    assert [change.path for change in result.changes] == ["user_id"]
    assert live_plan(setup)["user_id"] == "1"
