"""Users. Roles and groups are set by calls of their own; e-mail credentials are a part with endpoints of its own."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Part, Protection, Reference

CREDENTIALS_EMAIL = Part(
    type="credentials_email",
    path="credentials_email",
    model="CredentialsEmail",
    create="create_user_credentials_email",
    update="update_user_credentials_email",
    delete="delete_user_credentials_email",
    parent_field="user_id",
    match=("email",),
)

USER = ContentType(
    name="user",
    vault_number=7,
    model="User",
    update_schema="User",
    tier=0,
    get="user",
    create="create_user",
    update="update_user",
    delete="delete_user",
    list_all="all_users",
    search="search_users",
    title_field="display_name",
    required=("id",),
    # create_user takes no e-mail: the credentials follow in a call of their own.
    natural_key=("email",),
    built_in=(
        Protection(
            "account of Looker's support: it is made and removed by Looker", (("verified_looker_employee", True),)
        ),
        # Service accounts have endpoints of their own, alpha in 26.12.
        Protection(
            "service account: it has API endpoints of its own, which are not stable yet",
            (("is_service_account", True),),
        ),
    ),
    references=(
        # Looker creates the personal folder together with its user, so this is set in a later call.
        Reference("home_folder_id", "folder", "soft"),
        Reference("group_ids[]", "group", "edge"),
        Reference("role_ids[]", "role", "edge"),
    ),
    parts=(CREDENTIALS_EMAIL,),
    never_backed_up=("passwords, API keys, two-factor secrets, values of user attributes",),
    # Both as the specification of User describes them.
    ignored={
        "ui_state": "undocumented state of Looker's user interface; an old one says nothing about content",
        "models_dir_validated": "a finding about the user's development workspace, which Looker makes anew",
    },
    limits=(
        "a password, an API key's secret or a two-factor secret can neither be read nor set to what it was",
        "SAML, LDAP, OIDC, OpenID and Google credentials come to be when the user logs in: no call makes them",
        "the personal folder comes with the user, and cannot be made by itself",
        "roles that are managed from outside cannot be set",
    ),
)
