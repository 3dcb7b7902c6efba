"""Records of another process that are newer than this process's read of the live object."""

from __future__ import annotations

from lrestore.messages import Mapping
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.identify.resolve import mapped, user_there
from tests.restoration.restore_fixture import Stage


def test_a_user_whose_login_was_created_after_the_read_is_the_recorded_one(stage: Stage) -> None:
    """A dying process has read a user without e-mail login, and its successor creates the login."""
    email = stage.item("user=2").raw["email"]
    stage.call("delete_user", user_id="2")
    made = stage.call("create_user", {"first_name": "Ada"})
    here = stage.context()
    assert here.destination.live.facts("user", made["id"]) is not None
    stage.call("create_user_credentials_email", {"email": email}, user_id=made["id"])
    other = stage.journal()
    other.map(_mapping(stage, made["id"]))
    assert mapped(here, "user", "2") == user_there(here, "2") == made["id"]


def test_a_user_who_was_on_record_without_a_login_is_the_recorded_one_once_it_has_a_login(stage: Stage) -> None:
    """A killed session has created the user; it is resumed, and another process of it creates the login."""
    email = stage.item("user=2").raw["email"]
    stage.call("delete_user", user_id="2")
    made = stage.call("create_user", {"first_name": "Ada"})
    other = stage.journal()
    other.map(_mapping(stage, made["id"]))
    here = stage.context()
    assert here.destination.live.facts("user", made["id"]) is not None
    stage.call("create_user_credentials_email", {"email": email}, user_id=made["id"])
    other.map(_mapping(stage, made["id"]))
    assert mapped(here, "user", "2") == user_there(here, "2") == made["id"]


def _mapping(stage: Stage, user_id: str) -> Mapping:
    return mapping_to("user", "2", user_id, stage.call("user", user_id=user_id))
