"""Groups. Members and nesting are association calls."""

from __future__ import annotations

from lrestore.ontology.schema import SET, ContentType, Protection

GROUP = ContentType(
    name="group",
    vault_number=8,
    model="Group",
    update_schema="Group",
    tier=1,
    get="group",
    create="create_group",
    update="update_group",
    delete="delete_group",
    list_all="all_groups",
    search="search_groups",
    required=("id", "name"),
    create_needs=("name",),
    natural_key=("name",),
    limits=(
        "All Users can be neither made nor deleted, and has no members of its own",
        "embed groups come to be at an SSO embed login: there is no call to make them",
        "the members of groups that are managed from outside come from there",
    ),
    never_backed_up=("which groups are in which",),
    built_in=(
        # All Users: not deletable, no direct membership.
        Protection("group of all users: Looker keeps its members", (("include_by_default", True),)),
        # Membership comes from LDAP, SAML or OIDC.
        Protection(
            "managed by the identity provider (LDAP, SAML or OIDC): restore it there", (("externally_managed", True),)
        ),
        # Embed groups come to be at an SSO embed login; the API cannot create one.
        Protection("embed group: Looker makes it when an embed user of it logs in", (("external_group_id", SET),)),
        # Made and named by Looker (cloud.google.com/looker/docs/admin-panel-users-groups).
        Protection("group of Looker's own for Gemini", (("name", "Gemini Default Users"),)),
    ),
)
