"""Records of another process that are newer than this process's read of the live object."""

from __future__ import annotations

from lrestore.messages import ObjectMapping
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.identify.resolve import mapped, user_there
from tests.restoration.restore_fixture import RestoreFixture


def test_a_user_whose_login_was_created_after_the_read_is_the_recorded_one(setup: RestoreFixture) -> None:
    """A dying process has read a user without e-mail login, and its successor creates the login."""
    email = setup.item("user=2").raw["email"]
    setup.call("delete_user", user_id="2")
    made = setup.call("create_user", {"first_name": "Ada"})
    here = setup.context()
    assert here.destination.live.facts("user", made["id"]) is not None
    setup.call("create_user_credentials_email", {"email": email}, user_id=made["id"])
    other = setup.journal()
    other.map(_mapping(setup, made["id"]))
    assert mapped(here, "user", "2") == user_there(here, "2") == made["id"]


def test_a_user_who_was_on_record_without_a_login_is_the_recorded_one_once_it_has_a_login(
    setup: RestoreFixture,
) -> None:
    """A killed session has created the user; it is resumed, and another process of it creates the login."""
    email = setup.item("user=2").raw["email"]
    setup.call("delete_user", user_id="2")
    made = setup.call("create_user", {"first_name": "Ada"})
    other = setup.journal()
    other.map(_mapping(setup, made["id"]))
    here = setup.context()
    assert here.destination.live.facts("user", made["id"]) is not None
    setup.call("create_user_credentials_email", {"email": email}, user_id=made["id"])
    other.map(_mapping(setup, made["id"]))
    assert mapped(here, "user", "2") == user_there(here, "2") == made["id"]


def _mapping(setup: RestoreFixture, user_id: str) -> ObjectMapping:
    return mapping_to("user", "2", user_id, setup.call("user", user_id=user_id))
