"""Permission sets. A permission whose name the destination does not know is refused by Looker."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Protection, Reference

PERMISSION_SET = ContentType(
    name="permission_set",
    vault_number=10,
    model="PermissionSet",
    update_schema="PermissionSet",
    tier=2,
    get="permission_set",
    create="create_permission_set",
    update="update_permission_set",
    delete="delete_permission_set",
    list_all="all_permission_sets",
    search="search_permission_sets",
    required=("id", "name"),
    create_needs=("name",),
    natural_key=("name",),
    # Writes to them answer 405 (specification, update_permission_set).
    built_in=(
        Protection("built-in permission set: Looker refuses changes", (("built_in", True),)),
        Protection("permission set of administrators: Looker refuses changes", (("all_access", True),)),
    ),
    limits=(
        "built-in sets cannot be written: 405",
        "a permission that the release does not know is refused, so it is left out",
    ),
    references=(Reference("permissions[]", "permission", "name"),),
)
