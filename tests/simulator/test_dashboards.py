"""Dashboards: ids, titles, slugs, trash, and the answers of reads."""

from __future__ import annotations

import pytest

from lrestore.simulator.core.config import Nested, SimulatorConfig
from lrestore.simulator.world.world import make_world
from tests.simulator.direct import Direct


def test_a_new_dashboard_gets_id_dates_slug_owner_and_one_active_layout(looker: Direct) -> None:
    made = looker.post("/dashboards", {"title": "New", "folder_id": "1"})
    assert looker.status == 200
    assert made["id"] == "13" and made["created_at"] == made["updated_at"]
    assert made["slug"] and made["user_id"] == "1" and made["folder"]["name"] == "Shared"
    (layout,) = made["dashboard_layouts"]
    assert layout["active"] is True and layout["type"] == "newspaper"
    assert made["dashboard_elements"] == made["dashboard_filters"] == []


def test_ids_are_never_given_twice(looker: Direct) -> None:
    first = looker.post("/dashboards", {"title": "A", "folder_id": "1"})
    looker.delete(f"/dashboards/{first['id']}")
    assert looker.status == 204
    assert int(looker.post("/dashboards", {"title": "B", "folder_id": "1"})["id"]) == int(first["id"]) + 1


def test_an_id_or_date_that_is_sent_is_ignored_and_noted(looker: Direct) -> None:
    body = {"title": "New", "folder_id": "1", "id": "4711", "created_at": "2020-01-01T00:00:00Z"}
    made = looker.post("/dashboards", body)
    assert made["id"] != "4711" and not made["created_at"].startswith("2020")
    assert looker.log.ignored_fields() == [("create_dashboard", "id"), ("create_dashboard", "created_at")]


@pytest.mark.parametrize("missing", ["title", "folder_id"])
def test_a_dashboard_needs_title_and_folder(looker: Direct, missing: str) -> None:
    body = {"title": "New", "folder_id": "1"}
    del body[missing]
    assert looker.fields(looker.post("/dashboards", body)) == {missing: "missing_field"}


def test_a_title_is_unique_in_its_folder_whatever_the_case(looker: Direct) -> None:
    looker.post("/dashboards", {"title": "New", "folder_id": "1"})
    refused = looker.post("/dashboards", {"title": "nEW", "folder_id": "1"})
    assert looker.fields(refused) == {"[:title, :space_id]": "already_exists"}
    looker.post("/dashboards", {"title": "New", "folder_id": "6"})
    assert looker.status == 200


def test_a_title_in_the_trash_is_free_but_then_undeleting_is_refused(looker: Direct) -> None:
    first = looker.post("/dashboards", {"title": "New", "folder_id": "1"})
    looker.patch(f"/dashboards/{first['id']}", {"deleted": True})
    looker.post("/dashboards", {"title": "New", "folder_id": "1"})
    assert looker.status == 200
    refused = looker.patch(f"/dashboards/{first['id']}", {"deleted": False})
    assert looker.fields(refused) == {"[:title, :space_id]": "already_exists"}


def test_a_slug_is_unique_in_the_instance_trash_included(looker: Direct) -> None:
    first = looker.post("/dashboards", {"title": "A", "folder_id": "1", "slug": "mine"})
    looker.patch(f"/dashboards/{first['id']}", {"deleted": True})
    refused = looker.post("/dashboards", {"title": "B", "folder_id": "6", "slug": "mine"})
    assert looker.status == 409 and set(refused) == {"message", "documentation_url"}


@pytest.mark.parametrize(
    ("field", "value"), [("folder_id", "999"), ("user_id", "999"), ("hidden", None), ("title", 7), ("nonsense", 1)]
)
def test_missing_and_invalid_values_are_refused(looker: Direct, field: str, value: object) -> None:
    refused = looker.post("/dashboards", {"title": "New", "folder_id": "1", field: value})
    assert looker.fields(refused) == {field: "invalid"}
    assert len(looker.world.table("dashboard")) == 12


def test_trash_keeps_the_dashboard_readable_but_out_of_searches(looker: Direct) -> None:
    trashed = looker.patch("/dashboards/1", {"deleted": True})
    assert trashed["deleted_at"] and trashed["deleter_id"] == "1"
    assert looker.get("/dashboards/1")["deleted"] is True
    assert "1" not in [d["id"] for d in looker.get("/dashboards/search")]
    assert "1" in [d["id"] for d in looker.get("/dashboards/search", deleted=True)]
    back = looker.patch("/dashboards/1", {"deleted": False})
    assert back["deleted_at"] is None and back["slug"] == trashed["slug"]
    assert len(back["dashboard_elements"]) == 20


def test_created_at_never_changes(looker: Direct) -> None:
    before = looker.get("/dashboards/1")
    after = looker.patch("/dashboards/1", {"title": "Other", "created_at": "2001-01-01T00:00:00Z"})
    assert after["created_at"] == before["created_at"] and after["updated_at"] > before["updated_at"]


def test_nested_lists_are_not_changed_by_an_update_of_the_dashboard(looker: Direct) -> None:
    after = looker.patch("/dashboards/1", {"dashboard_elements": [], "dashboard_filters": []})
    assert len(after["dashboard_elements"]) == 20 and len(after["dashboard_filters"]) == 6
    assert ("update_dashboard", "dashboard_elements") in looker.log.ignored_fields()


def test_a_delete_is_permanent_and_includes_all_parts(looker: Direct) -> None:
    tiles = looker.get("/dashboards/1")["dashboard_elements"]
    looker.delete("/dashboards/1")
    looker.get("/dashboards/1")
    assert looker.status == 404
    looker.get(f"/dashboard_elements/{tiles[0]['id']}")
    assert looker.status == 404
    assert looker.world.table("dashboard_filter").where("dashboard_id", "1") == []
    assert {incident.kind for incident in looker.log.incidents} >= {"plan_deleted"}


def test_a_slug_is_no_id(looker: Direct) -> None:
    looker.get(f"/dashboards/{looker.get('/dashboards/1')['slug']}")
    assert looker.status == 404


def test_fields_reduce_the_answer_at_every_level(looker: Direct) -> None:
    shown = looker.get("/dashboards/1", fields="id,dashboard_elements(id,query(model)),folder(name)")
    assert set(shown) == {"id", "dashboard_elements", "folder"}
    assert set(shown["dashboard_elements"][0]) == {"id", "query"}
    assert set(shown["folder"]) == {"name"}


def test_a_misspelt_field_is_refused(looker: Direct) -> None:
    assert looker.fields(looker.get("/dashboards/1", fields="id,titel")) == {"fields": "invalid"}


@pytest.mark.parametrize(("nested", "shown"), [("absent", "absent"), ("null", None), ("empty", [])])
def test_searches_can_be_configured_to_show_no_parts(nested: Nested, shown: object) -> None:
    looker = Direct(make_world(), SimulatorConfig(nested_in_search=nested))
    found = looker.get("/dashboards/search", id="1")[0]
    assert found.get("dashboard_elements", "absent") == shown
    assert len(looker.get("/dashboards/1")["dashboard_elements"]) == 20


def test_a_move_needs_another_folder(looker: Direct) -> None:
    here = looker.get("/dashboards/1")["folder_id"]
    assert looker.fields(looker.patch("/dashboards/1/move", folder_id=here)) == {"folder_id": "invalid"}
    assert looker.patch("/dashboards/1/move", folder_id="1")["folder_id"] == "1"


def test_deleting_a_folder_sends_its_content_to_the_trash_from_which_it_returns_only_to_another(looker: Direct) -> None:
    dashboard = looker.get("/dashboards/1")
    looker.delete(f"/folders/{dashboard['folder_id']}")
    assert looker.get("/dashboards/1")["deleted"] is True
    assert looker.fields(looker.patch("/dashboards/1", {"deleted": False})) == {"folder_id": "invalid"}
    assert looker.patch("/dashboards/1", {"deleted": False, "folder_id": "1"})["deleted"] is False
