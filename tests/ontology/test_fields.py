"""Which fields may be sent, and which may be reset to null."""

from __future__ import annotations

import attrs
import pytest

from lrestore.ontology import CONTENT_TYPES, PARTS, fields, releases
from lrestore.ontology.errata import NOT_SENT
from lrestore.ontology.nulls import KEPT, RESETTABLE

SCHEMAS = sorted(
    {
        *(entry.update_schema for entry in CONTENT_TYPES.values() if entry.update_schema),
        *(part.model for part in PARTS.values()),
        *("CreateFolder", "CreateDashboardFilter", "Query", "MergeQuery", "MergeQuerySourceQuery"),
        *("DashboardAppearance", "DashboardDownloadSettings", "ScheduledPlanDestination"),
        *("ResultMakerWithIdVisConfigAndDynamicFields", "ResultMakerFilterables", "ResultMakerFilterablesListen"),
    }
)


def sdk_release() -> str:
    from looker_sdk import version

    return str(version.__version__)


def in_this_sdk(schema: str, field: str) -> bool:
    """Whether the SDK that is installed can know the field: lower bounds are older than the newest fields."""
    return releases.at_least(sdk_release(), releases.INTRODUCED.get(f"{schema}.{field}", "22.4"))


def attributes(schema: str) -> set[str]:
    return {attribute.name for attribute in attrs.fields(fields.sdk_model(schema))}


def creatable(schema: str) -> frozenset[str]:
    """The fields that a create may send."""
    return fields.writable(fields.CREATE_BODIES.get(schema, schema))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_is_writable_is_a_field_of_the_schema_and_never_an_erratum(schema: str) -> None:
    assert fields.writable(schema)
    assert fields.writable(schema) <= attributes(schema)
    assert not fields.writable(schema) & NOT_SENT.get(schema, {}).keys()
    assert fields.writable(schema) == creatable(schema) or schema in ("Folder", "DashboardFilter")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_is_told_by_looker_is_never_sent(schema: str) -> None:
    """A body with an id, a capability or an embedded copy is refused, or worse, taken."""
    embedded = {"id", "can", "url", "query", "look", "folder", "user", "permission_set", "model_set", "created_at"}
    assert not fields.writable(schema) & embedded


@pytest.mark.parametrize(("schema", "names"), NOT_SENT.items(), ids=NOT_SENT.keys())
def test_every_erratum_has_a_reason_and_names_a_field_that_exists(schema: str, names: dict[str, str]) -> None:
    assert all(names.values())
    assert {name for name in names if in_this_sdk(schema, name)} <= attributes(schema)


@pytest.mark.parametrize("schema", sorted({*RESETTABLE, *KEPT}))
def test_rules_about_null_are_about_fields_that_are_written(schema: str) -> None:
    kept, resettable = KEPT.get(schema, {}), RESETTABLE.get(schema, frozenset())
    assert kept.keys() | resettable <= fields.writable(schema) | creatable(schema)
    assert not kept.keys() & resettable
    assert all(kept.values())


def test_a_field_that_a_later_sdk_brings_is_not_reset() -> None:
    """Its absence from a backup says nothing, and nobody has read what null does to it."""
    newer = {name for name, release in releases.INTRODUCED.items() if releases.at_least(release, "26.14")}
    assert newer
    assert not {name for name in newer if fields.nullable(*name.split("."))}


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ("Dashboard", "description"),
        ("Dashboard", "refresh_interval"),
        ("Dashboard", "show_title"),
        ("DashboardElement", "look_id"),
        ("DashboardFilter", "default_value"),
        ("LookWithQuery", "description"),
        ("ScheduledPlan", "crontab"),
        ("ScheduledPlan", "datagroup"),
    ],
)
def test_what_was_null_can_be_reset_to_null(schema: str, field: str) -> None:
    assert fields.nullable(schema, field)


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ("Dashboard", "hidden"),
        ("Dashboard", "folder_id"),
        ("Dashboard", "slug"),
        ("Dashboard", "created_at"),
        ("Dashboard", "no_such_field"),
        ("DashboardElement", "result_maker"),
        ("DashboardElement", "dashboard_layout_id"),
        ("Folder", "parent_id"),
        ("PermissionSet", "permissions"),
        ("Role", "permission_set_id"),
        ("Board", "section_order"),
        ("ScheduledPlan", "scheduled_plan_destination"),
    ],
)
def test_null_is_never_sent_where_it_would_destroy_or_be_refused(schema: str, field: str) -> None:
    """An absent list is not an empty one, and nothing loses its place or its owner because the backup lacks it."""
    assert not fields.nullable(schema, field)


def test_a_filter_is_created_with_its_dashboard_and_updated_without() -> None:
    assert creatable("DashboardFilter") - fields.writable("DashboardFilter") == {"dashboard_id"}


def test_secrets_that_no_backup_holds_are_not_written() -> None:
    assert "secret_parameters" not in fields.writable("ScheduledPlanDestination")
    assert "custom_image_data_base64" not in fields.writable("BoardItem")


def test_a_restore_cannot_run_a_plan() -> None:
    assert "run_once" not in fields.writable("ScheduledPlan")


def test_the_listeners_of_a_tile_can_be_written_though_the_specification_marks_them_read_only() -> None:
    """Every public tool sends ``listen``, and the tile listens."""
    assert fields.writable("ResultMakerFilterables") == {"model", "view", "name", "listen"}


@pytest.mark.parametrize(
    ("schema", "field", "below"),
    [
        ("Dashboard", "appearance", "DashboardAppearance"),
        ("Dashboard", "dashboard_elements", "DashboardElement"),
        ("DashboardElement", "result_maker", "ResultMakerWithIdVisConfigAndDynamicFields"),
        ("ResultMakerWithIdVisConfigAndDynamicFields", "filterables", "ResultMakerFilterables"),
        ("ScheduledPlan", "scheduled_plan_destination", "ScheduledPlanDestination"),
        ("Query", "filters", None),
        ("Query", "vis_config", None),
        ("Dashboard", "title", None),
        ("Dashboard", "no_such_field", None),
    ],
)
def test_a_nested_object_is_told_from_a_plain_value(schema: str, field: str, below: str | None) -> None:
    assert fields.nested(schema, field) == below


@pytest.mark.parametrize("name", ["Dashbord", "", "annotations", "Sequence"])
def test_an_unknown_schema_is_an_error_not_an_empty_answer(name: str) -> None:
    with pytest.raises(ValueError, match="has no class"):
        fields.sdk_model(name)
