"""Users, with their e-mail logins."""

from __future__ import annotations

from typing import TypedDict

from lrestore.json_types import JsonObject


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
