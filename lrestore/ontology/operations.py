"""The calls of API 4.0 that a restore may make: all that it may do to a production Looker is in this list.

Taken from Looker's specification, release 26.12: operation ids, verbs, paths, ``x-looker-activity-type`` (by which
calls are licensed) and whether ``fields`` is accepted. Left out on purpose, because they send mail or run a schedule at
once: ``scheduled_plan_run_once``, ``create_user_credentials_email_password_reset`` and their like.
"""

from __future__ import annotations

from functools import partial

from lrestore.ontology.schema import Activity, AnswerContent, AnswerShape, Method, Operation

_REPEATABLE_POSTS = frozenset({"create_query", "create_merge_query", "login"})
"""A POST of an identical (merged) query returns the one that exists (specification, create_query); a login makes a
token, and one too many expires by itself.
"""

_SHOWN: dict[str, str] = {
    **dict.fromkeys(
        ("lookml_model", "all_lookml_models", "create_lookml_model", "update_lookml_model", "lookml_model_explore"),
        "name",
    ),
    "all_permissions": "permission",
    "search_credentials_email": "email",
    "user_credentials_email": "email",
    "create_user_credentials_email": "email",
    "update_user_credentials_email": "email",
    "sql_query": "slug",
    "create_sql_query": "slug",
    "login": "access_token",
    "versions": "",
}
"""The identifying field of each object of an answer, where that is not ``id``."""

_FOUND_OTHERWISE = frozenset({"query_for_slug", "user_for_credential"})
"""Operations whose path ends in something else than what tells the object."""

_TILES_AND_ALL = (
    "dashboard_elements",
    "dashboard_filters",
    "dashboard_layouts",
    "dashboard_layouts[].dashboard_layout_components",
)
_SECTIONS_AND_ITEMS = ("board_sections", "board_sections[].board_items")
_PARTS_SHOWN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("dashboard", "search_dashboards", "create_dashboard"), _TILES_AND_ALL),
    "dashboard_dashboard_layouts": ("dashboard_layout_components",),
    **dict.fromkeys(("board", "all_boards", "search_boards", "create_board"), _SECTIONS_AND_ITEMS),
    "board_section": ("board_items",),
}
"""Where an answer holds parts, which a restore compares one by one."""


_NEVER_EMPTY = frozenset({"all_folders", "all_users", "all_groups", "all_roles"})
"""Listings that show something in every instance: root folders, the caller itself, the group of all users, Admin."""


def _operation(
    method: Method,
    content: AnswerContent,
    name: str,
    path: str,
    *,
    activity: Activity = "non_query",
    fields: bool = False,
) -> Operation:
    """A create has to tell the id of what it has made; other writes may answer nothing."""
    last = path.rpartition("/")[2]
    same = last[1:-1] if content == "object" and last.startswith("{") and name not in _FOUND_OTHERWISE else ""
    answer = AnswerShape(
        content,
        _SHOWN.get(name, "id"),
        same,
        _PARTS_SHOWN.get(name, ()),
        silent=method != "GET" and not name.startswith("create_"),
        never_empty=name in _NEVER_EMPTY,
    )
    repeatable = method != "POST" or name in _REPEATABLE_POSTS
    return Operation(name, method, path, activity, repeatable, fields, answer)


def _delete(name: str, path: str, *, activity: Activity = "non_query") -> Operation:
    answer = AnswerShape("text", silent=True)
    return Operation(name, "DELETE", path, activity, repeatable=True, takes_fields=False, answer=answer)


_get = partial(_operation, "GET", "object")
_list = partial(_operation, "GET", "rows")
_post = partial(_operation, "POST", "object")
_put = partial(_operation, "PUT", "rows")
_patch = partial(_operation, "PATCH", "object")

_DASHBOARDS = (
    _get("dashboard", "/dashboards/{dashboard_id}", fields=True),
    _list("all_dashboards", "/dashboards", fields=True),
    _list("folder_dashboards", "/folders/{folder_id}/dashboards", fields=True),
    _list("search_dashboards", "/dashboards/search", fields=True),
    _post("create_dashboard", "/dashboards"),
    _patch("update_dashboard", "/dashboards/{dashboard_id}"),
    _delete("delete_dashboard", "/dashboards/{dashboard_id}"),
    _patch("move_dashboard", "/dashboards/{dashboard_id}/move"),
    _get("dashboard_element", "/dashboard_elements/{dashboard_element_id}", fields=True),
    _list("dashboard_dashboard_elements", "/dashboards/{dashboard_id}/dashboard_elements", fields=True),
    _list("search_dashboard_elements", "/dashboard_elements/search", fields=True),
    _post("create_dashboard_element", "/dashboard_elements", fields=True),
    _patch("update_dashboard_element", "/dashboard_elements/{dashboard_element_id}", fields=True),
    _delete("delete_dashboard_element", "/dashboard_elements/{dashboard_element_id}"),
    _get("dashboard_filter", "/dashboard_filters/{dashboard_filter_id}", fields=True),
    _list("dashboard_dashboard_filters", "/dashboards/{dashboard_id}/dashboard_filters", fields=True),
    _post("create_dashboard_filter", "/dashboard_filters", fields=True),
    _patch("update_dashboard_filter", "/dashboard_filters/{dashboard_filter_id}", fields=True),
    _delete("delete_dashboard_filter", "/dashboard_filters/{dashboard_filter_id}"),
    _get("dashboard_layout", "/dashboard_layouts/{dashboard_layout_id}", fields=True),
    _list("dashboard_dashboard_layouts", "/dashboards/{dashboard_id}/dashboard_layouts", fields=True),
    _post("create_dashboard_layout", "/dashboard_layouts", fields=True),
    _patch("update_dashboard_layout", "/dashboard_layouts/{dashboard_layout_id}", fields=True),
    _delete("delete_dashboard_layout", "/dashboard_layouts/{dashboard_layout_id}"),
    _get("dashboard_layout_component", "/dashboard_layout_components/{dashboard_layout_component_id}", fields=True),
    _list(
        "dashboard_layout_dashboard_layout_components",
        "/dashboard_layouts/{dashboard_layout_id}/dashboard_layout_components",
        fields=True,
    ),
    _patch(
        "update_dashboard_layout_component", "/dashboard_layout_components/{dashboard_layout_component_id}", fields=True
    ),
    _get("get_alert", "/alerts/{alert_id}"),
    _list("search_alerts", "/alerts/search", fields=True),
)

_LOOKS = (
    _get("look", "/looks/{look_id}", fields=True),
    _list("all_looks", "/looks", fields=True),
    _list("folder_looks", "/folders/{folder_id}/looks", fields=True),
    _list("search_looks", "/looks/search", fields=True),
    _post("create_look", "/looks", fields=True),
    _patch("update_look", "/looks/{look_id}", fields=True),
    _delete("delete_look", "/looks/{look_id}"),
    _patch("move_look", "/looks/{look_id}/move"),
)

_QUERIES = (
    _get("query", "/queries/{query_id}", activity="db_query", fields=True),
    _get("query_for_slug", "/queries/slug/{slug}", activity="db_query", fields=True),
    _post("create_query", "/queries", activity="db_query", fields=True),
    _get("merge_query", "/merge_queries/{merge_query_id}", activity="db_query", fields=True),
    _post("create_merge_query", "/merge_queries", activity="db_query", fields=True),
    _get("sql_query", "/sql_queries/{slug}", activity="db_query"),
    _post("create_sql_query", "/sql_queries", activity="db_query"),
)

_FOLDERS = (
    _get("folder", "/folders/{folder_id}", fields=True),
    _list("all_folders", "/folders", fields=True),
    _list("all_color_collections", "/color_collections", fields=True),
    _list("folder_children", "/folders/{folder_id}/children", fields=True),
    _list("folder_ancestors", "/folders/{folder_id}/ancestors", fields=True),
    _get("folder_parent", "/folders/{folder_id}/parent", fields=True),
    _list("folder_children_search", "/folders/{folder_id}/children/search", fields=True),
    _list("search_folders", "/folders/search", fields=True),
    _post("create_folder", "/folders"),
    _patch("update_folder", "/folders/{folder_id}"),
    _delete("delete_folder", "/folders/{folder_id}"),
    _get("content_metadata", "/content_metadata/{content_metadata_id}", fields=True),
    _patch("update_content_metadata", "/content_metadata/{content_metadata_id}"),
    _list("all_content_metadata_accesses", "/content_metadata_access", fields=True),
    _post("create_content_metadata_access", "/content_metadata_access"),
    _delete("delete_content_metadata_access", "/content_metadata_access/{content_metadata_access_id}"),
)

_BOARDS = (
    _get("board", "/boards/{board_id}", fields=True),
    _list("all_boards", "/boards", fields=True),
    _list("search_boards", "/boards/search", fields=True),
    _post("create_board", "/boards", fields=True),
    _patch("update_board", "/boards/{board_id}", fields=True),
    _delete("delete_board", "/boards/{board_id}"),
    _get("board_section", "/board_sections/{board_section_id}", fields=True),
    _list("all_board_sections", "/board_sections", fields=True),
    _post("create_board_section", "/board_sections", fields=True),
    _patch("update_board_section", "/board_sections/{board_section_id}", fields=True),
    _delete("delete_board_section", "/board_sections/{board_section_id}"),
    _get("board_item", "/board_items/{board_item_id}", fields=True),
    _list("all_board_items", "/board_items", fields=True),
    _post("create_board_item", "/board_items", fields=True),
    _patch("update_board_item", "/board_items/{board_item_id}", fields=True),
    _delete("delete_board_item", "/board_items/{board_item_id}"),
)

_USERS = (
    _get("user", "/users/{user_id}", fields=True),
    _list("all_users", "/users", fields=True),
    _list("search_users", "/users/search", fields=True),
    _get("user_for_credential", "/users/credential/{credential_type}/{credential_id}", fields=True),
    _post("create_user", "/users", fields=True),
    _post("create_embed_user", "/users/embed_user"),
    _patch("update_user", "/users/{user_id}", fields=True),
    _delete("delete_user", "/users/{user_id}"),
    _get("user_credentials_email", "/users/{user_id}/credentials_email", fields=True),
    _list("search_credentials_email", "/credentials_email/search", fields=True),
    _post("create_user_credentials_email", "/users/{user_id}/credentials_email", fields=True),
    _patch("update_user_credentials_email", "/users/{user_id}/credentials_email", fields=True),
    _delete("delete_user_credentials_email", "/users/{user_id}/credentials_email"),
    _list("user_roles", "/users/{user_id}/roles", fields=True),
    _put("set_user_roles", "/users/{user_id}/roles", fields=True),
)

_GROUPS = (
    _get("group", "/groups/{group_id}", fields=True),
    _list("all_groups", "/groups", fields=True),
    _list("search_groups", "/groups/search", fields=True),
    _list("search_groups_with_roles", "/groups/search/with_roles", fields=True),
    _list("search_groups_with_hierarchy", "/groups/search/with_hierarchy", fields=True),
    _post("create_group", "/groups", fields=True),
    _patch("update_group", "/groups/{group_id}", fields=True),
    _delete("delete_group", "/groups/{group_id}"),
    _list("all_group_users", "/groups/{group_id}/users", fields=True),
    _post("add_group_user", "/groups/{group_id}/users"),
    _delete("delete_group_user", "/groups/{group_id}/users/{user_id}"),
    _list("all_group_groups", "/groups/{group_id}/groups", fields=True),
    _post("add_group_group", "/groups/{group_id}/groups"),
    _delete("delete_group_from_group", "/groups/{group_id}/groups/{deleting_group_id}"),
)

_ROLES = (
    _get("role", "/roles/{role_id}"),
    _list("all_roles", "/roles", fields=True),
    _list("search_roles", "/roles/search", fields=True),
    _post("create_role", "/roles"),
    _patch("update_role", "/roles/{role_id}"),
    _delete("delete_role", "/roles/{role_id}"),
    _list("role_users", "/roles/{role_id}/users", fields=True),
    _put("set_role_users", "/roles/{role_id}/users"),
    _list("role_groups", "/roles/{role_id}/groups", fields=True),
    _put("set_role_groups", "/roles/{role_id}/groups"),
    _list("all_permissions", "/permissions"),
    _get("permission_set", "/permission_sets/{permission_set_id}", fields=True),
    _list("all_permission_sets", "/permission_sets", fields=True),
    _list("search_permission_sets", "/permission_sets/search", fields=True),
    _post("create_permission_set", "/permission_sets"),
    _patch("update_permission_set", "/permission_sets/{permission_set_id}"),
    _delete("delete_permission_set", "/permission_sets/{permission_set_id}"),
    _get("model_set", "/model_sets/{model_set_id}", fields=True),
    _list("all_model_sets", "/model_sets", fields=True),
    _list("search_model_sets", "/model_sets/search", fields=True),
    _post("create_model_set", "/model_sets"),
    _patch("update_model_set", "/model_sets/{model_set_id}"),
    _delete("delete_model_set", "/model_sets/{model_set_id}"),
)

_LOOKML = (
    _get("lookml_model", "/lookml_models/{lookml_model_name}", fields=True),
    _list("all_lookml_models", "/lookml_models", fields=True),
    _post("create_lookml_model", "/lookml_models"),
    _patch("update_lookml_model", "/lookml_models/{lookml_model_name}"),
    _delete("delete_lookml_model", "/lookml_models/{lookml_model_name}"),
    _get("lookml_model_explore", "/lookml_models/{lookml_model_name}/explores/{explore_name}", fields=True),
)

_PLANS = (
    _get("scheduled_plan", "/scheduled_plans/{scheduled_plan_id}", activity="db_query", fields=True),
    _list("all_scheduled_plans", "/scheduled_plans", activity="db_query", fields=True),
    _list("scheduled_plans_for_look", "/scheduled_plans/look/{look_id}", activity="db_query", fields=True),
    _list(
        "scheduled_plans_for_dashboard", "/scheduled_plans/dashboard/{dashboard_id}", activity="db_query", fields=True
    ),
    _list(
        "scheduled_plans_for_lookml_dashboard",
        "/scheduled_plans/lookml_dashboard/{lookml_dashboard_id}",
        activity="db_query",
        fields=True,
    ),
    _list("scheduled_plans_for_space", "/scheduled_plans/space/{space_id}", activity="db_query", fields=True),
    _list("search_scheduled_plans", "/scheduled_plans/search", activity="db_query", fields=True),
    _post("create_scheduled_plan", "/scheduled_plans", activity="db_query"),
    _patch("update_scheduled_plan", "/scheduled_plans/{scheduled_plan_id}", activity="db_query"),
    _delete("delete_scheduled_plan", "/scheduled_plans/{scheduled_plan_id}", activity="db_query"),
)

_INSTANCE = (
    _post("login", "/login", activity="none"),
    _delete("logout", "/logout", activity="none"),
    _get("me", "/user", fields=True),
    _get("versions", "/versions", activity="none", fields=True),
    Operation(
        "api_spec", "GET", "/api_spec/{api_version}/{specification}", "none", repeatable=True, takes_fields=False
    ),
)

OPERATIONS: dict[str, Operation] = {
    operation.id: operation
    for group in (_DASHBOARDS, _LOOKS, _QUERIES, _FOLDERS, _BOARDS, _USERS, _GROUPS, _ROLES, _LOOKML, _PLANS, _INSTANCE)
    for operation in group
}
"""Every call that lrestore can make, by operation id."""
