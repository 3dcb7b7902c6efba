"""Boards, with their sections and items."""

from __future__ import annotations

from typing import TypedDict


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
