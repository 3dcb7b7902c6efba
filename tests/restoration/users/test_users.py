"""Users are matched by their logins, updated, created without mail and never doubled; the caller keeps access."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import AmbiguousMatchError, ForbiddenError, IncompleteError, LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes

OTHER = Judgement("other")
LOSSES = ["reset_after", "status:502", "html:504", "cut", "truncate"]


def drift(setup: RestoreFixture, user_id: str, **values: Any) -> None:
    edit(setup.world, Edit(type="user", id=user_id, set=values))


def shown(setup: RestoreFixture, user_id: str) -> JsonObject:
    found: JsonObject = setup.call("user", user_id=user_id)
    return found


def restore_with(setup: RestoreFixture, key: str, judgement: Judgement | None = None, **values: Any) -> ItemResult:
    """Restore an item as if it had been backed up with these values."""
    item = setup.item(key)
    item.raw.update(values)
    return ItemRestorer(setup.context(judgement=judgement)).restore(item).result


def only_saml(setup: RestoreFixture, user_id: str, **more: Any) -> JsonObject:
    """The content of a backup for a user with a SAML login."""
    entry = {"saml_user_id": f"idp-{user_id}", "email": f"saml{user_id}@example.com", "type": "saml"}
    return {"credentials_email": None, "email": entry["email"], "credentials_saml": entry, **more}


def only_embed(user_id: str) -> JsonObject:
    entry = {"external_user_id": f"ext-{user_id}", "type": "embed", "id": "1"}
    return {"credentials_email": None, "email": None, "credentials_embed": [entry]}


def test_an_unchanged_user_is_left_as_it_is(setup: RestoreFixture) -> None:
    calls = setup.counted(lambda: setup.restore("user=2"))
    assert writes(calls) == {}
    assert setup.restore("user=2").outcome == "unchanged"


def test_names_and_locale_are_restored_with_one_call(setup: RestoreFixture) -> None:
    before = shown(setup, "2")
    drift(setup, "2", first_name="Someone", last_name="Else", locale="de")
    calls = setup.counted(lambda: setup.restore("user=2"))
    assert writes(calls) == {"update_user": 1}
    after = shown(setup, "2")
    assert [after[name] for name in ("first_name", "last_name", "locale")] == [
        before[name] for name in ("first_name", "last_name", "locale")
    ]
    assert setup.restore("user=2").outcome == "unchanged"


@pytest.mark.parametrize("disabled", [True, False])
def test_the_disabled_flag_is_restored(setup: RestoreFixture, disabled: bool) -> None:
    drift(setup, "2", is_disabled=not disabled)
    restore_with(setup, "user=2", is_disabled=disabled)
    assert shown(setup, "2")["is_disabled"] is disabled


def test_a_missing_user_is_created_with_its_login_groups_and_roles(setup: RestoreFixture) -> None:
    before = shown(setup, "3")
    setup.call("delete_user", user_id="3")
    result = setup.restore("user=3")
    assert result.outcome == "created"
    after = shown(setup, result.destination_id)
    assert result.destination_id != "3"
    same = ("first_name", "last_name", "email", "locale", "is_disabled", "role_ids", "home_folder_id")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert sorted(after["group_ids"]) == sorted(before["group_ids"])
    assert [(one.source_id, one.destination_id) for one in result.mappings] == [("3", result.destination_id)]
    calls = setup.counted(lambda: setup.restore("user=3"))
    assert writes(calls) == {}


def test_no_mail_is_sent_and_the_report_says_what_is_missing(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    result = setup.restore("user=3")
    assert any("password cannot be restored" in warning for warning in result.warnings)
    assert not [call for call in setup.simulator.log.calls if "password_reset" in call.operation]


def test_a_disabled_user_is_never_enabled_on_the_way(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    result = restore_with(setup, "user=3", is_disabled=True)
    (made,) = [call for call in setup.simulator.log.calls if call.operation == "create_user"]
    assert made.body["is_disabled"] is True
    assert shown(setup, result.destination_id)["is_disabled"] is True


def test_a_home_that_was_the_personal_folder_is_the_new_personal_folder(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    old = setup.item("user=3").raw["personal_folder_id"]
    result = restore_with(setup, "user=3", home_folder_id=old)
    after = shown(setup, result.destination_id)
    assert after["home_folder_id"] == after["personal_folder_id"] != old
    item = setup.item("user=3")
    item.raw["home_folder_id"] = old
    assert ItemRestorer(setup.context()).restore(item).result.outcome == "unchanged"


def test_a_missing_home_folder_leaves_the_home_unchanged(setup: RestoreFixture) -> None:
    drift(setup, "2", first_name="Someone")
    result = restore_with(setup, "user=2", home_folder_id="999")
    assert result.outcome == "updated"
    assert any("home folder 999" in warning for warning in result.warnings)
    assert shown(setup, "2")["home_folder_id"] == "1"


def test_a_home_folder_that_the_run_could_not_restore_leaves_the_user_incomplete(setup: RestoreFixture) -> None:
    """So that a retry of the dead letters sets it."""
    (folder,) = [str(one["id"]) for one in setup.world.table("folder") if one["name"] and one["parent_id"] == "1"][:1]
    item = setup.item("user=2")
    item.raw["home_folder_id"] = folder
    edit(setup.world, Edit(type="folder", id=folder, delete=True))
    with pytest.raises(IncompleteError, match=f"without its home: folder={folder} is not in the destination"):
        ItemRestorer(setup.context()).restore(item, last=True)


def test_a_missing_email_login_is_recreated(setup: RestoreFixture) -> None:
    email = shown(setup, "2")["email"]
    setup.call("delete_user_credentials_email", user_id="2")
    calls = setup.counted(lambda: setup.restore("user=2"))
    assert writes(calls) == {"create_user_credentials_email": 1}
    assert shown(setup, "2")["email"] == email


def test_a_changed_address_is_restored(setup: RestoreFixture) -> None:
    email = shown(setup, "2")["email"]
    setup.call("update_user_credentials_email", {"email": "new@example.com"}, user_id="2")
    calls = setup.counted(lambda: setup.restore("user=2"))
    assert writes(calls) == {"update_user_credentials_email": 1}
    assert shown(setup, "2")["email"] == email


def test_the_case_of_an_address_is_ignored(setup: RestoreFixture) -> None:
    email = shown(setup, "2")["email"]
    setup.call("update_user_credentials_email", {"email": email.upper()}, user_id="2")
    assert setup.restore("user=2").outcome == "unchanged"


def test_a_login_that_the_backup_lacks_is_not_removed(setup: RestoreFixture) -> None:
    assert restore_with(setup, "user=2", credentials_email=None).outcome == "unchanged"
    assert shown(setup, "2")["credentials_email"]


def test_a_taken_address_fails_the_item_and_is_reported(setup: RestoreFixture) -> None:
    email = shown(setup, "2")["email"]
    setup.call("delete_user_credentials_email", user_id="2")
    setup.call("update_user_credentials_email", {"email": email}, user_id="3")
    with pytest.raises(LookerError) as caught:
        setup.restore("user=2")
    assert caught.value.status == 409
    assert str(caught.value.key) == "user=2"


def test_a_user_made_again_by_hand_is_found_by_its_address(setup: RestoreFixture) -> None:
    email = shown(setup, "3")["email"]
    setup.call("delete_user", user_id="3")
    made = setup.call("create_user", {"first_name": "By", "last_name": "Hand"})
    setup.call("create_user_credentials_email", {"email": email.upper()}, user_id=made["id"])
    result = setup.restore("user=3")
    assert (result.outcome, result.destination_id) == ("updated", made["id"])
    assert setup.restore("user=3").outcome == "unchanged"


def test_an_id_that_now_belongs_to_another_user_is_not_written(setup: RestoreFixture) -> None:
    """A rolled-back instance reuses ids: no other user's address is overwritten."""
    login = {**shown(setup, "3")["credentials_email"], "email": "nobody@example.com"}
    login["created_at"] = "2030-01-01T00:00:00.000Z"
    drift(setup, "3", first_name="No", last_name="Body", email=login["email"], credentials_email=login)
    result = setup.restore("user=3")
    assert result.outcome == "created"
    assert shown(setup, "3")["first_name"] == "No"
    assert any("belongs to another user" in warning for warning in result.warnings)


def test_across_instances_the_address_decides_and_not_the_id(setup: RestoreFixture) -> None:
    emails = {key: shown(setup, key)["email"] for key in ("2", "3")}
    for user_id in ("2", "3"):
        setup.call("delete_user_credentials_email", user_id=user_id)
    setup.call("create_user_credentials_email", {"email": emails["2"]}, user_id="3")
    result = setup.restore("user=2", judgement=OTHER)
    assert result.destination_id == "3"
    assert result.mappings
    assert shown(setup, "3")["first_name"] == setup.item("user=2").raw["first_name"]
    assert setup.restore("user=2", judgement=OTHER).outcome == "unchanged"


def test_across_instances_a_missing_user_is_created_once(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    first = setup.restore("user=3", judgement=OTHER)
    assert first.outcome == "created"
    assert setup.restore("user=3", judgement=OTHER).outcome == "unchanged"


@pytest.mark.parametrize("kind", ["saml", "ldap", "google", "oidc"])
def test_users_with_external_logins_are_matched_by_their_external_id(setup: RestoreFixture, kind: str) -> None:
    name = {"ldap": "ldap_id"}.get(kind, f"{kind}_user_id")
    setup.call("delete_user_credentials_email", user_id="3")
    drift(setup, "3", **{f"credentials_{kind}": {name: "abc", "email": "new@example.com"}, "email": "new@example.com"})
    backed_up = {"credentials_email": None, "email": "old@example.com", f"credentials_{kind}": {name: "abc"}}
    result = restore_with(setup, "user=2", OTHER, **backed_up)
    assert result.destination_id == "3"


def test_an_embed_user_is_found_by_its_external_id(setup: RestoreFixture) -> None:
    setup.call("delete_user_credentials_email", user_id="3")
    drift(setup, "3", credentials_embed=only_embed("3")["credentials_embed"])
    assert restore_with(setup, "user=2", OTHER, **only_embed("3")).destination_id == "3"


def test_a_missing_embed_user_is_created_by_its_external_id(setup: RestoreFixture) -> None:
    before = shown(setup, "3")
    setup.call("delete_user", user_id="3")
    result = restore_with(setup, "user=3", **only_embed("3"))
    assert result.outcome == "created"
    after = shown(setup, result.destination_id)
    assert after["credentials_embed"][0]["external_user_id"] == "ext-3"
    assert [after[name] for name in ("first_name", "last_name", "role_ids")] == [
        before[name] for name in ("first_name", "last_name", "role_ids")
    ]
    assert "create_user" not in [call.operation for call in setup.simulator.log.calls]
    assert restore_with(setup, "user=3", **only_embed("3")).outcome == "unchanged"


def test_an_embed_user_that_cannot_be_searched_for_is_not_created(setup: RestoreFixture) -> None:
    """Looker (Google Cloud core) may deny the search: a dead letter is better than a second account."""
    setup.call("delete_user", user_id="3")
    setup.simulator.fault("status:403", operation="user_for_credential")
    count = len(setup.world.table("user"))
    with pytest.raises(ForbiddenError):
        restore_with(setup, "user=3", **only_embed("3"))
    assert len(setup.world.table("user")) == count


def test_a_missing_saml_user_is_created_without_login_and_reported(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    result = restore_with(setup, "user=3", **only_saml(setup, "3"))
    assert result.outcome == "created"
    assert any("saml login cannot be created" in warning for warning in result.warnings)
    assert shown(setup, result.destination_id)["credentials_email"] is None
    assert restore_with(setup, "user=3", **only_saml(setup, "3")).outcome == "unchanged"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("operation", ["create_user", "create_user_credentials_email", "add_group_user"])
def test_a_lost_answer_doubles_nothing(setup: RestoreFixture, loss: str, operation: str) -> None:
    before = shown(setup, "3")
    setup.call("delete_user", user_id="3")
    count = len(setup.world.table("user"))
    fault = setup.simulator.fault(loss, handled=True, operation=operation, times=1)
    result = setup.restore("user=3")
    assert fault.fired == 1
    assert result.outcome == "created"
    assert len(setup.world.table("user")) == count + 1
    after = shown(setup, result.destination_id)
    assert (after["email"], sorted(after["group_ids"])) == (before["email"], sorted(before["group_ids"]))
    assert not setup.reader.open_intents()
    assert setup.restore("user=3").outcome == "unchanged"


def test_an_embed_user_with_a_lost_answer_is_adopted(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    count = len(setup.world.table("user"))
    fault = setup.simulator.fault("reset_after", operation="create_embed_user", times=1)
    assert restore_with(setup, "user=3", **only_embed("3")).outcome == "created"
    assert fault.fired == 1
    assert len(setup.world.table("user")) == count + 1


def test_a_user_that_was_not_created_is_created_after_a_search(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    fault = setup.simulator.fault("reset_before", operation="create_user", times=1)
    assert setup.restore("user=3").outcome == "created"
    assert fault.fired == 1


def test_a_namesake_without_credentials_is_not_matched(setup: RestoreFixture) -> None:
    """Only a user with an open create is searched for by name."""
    raw = setup.item("user=3").raw
    setup.call("delete_user", user_id="3")
    namesake = setup.call("create_user", {"first_name": raw["first_name"], "last_name": raw["last_name"]})
    assert setup.restore("user=3").destination_id != namesake["id"]


def test_two_namesakes_after_a_lost_answer_are_a_dead_letter(setup: RestoreFixture) -> None:
    raw = setup.item("user=3").raw
    setup.call("delete_user", user_id="3")
    setup.call("create_user", {"first_name": raw["first_name"], "last_name": raw["last_name"]})
    setup.simulator.fault("reset_after", operation="create_user", times=1)
    with pytest.raises(AmbiguousMatchError, match="several users of that name"):
        setup.restore("user=3")


def test_two_missing_namesakes_are_both_created(setup: RestoreFixture) -> None:
    """The second one's answer is lost, and both have only a name."""
    names = {"first_name": "Ada", "last_name": "Twice"}
    for user_id in ("2", "3"):
        setup.call("delete_user", user_id=user_id)
    first = restore_with(setup, "user=2", **only_saml(setup, "2", **names)).destination_id
    setup.simulator.fault("reset_after", operation="create_user", times=1)
    second = restore_with(setup, "user=3", **only_saml(setup, "3", **names)).destination_id
    assert first != second
    assert len([user for user in setup.world.table("user") if user["last_name"] == "Twice"]) == 2


def shares_its_address(setup: RestoreFixture, *user_ids: str) -> str:
    """Users with a Google login under the address of user 2, who is gone."""
    email = str(shown(setup, "2")["email"])
    setup.call("delete_user", user_id="2")
    for user_id in user_ids:
        login = {"google_user_id": f"g{user_id}", "email": email}
        drift(setup, user_id, email=email, credentials_email=None, credentials_google=login)
    return email


def test_of_several_users_with_the_address_the_one_with_the_email_login_matches(setup: RestoreFixture) -> None:
    email = shares_its_address(setup, "3", "4")
    drift(setup, "4", credentials_email={"email": email, "user_id": "4"})
    assert restore_with(setup, "user=2", OTHER).destination_id == "4"


def test_indistinguishable_users_are_a_dead_letter(setup: RestoreFixture) -> None:
    shares_its_address(setup, "3", "4")
    with pytest.raises(AmbiguousMatchError, match=r"ids 3 .* 4 "):
        restore_with(setup, "user=2", OTHER)


def test_in_the_same_instance_a_user_known_as_another_is_not_matched(setup: RestoreFixture) -> None:
    shares_its_address(setup, "3")
    with pytest.raises(LookerError) as caught:
        setup.restore("user=2")
    assert caught.value.status == 409
    assert shown(setup, "3")["first_name"] == setup.item("user=3").raw["first_name"]


def test_a_later_run_finds_the_user_of_an_unanswered_create(setup: RestoreFixture) -> None:
    """The process died before its search."""
    setup.call("delete_user", user_id="3")
    count = len(setup.world.table("user"))
    setup.simulator.fault("reset_after", operation="create_user", times=1)
    setup.simulator.fault("status:503", operation="search_users", after=2)
    with pytest.raises(LookerError):
        setup.restore("user=3")
    assert setup.reader.open_intents()
    setup.simulator.simulation.faults.clear()
    result = setup.restore("user=3")
    assert len(setup.world.table("user")) == count + 1
    assert shown(setup, result.destination_id)["email"] == setup.item("user=3").raw["email"]


def test_the_caller_is_never_disabled(setup: RestoreFixture) -> None:
    caller = setup.context().destination.caller_id
    result = restore_with(setup, f"user={caller}", is_disabled=True, can_manage_api3_creds=False)
    assert shown(setup, caller)["is_disabled"] is False
    assert any("not disabled" in warning for warning in result.warnings)


def test_the_caller_stays_an_admin(setup: RestoreFixture) -> None:
    caller = setup.context().destination.caller_id
    result = restore_with(setup, f"user={caller}", role_ids=["2"])
    assert set(shown(setup, caller)["role_ids"]) == {"1", "2"}
    assert any("lock out" in warning for warning in result.warnings)
    assert restore_with(setup, f"user={caller}", role_ids=["2"]).outcome == "unchanged"


def test_the_login_of_the_caller_is_unchanged(setup: RestoreFixture) -> None:
    caller = setup.context().destination.caller_id
    setup.call("update_user_credentials_email", {"email": "boss@example.com"}, user_id=caller)
    result = setup.restore(f"user={caller}")
    assert shown(setup, caller)["email"] == "boss@example.com"
    assert any("login is left alone" in warning for warning in result.warnings)


@pytest.mark.parametrize("flag", ["verified_looker_employee", "is_service_account"])
def test_looker_s_own_users_are_never_written(setup: RestoreFixture, flag: str) -> None:
    drift(setup, "2", first_name="Drifted")
    own: JsonObject = {flag: True}
    result = restore_with(setup, "user=2", **own)
    assert result.outcome == "skipped"
    assert shown(setup, "2")["first_name"] == "Drifted"


def test_a_plan_names_memberships_and_counts_calls(setup: RestoreFixture) -> None:
    before = shown(setup, "3")
    setup.call("set_user_roles", ["2", "3"], user_id="3")
    plan = setup.plan("user=3")
    (change,) = plan.changes
    assert (change.path, change.old, change.new) == ("role_ids", ["2", "3"], before["role_ids"])
    assert plan.parts.calls() == {"set_user_roles": 1}


def test_a_missing_user_is_skipped_with_if_missing_skip(setup: RestoreFixture) -> None:
    setup.call("delete_user", user_id="3")
    assert setup.restore("user=3", Policy(if_missing="skip")).outcome == "skipped"


@pytest.mark.parametrize("handled", [True, False], ids=["gone meanwhile", "not permitted"])
def test_a_login_that_an_undo_removes_is_gone_only_if_looker_shows_none(
    setup: RestoreFixture, *, handled: bool
) -> None:
    """Looker answers 404 in both cases."""
    item = setup.item("user=2")
    item.raw.update(credentials_email=None)
    fault = setup.simulator.fault("status:404", handled=handled, operation="delete_user_credentials_email")
    restore = ItemRestorer(setup.context(Policy(literal=True))).restore
    if handled:
        assert restore(item).result.outcome == "updated"
    else:
        with pytest.raises(NotFoundError):
            restore(item)
    assert fault.fired == 1
    assert (shown(setup, "2")["credentials_email"] is None) == handled
