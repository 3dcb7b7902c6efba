"""Tiles, what they show, and what messages call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from lrestore.content.shapes.look import Look
from lrestore.content.shapes.query import Query
from lrestore.json_types import JsonObject


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


def tile_name(tile: Mapping[str, Any]) -> str:
    """A readable name of a tile."""
    return str(tile.get("title") or tile.get("title_text") or f"{tile.get('type') or 'untitled'} tile")
