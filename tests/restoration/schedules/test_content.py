"""The content that a scheduled plan sends: dashboards, looks, queries, tabs, filters."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.content.shapes.boundary import as_plan
from lrestore.errors import DependencyError, NotRestorableError
from lrestore.messages import Mapping
from lrestore.restoration.identify.proof import proof_of
from lrestore.restoration.schedules.tabs import translated_tabs
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SESSION, Stage
from tests.restoration.schedules.plans import (
    OTHER,
    bodies,
    delete,
    live_plan,
    map_content,
    planned,
    restored,
    with_fields,
)


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
