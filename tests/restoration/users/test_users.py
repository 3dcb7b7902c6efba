"""Users are matched by their logins, updated, created without mail and never doubled; the caller keeps access."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import AmbiguousMatchError, ForbiddenError, LookerError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import Stage, writes

OTHER = Judgement("other")
LOSSES = ["reset_after", "status:502", "html:504", "cut", "truncate"]


def drift(stage: Stage, user_id: str, **values: Any) -> None:
    edit(stage.world, Edit(type="user", id=user_id, set=values))


def shown(stage: Stage, user_id: str) -> JsonObject:
    found: JsonObject = stage.call("user", user_id=user_id)
    return found


def restore_with(stage: Stage, key: str, judgement: Judgement | None = None, **values: Any) -> ItemResult:
    """Restore an item as if it had been backed up with these values."""
    item = stage.item(key)
    item.raw.update(values)
    return ItemRestorer(stage.context(judgement=judgement)).restore(item).result


def only_saml(stage: Stage, user_id: str, **more: Any) -> JsonObject:
    """The content of a backup for a user with a SAML login."""
    entry = {"saml_user_id": f"idp-{user_id}", "email": f"saml{user_id}@example.com", "type": "saml"}
    return {"credentials_email": None, "email": entry["email"], "credentials_saml": entry, **more}


def only_embed(user_id: str) -> JsonObject:
    entry = {"external_user_id": f"ext-{user_id}", "type": "embed", "id": "1"}
    return {"credentials_email": None, "email": None, "credentials_embed": [entry]}


def test_an_unchanged_user_is_left_as_it_is(stage: Stage) -> None:
    calls = stage.counted(lambda: stage.restore("user=2"))
    assert writes(calls) == {}
    assert stage.restore("user=2").outcome == "unchanged"


def test_names_and_locale_are_restored_with_one_call(stage: Stage) -> None:
    before = shown(stage, "2")
    drift(stage, "2", first_name="Someone", last_name="Else", locale="de")
    calls = stage.counted(lambda: stage.restore("user=2"))
    assert writes(calls) == {"update_user": 1}
    after = shown(stage, "2")
    assert [after[name] for name in ("first_name", "last_name", "locale")] == [
        before[name] for name in ("first_name", "last_name", "locale")
    ]
    assert stage.restore("user=2").outcome == "unchanged"


@pytest.mark.parametrize("disabled", [True, False])
def test_the_disabled_flag_is_restored(stage: Stage, disabled: bool) -> None:
    drift(stage, "2", is_disabled=not disabled)
    restore_with(stage, "user=2", is_disabled=disabled)
    assert shown(stage, "2")["is_disabled"] is disabled


def test_a_missing_user_is_created_with_its_login_groups_and_roles(stage: Stage) -> None:
    before = shown(stage, "3")
    stage.call("delete_user", user_id="3")
    result = stage.restore("user=3")
    assert result.outcome == "created"
    after = shown(stage, result.destination_id)
    assert result.destination_id != "3"
    same = ("first_name", "last_name", "email", "locale", "is_disabled", "role_ids", "home_folder_id")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert sorted(after["group_ids"]) == sorted(before["group_ids"])
    assert [(one.source_id, one.destination_id) for one in result.mappings] == [("3", result.destination_id)]
    calls = stage.counted(lambda: stage.restore("user=3"))
    assert writes(calls) == {}


def test_no_mail_is_sent_and_the_report_says_what_is_missing(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    result = stage.restore("user=3")
    assert any("password cannot be restored" in warning for warning in result.warnings)
    assert not [call for call in stage.simulator.log.calls if "password_reset" in call.operation]


def test_a_disabled_user_is_never_enabled_on_the_way(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    result = restore_with(stage, "user=3", is_disabled=True)
    (made,) = [call for call in stage.simulator.log.calls if call.operation == "create_user"]
    assert made.body["is_disabled"] is True
    assert shown(stage, result.destination_id)["is_disabled"] is True


def test_a_home_that_was_the_personal_folder_is_the_new_personal_folder(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    old = stage.item("user=3").raw["personal_folder_id"]
    result = restore_with(stage, "user=3", home_folder_id=old)
    after = shown(stage, result.destination_id)
    assert after["home_folder_id"] == after["personal_folder_id"] != old
    item = stage.item("user=3")
    item.raw["home_folder_id"] = old
    assert ItemRestorer(stage.context()).restore(item).result.outcome == "unchanged"


def test_a_missing_home_folder_leaves_the_home_unchanged(stage: Stage) -> None:
    drift(stage, "2", first_name="Someone")
    result = restore_with(stage, "user=2", home_folder_id="999")
    assert result.outcome == "updated"
    assert any("home folder 999" in warning for warning in result.warnings)
    assert shown(stage, "2")["home_folder_id"] == "1"


def test_a_missing_email_login_is_recreated(stage: Stage) -> None:
    email = shown(stage, "2")["email"]
    stage.call("delete_user_credentials_email", user_id="2")
    calls = stage.counted(lambda: stage.restore("user=2"))
    assert writes(calls) == {"create_user_credentials_email": 1}
    assert shown(stage, "2")["email"] == email


def test_a_changed_address_is_restored(stage: Stage) -> None:
    email = shown(stage, "2")["email"]
    stage.call("update_user_credentials_email", {"email": "new@example.com"}, user_id="2")
    calls = stage.counted(lambda: stage.restore("user=2"))
    assert writes(calls) == {"update_user_credentials_email": 1}
    assert shown(stage, "2")["email"] == email


def test_the_case_of_an_address_is_ignored(stage: Stage) -> None:
    email = shown(stage, "2")["email"]
    stage.call("update_user_credentials_email", {"email": email.upper()}, user_id="2")
    assert stage.restore("user=2").outcome == "unchanged"


def test_a_login_that_the_backup_lacks_is_not_removed(stage: Stage) -> None:
    assert restore_with(stage, "user=2", credentials_email=None).outcome == "unchanged"
    assert shown(stage, "2")["credentials_email"]


def test_a_taken_address_fails_the_item_and_is_reported(stage: Stage) -> None:
    email = shown(stage, "2")["email"]
    stage.call("delete_user_credentials_email", user_id="2")
    stage.call("update_user_credentials_email", {"email": email}, user_id="3")
    with pytest.raises(LookerError) as caught:
        stage.restore("user=2")
    assert caught.value.status == 409
    assert str(caught.value.key) == "user=2"


def test_a_user_made_again_by_hand_is_found_by_its_address(stage: Stage) -> None:
    email = shown(stage, "3")["email"]
    stage.call("delete_user", user_id="3")
    made = stage.call("create_user", {"first_name": "By", "last_name": "Hand"})
    stage.call("create_user_credentials_email", {"email": email.upper()}, user_id=made["id"])
    result = stage.restore("user=3")
    assert (result.outcome, result.destination_id) == ("updated", made["id"])
    assert stage.restore("user=3").outcome == "unchanged"


def test_an_id_that_now_belongs_to_another_user_is_not_written(stage: Stage) -> None:
    """A rolled-back instance reuses ids: no other user's address is overwritten."""
    login = {**shown(stage, "3")["credentials_email"], "email": "nobody@example.com"}
    login["created_at"] = "2030-01-01T00:00:00.000Z"
    drift(stage, "3", first_name="No", last_name="Body", email=login["email"], credentials_email=login)
    result = stage.restore("user=3")
    assert result.outcome == "created"
    assert shown(stage, "3")["first_name"] == "No"
    assert any("belongs to another user" in warning for warning in result.warnings)


def test_across_instances_the_address_decides_and_not_the_id(stage: Stage) -> None:
    emails = {key: shown(stage, key)["email"] for key in ("2", "3")}
    for user_id in ("2", "3"):
        stage.call("delete_user_credentials_email", user_id=user_id)
    stage.call("create_user_credentials_email", {"email": emails["2"]}, user_id="3")
    result = stage.restore("user=2", judgement=OTHER)
    assert result.destination_id == "3"
    assert result.mappings
    assert shown(stage, "3")["first_name"] == stage.item("user=2").raw["first_name"]
    assert stage.restore("user=2", judgement=OTHER).outcome == "unchanged"


def test_across_instances_a_missing_user_is_created_once(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    first = stage.restore("user=3", judgement=OTHER)
    assert first.outcome == "created"
    assert stage.restore("user=3", judgement=OTHER).outcome == "unchanged"


@pytest.mark.parametrize("kind", ["saml", "ldap", "google", "oidc"])
def test_users_with_external_logins_are_matched_by_their_external_id(stage: Stage, kind: str) -> None:
    name = {"ldap": "ldap_id"}.get(kind, f"{kind}_user_id")
    stage.call("delete_user_credentials_email", user_id="3")
    drift(stage, "3", **{f"credentials_{kind}": {name: "abc", "email": "new@example.com"}, "email": "new@example.com"})
    backed_up = {"credentials_email": None, "email": "old@example.com", f"credentials_{kind}": {name: "abc"}}
    result = restore_with(stage, "user=2", OTHER, **backed_up)
    assert result.destination_id == "3"


def test_an_embed_user_is_found_by_its_external_id(stage: Stage) -> None:
    stage.call("delete_user_credentials_email", user_id="3")
    drift(stage, "3", credentials_embed=only_embed("3")["credentials_embed"])
    assert restore_with(stage, "user=2", OTHER, **only_embed("3")).destination_id == "3"


def test_a_missing_embed_user_is_created_by_its_external_id(stage: Stage) -> None:
    before = shown(stage, "3")
    stage.call("delete_user", user_id="3")
    result = restore_with(stage, "user=3", **only_embed("3"))
    assert result.outcome == "created"
    after = shown(stage, result.destination_id)
    assert after["credentials_embed"][0]["external_user_id"] == "ext-3"
    assert [after[name] for name in ("first_name", "last_name", "role_ids")] == [
        before[name] for name in ("first_name", "last_name", "role_ids")
    ]
    assert "create_user" not in [call.operation for call in stage.simulator.log.calls]
    assert restore_with(stage, "user=3", **only_embed("3")).outcome == "unchanged"


def test_an_embed_user_that_cannot_be_searched_for_is_not_created(stage: Stage) -> None:
    """Looker (Google Cloud core) may deny the search: a dead letter is better than a second account."""
    stage.call("delete_user", user_id="3")
    stage.simulator.fault("status:403", operation="user_for_credential")
    count = len(stage.world.table("user"))
    with pytest.raises(ForbiddenError):
        restore_with(stage, "user=3", **only_embed("3"))
    assert len(stage.world.table("user")) == count


def test_a_missing_saml_user_is_created_without_login_and_reported(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    result = restore_with(stage, "user=3", **only_saml(stage, "3"))
    assert result.outcome == "created"
    assert any("saml login cannot be created" in warning for warning in result.warnings)
    assert shown(stage, result.destination_id)["credentials_email"] is None
    assert restore_with(stage, "user=3", **only_saml(stage, "3")).outcome == "unchanged"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("operation", ["create_user", "create_user_credentials_email", "add_group_user"])
def test_a_lost_answer_doubles_nothing(stage: Stage, loss: str, operation: str) -> None:
    before = shown(stage, "3")
    stage.call("delete_user", user_id="3")
    count = len(stage.world.table("user"))
    fault = stage.simulator.fault(loss, handled=True, operation=operation, times=1)
    result = stage.restore("user=3")
    assert fault.fired == 1
    assert result.outcome == "created"
    assert len(stage.world.table("user")) == count + 1
    after = shown(stage, result.destination_id)
    assert (after["email"], sorted(after["group_ids"])) == (before["email"], sorted(before["group_ids"]))
    assert not stage.reader.open_intents()
    assert stage.restore("user=3").outcome == "unchanged"


def test_an_embed_user_with_a_lost_answer_is_adopted(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    count = len(stage.world.table("user"))
    fault = stage.simulator.fault("reset_after", operation="create_embed_user", times=1)
    assert restore_with(stage, "user=3", **only_embed("3")).outcome == "created"
    assert fault.fired == 1
    assert len(stage.world.table("user")) == count + 1


def test_a_user_that_was_not_created_is_created_after_a_search(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    fault = stage.simulator.fault("reset_before", operation="create_user", times=1)
    assert stage.restore("user=3").outcome == "created"
    assert fault.fired == 1


def test_a_namesake_without_credentials_is_not_matched(stage: Stage) -> None:
    """Only a user with an open create is searched for by name."""
    raw = stage.item("user=3").raw
    stage.call("delete_user", user_id="3")
    namesake = stage.call("create_user", {"first_name": raw["first_name"], "last_name": raw["last_name"]})
    assert stage.restore("user=3").destination_id != namesake["id"]


def test_two_namesakes_after_a_lost_answer_are_a_dead_letter(stage: Stage) -> None:
    raw = stage.item("user=3").raw
    stage.call("delete_user", user_id="3")
    stage.call("create_user", {"first_name": raw["first_name"], "last_name": raw["last_name"]})
    stage.simulator.fault("reset_after", operation="create_user", times=1)
    with pytest.raises(AmbiguousMatchError, match="several users of that name"):
        stage.restore("user=3")


def test_two_missing_namesakes_are_both_created(stage: Stage) -> None:
    """The second one's answer is lost, and both have only a name."""
    names = {"first_name": "Ada", "last_name": "Twice"}
    for user_id in ("2", "3"):
        stage.call("delete_user", user_id=user_id)
    first = restore_with(stage, "user=2", **only_saml(stage, "2", **names)).destination_id
    stage.simulator.fault("reset_after", operation="create_user", times=1)
    second = restore_with(stage, "user=3", **only_saml(stage, "3", **names)).destination_id
    assert first != second
    assert len([user for user in stage.world.table("user") if user["last_name"] == "Twice"]) == 2


def shares_its_address(stage: Stage, *user_ids: str) -> str:
    """Users with a Google login under the address of user 2, who is gone."""
    email = str(shown(stage, "2")["email"])
    stage.call("delete_user", user_id="2")
    for user_id in user_ids:
        login = {"google_user_id": f"g{user_id}", "email": email}
        drift(stage, user_id, email=email, credentials_email=None, credentials_google=login)
    return email


def test_of_several_users_with_the_address_the_one_with_the_email_login_matches(stage: Stage) -> None:
    email = shares_its_address(stage, "3", "4")
    drift(stage, "4", credentials_email={"email": email, "user_id": "4"})
    assert restore_with(stage, "user=2", OTHER).destination_id == "4"


def test_indistinguishable_users_are_a_dead_letter(stage: Stage) -> None:
    shares_its_address(stage, "3", "4")
    with pytest.raises(AmbiguousMatchError, match=r"ids 3 .* 4 "):
        restore_with(stage, "user=2", OTHER)


def test_in_the_same_instance_a_user_known_as_another_is_not_matched(stage: Stage) -> None:
    shares_its_address(stage, "3")
    with pytest.raises(LookerError) as caught:
        stage.restore("user=2")
    assert caught.value.status == 409
    assert shown(stage, "3")["first_name"] == stage.item("user=3").raw["first_name"]


def test_a_later_run_finds_the_user_of_an_unanswered_create(stage: Stage) -> None:
    """The process died before its search."""
    stage.call("delete_user", user_id="3")
    count = len(stage.world.table("user"))
    stage.simulator.fault("reset_after", operation="create_user", times=1)
    stage.simulator.fault("status:503", operation="search_users", after=2)
    with pytest.raises(LookerError):
        stage.restore("user=3")
    assert stage.reader.open_intents()
    stage.simulator.simulation.faults.clear()
    result = stage.restore("user=3")
    assert len(stage.world.table("user")) == count + 1
    assert shown(stage, result.destination_id)["email"] == stage.item("user=3").raw["email"]


def test_the_caller_is_never_disabled(stage: Stage) -> None:
    caller = stage.context().destination.caller_id
    result = restore_with(stage, f"user={caller}", is_disabled=True, can_manage_api3_creds=False)
    assert shown(stage, caller)["is_disabled"] is False
    assert any("not disabled" in warning for warning in result.warnings)


def test_the_caller_stays_an_admin(stage: Stage) -> None:
    caller = stage.context().destination.caller_id
    result = restore_with(stage, f"user={caller}", role_ids=["2"])
    assert set(shown(stage, caller)["role_ids"]) == {"1", "2"}
    assert any("lock out" in warning for warning in result.warnings)
    assert restore_with(stage, f"user={caller}", role_ids=["2"]).outcome == "unchanged"


def test_the_login_of_the_caller_is_unchanged(stage: Stage) -> None:
    caller = stage.context().destination.caller_id
    stage.call("update_user_credentials_email", {"email": "boss@example.com"}, user_id=caller)
    result = stage.restore(f"user={caller}")
    assert shown(stage, caller)["email"] == "boss@example.com"
    assert any("login is left alone" in warning for warning in result.warnings)


@pytest.mark.parametrize("flag", ["verified_looker_employee", "is_service_account"])
def test_looker_s_own_users_are_never_written(stage: Stage, flag: str) -> None:
    drift(stage, "2", first_name="Drifted")
    own: JsonObject = {flag: True}
    result = restore_with(stage, "user=2", **own)
    assert result.outcome == "skipped"
    assert shown(stage, "2")["first_name"] == "Drifted"


def test_a_plan_names_memberships_and_counts_calls(stage: Stage) -> None:
    before = shown(stage, "3")
    stage.call("set_user_roles", ["2", "3"], user_id="3")
    plan = stage.plan("user=3")
    (change,) = plan.changes
    assert (change.path, change.old, change.new) == ("role_ids", ["2", "3"], before["role_ids"])
    assert plan.parts.calls() == {"set_user_roles": 1}


def test_a_missing_user_is_skipped_with_if_missing_skip(stage: Stage) -> None:
    stage.call("delete_user", user_id="3")
    assert stage.restore("user=3", Policy(if_missing="skip")).outcome == "skipped"
