"""A Looker's statements about itself are believed; what it omits counts as unknown, not as unsupported."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.json_types import JsonObject
from lrestore.ontology import OPERATIONS, fields, releases
from lrestore.ontology.errata import TAKEN_ALL_THE_SAME
from lrestore.ontology.specification import Specification, UnusableSpecificationError, reduced
from lrestore.simulator.api.specification import swagger

DOCUMENT = swagger()
WHOLE = reduced(DOCUMENT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    (schema, name)
    for schema in sorted(WHOLE.fields)
    for name in sorted(fields.writable(schema))
    if name in WHOLE.fields[schema]
]


def changed(**parts: Any) -> JsonObject:
    return {**copy.deepcopy(DOCUMENT), **parts}


def test_every_schema_that_is_sent_is_told_of() -> None:
    assert WHOLE.fields.keys() == fields.sent_schemas()
    assert WHOLE.release == "26.12.3"
    assert WHOLE.marks and not WHOLE.no_operations and not WHOLE.no_types


@pytest.mark.parametrize(
    ("schema", "name", "said"),
    [
        ("Dashboard", "title", True),
        ("Dashboard", "user_id", True),
        ("Dashboard", "chat_enabled", True),
        ("Dashboard", "created_at", False),
        ("Dashboard", "folder", False),
        ("Dashboard", "style", False),
        ("ResultMakerFilterables", "listen", True),
        ("Role", "permission_set_id", True),
        ("Role", "permission_set", False),
        ("UpdateFolder", "parent_id", True),
        ("Theme", "name", None),
    ],
)
def test_a_field_is_taken_if_it_is_there_and_not_marked_read_only(schema: str, name: str, said: bool | None) -> None:
    """``listen`` bears the mark and is sent all the same."""
    assert WHOLE.takes(schema, name) is said


@pytest.mark.parametrize("release", ["22.4.0", "25.4.12", "26.6.1", "26.12.3"])
def test_the_document_of_a_release_says_what_the_table_of_releases_says(release: str) -> None:
    said = reduced(swagger(release))
    assert FIELDS
    for schema, name in FIELDS:
        key = f"{schema}.{name}"
        since = [table[key] for table in (releases.INTRODUCED, releases.WRITABLE_SINCE) if key in table]
        assert said.takes(schema, name) is all(releases.at_least(release, one) for one in since), key


@given(st.sampled_from(FIELDS), st.booleans())
def test_a_field_that_is_not_there_or_marked_is_not_taken(place: tuple[str, str], gone: bool) -> None:
    schema, name = place
    definition = copy.deepcopy(DOCUMENT["definitions"][schema])
    if gone:
        del definition["properties"][name]
    else:
        definition["properties"][name]["readOnly"] = True
    said = reduced({**DOCUMENT, "definitions": {**DOCUMENT["definitions"], schema: definition}})
    if schema in said.fields:
        taken_all_the_same = not gone and name in TAKEN_ALL_THE_SAME.get(schema, ())
        assert said.takes(schema, name) is taken_all_the_same
        assert said.knows(schema, name) is not gone
    assert said.fields.keys() >= WHOLE.fields.keys() - {schema}


@given(st.sets(st.sampled_from(sorted(WHOLE.fields)), min_size=1))
def test_a_schema_that_the_document_lacks_is_not_said_to_lack_anything(absent: set[str]) -> None:
    left = {name: entry for name, entry in DOCUMENT["definitions"].items() if name not in absent}
    if not left.keys() & WHOLE.fields.keys():
        return
    said = reduced({**DOCUMENT, "definitions": left})
    assert said.fields.keys() == WHOLE.fields.keys() - absent
    assert all(said.takes(schema, name) is None for schema, name in FIELDS if schema in absent)


@pytest.mark.parametrize(
    "properties", [{"id": {"readOnly": True}, "description": {}}, {}, None, [], "x", {"title": {"readOnly": True}}]
)
def test_a_schema_of_a_few_fields_is_not_taken_for_the_whole(properties: object) -> None:
    """A stand-in that shows half of a dashboard must not make a restore drop the other half."""
    definitions = {**DOCUMENT["definitions"], "Dashboard": {"properties": properties}}
    said = reduced(changed(definitions=definitions))
    assert "Dashboard" not in said.fields
    assert said.takes("Dashboard", "title") is None


def test_a_schema_without_what_identifies_an_object_is_not_believed() -> None:
    document = changed()
    document["definitions"]["LookWithQuery"]["properties"]["folder_id"]["readOnly"] = True
    assert reduced(document).takes("LookWithQuery", "folder_id") is None


def test_a_document_without_any_mark_does_not_say_what_can_be_written() -> None:
    document = changed()
    for definition in document["definitions"].values():
        for entry in definition["properties"].values():
            entry.pop("readOnly", None)
    said = reduced(document)
    assert said.takes("Dashboard", "user_id") is None
    assert said.takes("Dashboard", "style") is False
    assert said.knows("Dashboard", "user_id") is True


def test_the_openapi_form_is_understood_too() -> None:
    said = reduced({"openapi": "3.0.0", "components": {"schemas": DOCUMENT["definitions"]}, "paths": DOCUMENT["paths"]})
    assert said.fields == WHOLE.fields and said.release == ""


def test_a_call_is_missing_only_from_a_document_that_names_most_of_them() -> None:
    document = changed()
    del document["paths"]["/boards"]["post"]
    assert reduced(document).no_operations == {"create_board"}
    few = {path: document["paths"][path] for path in list(document["paths"])[:5]}
    assert reduced(changed(paths=few)).no_operations == frozenset()
    assert reduced(changed(paths={})).no_types == frozenset()


def test_a_call_under_another_name_is_known_by_its_place() -> None:
    document = changed()
    document["paths"]["/boards/{id}"] = {"patch": {"operationId": "change_board"}}
    del document["paths"]["/boards/{board_id}"]["patch"]
    assert reduced(document).no_operations == frozenset()


def test_a_type_without_object_and_calls_is_not_there() -> None:
    document = changed()
    del document["definitions"]["Board"]
    document["paths"] = {path: row for path, row in document["paths"].items() if not path.startswith("/boards")}
    said = reduced(document)
    assert said.no_types == {"board"}
    assert {"board", "create_board", "update_board"} <= said.no_operations


@given(JSON)
def test_whatever_else_is_served_is_refused_with_a_reason(document: object) -> None:
    with pytest.raises(UnusableSpecificationError, match=r"."):
        reduced(document)


@given(st.sampled_from(["definitions", "paths", "info"]), JSON)
def test_a_broken_part_never_ends_in_an_internal_error(part: str, value: object) -> None:
    try:
        said = reduced({**DOCUMENT, part: value})
    except UnusableSpecificationError:
        assert part == "definitions"
    else:
        assert said.fields == WHOLE.fields


def test_the_reduced_form_is_small_and_survives_being_written_down() -> None:
    written = msgspec.json.encode(WHOLE)
    assert len(written) < 20_000
    assert msgspec.json.decode(written, type=Specification) == WHOLE


def test_every_operation_of_the_table_is_in_the_document() -> None:
    assert OPERATIONS.keys() - {"swagger"} == OPERATIONS.keys() - WHOLE.no_operations
