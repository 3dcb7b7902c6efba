"""Proof that a live object is the recorded one: ``created_at``, else its identifying fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.messages import UNPROVED, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.identify.proof import proof_of, proves
from lrestore.restoration.stand_in_names import temporary_title

THEN, LATER = "2026-01-01T10:00:00.000+00:00", "2026-01-02T10:00:00.000+00:00"


def recorded(kind: str, live: dict[str, Any]) -> Recorded:
    return Recorded("7", proof_of(kind, live))


def test_the_time_of_creation_decides_whatever_else_has_changed() -> None:
    known = recorded("look", {"id": 7, "title": "Sales", "folder_id": "1", "created_at": THEN})
    assert proves("look", known, {"id": 7, "title": "Renamed", "folder_id": "9", "created_at": THEN}) is True
    assert proves("look", known, {"id": 7, "title": "Sales", "folder_id": "1", "created_at": LATER}) is False


def test_without_a_time_of_creation_the_natural_key_decides() -> None:
    """Some answers to a create lack it."""
    known = recorded("look", {"id": 7, "title": "Sales", "folder_id": "1"})
    assert proves("look", known, {"title": "Sales", "folder_id": "1", "created_at": THEN}) is True
    assert proves("look", known, {"title": "Sales", "folder_id": "2", "created_at": THEN}) is False


@pytest.mark.parametrize("kind", ["group", "role", "permission_set", "model_set"])
def test_types_without_a_time_of_creation_are_proved_by_their_recorded_name(kind: str) -> None:
    known = recorded(kind, {"id": "7", "name": "Sales"})
    assert proves(kind, known, {"id": "7", "name": "Sales"}) is True
    assert proves(kind, known, {"id": "7", "name": "Somebody else's"}) is False


def test_a_temporary_name_proves_the_object() -> None:
    """A killed run has left it."""
    known = recorded("group", {"id": "7", "name": "Sales"})
    assert proves("group", known, {"id": "7", "name": temporary_title("Sales", "7")}) is True
    assert proves("group", known, {"id": "7", "name": temporary_title("Sales", "8")}) is False


def test_a_mapping_of_an_older_version_proves_nothing() -> None:
    assert proves("look", Recorded("7", UNPROVED), {"title": "Sales", "created_at": THEN}) is None


@pytest.mark.parametrize(
    ("then", "now", "same"),
    [
        ({"email": "a@x.com"}, {"email": "A@x.com "}, True),
        ({"email": "a@x.com"}, {"email": "b@x.com"}, False),
        (
            {"email": "a@x.com", "credentials_saml": {"saml_user_id": "s1"}},
            {"credentials_saml": {"saml_user_id": "s1"}},
            True,
        ),
        (
            {"credentials_email": {"email": "a@x.com", "created_at": THEN}},
            {"credentials_email": {"email": "married@x.com", "created_at": THEN}},
            True,
        ),
        ({"first_name": "Ann", "last_name": "Li"}, {"first_name": "Ann", "last_name": "Li"}, True),
        ({"first_name": "Ann", "last_name": "Li"}, {"first_name": "Bob", "last_name": "Li"}, False),
        ({"first_name": "Ann"}, {"first_name": "Ann", "email": "ann@x.com"}, None),
    ],
)
def test_users_are_proved_by_their_logins(then: dict[str, Any], now: dict[str, Any], same: bool | None) -> None:
    assert proves("user", recorded("user", then), now) is same


def test_no_address_can_be_read_in_the_proof_of_a_user() -> None:
    told = proof_of(
        "user", {"email": "ann@x.com", "first_name": "Ann", "credentials_email": {"email": "ann@x.com"}}
    ).key
    assert "ann" not in told.casefold() and "x.com" not in told


@pytest.mark.parametrize(
    ("kind", "then", "changed", "another"),
    [
        (
            "dashboard_element",
            {"title": "Sales", "query_id": "5"},
            {"title": "Sales", "query_id": "6"},
            {"title": "X", "query_id": "7"},
        ),
        (
            "dashboard_filter",
            {"name": "a", "title": "A", "model": "m", "explore": "e", "dimension": "e.d"},
            {"name": "b", "title": "B", "model": "m", "explore": "e", "dimension": "e.d"},
            {"name": "c", "title": "C", "model": "m", "explore": "e", "dimension": "e.f"},
        ),
        ("dashboard_layout", {"label": "One"}, {"label": "One", "order": 3}, {"label": "Two"}),
        ("board_item", {"dashboard_id": "5"}, {"dashboard_id": "5", "custom_title": "T"}, {"dashboard_id": "6"}),
    ],
)
def test_one_equal_trait_proves_a_part(
    kind: str, then: dict[str, Any], changed: dict[str, Any], another: dict[str, Any]
) -> None:
    """A changed title or a changed query is still the same tile; with both changed it is another tile."""
    assert proves(kind, recorded(kind, then), changed) is True
    assert proves(kind, recorded(kind, then), another) is False


def test_a_query_is_proved_by_its_slug_or_its_definition() -> None:
    asked = {"model": "m", "view": "v", "fields": ["v.a"]}
    known = recorded("query", {**asked, "slug": "abc"})
    assert proves("query", known, {"model": "m", "view": "v", "fields": ["v.a", "v.b"], "slug": "abc"}) is True
    assert proves("query", known, {**asked, "slug": "other"}) is True
    assert proves("query", known, {"model": "m", "view": "other", "slug": "other"}) is False


@given(st.sampled_from(sorted(CONTENT_TYPES)), st.dictionaries(st.text(), st.text()), st.data())
def test_every_object_proves_itself(kind: str, rest: dict[str, str], data: st.DataObject) -> None:
    names = CONTENT_TYPES[kind].natural_key
    live = {**rest, **{name: data.draw(st.text(min_size=1)) for name in names}}
    assert proves(kind, recorded(kind, live), live) in (True, None)
    if kind != "user" and "created_at" not in rest:
        assert proves(kind, recorded(kind, live), {**live, names[0]: f"{live[names[0]]} other"}) is False
