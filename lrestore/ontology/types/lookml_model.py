"""LookML models: only their configuration is content; the LookML itself lives in git."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Protection, Reference

LOOKML_MODEL = ContentType(
    name="lookml_model",
    vault_number=3,
    model="LookmlModel",
    update_schema="LookmlModel",
    tier=5,
    get="lookml_model",
    create="create_lookml_model",
    update="update_lookml_model",
    delete="delete_lookml_model",
    list_all="all_lookml_models",
    id_field="name",
    required=("name",),
    create_needs=("name", "project_name"),
    natural_key=("name",),
    # The model of System Activity is part of Looker.
    built_in=(Protection("System Activity: a model of Looker's own", (("name", "system__activity"),)),),
    limits=(
        "LookML cannot be written: only which project a model is in and which connections it may use",
        "connections and projects cannot be restored from a backup: they have to be there",
    ),
    references=(
        Reference("project_name", "project", "hard"),
        Reference("allowed_db_connection_names[]", "connection", "name"),
    ),
)
