"""Looks: one saved query with a title, in a folder."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Reference

LOOK = ContentType(
    name="look",
    vault_number=2,
    model="LookWithQuery",
    update_schema="LookWithQuery",
    tier=7,
    get="look",
    create="create_look",
    update="update_look",
    delete="delete_look",
    list_all="all_looks",
    search="search_looks",
    title_field="title",
    required=("id", "title"),
    # The folder and the query are asked for by the text of create_look, not by its schema.
    create_needs=("title", "folder_id", "query_id"),
    # It has no slug that can be written: public_slug is read-only.
    natural_key=("folder_id", "title"),
    created_at=True,
    asks=True,
    trash=True,
    limits=(
        "a look is made of an existing query: a backup without its definition is of use only where the query still is",
        "id, creation time, views and favourites cannot be set",
    ),
    references=(
        Reference("user_id", "user", "soft"),
        Reference("query_id", "query", "hard"),
        Reference("folder_id", "folder", "hard"),
        Reference("description", "any", "text"),
    ),
)
