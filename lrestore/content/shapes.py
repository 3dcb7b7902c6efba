"""The objects of Looker's API 4.0 that a restore reads and writes, as typed dictionaries.

Source: the response schemas of the specification, as the Looker SDK's models state them. Each class names its schema in
``SCHEMAS``; ``tests/content/test_shapes.py`` checks every key and its type against the installed SDK.

``total=False``: Looker omits what the caller may not see, what ``fields`` did not ask for, and what its release does
not know. Any value may be null. Times are ISO 8601 texts, ids are texts. The permissions of the caller (``can``) are
left out. ``JsonObject`` stands for a nested object that a restore treats as a whole.

Not guaranteed: that an object has this shape at runtime. ``looker.http.shape`` checks the parts of an answer on which a
restore depends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from lrestore.json_types import JsonObject


class Query(TypedDict, total=False):
    """A query: an explore, its fields, filters and visualisation."""

    model: str | None
    view: str | None
    id: str | None
    fields: list[str] | None
    pivots: list[str] | None
    fill_fields: list[str] | None
    filters: JsonObject | None
    filter_expression: str | None
    sorts: list[str] | None
    limit: str | None
    column_limit: str | None
    total: bool | None
    row_total: str | None
    subtotals: list[str] | None
    vis_config: JsonObject | None
    filter_config: JsonObject | None
    visible_ui_sections: str | None
    slug: str | None
    dynamic_fields: str | None
    client_id: str | None
    share_url: str | None
    expanded_share_url: str | None
    url: str | None
    query_timezone: str | None
    has_table_calculations: bool | None


class MergeField(TypedDict, total=False):
    """A pair of fields by which a merged query joins one of its source queries."""

    field_name: str | None
    source_field_name: str | None


class MergeQuerySourceQuery(TypedDict, total=False):
    """One of the queries that a merged query joins."""

    merge_fields: list[MergeField] | None
    name: str | None
    query_id: str | None
    query_slug: str | None


class MergeQuery(TypedDict, total=False):
    """A merged query: several queries joined by common fields."""

    column_limit: str | None
    dynamic_fields: str | None
    id: str | None
    pivots: list[str] | None
    result_maker_id: str | None
    sorts: list[str] | None
    source_queries: list[MergeQuerySourceQuery] | None
    total: bool | None
    limit: str | None
    vis_config: JsonObject | None


class DashboardFilter(TypedDict, total=False):
    """A filter of a dashboard."""

    id: str | None
    dashboard_id: str | None
    name: str | None
    title: str | None
    type: str | None
    default_value: str | None
    model: str | None
    explore: str | None
    dimension: str | None
    field: JsonObject | None
    row: int | None
    listens_to_filters: list[str] | None
    allow_multiple_values: bool | None
    required: bool | None
    ui_config: JsonObject | None


class ResultMakerFilterablesListen(TypedDict, total=False):
    """Which dashboard filter sets which field of a tile's query."""

    dashboard_filter_name: str | None
    field: str | None


class ResultMakerFilterables(TypedDict, total=False):
    """One query of a tile, and the dashboard filters that it listens to."""

    model: str | None
    view: str | None
    name: str | None
    listen: list[ResultMakerFilterablesListen] | None


class ResultMaker(TypedDict, total=False):
    """The content of a tile: a query, a merged query or a SQL query, and its filters."""

    id: str | None
    dynamic_fields: str | None
    filterables: list[ResultMakerFilterables] | None
    sorts: list[str] | None
    merge_result_id: str | None
    total: bool | None
    query_id: str | None
    sql_query_id: str | None
    query: Query | None
    vis_config: JsonObject | None


class Look(TypedDict, total=False):
    """A look, with its query where Looker shows it."""

    content_metadata_id: str | None
    id: str | None
    title: str | None
    user_id: str | None
    certification_metadata: JsonObject | None
    content_favorite_id: str | None
    created_at: str | None
    deleted: bool | None
    deleted_at: str | None
    deleter_id: str | None
    description: str | None
    embed_url: str | None
    excel_file_url: str | None
    favorite_count: int | None
    google_spreadsheet_formula: str | None
    image_embed_url: str | None
    is_run_on_load: bool | None
    last_accessed_at: str | None
    last_updater_id: str | None
    last_viewed_at: str | None
    model: JsonObject | None
    public: bool | None
    public_slug: str | None
    public_url: str | None
    query_id: str | None
    short_url: str | None
    folder: FolderBase | None
    folder_id: str | None
    updated_at: str | None
    user_name: str | None
    view_count: int | None
    usage_count: int | None
    is_owner_disabled: bool | None
    query: Query | None
    url: str | None


class DashboardTile(TypedDict, total=False):
    """A tile of a dashboard."""

    body_text: str | None
    body_text_as_html: str | None
    dashboard_id: str | None
    dashboard_layout_id: str | None
    group_id: str | None
    edit_uri: str | None
    id: str | None
    look: Look | None
    look_id: str | None
    lookml_link_id: str | None
    merge_result_id: str | None
    note_display: str | None
    note_state: str | None
    note_text: str | None
    note_text_as_html: str | None
    query: Query | None
    query_id: str | None
    filter_id: str | None
    refresh_interval: str | None
    refresh_interval_to_i: int | None
    result_maker: ResultMaker | None
    result_maker_id: str | None
    subtitle_text: str | None
    title: str | None
    title_hidden: bool | None
    title_text: str | None
    type: str | None
    alert_count: int | None
    rich_content_json: str | None
    title_text_as_html: str | None
    subtitle_text_as_html: str | None
    extension_id: str | None
    aria_description: str | None
    certification_metadata: JsonObject | None
    image_id: str | None
    images: list[JsonObject] | None


class DashboardLayoutComponent(TypedDict, total=False):
    """The place of one tile on one layout."""

    id: str | None
    dashboard_layout_id: str | None
    dashboard_element_id: str | None
    row: int | None
    column: int | None
    width: int | None
    height: int | None
    deleted: bool | None
    element_title: str | None
    element_title_hidden: bool | None
    vis_type: str | None
    granular_row: int | None
    granular_column: int | None
    granular_width: int | None
    granular_height: int | None
    group_id: str | None


class DashboardLayout(TypedDict, total=False):
    """A layout (a tab) of a dashboard."""

    id: str | None
    dashboard_id: str | None
    type: str | None
    active: bool | None
    column_width: int | None
    width: int | None
    deleted: bool | None
    dashboard_title: str | None
    dashboard_layout_components: list[DashboardLayoutComponent] | None
    label: str | None
    description: str | None
    order: int | None
    lookml_link_id: str | None


class FolderBase(TypedDict, total=False):
    """A folder as other objects show it."""

    name: str | None
    parent_id: str | None
    id: str | None
    content_metadata_id: str | None
    created_at: str | None
    creator_id: str | None
    child_count: int | None
    external_id: str | None
    is_embed: bool | None
    is_embed_shared_root: bool | None
    is_embed_users_root: bool | None
    is_personal: bool | None
    is_personal_descendant: bool | None
    is_shared_root: bool | None
    is_users_root: bool | None


class Folder(FolderBase, total=False):
    """A folder, with its content where Looker shows it."""

    dashboards: list[JsonObject] | None
    looks: list[Look] | None


class Dashboard(TypedDict, total=False):
    """A dashboard with its filters, tiles and layouts."""

    content_favorite_id: str | None
    content_metadata_id: str | None
    description: str | None
    hidden: bool | None
    id: str | None
    model: JsonObject | None
    query_timezone: str | None
    readonly: bool | None
    refresh_interval: str | None
    refresh_interval_to_i: int | None
    folder: FolderBase | None
    title: str | None
    user_id: str | None
    slug: str | None
    preferred_viewer: str | None
    certification_metadata: JsonObject | None
    alert_sync_with_dashboard_filter_enabled: bool | None
    chat_enabled: bool | None
    background_color: str | None
    created_at: str | None
    crossfilter_enabled: bool | None
    dashboard_elements: list[DashboardTile] | None
    dashboard_filters: list[DashboardFilter] | None
    dashboard_layouts: list[DashboardLayout] | None
    deleted: bool | None
    deleted_at: str | None
    deleter_id: str | None
    edit_uri: str | None
    enable_viz_full_screen: bool | None
    favorite_count: int | None
    filters_bar_collapsed: bool | None
    filters_location_top: bool | None
    last_accessed_at: str | None
    last_viewed_at: str | None
    updated_at: str | None
    last_updater_id: str | None
    last_updater_name: str | None
    user_name: str | None
    load_configuration: str | None
    lookml_link_id: str | None
    show_filters_bar: bool | None
    show_title: bool | None
    folder_id: str | None
    text_tile_text_color: str | None
    tile_background_color: str | None
    tile_text_color: str | None
    title_color: str | None
    view_count: int | None
    appearance: JsonObject | None
    usage_count: int | None
    is_owner_disabled: bool | None
    url: str | None
    layout_granularity: str | None
    preserve_desktop_layout: bool | None
    style: str | None
    download_settings: JsonObject | None


class BoardItem(TypedDict, total=False):
    """One entry of a board section: a dashboard, a look or a link."""

    content_created_by: str | None
    content_favorite_id: str | None
    content_metadata_id: str | None
    content_updated_at: str | None
    custom_description: str | None
    custom_title: str | None
    custom_url: str | None
    dashboard_id: str | None
    description: str | None
    favorite_count: int | None
    board_section_id: str | None
    id: str | None
    image_url: str | None
    location: str | None
    look_id: str | None
    lookml_dashboard_id: str | None
    order: int | None
    title: str | None
    url: str | None
    use_custom_description: bool | None
    use_custom_title: bool | None
    use_custom_url: bool | None
    view_count: int | None
    custom_image_data_base64: str | None
    custom_image_url: str | None
    use_custom_image: bool | None


class BoardSection(TypedDict, total=False):
    """A section of a board."""

    created_at: str | None
    deleted_at: str | None
    description: str | None
    board_id: str | None
    board_items: list[BoardItem] | None
    id: str | None
    item_order: list[str] | None
    visible_item_order: list[str] | None
    title: str | None
    updated_at: str | None


class Board(TypedDict, total=False):
    """A board with its sections."""

    content_metadata_id: str | None
    created_at: str | None
    deleted_at: str | None
    description: str | None
    board_sections: list[BoardSection] | None
    id: str | None
    section_order: list[str] | None
    title: str | None
    updated_at: str | None
    user_id: str | None
    primary_homepage: bool | None


class ScheduledPlanDestination(TypedDict, total=False):
    """Where a scheduled plan sends its results."""

    id: str | None
    scheduled_plan_id: str | None
    format: str | None
    apply_formatting: bool | None
    apply_vis: bool | None
    address: str | None
    looker_recipient: bool | None
    type: str | None
    parameters: str | None
    secret_parameters: str | None
    include_filters: bool | None
    message: str | None


class ScheduledPlan(TypedDict, total=False):
    """A scheduled plan."""

    name: str | None
    user_id: str | None
    run_as_recipient: bool | None
    enabled: bool | None
    look_id: str | None
    dashboard_id: str | None
    lookml_dashboard_id: str | None
    filters_string: str | None
    dashboard_filters: str | None
    require_results: bool | None
    require_no_results: bool | None
    require_change: bool | None
    send_all_results: bool | None
    crontab: str | None
    datagroup: str | None
    timezone: str | None
    scheduled_plan_destination: list[ScheduledPlanDestination] | None
    run_once: bool | None
    include_links: bool | None
    include_dashboard_summary: bool | None
    custom_url_base: str | None
    custom_url_params: str | None
    custom_url_label: str | None
    show_custom_url: bool | None
    pdf_paper_size: str | None
    pdf_landscape: bool | None
    embed: bool | None
    color_theme: str | None
    long_tables: bool | None
    pdf_page_breaks: bool | None
    include_filters: bool | None
    tab_ids: list[str] | None
    inline_table_width: int | None
    query_id: str | None
    id: str | None
    created_at: str | None
    updated_at: str | None
    title: str | None
    content_title: str | None
    user: JsonObject | None
    next_run_at: str | None
    last_run_at: str | None
    last_run_status: str | None


class CredentialsEmail(TypedDict, total=False):
    """The e-mail login of a user."""

    created_at: str | None
    email: str | None
    forced_password_reset_at_next_login: bool | None
    user_id: str | None
    is_disabled: bool | None
    logged_in_at: str | None
    password_reset_url: str | None
    account_setup_url: str | None
    password_reset_url_expired: bool | None
    account_setup_url_expired: bool | None
    type: str | None
    url: str | None
    user_url: str | None


class User(TypedDict, total=False):
    """A user."""

    abilities: JsonObject | None
    avatar_url: str | None
    avatar_url_without_sizing: str | None
    credentials_api3: list[JsonObject] | None
    credentials_email: CredentialsEmail | None
    credentials_embed: list[JsonObject] | None
    credentials_google: JsonObject | None
    credentials_ldap: JsonObject | None
    credentials_looker_openid: JsonObject | None
    credentials_oidc: JsonObject | None
    credentials_saml: JsonObject | None
    credentials_totp: JsonObject | None
    credentials_workforce: JsonObject | None
    display_name: str | None
    email: str | None
    embed_group_space_id: str | None
    first_name: str | None
    group_ids: list[str] | None
    home_folder_id: str | None
    id: str | None
    is_disabled: bool | None
    last_name: str | None
    locale: str | None
    looker_versions: list[str] | None
    models_dir_validated: bool | None
    personal_folder_id: str | None
    presumed_looker_employee: bool | None
    role_ids: list[str] | None
    sessions: list[JsonObject] | None
    ui_state: JsonObject | None
    verified_looker_employee: bool | None
    roles_externally_managed: bool | None
    allow_direct_roles: bool | None
    allow_normal_group_membership: bool | None
    allow_roles_from_normal_groups: bool | None
    embed_group_folder_id: str | None
    is_iam_admin: bool | None
    can_manage_api3_creds: bool | None
    is_service_account: bool | None
    service_account_name: str | None
    is_embed_user: bool | None
    url: str | None


class Group(TypedDict, total=False):
    """A group of users."""

    can_add_to_content_metadata: bool | None
    contains_current_user: bool | None
    external_group_id: str | None
    externally_managed: bool | None
    id: str | None
    include_by_default: bool | None
    name: str | None
    user_count: int | None


class PermissionSet(TypedDict, total=False):
    """A named set of permissions."""

    all_access: bool | None
    built_in: bool | None
    id: str | None
    name: str | None
    permissions: list[str] | None
    url: str | None


class ModelSet(TypedDict, total=False):
    """A named set of LookML models."""

    all_access: bool | None
    built_in: bool | None
    id: str | None
    models: list[str] | None
    name: str | None
    url: str | None


class Role(TypedDict, total=False):
    """A role: a permission set on a model set."""

    id: str | None
    name: str | None
    permission_set: PermissionSet | None
    permission_set_id: str | None
    model_set: ModelSet | None
    model_set_id: str | None
    internal: bool | None
    url: str | None
    users_url: str | None


SCHEMAS: Mapping[type, str] = {
    Query: "Query",
    MergeField: "MergeFields",
    MergeQuerySourceQuery: "MergeQuerySourceQuery",
    MergeQuery: "MergeQuery",
    DashboardFilter: "DashboardFilter",
    ResultMakerFilterablesListen: "ResultMakerFilterablesListen",
    ResultMakerFilterables: "ResultMakerFilterables",
    ResultMaker: "ResultMakerWithIdVisConfigAndDynamicFields",
    Look: "LookWithQuery",
    DashboardTile: "DashboardElement",
    DashboardLayoutComponent: "DashboardLayoutComponent",
    DashboardLayout: "DashboardLayout",
    FolderBase: "FolderBase",
    Folder: "Folder",
    Dashboard: "Dashboard",
    BoardItem: "BoardItem",
    BoardSection: "BoardSection",
    Board: "Board",
    ScheduledPlanDestination: "ScheduledPlanDestination",
    ScheduledPlan: "ScheduledPlan",
    CredentialsEmail: "CredentialsEmail",
    User: "User",
    Group: "Group",
    PermissionSet: "PermissionSet",
    ModelSet: "ModelSet",
    Role: "Role",
}
"""Each class and the schema of the specification that it describes."""
