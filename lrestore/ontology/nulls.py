"""Which writable fields a restore may reset to null, because the backup says that they were.

A list of what is allowed, not of what is not: a field that a later SDK brings is left alone until it has been checked
at it. Backups leave out fields that are null, and so the ones that they never knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_RESETTABLE: Mapping[str, str] = {
    "Dashboard": """
        appearance background_color description download_settings load_configuration lookml_link_id preferred_viewer
        query_timezone refresh_interval show_filters_bar show_title text_tile_text_color tile_background_color
        tile_text_color title_color
    """,
    "DashboardElement": """
        aria_description body_text extension_id filter_id look_id merge_result_id note_display note_state note_text
        query_id refresh_interval rich_content_json subtitle_text title title_text
    """,
    "DashboardFilter": "default_value dimension explore listens_to_filters model row ui_config",
    "DashboardLayout": "column_width description label lookml_link_id order width",
    "DashboardLayoutComponent": "granular_column granular_height granular_row granular_width",
    "DashboardAppearance": """
        key_color modern_vis2026 page_background_color page_side_margins tile_background_color tile_shadow
        tile_space_between tile_title_alignment
    """,
    "DashboardDownloadSettings": "columns_limit format_option limit_options result_options rows_limit value_options",
    "ResultMakerWithIdVisConfigAndDynamicFields": """
        dynamic_fields filterables merge_result_id sorts sql_query_id vis_config
    """,
    "ResultMakerFilterables": "model name view",
    "ResultMakerFilterablesListen": "dashboard_filter_name field",
    "LookWithQuery": "description",
    "Query": """
        column_limit dynamic_fields fields fill_fields filter_config filter_expression filters limit pivots
        query_timezone row_total sorts subtotals total vis_config visible_ui_sections
    """,
    "MergeQuery": "column_limit dynamic_fields limit pivots sorts vis_config",
    "MergeQuerySourceQuery": "merge_fields name query_id",
    "Board": "deleted_at description",
    "BoardSection": "deleted_at description title",
    "BoardItem": "custom_description custom_title custom_url dashboard_id look_id lookml_dashboard_id order",
    "User": "first_name last_name locale models_dir_validated ui_state",
    "ScheduledPlan": """
        color_theme crontab custom_url_base custom_url_label custom_url_params dashboard_id datagroup filters_string
        inline_table_width look_id lookml_dashboard_id pdf_paper_size query_id tab_ids timezone
    """,
    "ScheduledPlanDestination": "message parameters",
}
"""``x-looker-nullable: true`` in the specification of release 26.12, less :data:`KEPT`."""

_IDENTITY = "part of what the object is: null means that the backup lacks it, not that there was none"
_LIST = "a list: absent, it was not backed up; a list that was empty is there, as []"
_PLACE = "a place is all of its numbers; without one the tile is not moved"

KEPT: Mapping[str, Mapping[str, str]] = {
    "Dashboard": {
        "title": _IDENTITY,
        "slug": _IDENTITY,
        "folder_id": _IDENTITY,
        "user_id": _IDENTITY,
    },
    "DashboardElement": {
        "dashboard_id": _IDENTITY,
        "type": _IDENTITY,
        "dashboard_layout_id": "releases before 25.20 knew no other tab, so null says nothing",
        "result_maker": "would silence the tile's filters; what it shows is reset by query_id and the other ids",
    },
    "DashboardFilter": {"name": _IDENTITY, "title": _IDENTITY, "type": _IDENTITY},
    "CreateDashboardFilter": {"dashboard_id": _IDENTITY, "name": _IDENTITY, "title": _IDENTITY, "type": _IDENTITY},
    "DashboardLayout": {"dashboard_id": _IDENTITY, "type": _IDENTITY},
    "DashboardLayoutComponent": {
        "dashboard_layout_id": _IDENTITY,
        "dashboard_element_id": _IDENTITY,
        "row": _PLACE,
        "column": _PLACE,
        "width": _PLACE,
        "height": _PLACE,
    },
    "ResultMakerFilterables": {"listen": _LIST},
    "LookWithQuery": {"title": _IDENTITY, "folder_id": _IDENTITY, "query_id": _IDENTITY, "user_id": _IDENTITY},
    "MergeQuery": {"source_queries": _LIST},
    "Board": {"title": _IDENTITY, "user_id": _IDENTITY, "section_order": _LIST},
    "BoardSection": {"board_id": _IDENTITY, "item_order": _LIST},
    "BoardItem": {"board_section_id": _IDENTITY},
    "User": {"home_folder_id": "every user has one; Looker's own choice is not written out by null"},
    "CredentialsEmail": {"email": _IDENTITY},
    "Group": {"name": _IDENTITY},
    "Role": {"name": _IDENTITY, "permission_set_id": _IDENTITY, "model_set_id": _IDENTITY},
    "PermissionSet": {"name": _IDENTITY, "permissions": _LIST},
    "ModelSet": {"name": _IDENTITY, "models": _LIST},
    "LookmlModel": {"name": _IDENTITY, "project_name": _IDENTITY, "allowed_db_connection_names": _LIST},
    "ScheduledPlan": {
        "name": _IDENTITY,
        "user_id": _IDENTITY,
        "scheduled_plan_destination": "null or empty is an error (specification, update_scheduled_plan)",
    },
    "ScheduledPlanDestination": {"type": _IDENTITY, "address": _IDENTITY, "format": _IDENTITY},
}
"""Schema → field that the specification lets be null and that a restore never resets → why."""

RESETTABLE: Mapping[str, frozenset[str]] = {schema: frozenset(names.split()) for schema, names in _RESETTABLE.items()}
"""Schema → the fields that may be reset."""

_SAYS_NOTHING: Mapping[str, str] = {
    # Their own update schemas are not those of the models.
    "Folder": "name parent_id",
    "UpdateFolder": "name parent_id",
    "CreateFolder": "name parent_id",
    "ScheduledPlan": "crontab datagroup timezone",
}

_EMPTY: Mapping[str, frozenset[str]] = {
    schema: frozenset(
        {name for name, why in KEPT.get(schema, {}).items() if why == _IDENTITY}
        | set(_SAYS_NOTHING.get(schema, "").split())
    )
    for schema in {*KEPT, *_SAYS_NOTHING}
}

NO_TEXT = "None"
"""The text that the SDK writes for null in a required text field (``FolderBase.name``): Looker nevertheless answers
null (seen with folders of deleted users), and the SDK's converter makes a text of it.
"""


def empty_says_nothing(schema: str, field: str) -> bool:
    """Whether "" means in this field what null means: that nothing is named.

    Looker refuses an empty slug (looker-open-source/gzr issue 189), and takes no empty text for an id, a name that
    identifies, or a time.
    """
    return field.endswith("_id") or field in _EMPTY.get(schema, ())


def blank(schema: str, names: Iterable[str]) -> frozenset[str]:
    """The fields among ``names`` in which "" says nothing."""
    return frozenset(name for name in names if empty_says_nothing(schema, name))
