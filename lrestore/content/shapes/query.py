"""Queries and merged queries."""

from __future__ import annotations

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
