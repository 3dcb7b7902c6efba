"""Dashboards, with their filters and layouts."""

from __future__ import annotations

from typing import TypedDict

from lrestore.content.shapes.look import FolderBase
from lrestore.content.shapes.tile import DashboardTile
from lrestore.json_types import JsonObject


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
