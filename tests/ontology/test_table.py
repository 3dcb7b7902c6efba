"""The table is consistent with itself and with the SDK's models."""

from __future__ import annotations

import re
import typing

import attrs
import pytest

from lrestore.ontology import CONTENT_TYPES, OPERATIONS, PARTS, ContentType, Operation, Part, by_vault_number, fields
from lrestore.simulator.core import schema

TYPES = pytest.mark.parametrize("entry", CONTENT_TYPES.values(), ids=CONTENT_TYPES.keys())
PART_ROWS = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
OPERATION_ROWS = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())

WANTED_ORDER = (
    *("user", "group", "role", "permission_set", "folder", "lookml_model"),
    *("explore", "look", "dashboard", "board", "scheduled_plan"),
)
"""FR-011, as far as true dependencies allow."""


def field_names(model: str) -> set[str]:
    return {attribute.name for attribute in attrs.fields(fields.sdk_model(model))}


def step(model: str, name: str) -> tuple[bool, str | None]:
    """Whether a field of an SDK class is a list, and the class of what is in it, if that is a class of the SDK."""
    hint = str(typing.get_type_hints(fields.sdk_model(model))[name])
    return "Sequence" in hint, fields.nested(model, name)


def resolve(model: str, path: str) -> str | None:
    """Walk a path of the ontology through the SDK's classes; the class it ends in, None for a plain value."""
    here: str | None = model
    for part in path.split("."):
        assert here is not None, f"{path}: {part} is below a plain value"
        name = part.removesuffix("[]")
        assert name in field_names(here), f"{here} has no field {name}"
        is_list, below = step(here, name)
        assert is_list == part.endswith("[]"), f"{here}.{name}: {path} says otherwise about its being a list"
        here = below
    return here


def test_there_are_the_twelve_types_of_a_backup() -> None:
    assert sorted(by_vault_number) == list(range(1, 13))
    assert len(CONTENT_TYPES) == 12


@TYPES
def test_every_operation_that_a_row_names_exists_and_does_what_it_says(entry: ContentType) -> None:
    """FR-005, FR-006: PATCH what exists, POST what does not."""
    verbs = {
        "GET": [entry.get, entry.list_all, entry.search],
        "POST": [entry.create],
        "PATCH": [entry.update],
        "DELETE": [entry.delete],
    }
    assert entry.get
    for verb, names in verbs.items():
        assert all(OPERATIONS[name].method == verb for name in names if name is not None)


@PART_ROWS
def test_every_operation_that_a_part_names_exists_and_does_what_it_says(part: Part) -> None:
    for name, verb in ((part.create, "POST"), (part.update, "PATCH"), (part.delete, "DELETE")):
        assert name is None or OPERATIONS[name].method == verb


@TYPES
def test_every_field_that_a_row_names_exists_in_the_sdk(entry: ContentType) -> None:
    named = {entry.id_field, entry.title_field, *entry.required, *entry.natural_key, *entry.embedded_ids}
    assert named <= field_names(entry.model)
    assert not entry.created_at or "created_at" in field_names(entry.model)
    assert not entry.trash or "deleted" in fields.writable(entry.update_schema)
    for rule in entry.built_in:
        assert rule.why and rule.conditions
        for path, _ in rule.conditions:
            resolve(entry.model, path)


@TYPES
def test_what_a_create_needs_can_be_sent(entry: ContentType) -> None:
    if entry.create is None:
        assert not entry.create_needs
        return
    body = fields.CREATE_BODIES.get(entry.update_schema, entry.update_schema)
    assert set(entry.create_needs) <= fields.writable(body)
    assert set(entry.ignored) <= fields.writable(entry.update_schema)
    assert set(entry.embedded_ids) <= fields.writable(entry.update_schema)
    assert not set(entry.ignored) & set(entry.create_needs)


@TYPES
def test_every_reference_is_a_path_in_the_sdk_models(entry: ContentType) -> None:
    paths = [reference.path for reference in entry.references]
    assert len(paths) == len(set(paths))
    for path in paths:
        assert resolve(entry.model, path) is None, f"{path} ends in an object, not in a name"


@TYPES
def test_every_part_lies_where_its_row_says(entry: ContentType) -> None:
    for part in entry.parts:
        place = part.path if part.type == "credentials_email" else f"{part.path}[]"
        assert resolve(entry.model, place) == part.model
        assert set(part.match) <= field_names(part.model)
        assert part.parent_field in field_names(part.model)


@TYPES
def test_hard_references_and_containers_point_to_earlier_tiers(entry: ContentType) -> None:
    """FR-011, FR-012. A folder in a folder is ordered by depth, so a type may be its own container."""
    for reference in entry.references:
        target = CONTENT_TYPES.get(reference.target)
        if target is not None and reference.kind in ("hard", "parent"):
            inside = target.name == entry.name
            assert inside or target.tier < entry.tier, f"{entry.name}.{reference.path}"


def test_the_order_of_types_is_the_wanted_one_but_for_permission_sets() -> None:
    """FR-011. A role needs its permission set and its model set first: the one place where the order must give way."""
    tiers = [CONTENT_TYPES[name].tier for name in WANTED_ORDER if name != "permission_set"]
    assert tiers == sorted(tiers)
    assert len(set(tiers)) == len(tiers)
    assert CONTENT_TYPES["permission_set"].tier < CONTENT_TYPES["role"].tier
    assert list(CONTENT_TYPES.values()) == sorted(CONTENT_TYPES.values(), key=lambda entry: entry.tier)


@TYPES
def test_only_one_content_id_of_a_natural_key_counts_if_there_are_alternatives(entry: ContentType) -> None:
    assert set(entry.one_of) < set(entry.natural_key) if entry.one_of else entry.natural_key


@TYPES
def test_references_of_a_natural_key_are_known_so_that_they_can_be_translated(entry: ContentType) -> None:
    """A folder's id in a natural key means nothing in another instance (FR-032)."""
    known = {reference.path for reference in entry.references}
    assert {name for name in entry.natural_key if name.endswith("_id")} <= known


@TYPES
def test_every_writable_id_is_classified_as_a_reference(entry: ContentType) -> None:
    """FR-032: an id that nobody translates would point to a stranger's object in another instance."""
    if not entry.update_schema:
        return
    paths = {reference.path.split(".")[-1].removesuffix("[]") for reference in entry.references}
    written = [entry.update_schema, *(part.model for part in entry.parts)]
    ids = {name for schema in written for name in fields.writable(schema) if re.search(r"_ids?$", name)}
    assert ids <= paths


@OPERATION_ROWS
def test_only_creates_are_not_repeatable(operation: Operation) -> None:
    """B: a lost answer to a POST must be looked for, never sent again; queries are structural, so they may be."""
    assert operation.repeatable or operation.method == "POST"
    if operation.id.startswith("create_"):
        assert operation.repeatable == (operation.id in ("create_query", "create_merge_query"))


@OPERATION_ROWS
def test_a_path_names_each_parameter_once(operation: Operation) -> None:
    parameters = re.findall(r"{([a-z_]+)}", operation.path)
    assert len(parameters) == len(set(parameters))
    assert re.fullmatch(r"(/([a-z_0-9]+|{[a-z_]+}))+", operation.path)


@OPERATION_ROWS
def test_usable_answers_are_those_of_the_specification(operation: Operation) -> None:
    result = schema.operations()[operation.id].result or ""
    word = result.strip("[@]")
    expected = "rows" if result.startswith("[") else "object" if result.startswith("@") else "text"
    assert operation.answer.content == ("document" if result == "any" else expected)
    shows = operation.answer.shows
    assert not shows or shows in schema.schema(word).fields
    assert operation.answer.silent or operation.method == "GET" or operation.id.startswith(("create_", "login"))


@pytest.mark.parametrize("holder", ["dashboard", "board"])
def test_lists_of_parts_are_looked_at_where_the_table_has_them(holder: str) -> None:
    paths = {part.path for part in CONTENT_TYPES[holder].parts}
    operation = OPERATIONS[CONTENT_TYPES[holder].get]
    assert paths and set(operation.answer.lists) == paths


def test_operations_that_run_schedules_or_send_mail_are_not_in_the_table() -> None:
    """Restoring must never mail anybody."""
    assert not [name for name in OPERATIONS if re.search("run_once|password|send_|wipeout|enqueue|login_user", name)]


def test_no_two_operations_share_verb_and_path() -> None:
    assert len({(row.method, row.path) for row in OPERATIONS.values()}) == len(OPERATIONS)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("dashboard", ("GET", "/dashboards/{dashboard_id}", "non_query", True)),
        ("create_dashboard", ("POST", "/dashboards", "non_query", False)),
        ("update_dashboard_element", ("PATCH", "/dashboard_elements/{dashboard_element_id}", "non_query", True)),
        ("create_query", ("POST", "/queries", "db_query", True)),
        ("update_scheduled_plan", ("PATCH", "/scheduled_plans/{scheduled_plan_id}", "db_query", False)),
        ("role", ("GET", "/roles/{role_id}", "non_query", False)),
        ("login", ("POST", "/login", "none", False)),
    ],
)
def test_rows_are_as_in_the_specification(name: str, row: tuple[str, str, str, bool]) -> None:
    operation = OPERATIONS[name]
    assert (operation.method, operation.path, operation.activity, operation.takes_fields) == row
