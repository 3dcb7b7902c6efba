"""Scheduled plans are compared and updated, and never sent by a restore."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes
from tests.restoration.schedules.plans import bodies, live_plan, of_a_look, restored, with_fields


def test_unchanged_plans_cost_one_listing_and_no_write(setup: RestoreFixture) -> None:
    restorer = ItemRestorer(setup.context())
    calls = setup.counted(lambda: [restorer.restore(setup.item(f"scheduled_plan={n}")) for n in (1, 2, 3, 4)])
    assert calls == {"all_scheduled_plans": 1}


def test_plans_of_other_users_are_seen(setup: RestoreFixture) -> None:
    edit(setup.world, Edit(type="scheduled_plan", id="1", set={"user_id": "2"}))
    assert restored(setup, with_fields(setup, user_id="2")).outcome == "unchanged"


def test_drift_is_restored_with_one_call(setup: RestoreFixture) -> None:
    setup.call("update_scheduled_plan", {"crontab": "0 1 * * *", "enabled": False}, scheduled_plan_id="1")
    calls = setup.counted(lambda: setup.restore("scheduled_plan=1"))
    assert writes(calls) == {"update_scheduled_plan": 1}
    assert (live_plan(setup)["crontab"], live_plan(setup)["enabled"]) == ("0 7 * * 1", True)
    assert setup.restore("scheduled_plan=1").outcome == "unchanged"


def test_destinations_that_are_the_same_are_not_sent(setup: RestoreFixture) -> None:
    """A write replaces all destinations and drops their secrets."""
    setup.call("update_scheduled_plan", {"crontab": "0 1 * * *"}, scheduled_plan_id="1")
    setup.restore("scheduled_plan=1")
    assert bodies(setup, "update_scheduled_plan")[-1] == {"crontab": "0 7 * * 1"}


def test_the_order_of_destinations_is_ignored(setup: RestoreFixture) -> None:
    item = setup.item("scheduled_plan=1")
    one = item.raw["scheduled_plan_destination"][0]
    other = {**one, "id": "991", "address": "a@example.com"}
    item.raw["scheduled_plan_destination"] = [one, other]
    restored(setup, item)
    item.raw["scheduled_plan_destination"] = [other, one]
    assert restored(setup, item).outcome == "unchanged"


def test_destinations_that_differ_are_sent_completely_without_read_only_fields(setup: RestoreFixture) -> None:
    item = setup.item("scheduled_plan=1")
    one = item.raw["scheduled_plan_destination"][0]
    item.raw["scheduled_plan_destination"] = [one, {**one, "id": "991", "address": "a@example.com"}]
    result = restored(setup, item)
    assert [change.path for change in result.changes] == ["scheduled_plan_destination"]
    (sent,) = bodies(setup, "update_scheduled_plan")
    assert sent.keys() == {"scheduled_plan_destination"}
    assert len(sent["scheduled_plan_destination"]) == 2
    assert all(
        not {"id", "scheduled_plan_id", "looker_recipient", "can"} & entry.keys()
        for entry in sent["scheduled_plan_destination"]
    )
    assert len(live_plan(setup)["scheduled_plan_destination"]) == 2


@pytest.mark.parametrize("missing", [None, []])
def test_destinations_absent_from_the_backup_are_unchanged(setup: RestoreFixture, missing: Any) -> None:
    assert restored(setup, with_fields(setup, scheduled_plan_destination=missing)).outcome == "unchanged"


@pytest.mark.parametrize("kind", ["webhook", "s3", "sftp"])
def test_lost_secrets_are_reported(setup: RestoreFixture, kind: str) -> None:
    item = setup.item("scheduled_plan=1")
    item.raw["scheduled_plan_destination"][0]["type"] = kind
    result = restored(setup, item)
    assert any("secret parameters" in warning and kind in warning for warning in result.warnings)
    assert not any("secret" in warning for warning in restored(setup, item).warnings)


def test_a_change_from_crontab_to_datagroup_removes_the_crontab(setup: RestoreFixture) -> None:
    item = with_fields(setup, crontab=None, datagroup="sales::daily")
    restored(setup, item)
    assert bodies(setup, "update_scheduled_plan") == [{"crontab": None, "datagroup": "sales::daily"}]
    assert restored(setup, item).outcome == "unchanged"


def test_a_plan_sends_one_thing(setup: RestoreFixture) -> None:
    item = of_a_look(setup)
    restored(setup, item)
    assert bodies(setup, "update_scheduled_plan") == [{"dashboard_id": None, "look_id": item.raw["look_id"]}]
    assert restored(setup, item).outcome == "unchanged"
