"""Roles: a permission set on a model set. Association calls give it to users and groups."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Protection, Reference

ROLE = ContentType(
    name="role",
    vault_number=9,
    model="Role",
    update_schema="Role",
    tier=3,
    get="role",
    create="create_role",
    update="update_role",
    delete="delete_role",
    list_all="all_roles",
    search="search_roles",
    required=("id", "name"),
    create_needs=("name", "permission_set_id", "model_set_id"),
    embedded_ids=("permission_set_id", "model_set_id"),
    natural_key=("name",),
    built_in=(
        # Admin: everything, on everything. A role of one's own may well use the built-in model set All.
        Protection(
            "the Admin role: Looker refuses changes",
            (("permission_set.all_access", True), ("model_set.all_access", True)),
        ),
        Protection("internal role of Looker's own", (("internal", True),)),
    ),
    limits=("the Admin role and Looker's internal roles cannot be written: 405",),
    never_backed_up=("which groups have a role",),
    references=(
        Reference("permission_set_id", "permission_set", "hard"),
        Reference("model_set_id", "model_set", "hard"),
    ),
)
