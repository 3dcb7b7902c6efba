"""Looks, and folders as other objects show them."""

from __future__ import annotations

from typing import TypedDict

from lrestore.content.shapes.query import Query
from lrestore.json_types import JsonObject


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
