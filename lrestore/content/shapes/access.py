"""Groups, roles and the sets that roles consist of."""

from __future__ import annotations

from typing import TypedDict


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
