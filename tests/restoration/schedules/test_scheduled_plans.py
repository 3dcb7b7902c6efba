"""Scheduled plans are matched, compared, created disabled, enabled last, and never sent by a restore."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.content.shapes.boundary import as_plan
from lrestore.errors import AmbiguousMatchError, DependencyError, InvalidContentError, LookerError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult, Mapping
from lrestore.restoration.identify.proof import proof_of
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.policy import Policy
from lrestore.restoration.schedules.tabs import translated_tabs
from lrestore.run.compare.planned_objects import calls_of
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SESSION, SMALL, Stage, incomplete, writes

OTHER = Judgement("other")
OFF = Policy(max_retries=2, disable_schedules=True)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An instance with plans: 1 and 3 send dashboards, 2 and 4 looks."""
    with Stage(tmp_path, sizes=replace(SMALL, boards=0, plans=4)) as made:
        yield made


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


def test_unchanged_plans_cost_one_listing_and_no_write(stage: Stage) -> None:
    restorer = ItemRestorer(stage.context())
    calls = stage.counted(lambda: [restorer.restore(stage.item(f"scheduled_plan={n}")) for n in (1, 2, 3, 4)])
    assert calls == {"all_scheduled_plans": 1}


def test_plans_of_other_users_are_seen(stage: Stage) -> None:
    edit(stage.world, Edit(type="scheduled_plan", id="1", set={"user_id": "2"}))
    assert restored(stage, with_fields(stage, user_id="2")).outcome == "unchanged"


def test_drift_is_restored_with_one_call(stage: Stage) -> None:
    stage.call("update_scheduled_plan", {"crontab": "0 1 * * *", "enabled": False}, scheduled_plan_id="1")
    calls = stage.counted(lambda: stage.restore("scheduled_plan=1"))
    assert writes(calls) == {"update_scheduled_plan": 1}
    assert (live_plan(stage)["crontab"], live_plan(stage)["enabled"]) == ("0 7 * * 1", True)
    assert stage.restore("scheduled_plan=1").outcome == "unchanged"


def test_destinations_that_are_the_same_are_not_sent(stage: Stage) -> None:
    """A write replaces all destinations and drops their secrets."""
    stage.call("update_scheduled_plan", {"crontab": "0 1 * * *"}, scheduled_plan_id="1")
    stage.restore("scheduled_plan=1")
    assert bodies(stage, "update_scheduled_plan")[-1] == {"crontab": "0 7 * * 1"}


def test_the_order_of_destinations_is_ignored(stage: Stage) -> None:
    item = stage.item("scheduled_plan=1")
    one = item.raw["scheduled_plan_destination"][0]
    other = {**one, "id": "991", "address": "a@example.com"}
    item.raw["scheduled_plan_destination"] = [one, other]
    restored(stage, item)
    item.raw["scheduled_plan_destination"] = [other, one]
    assert restored(stage, item).outcome == "unchanged"


def test_destinations_that_differ_are_sent_completely_without_read_only_fields(stage: Stage) -> None:
    item = stage.item("scheduled_plan=1")
    one = item.raw["scheduled_plan_destination"][0]
    item.raw["scheduled_plan_destination"] = [one, {**one, "id": "991", "address": "a@example.com"}]
    result = restored(stage, item)
    assert [change.path for change in result.changes] == ["scheduled_plan_destination"]
    (sent,) = bodies(stage, "update_scheduled_plan")
    assert sent.keys() == {"scheduled_plan_destination"}
    assert len(sent["scheduled_plan_destination"]) == 2
    assert all(
        not {"id", "scheduled_plan_id", "looker_recipient", "can"} & entry.keys()
        for entry in sent["scheduled_plan_destination"]
    )
    assert len(live_plan(stage)["scheduled_plan_destination"]) == 2


@pytest.mark.parametrize("missing", [None, []])
def test_destinations_absent_from_the_backup_are_unchanged(stage: Stage, missing: Any) -> None:
    assert restored(stage, with_fields(stage, scheduled_plan_destination=missing)).outcome == "unchanged"


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


@pytest.mark.parametrize("kind", ["webhook", "s3", "sftp"])
def test_lost_secrets_are_reported(stage: Stage, kind: str) -> None:
    item = stage.item("scheduled_plan=1")
    item.raw["scheduled_plan_destination"][0]["type"] = kind
    result = restored(stage, item)
    assert any("secret parameters" in warning and kind in warning for warning in result.warnings)
    assert not any("secret" in warning for warning in restored(stage, item).warnings)


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


def test_a_change_from_crontab_to_datagroup_removes_the_crontab(stage: Stage) -> None:
    item = with_fields(stage, crontab=None, datagroup="sales::daily")
    restored(stage, item)
    assert bodies(stage, "update_scheduled_plan") == [{"crontab": None, "datagroup": "sales::daily"}]
    assert restored(stage, item).outcome == "unchanged"


def test_a_plan_sends_one_thing(stage: Stage) -> None:
    item = of_a_look(stage)
    restored(stage, item)
    assert bodies(stage, "update_scheduled_plan") == [{"dashboard_id": None, "look_id": item.raw["look_id"]}]
    assert restored(stage, item).outcome == "unchanged"


@pytest.mark.parametrize("name", ["dashboard_id", "look_id"])
def test_missing_content_is_reported(stage: Stage, name: str) -> None:
    target = name.removesuffix("_id")
    item = with_fields(stage, "scheduled_plan=1", **{"dashboard_id": None, name: "7777"})
    delete(stage)
    with pytest.raises(DependencyError, match=f"{target}=7777") as caught:
        restored(stage, item)
    assert caught.value.path == name
    assert bodies(stage, "create_scheduled_plan") == []


def test_a_missing_lookml_dashboard_is_reported(stage: Stage) -> None:
    item = with_fields(stage, dashboard_id=None, lookml_dashboard_id="gone::overview")
    delete(stage)
    with pytest.raises(DependencyError, match="lookml_dashboard=gone::overview"):
        restored(stage, item)


def test_a_hidden_lookml_dashboard_is_tried_if_its_model_exists(stage: Stage) -> None:
    name = f"{next(iter(stage.world.table('lookml_model')))['name']}::unseen"
    item = with_fields(stage, dashboard_id=None, lookml_dashboard_id=name)
    delete(stage)
    result = restored(stage, item)
    assert any(f"does not show lookml_dashboard={name}" in warning for warning in result.warnings)
    assert live_plan(stage, result.destination_id)["lookml_dashboard_id"] == name


def test_a_plan_of_a_query_keeps_it_in_the_same_instance(stage: Stage) -> None:
    query = next(iter(stage.world.table("query")))["id"]
    item = with_fields(stage, dashboard_id=None, query_id=query)
    delete(stage)
    result = restored(stage, item)
    assert live_plan(stage, result.destination_id)["query_id"] == query


def test_a_plan_of_a_query_cannot_go_to_another_instance(stage: Stage) -> None:
    query = next(iter(stage.world.table("query")))["id"]
    item = with_fields(stage, dashboard_id=None, query_id=query)
    with pytest.raises(NotRestorableError, match=f"query={query}"):
        restored(stage, item, OTHER)


def test_a_plan_of_another_instance_is_matched_by_name_owner_and_content(stage: Stage) -> None:
    map_content(stage)
    stage.call("update_scheduled_plan", {"crontab": "0 1 * * *"}, scheduled_plan_id="1")
    stage.call("create_scheduled_plan", {**new_plan(stage), "name": live_plan(stage)["name"], **another_content(stage)})
    result = stage.restore("scheduled_plan=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("updated", "1")
    assert stage.restore("scheduled_plan=1", judgement=OTHER).outcome == "unchanged"


def new_plan(stage: Stage) -> JsonObject:
    mail = {"type": "email", "format": "wysiwyg_pdf", "address": "x@example.com"}
    return {"name": "New", "crontab": "0 7 * * 1", "enabled": False, "scheduled_plan_destination": [mail]}


def another_content(stage: Stage) -> JsonObject:
    look = next(row for row in stage.world.table("look") if not row["deleted"])
    switches = {"require_results": False, "require_no_results": False, "require_change": False}
    return {"look_id": look["id"], **switches}


def a_twin(stage: Stage, **fields: Any) -> str:
    """Another live plan like plan 1, with other values for these fields."""
    record = dict(stage.world.get("scheduled_plan", "1") or {})
    edit(stage.world, Edit(type="scheduled_plan", id="777", set={**record, **fields, "id": "777"}))
    return "777"


def test_two_indistinguishable_plans_are_a_dead_letter(stage: Stage) -> None:
    map_content(stage)
    a_twin(stage)
    with pytest.raises(AmbiguousMatchError, match="777"):
        stage.restore("scheduled_plan=1", judgement=OTHER)


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
def test_of_two_plans_with_one_name_the_one_with_equal_content_matches(stage: Stage, fields: dict[str, Any]) -> None:
    map_content(stage)
    a_twin(stage, **fields)
    result = stage.restore("scheduled_plan=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("unchanged", "1")


def test_a_plan_without_a_name_is_matched_by_its_content(stage: Stage) -> None:
    """A second one would send every mail twice."""
    map_content(stage)
    edit(stage.world, Edit(type="scheduled_plan", id="1", set={"name": None}))
    item = with_fields(stage, name=None)
    assert restored(stage, item, OTHER).destination_id == "1"


def test_a_plan_whose_owner_was_replaced_is_not_created_twice(stage: Stage) -> None:
    """An earlier run created it with the caller as owner, before its owner existed."""
    map_content(stage)
    item = with_fields(stage, user_id="2")
    assert restored(stage, item, OTHER).destination_id == "1"
    assert live_plan(stage)["user_id"] == "2"


def test_two_backed_up_plans_with_one_name_are_both_created(stage: Stage) -> None:
    """One at seven, one at eight: the second is not the first."""
    map_content(stage)
    first = stage.item("scheduled_plan=1")
    second = stage.item("scheduled_plan=2")
    second.raw.clear()
    second.raw.update(first.raw, id="2", crontab="0 8 * * 1")
    for plan_id in ("1", "2"):
        delete(stage, plan_id)
    ids = {restored(stage, item, OTHER).destination_id for item in (first, second)}
    assert len(ids) == 2
    assert [restored(stage, item, OTHER).outcome for item in (first, second)] == ["unchanged", "unchanged"]


def test_an_id_that_belongs_to_another_plan_now_is_left_alone(stage: Stage) -> None:
    edit(stage.world, Edit(type="scheduled_plan", id="1", set={"created_at": "2020-01-01T00:00:00Z", "name": "Other"}))
    result = stage.restore("scheduled_plan=1")
    assert result.outcome == "created"
    assert live_plan(stage)["name"] == "Other"
    assert any("belongs to another" in warning for warning in result.warnings)


def test_a_missing_owner_is_replaced_by_the_caller(stage: Stage) -> None:
    delete(stage)
    item = with_fields(stage, user_id="777")
    first, again = (incomplete(lambda: restored(stage, item)) for _ in range(2))
    assert (first.outcome, again.outcome) == ("created", "unchanged")
    assert live_plan(stage, first.destination_id)["user_id"] == "1"
    assert any("user=777" in warning for warning in first.warnings)
    assert any("rights of its owner" in warning for warning in first.warnings)


def test_a_missing_owner_is_replaced_by_the_fallback_owner(stage: Stage) -> None:
    delete(stage)
    policy = Policy(max_retries=2, fallback_owner="2")
    result = restored(stage, with_fields(stage, user_id="777"), policy=policy)
    assert live_plan(stage, result.destination_id)["user_id"] == "2"


def test_another_owner_is_set_back(stage: Stage) -> None:
    stage.call("update_scheduled_plan", {"user_id": "2"}, scheduled_plan_id="1")
    result = stage.restore("scheduled_plan=1")
    assert [change.path for change in result.changes] == ["user_id"]
    assert live_plan(stage)["user_id"] == "1"


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


def tabbed(stage: Stage) -> Any:
    """A plan of a dashboard that sends its second tab."""
    stage.call("create_dashboard_layout", {"dashboard_id": "1", "type": "newspaper", "label": "Details"})
    layouts = stage.dashboard("1")["dashboard_layouts"]
    item = with_fields(stage, dashboard_id="1", tab_ids=[layouts[-1]["id"]])
    backed_up = stage.vault.read(item.key.__class__("dashboard", "1"))
    return item, backed_up, layouts


def test_tabs_keep_their_ids_in_the_same_instance(stage: Stage) -> None:
    item, _, layouts = tabbed(stage)
    restored(stage, item)
    assert live_plan(stage)["tab_ids"] == [layouts[-1]["id"]]
    assert restored(stage, item).outcome == "unchanged"


def test_a_recreated_tab_in_the_same_instance_is_sent_by_its_new_id(stage: Stage) -> None:
    item, _, layouts = tabbed(stage)
    lost = layouts[-1]
    stage.call("delete_dashboard_layout", dashboard_layout_id=lost["id"])
    made = stage.call(
        "create_dashboard_layout", {"dashboard_id": "1", "type": lost["type"], "label": lost["label"] or "Again"}
    )
    mapping = Mapping("dashboard_layout", lost["id"], made["id"], proof_of("dashboard_layout", made))
    stage.writer.record_mappings(SESSION, [mapping])
    tabs = [lost["id"], layouts[0]["id"]]
    translated = translated_tabs(stage.context(), item.key, as_plan({**item.raw, "tab_ids": tabs}), "1")
    assert translated == [made["id"], layouts[0]["id"]]


FILTERS = "?Region=APAC&Sold+Date=7+days"


def with_filters(stage: Stage) -> Any:
    """The item as Looker showed it: its filters under the current and the deprecated name."""
    return with_fields(stage, filters_string=FILTERS, dashboard_filters=FILTERS)


@pytest.mark.parametrize("judgement", [None, OTHER])
def test_a_plan_with_filters_is_recreated_with_them(stage: Stage, judgement: Judgement | None) -> None:
    """Dashboards have their filters under the name of a plan's deprecated text."""
    item = with_filters(stage)
    delete(stage)
    map_content(stage)
    result = restored(stage, item, judgement)
    assert result.outcome == "created"
    made = live_plan(stage, result.destination_id)
    assert (made["filters_string"], made["dashboard_filters"]) == (FILTERS, FILTERS)
    sent = [*bodies(stage, "create_scheduled_plan"), *bodies(stage, "update_scheduled_plan")]
    assert sent and not any("dashboard_filters" in body for body in sent)
    assert restored(stage, item, judgement).outcome == "unchanged"


def test_a_plan_with_filters_gets_its_times_back(stage: Stage) -> None:
    item = with_filters(stage)
    stage.call("update_scheduled_plan", {"filters_string": FILTERS, "crontab": "1 2 * * *"}, scheduled_plan_id="1")
    assert planned(stage, item).action == "updated"
    assert [change.path for change in restored(stage, item).changes] == ["crontab"]
    assert "dashboard_filters" not in bodies(stage, "update_scheduled_plan")[-1]


def test_tabs_of_a_trashed_dashboard_do_not_count_as_deleted(stage: Stage) -> None:
    """Looker shows them as deleted until the dashboard is out of the trash."""
    tab = stage.item("dashboard=2").raw["dashboard_layouts"][0]
    there = stage.call("create_dashboard_layout", {"dashboard_id": "1", "type": "newspaper", "label": tab["label"]})
    for one in stage.dashboard("1")["dashboard_layouts"][:-1]:
        edit(stage.world, Edit(type="dashboard_layout", id=one["id"], set={"label": "Another"}))
    item = with_fields(stage, dashboard_id="2", tab_ids=[tab["id"]])
    stage.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    assert all(one["deleted"] for one in stage.dashboard("1")["dashboard_layouts"])
    assert translated_tabs(stage.context(), item.key, item.raw, "1") == [there["id"]]
