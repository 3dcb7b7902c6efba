"""Explores: defined in LookML. They can be looked for, not written."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Reference

EXPLORE = ContentType(
    name="explore",
    vault_number=4,
    model="LookmlModelExplore",
    update_schema="",
    tier=6,
    get="lookml_model_explore",
    create=None,
    update=None,
    delete=None,
    title_field="label",
    required=("name", "model_name"),
    natural_key=("model_name", "name"),
    limits=("explores are LookML: they can be looked for, and nothing else",),
    references=(Reference("model_name", "lookml_model", "parent"),),
)
