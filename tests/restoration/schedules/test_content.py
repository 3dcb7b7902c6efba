"""The content that a scheduled plan sends: dashboards, looks, queries, tabs, filters."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.content.shapes.boundary import as_plan
from lrestore.errors import DependencyError, NotRestorableError
from lrestore.messages import ObjectMapping
from lrestore.restoration.identify.proof import proof_of
from lrestore.restoration.schedules.tabs import translated_tabs
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SESSION, RestoreFixture
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
def test_missing_content_is_reported(setup: RestoreFixture, name: str) -> None:
    target = name.removesuffix("_id")
    item = with_fields(setup, "scheduled_plan=1", **{"dashboard_id": None, name: "7777"})
    delete(setup)
    with pytest.raises(DependencyError, match=f"{target}=7777") as caught:
        restored(setup, item)
    assert caught.value.path == name
    assert bodies(setup, "create_scheduled_plan") == []


def test_a_missing_lookml_dashboard_is_reported(setup: RestoreFixture) -> None:
    item = with_fields(setup, dashboard_id=None, lookml_dashboard_id="gone::overview")
    delete(setup)
    with pytest.raises(DependencyError, match="lookml_dashboard=gone::overview"):
        restored(setup, item)


def test_a_hidden_lookml_dashboard_is_tried_if_its_model_exists(setup: RestoreFixture) -> None:
    name = f"{next(iter(setup.world.table('lookml_model')))['name']}::unseen"
    item = with_fields(setup, dashboard_id=None, lookml_dashboard_id=name)
    delete(setup)
    result = restored(setup, item)
    assert any(f"does not show lookml_dashboard={name}" in warning for warning in result.warnings)
    assert live_plan(setup, result.destination_id)["lookml_dashboard_id"] == name


def test_a_plan_of_a_query_keeps_it_in_the_same_instance(setup: RestoreFixture) -> None:
    query = next(iter(setup.world.table("query")))["id"]
    item = with_fields(setup, dashboard_id=None, query_id=query)
    delete(setup)
    result = restored(setup, item)
    assert live_plan(setup, result.destination_id)["query_id"] == query


def test_a_plan_of_a_query_cannot_go_to_another_instance(setup: RestoreFixture) -> None:
    query = next(iter(setup.world.table("query")))["id"]
    item = with_fields(setup, dashboard_id=None, query_id=query)
    with pytest.raises(NotRestorableError, match=f"query={query}"):
        restored(setup, item, OTHER)


def tabbed(setup: RestoreFixture) -> Any:
    """A plan of a dashboard that sends its second tab."""
    setup.call("create_dashboard_layout", {"dashboard_id": "1", "type": "newspaper", "label": "Details"})
    layouts = setup.dashboard("1")["dashboard_layouts"]
    item = with_fields(setup, dashboard_id="1", tab_ids=[layouts[-1]["id"]])
    backed_up = setup.vault.read(item.key.__class__("dashboard", "1"))
    return item, backed_up, layouts


def test_tabs_keep_their_ids_in_the_same_instance(setup: RestoreFixture) -> None:
    item, _, layouts = tabbed(setup)
    restored(setup, item)
    assert live_plan(setup)["tab_ids"] == [layouts[-1]["id"]]
    assert restored(setup, item).outcome == "unchanged"


def test_a_recreated_tab_in_the_same_instance_is_sent_by_its_new_id(setup: RestoreFixture) -> None:
    item, _, layouts = tabbed(setup)
    lost = layouts[-1]
    setup.call("delete_dashboard_layout", dashboard_layout_id=lost["id"])
    made = setup.call(
        "create_dashboard_layout", {"dashboard_id": "1", "type": lost["type"], "label": lost["label"] or "Again"}
    )
    mapping = ObjectMapping("dashboard_layout", lost["id"], made["id"], proof_of("dashboard_layout", made))
    setup.writer.record_mappings(SESSION, [mapping])
    tabs = [lost["id"], layouts[0]["id"]]
    translated = translated_tabs(setup.context(), item.key, as_plan({**item.raw, "tab_ids": tabs}), "1")
    assert translated == [made["id"], layouts[0]["id"]]


def test_a_tab_that_the_dashboard_lacks_is_named(setup: RestoreFixture) -> None:
    item, _, _ = tabbed(setup)
    raw = as_plan({**item.raw, "tab_ids": ["999"]})
    with pytest.raises(
        DependencyError, match=r"dashboard_layout=999 .*a tab that dashboard 1 of the destination lacks"
    ):
        translated_tabs(setup.context(judgement=OTHER), item.key, raw, "1")


FILTERS = "?Region=APAC&Sold+Date=7+days"


def with_filters(setup: RestoreFixture) -> Any:
    """The item as Looker showed it: its filters under the current and the deprecated name."""
    return with_fields(setup, filters_string=FILTERS, dashboard_filters=FILTERS)


@pytest.mark.parametrize("judgement", [None, OTHER])
def test_a_plan_with_filters_is_recreated_with_them(setup: RestoreFixture, judgement: Judgement | None) -> None:
    """Dashboards have their filters under the name of a plan's deprecated text."""
    item = with_filters(setup)
    delete(setup)
    map_content(setup)
    result = restored(setup, item, judgement)
    assert result.outcome == "created"
    made = live_plan(setup, result.destination_id)
    assert (made["filters_string"], made["dashboard_filters"]) == (FILTERS, FILTERS)
    sent = [*bodies(setup, "create_scheduled_plan"), *bodies(setup, "update_scheduled_plan")]
    assert sent and not any("dashboard_filters" in body for body in sent)
    assert restored(setup, item, judgement).outcome == "unchanged"


def test_a_plan_with_filters_gets_its_times_back(setup: RestoreFixture) -> None:
    item = with_filters(setup)
    setup.call("update_scheduled_plan", {"filters_string": FILTERS, "crontab": "1 2 * * *"}, scheduled_plan_id="1")
    assert planned(setup, item).action == "updated"
    assert [change.path for change in restored(setup, item).changes] == ["crontab"]
    assert "dashboard_filters" not in bodies(setup, "update_scheduled_plan")[-1]


def test_tabs_of_a_trashed_dashboard_do_not_count_as_deleted(setup: RestoreFixture) -> None:
    """Looker shows them as deleted until the dashboard is out of the trash."""
    tab = setup.item("dashboard=2").raw["dashboard_layouts"][0]
    there = setup.call("create_dashboard_layout", {"dashboard_id": "1", "type": "newspaper", "label": tab["label"]})
    for one in setup.dashboard("1")["dashboard_layouts"][:-1]:
        edit(setup.world, Edit(type="dashboard_layout", id=one["id"], set={"label": "Another"}))
    item = with_fields(setup, dashboard_id="2", tab_ids=[tab["id"]])
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="1")
    assert all(one["deleted"] for one in setup.dashboard("1")["dashboard_layouts"])
    assert translated_tabs(setup.context(), item.key, item.raw, "1") == [there["id"]]
