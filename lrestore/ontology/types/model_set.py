"""Model sets: lists of LookML models by name."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Protection, Reference

MODEL_SET = ContentType(
    name="model_set",
    vault_number=11,
    model="ModelSet",
    update_schema="ModelSet",
    tier=2,
    get="model_set",
    create="create_model_set",
    update="update_model_set",
    delete="delete_model_set",
    list_all="all_model_sets",
    search="search_model_sets",
    required=("id", "name"),
    create_needs=("name",),
    natural_key=("name",),
    # Writes to them answer 405 (specification, update_model_set).
    built_in=(
        Protection("built-in model set: Looker refuses changes", (("built_in", True),)),
        Protection("model set of administrators: Looker refuses changes", (("all_access", True),)),
    ),
    # Not hard: a set may name models that are not deployed yet.
    limits=("built-in sets cannot be written: 405",),
    references=(Reference("models[]", "lookml_model", "name"),),
)
