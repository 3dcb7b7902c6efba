"""Looker's own objects are recognised, and nobody else's are taken for them."""

from __future__ import annotations

import pytest

from lrestore.ontology import CONTENT_TYPES, is_built_in
from lrestore.ontology.schema import why_built_in

OWN_OF_LOOKER: list[tuple[str, dict[str, object]]] = [
    ("folder", {"id": "1", "name": "Shared", "is_shared_root": True}),
    ("folder", {"id": "2", "name": "Users", "is_users_root": True}),
    ("folder", {"id": "3", "name": "Embed Groups", "is_embed_shared_root": True}),
    ("folder", {"id": "4", "name": "Embed Users", "is_embed_users_root": True}),
    ("folder", {"id": "9", "name": "Ada", "is_personal": True}),
    ("folder", {"id": "10", "name": "tenant", "external_id": "tenant-7"}),
    ("folder", {"id": "lookml", "name": "LookML Dashboards"}),
    ("group", {"id": "1", "name": "All Users", "include_by_default": True}),
    ("group", {"id": "5", "name": "from SAML", "externally_managed": True}),
    ("group", {"id": "6", "name": "embedded", "external_group_id": "tenant-7"}),
    ("group", {"id": "7", "name": "Gemini Default Users"}),
    ("role", {"id": "2", "name": "Admin", "permission_set": {"all_access": True}, "model_set": {"all_access": True}}),
    ("role", {"id": "3", "name": "Support", "internal": True}),
    ("permission_set", {"id": "1", "name": "Admin", "built_in": True, "all_access": True}),
    ("model_set", {"id": "1", "name": "All", "built_in": True}),
    ("user", {"id": "8", "verified_looker_employee": True}),
    ("user", {"id": "9", "is_service_account": True}),
    ("lookml_model", {"name": "system__activity"}),
    ("dashboard", {"id": "thelook::orders", "readonly": True, "model": {"id": "thelook"}}),
    ("dashboard", {"id": "thelook::orders", "readonly": None, "model": None}),
]

OWN_OF_USERS: list[tuple[str, dict[str, object]]] = [
    (
        "folder",
        {"id": "11", "name": "Sales", "is_personal": False, "is_personal_descendant": True, "external_id": None},
    ),
    ("folder", {"id": "12", "name": "below a tenant", "is_embed": True, "external_id": ""}),
    ("group", {"id": "8", "name": "Analysts", "include_by_default": False, "external_group_id": None}),
    (
        "role",
        {"id": "4", "name": "Analyst", "permission_set": {"all_access": False}, "model_set": {"all_access": True}},
    ),
    ("role", {"id": "5", "name": "no sets", "permission_set": None}),
    ("permission_set", {"id": "2", "name": "Developer", "built_in": False, "all_access": False}),
    ("user", {"id": "10", "verified_looker_employee": False, "presumed_looker_employee": True}),
    ("dashboard", {"id": "42", "readonly": True, "model": None}),
    ("look", {"id": "1"}),
    ("board", {"id": "1"}),
]


@pytest.mark.parametrize(("type_name", "obj"), OWN_OF_LOOKER)
def test_lookers_own_objects_are_recognised(type_name: str, obj: dict[str, object]) -> None:
    assert is_built_in(CONTENT_TYPES[type_name], obj)


@pytest.mark.parametrize(("type_name", "obj"), OWN_OF_LOOKER)
def test_the_reason_says_what_the_object_is(type_name: str, obj: dict[str, object]) -> None:
    """ "Looker's own" is no reason for a personal folder or a group of the identity provider."""
    reasons = {rule.why for rule in CONTENT_TYPES[type_name].built_in}
    assert len(reasons) == len(CONTENT_TYPES[type_name].built_in)
    assert why_built_in(CONTENT_TYPES[type_name], obj).partition(" (")[0] in {why.partition(" (")[0] for why in reasons}
    words = {
        "is_personal": "personal folder",
        "externally_managed": "identity provider",
        "is_service_account": "service",
    }
    for field, word in words.items():
        assert field not in obj or word in why_built_in(CONTENT_TYPES[type_name], obj)


@pytest.mark.parametrize(("type_name", "obj"), OWN_OF_USERS)
def test_what_users_made_is_not_taken_for_lookers_own(type_name: str, obj: dict[str, object]) -> None:
    """A role of one's own that uses the built-in model set All is restored like any other."""
    assert not is_built_in(CONTENT_TYPES[type_name], obj)


def test_the_reason_names_what_the_object_is_known_by() -> None:
    """The reason names a service account that is left alone."""
    account = {"id": "9", "is_service_account": True, "verified_looker_employee": False}
    assert why_built_in(CONTENT_TYPES["user"], account).endswith("(is_service_account)")
    admin = {"id": "2", "permission_set": {"all_access": True}, "model_set": {"all_access": True}}
    reason = why_built_in(CONTENT_TYPES["role"], admin)
    assert reason.startswith("the Admin role") and "permission_set.all_access, model_set.all_access" in reason
