"""Refusals and effects of writes to looks, queries, folders, users, groups, roles, sets, models, boards and plans."""

from __future__ import annotations

import re
from typing import Literal

import pytest

from lrestore.simulator.api.crud import HANDLERS
from lrestore.simulator.core import schema
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import make_world
from tests.simulator.direct import Direct

QUERY = {"model": "ecommerce", "view": "orders", "fields": ["orders.count"]}


def test_an_identical_query_comes_back_as_the_old_one(looker: Direct) -> None:
    first = looker.post("/queries", QUERY)
    again = looker.post("/queries", {**QUERY, "client_id": "another-token", "pivots": None})
    other = looker.post("/queries", {**QUERY, "limit": "10"})
    assert first["id"] == again["id"] != other["id"]
    assert looker.get(f"/queries/slug/{first['slug']}")["id"] == first["id"]


@pytest.mark.parametrize("change", [{"model": "nowhere"}, {"view": "nowhere"}])
def test_a_query_of_an_unknown_explore_is_answered_404(looker: Direct, change: dict[str, str]) -> None:
    looker.post("/queries", {**QUERY, **change})
    assert looker.status == 404


def test_an_identical_merge_query_comes_back_as_the_old_one(looker: Direct) -> None:
    query_id = looker.post("/queries", QUERY)["id"]
    sent = {"source_queries": [{"query_id": query_id, "name": "q_0"}], "sorts": []}
    first = looker.post("/merge_queries", sent)
    assert looker.post("/merge_queries", sent)["id"] == first["id"]
    unknown = {"source_queries": [{"query_id": "999999"}]}
    assert looker.fields(looker.post("/merge_queries", unknown)) == {"source_queries[0].query_id": "invalid"}


def test_a_look_shows_its_query_by_id_but_not_in_searches(looker: Direct) -> None:
    assert looker.get("/looks/1")["query"]["id"] == looker.get("/looks/1")["query_id"]
    assert "query" not in looker.get("/looks/search", id="1")[0]
    folder = looker.get("/looks/1")["folder_id"]
    assert looker.get(f"/folders/{folder}/looks")[0]["query"]


def test_a_look_needs_title_query_and_folder(looker: Direct) -> None:
    assert looker.fields(looker.post("/looks", {})) == {
        "title": "missing_field",
        "query_id": "missing_field",
        "folder_id": "missing_field",
    }
    query_id = looker.post("/queries", QUERY)["id"]
    made = looker.post("/looks", {"title": "L", "folder_id": "1", "query_id": query_id})
    assert made["query"]["id"] == query_id and made["model"]["id"] == "ecommerce"
    twin = looker.post("/looks", {"title": "l", "folder_id": "1", "query_id": query_id})
    assert looker.fields(twin) == {"[:title, :space_id]": "already_exists"}


def test_a_folder_name_is_unique_below_its_parent(looker: Direct) -> None:
    made = looker.post("/folders", {"name": "New", "parent_id": "1"})
    assert made["creator_id"] == "1" and made["content_metadata_id"]
    assert looker.fields(looker.post("/folders", {"name": "NEW", "parent_id": "1"})) == {"name": "already_exists"}
    assert looker.fields(looker.post("/folders", {"name": "N", "parent_id": "999"})) == {"parent_id": "invalid"}
    assert looker.fields(looker.post("/folders", {"name": "N"})) == {"parent_id": "missing_field"}


def test_a_folder_is_renamed_and_moved_but_never_below_itself(looker: Direct) -> None:
    top = looker.post("/folders", {"name": "Top", "parent_id": "1"})["id"]
    below = looker.post("/folders", {"name": "Below", "parent_id": top})["id"]
    assert looker.fields(looker.patch(f"/folders/{top}", {"parent_id": below})) == {"parent_id": "invalid"}
    assert looker.patch(f"/folders/{below}", {"name": "Up", "parent_id": "1"})["parent_id"] == "1"


@pytest.mark.parametrize("which", ["1", "2", "lookml"])
def test_root_folders_cannot_be_written(looker: Direct, which: str) -> None:
    looker.patch(f"/folders/{which}", {"name": "Mine"})
    assert looker.status == 403
    looker.delete(f"/folders/{which}")
    assert looker.status == 403


def test_personal_folders_come_with_users_and_cannot_be_written(looker: Direct) -> None:
    user = looker.post("/users", {"first_name": "New", "last_name": "One"})
    folder = looker.get(f"/folders/{user['personal_folder_id']}")
    assert folder["is_personal"] and folder["creator_id"] == user["id"]
    looker.patch(f"/folders/{folder['id']}", {"name": "X"})
    assert looker.status == 403


def test_a_users_mail_address_is_a_credential_and_unique(looker: Direct) -> None:
    user = looker.post("/users", {"first_name": "New", "email": "new@example.com"})
    assert user["email"] is None and ("create_user", "email") in looker.log.ignored_fields()
    path = f"/users/{user['id']}/credentials_email"
    looker.post(path, {"email": looker.get("/users/1")["email"]})
    assert looker.status == 409
    looker.post(path, {"email": "new@example.com"})
    assert looker.get(f"/users/{user['id']}")["email"] == "new@example.com"
    assert looker.get("/users/credential/email/new@example.com")["id"] == user["id"]


def test_roles_of_a_user_are_replaced_as_a_whole(looker: Direct) -> None:
    assert [role["id"] for role in looker.put("/users/3/roles", ["2", "3"])] == ["2", "3"]
    assert looker.fields(looker.put("/users/3/roles", ["2", "99"])) == {"body": "invalid"}
    assert looker.fields(looker.put("/users/3/roles", [2])) == {"[0]": "invalid"}
    assert looker.get("/users/3")["role_ids"] == ["2", "3"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/groups", {"name": "Analysts"}),
        ("/roles", {"name": "viewer", "permission_set_id": "2", "model_set_id": "2"}),
        ("/permission_sets", {"name": "VIEWER", "permissions": []}),
        ("/model_sets", {"name": "Ecommerce models", "models": []}),
    ],
)
def test_names_are_unique_whatever_the_case(looker: Direct, path: str, body: dict[str, object]) -> None:
    assert looker.fields(looker.post(path, body)) == {"name": "already_exists"}
    looker.post(path, {**body, "name": "Something else"})
    assert looker.status == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/roles/1", 405), ("/permission_sets/1", 405), ("/model_sets/1", 405), ("/groups/1", 403)]
)
def test_built_in_objects_cannot_be_written(looker: Direct, path: str, status: int) -> None:
    looker.patch(path, {"name": "Mine"})
    assert looker.status == status
    looker.delete(path)
    assert looker.status == status


def test_a_role_shows_its_sets_and_refuses_unknown_ones(looker: Direct) -> None:
    sent = {"name": "New", "permission_set_id": "2", "model_set_id": "2"}
    made = looker.post("/roles", sent)
    assert made["permission_set"]["name"] == "Developer" and made["model_set"]["models"] == ["ecommerce"]
    assert looker.fields(looker.post("/roles", {**sent, "name": "X", "model_set_id": "9"})) == {
        "model_set_id": "invalid"
    }


def test_group_members_and_nesting(looker: Direct) -> None:
    looker.post("/groups/2/users", {"user_id": "8"})
    assert "8" in [user["id"] for user in looker.get("/groups/2/users")]
    assert "2" in looker.get("/users/8")["group_ids"]
    looker.delete("/groups/2/users/8")
    assert "8" not in [user["id"] for user in looker.get("/groups/2/users")]
    looker.post("/groups/1/users", {"user_id": "8"})
    assert looker.status == 403
    looker.post("/groups/4/groups", {"group_id": "5"})
    assert looker.fields(looker.post("/groups/5/groups", {"group_id": "4"})) == {"group_id": "invalid"}


def test_a_model_is_found_by_name_and_created_once(looker: Direct) -> None:
    assert looker.get("/lookml_models/ecommerce")["explores"][0]["name"] == "orders"
    looker.post("/lookml_models", {"name": "ecommerce", "project_name": "p"})
    assert looker.status == 409
    looker.post("/lookml_models", {"name": "new", "project_name": "p", "allowed_db_connection_names": ["c"]})
    assert looker.patch("/lookml_models/new", {"unlimited_db_connections": True})["unlimited_db_connections"] is True
    assert looker.get("/lookml_models/ecommerce/explores/orders")["id"] == "ecommerce::orders"
    looker.get("/lookml_models/ecommerce/explores/nowhere")
    assert looker.status == 404


def test_a_board_keeps_the_order_of_its_sections_and_items(looker: Direct) -> None:
    board = looker.post("/boards", {"title": "B"})["id"]
    sections = [looker.post("/board_sections", {"board_id": board, "title": t})["id"] for t in "ab"]
    assert looker.get(f"/boards/{board}")["section_order"] == sections
    item = looker.post("/board_items", {"board_section_id": sections[0], "dashboard_id": "1"})
    assert item["title"] == looker.get("/dashboards/1")["title"]
    refused = looker.patch(f"/boards/{board}", {"section_order": ["999"]})
    assert looker.fields(refused) == {"section_order": "invalid"}
    looker.delete(f"/board_sections/{sections[0]}")
    assert looker.get(f"/boards/{board}")["section_order"] == sections[1:]


def test_a_plan_needs_content_time_and_destination(looker: Direct) -> None:
    mail = {"type": "email", "format": "wysiwyg_pdf", "address": "a@example.com"}
    good = {"name": "P", "dashboard_id": "1", "crontab": "0 1 * * *", "scheduled_plan_destination": [mail]}
    assert looker.post("/scheduled_plans", good)["scheduled_plan_destination"][0]["id"]
    assert looker.log.incidents == []
    for change, field in (
        ({"dashboard_id": None}, "base"),
        ({"crontab": None}, "crontab"),
        ({"scheduled_plan_destination": []}, "scheduled_plan_destination"),
        ({"datagroup": "d"}, "crontab"),
        ({"look_id": "1"}, "base"),
    ):
        assert field in looker.fields(looker.post("/scheduled_plans", {**good, **change}))


def test_a_plan_that_runs_at_once_is_an_incident(looker: Direct) -> None:
    """A restore must never send mail."""
    mail = {"type": "email", "format": "wysiwyg_pdf", "address": "a@example.com"}
    sent = {"name": "P", "dashboard_id": "1", "run_once": True, "scheduled_plan_destination": [mail]}
    looker.post("/scheduled_plans", sent)
    assert [incident.kind for incident in looker.log.incidents] == ["plan_sent"]


def test_what_is_hidden_from_a_caller_who_is_no_admin_is_answered_404() -> None:
    looker = Direct(make_world(), SimulatorConfig(caller_admin=False, hidden={"dashboard": ["1"]}))
    assert looker.get("/user")["role_ids"] != ["1"]
    looker.get("/dashboards/1")
    assert looker.status == 404
    assert "1" not in [d["id"] for d in looker.get("/dashboards/search")]
    looker.post("/groups", {"name": "New"})
    assert looker.status in (403, 404)


def test_an_older_release_knows_fewer_fields() -> None:
    looker = Direct(make_world(), SimulatorConfig(release="25.6.0"))
    assert looker.get("/versions")["looker_release_version"] == "25.6.0"
    shown = looker.get("/dashboards/1")
    assert "download_settings" not in shown and "label" not in shown["dashboard_layouts"][0]
    refused = looker.patch("/dashboards/1", {"preserve_desktop_layout": True})
    assert looker.fields(refused) == {"preserve_desktop_layout": "invalid"}
    looker.patch("/dashboards/1", {"user_id": "3"})
    assert looker.log.ignored_fields() == [("update_dashboard", "user_id")]


def test_operations_that_are_not_simulated_are_answered_501(looker: Direct) -> None:
    assert "does not implement" in looker.get("/themes")["message"]
    assert looker.status == 501
    looker.get("/no/such/path")
    assert looker.status == 404


@pytest.mark.parametrize("query", [{"nonsense": "1"}, {"limit": "many"}, {"filter_or": "maybe"}, {"sorts": "nothing"}])
def test_parameters_that_the_specification_does_not_know_are_refused(looker: Direct, query: dict[str, str]) -> None:
    assert looker.fields(looker.get("/dashboards/search", **query)) == {next(iter(query)): "invalid"}


WRITES = [
    spec
    for spec in schema.operations().values()
    if spec.id in HANDLERS and spec.body is not None and spec.body.startswith("@") and spec.id != "create_embed_user"
]


@pytest.mark.parametrize("spec", WRITES, ids=lambda spec: spec.id)
def test_every_write_refuses_a_field_that_its_schema_lacks(looker: Direct, spec: schema.OperationSpec) -> None:
    """A misspelt field must never be dropped silently, whatever the type."""
    path = re.sub(r"\{[^}]*\}", "2", spec.path)
    if "lookml_model" in path:
        path = path.replace("/2", "/finance")
    _allow(looker, path)
    body = looker.patch(path, {"nonsense": 1}) if spec.method == "PATCH" else looker.post(path, {"nonsense": 1})
    if spec.method == "PUT":
        body = looker.put(path, {"nonsense": 1})
    assert looker.fields(body)["nonsense"] == "invalid"


def _allow(looker: Direct, path: str) -> None:
    """Create a writable object for the path."""
    for kind, set_ in (
        ("user_attribute", {"name": "n", "label": "l", "type": "string"}),
        ("content_metadata_access", {"permission_type": "view", "group_id": "2"}),
        ("user", {"credentials_email": {}}),
    ):
        edit(looker.world, Edit(type=kind, id="2", set=set_))
    if path == "/folders/2":
        edit(looker.world, Edit(type="folder", id="2", set={"is_users_root": False}))


@pytest.mark.parametrize(
    ("stops_inheriting", "granted"), [("copied", [("edit", "1", None)]), ("creator", [("edit", None, "1")])]
)
def test_a_folder_that_stops_inheriting_has_a_list_of_its_own(
    stops_inheriting: Literal["copied", "creator"], granted: list[tuple[str, str | None, str | None]]
) -> None:
    """A copy of the nearest list above, at any distance; before that, nothing can be granted."""
    looker = Direct(make_world(), SimulatorConfig(stops_inheriting=stops_inheriting))
    above = looker.post("/folders", {"name": "Above", "parent_id": "1"})["id"]
    metadata = looker.post("/folders", {"name": "New", "parent_id": above})["content_metadata_id"]
    grant = {"content_metadata_id": metadata, "permission_type": "view", "group_id": "2"}
    assert looker.fields(looker.post("/content_metadata_access", grant)) == {"base": "invalid"}
    assert looker.patch(f"/content_metadata/{metadata}", {"inherits": False})["inherits"] is False
    rows = looker.get("/content_metadata_access", content_metadata_id=metadata)
    assert [(row["permission_type"], row["group_id"], row["user_id"]) for row in rows] == granted
    assert looker.post("/content_metadata_access", grant)["group_id"] == "2"
    looker.patch(f"/content_metadata/{metadata}", {"inherits": True})
    assert looker.get("/content_metadata_access", content_metadata_id=metadata) == []
