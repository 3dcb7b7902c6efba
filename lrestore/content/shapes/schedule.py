"""Scheduled plans, with their destinations."""

from __future__ import annotations

from typing import TypedDict

from lrestore.json_types import JsonObject


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
