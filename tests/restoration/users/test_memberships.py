"""Groups and roles of users: lists are restored completely, without inherited and externally managed ones."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import IncompleteError, NotFoundError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, ItemResult
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.item import ItemRestorer, Restored
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import RestoreFixture, writes

OTHER = Judgement("other")


def lists(setup: RestoreFixture, user_id: str = "2") -> tuple[list[str], list[str]]:
    """Groups and roles of a user, as Looker shows them."""
    found = setup.call("user", user_id=user_id)
    return sorted(found["group_ids"]), sorted(found["role_ids"])


def direct_roles(setup: RestoreFixture, user_id: str = "2") -> list[str]:
    return sorted(setup.world.edges["role_user"].lefts(user_id))


def set_lists(setup: RestoreFixture, *, groups: list[str], roles: list[str], user_id: str = "2") -> None:
    """Set the memberships without the API and its rules."""
    setup.world.edges["group_user"].replace_lefts(user_id, groups)
    setup.world.edges["role_user"].replace_lefts(user_id, roles)


def restored(
    setup: RestoreFixture,
    *,
    policy: Policy | None = None,
    judgement: Judgement | None = None,
    user_id: str = "2",
    **values: Any,
) -> ItemResult:
    """Restore the user as if it had been backed up with these values; None removes a key."""
    item = setup.item(f"user={user_id}")
    item.raw.update(values)
    for name in [name for name, value in values.items() if value is None]:
        del item.raw[name]
    return ItemRestorer(setup.context(policy, judgement)).restore(item).result


def counted(setup: RestoreFixture, **values: Any) -> Counter[str]:
    return Counter(writes(setup.counted(lambda: restored(setup, **values))))


def test_roles_are_restored_with_one_call(setup: RestoreFixture) -> None:
    set_lists(setup, groups=[], roles=["1", "4"])
    assert counted(setup, group_ids=["1"], role_ids=["2", "3"]) == {"set_user_roles": 1}
    assert direct_roles(setup) == ["2", "3"]
    assert restored(setup, group_ids=["1"], role_ids=["3", "2"]).outcome == "unchanged"


def test_memberships_are_restored_with_one_call_each(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["2"])
    assert counted(setup, group_ids=["1", "3"], role_ids=["2"]) == {"add_group_user": 1, "delete_group_user": 1}
    assert lists(setup) == (["1", "3"], ["2"])
    assert restored(setup, group_ids=["1", "3"], role_ids=["2"]).outcome == "unchanged"


def test_changes_are_reported_as_lists(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["4"])
    result = restored(setup, group_ids=["1", "3"], role_ids=["2"])
    told = {change.path: (change.old, change.new) for change in result.changes}
    assert told == {"group_ids": (["1", "2"], ["1", "3"]), "role_ids": (["4"], ["2"])}


def test_extra_roles_and_groups_stay_with_keep_extra(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["4"])
    keep = Policy(keep_extra=True)
    restored(setup, policy=keep, group_ids=["1", "3"], role_ids=["2"])
    assert lists(setup) == (["1", "2", "3"], ["2", "4"])
    assert restored(setup, policy=keep, group_ids=["1", "3"], role_ids=["2"]).outcome == "unchanged"


def test_empty_lists_remove_all_memberships(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["4"])
    restored(setup, group_ids=[], role_ids=[])
    assert lists(setup) == (["1"], [])


def test_an_absent_list_is_not_an_empty_one(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["4"])
    result = restored(setup, group_ids=None, role_ids=None)
    assert result.outcome == "unchanged"
    assert lists(setup) == (["1", "2"], ["4"])
    assert {"group_ids", "role_ids"} == {w.split()[6].rstrip(":") for w in result.warnings}


def test_missing_roles_and_groups_are_reported_and_the_rest_is_restored(setup: RestoreFixture) -> None:
    set_lists(setup, groups=[], roles=[])
    with pytest.raises(IncompleteError) as caught:
        restored(setup, group_ids=["2", "77"], role_ids=["2", "88", "99"])
    assert lists(setup) == (["1", "2"], ["2"])
    assert [error.field for error in caught.value.errors] == ["group_ids", "role_ids", "role_ids"]
    assert all(f"={one} " in caught.value.message for one in ("77", "88", "99"))


def test_across_instances_nothing_is_removed_while_a_reference_is_unresolved(setup: RestoreFixture) -> None:
    """The unresolved role might be the one that would be removed."""
    set_lists(setup, groups=["2"], roles=["4"])
    with pytest.raises(IncompleteError):
        restored(setup, judgement=OTHER, group_ids=["3", "77"], role_ids=["2", "88"])
    assert lists(setup) == (["1", "2", "3"], ["2", "4"])


def test_across_instances_roles_and_groups_are_matched_by_name(setup: RestoreFixture) -> None:
    names = {row["id"]: row["name"] for row in setup.world.table("role")}
    edit(setup.world, Edit(type="role", id="2", set={"name": "Overflow"}))
    edit(setup.world, Edit(type="role", id="3", set={"name": names["2"]}))
    set_lists(setup, groups=[], roles=[])
    restored(setup, judgement=OTHER, group_ids=[], role_ids=["1", "2"])
    assert direct_roles(setup) == ["1", "3"]


@pytest.mark.parametrize(
    "protected",
    [
        {"externally_managed": True},
        {"external_group_id": "ext"},
        {"include_by_default": True},
        {"name": "Gemini Default Users"},
    ],
)
@pytest.mark.parametrize("backed_up", [["2"], []])
def test_externally_managed_groups_are_unchanged(
    setup: RestoreFixture, protected: JsonObject, backed_up: list[str]
) -> None:
    edit(setup.world, Edit(type="group", id="2", set=protected))
    set_lists(setup, groups=[] if backed_up else ["2"], roles=["2"])
    assert restored(setup, group_ids=backed_up, role_ids=["2"]).outcome == "unchanged"


@pytest.mark.parametrize(
    ("flag", "value", "name"),
    [
        ("roles_externally_managed", True, "role_ids"),
        ("allow_direct_roles", False, "role_ids"),
        ("allow_normal_group_membership", False, "group_ids"),
    ],
)
def test_externally_managed_lists_are_unchanged(setup: RestoreFixture, flag: str, value: bool, name: str) -> None:
    set_lists(setup, groups=["2"], roles=["4"])
    edit(setup.world, Edit(type="user", id="2", set={flag: value}))
    before = lists(setup)
    backed_up: JsonObject = {"group_ids": ["2"], "role_ids": ["4"], name: ["3"]}
    result = restored(setup, **backed_up)
    assert result.outcome == "unchanged"
    assert lists(setup) == before
    assert any(name in warning and flag in warning for warning in result.warnings)


def test_roles_are_set_together_once_the_last_one_exists(setup: RestoreFixture) -> None:
    """One call at the end, not two."""
    set_lists(setup, groups=[], roles=["4"])
    item = setup.item("user=2")
    item.raw.update(group_ids=[], role_ids=["2", "55"])
    awaited = {ItemKey("role", "55")}
    half: Restored = ItemRestorer(setup.context()).restore(item, awaited)
    assert half.needs_second_pass
    assert direct_roles(setup) == ["4"]
    made = setup.call("create_role", {"name": "New", "permission_set_id": "2", "model_set_id": "1"})
    setup.context().journal.map(mapping_to("role", "55", str(made["id"]), made))
    whole = ItemRestorer(setup.context()).restore(item)
    assert not whole.needs_second_pass
    assert direct_roles(setup) == sorted(["2", str(made["id"])])
    assert [call.operation for call in setup.simulator.log.calls].count("set_user_roles") == 1


def test_the_caller_stays_in_a_group_that_makes_it_admin(setup: RestoreFixture) -> None:
    setup.world.edges["role_group"].add("1", "2")
    set_lists(setup, groups=["3"], roles=["1"], user_id="1")
    result = restored(setup, user_id="1", group_ids=[], role_ids=["1"])
    assert lists(setup, "1")[0] == ["1", "3"]
    assert any("lock out" in warning for warning in result.warnings)


def test_the_caller_may_leave_any_other_group(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["3"], roles=["1"], user_id="1")
    restored(setup, user_id="1", group_ids=[], role_ids=["1"])
    assert lists(setup, "1")[0] == ["1"]


def test_a_membership_with_a_lost_answer_is_read_again(setup: RestoreFixture) -> None:
    set_lists(setup, groups=[], roles=["2"])
    fault = setup.simulator.fault("reset_before", operation="add_group_user", times=1)
    restored(setup, group_ids=["2"], role_ids=["2"])
    assert fault.fired == 1
    assert lists(setup)[0] == ["1", "2"]


def test_a_user_that_has_left_a_group_meanwhile_is_out_of_it(setup: RestoreFixture) -> None:
    set_lists(setup, groups=["2"], roles=["2"])
    fault = setup.simulator.fault("status:404", handled=True, operation="delete_group_user")
    result = restored(setup, group_ids=["1"], role_ids=["2"])
    assert fault.fired == 1 and result.outcome == "updated"
    assert lists(setup) == (["1"], ["2"])


def test_a_user_that_the_caller_may_not_take_out_of_a_group_fails(setup: RestoreFixture) -> None:
    """Looker answers 404 then, too, and still shows the membership."""
    set_lists(setup, groups=["2"], roles=["2"])
    setup.simulator.fault("status:404", operation="delete_group_user")
    with pytest.raises(NotFoundError):
        restored(setup, group_ids=["1"], role_ids=["2"])
    assert lists(setup) == (["1", "2"], ["2"])


@pytest.mark.parametrize("name", ["group_ids", "role_ids"])
def test_a_list_that_looker_does_not_show_is_left_alone(setup: RestoreFixture, name: str) -> None:
    """A caller without rights is shown less: what the user has is not known, and nothing is taken away."""
    set_lists(setup, groups=["2"], roles=["4"])
    hidden = {key: value for key, value in setup.call("user", user_id="2").items() if key != name}
    setup.simulator.fault(f"body:{json.dumps(hidden)}", path="/users/{user_id}", method="GET")
    setup.simulator.fault(f"body:{json.dumps([hidden])}", operation="search_users")
    wanted: JsonObject = {"group_ids": ["1", "2"], "role_ids": ["4"], name: ["1", "3"]}
    result = restored(setup, **wanted)
    setup.simulator.simulation.faults.clear()
    assert any(f"does not show its {name}" in warning for warning in result.warnings)
    assert lists(setup) == (["1", "2"], ["4"])


def test_a_run_that_is_stopped_while_a_membership_is_unknown_makes_no_second_call(setup: RestoreFixture) -> None:
    set_lists(setup, groups=[], roles=["2"])
    item = setup.item("user=2")
    item.raw.update(group_ids=["1", "2"], role_ids=["2"])
    fault = setup.simulator.fault("reset_before", operation="add_group_user")
    with pytest.raises(StoppedError, match="while the result of a call was unknown"):
        ItemRestorer(replace(setup.context(), pause=lambda seconds: True)).restore(item)
    assert fault.fired == 1
    setup.simulator.simulation.faults.clear()
    ItemRestorer(setup.context()).restore(item)
    assert lists(setup) == (["1", "2"], ["2"])


def test_a_refused_group_fails_the_item_and_leaves_the_roles_unchanged(setup: RestoreFixture) -> None:
    """Missing roles are known only after the groups are restored."""
    set_lists(setup, groups=[], roles=["4"])
    setup.simulator.fault("status:403", operation="add_group_user")
    with pytest.raises(Exception, match="403"):
        restored(setup, group_ids=["2"], role_ids=["2"])
    assert direct_roles(setup) == ["4"]


class TestWhereListsHoldWhatIsInherited:
    """The specification does not say whether they do. Group 2 holds group 3, and gives role 2; group 3 gives role 3."""

    @pytest.fixture(autouse=True)
    def _inherited(self, setup: RestoreFixture) -> None:
        setup.world.inherited_lists = True

    def test_an_unchanged_user_is_unchanged(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=["3"], roles=["4"])
        assert lists(setup) == (["1", "2", "3"], ["2", "3", "4"])
        assert restored(setup, group_ids=["1", "2", "3"], role_ids=["2", "3", "4"]).outcome == "unchanged"

    def test_inherited_roles_are_not_made_direct(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=["3"], roles=[])
        restored(setup, group_ids=["1", "2", "3"], role_ids=["2", "3", "4"])
        assert direct_roles(setup) == ["4"]

    def test_roles_that_come_with_a_group_are_not_given_twice(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=[], roles=[])
        wanted: JsonObject = {"group_ids": ["1", "2", "3"], "role_ids": ["2", "3"]}
        assert counted(setup, **wanted) == {"add_group_user": 1}
        assert setup.world.edges["group_user"].lefts("2") == ["3"]
        assert direct_roles(setup) == []
        assert restored(setup, **wanted).outcome == "unchanged"

    def test_roles_that_no_group_gives_are_set_directly(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=[], roles=[])
        wanted: JsonObject = {"group_ids": ["1", "2", "3"], "role_ids": ["2", "3", "4"]}
        assert counted(setup, **wanted) == {"add_group_user": 1, "set_user_roles": 1}
        assert direct_roles(setup) == ["4"]

    def test_an_inherited_role_absent_from_the_backup_is_not_removed(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=["3"], roles=["4"])
        wanted: JsonObject = {"group_ids": ["1", "2", "3"], "role_ids": ["3", "4"]}
        assert restored(setup, **wanted).outcome == "unchanged"
        assert lists(setup)[1] == ["2", "3", "4"]

    def test_a_membership_that_is_left_through_another_group_is_no_failure(self, setup: RestoreFixture) -> None:
        """The direct membership is gone already: Looker answers 404, and shows the inherited one."""
        set_lists(setup, groups=["2", "3"], roles=[])
        fault = setup.simulator.fault("status:404", handled=True, operation="delete_group_user")
        restored(setup, group_ids=["1", "3"], role_ids=[])
        assert fault.fired
        assert setup.world.edges["group_user"].lefts("2") == ["3"]

    def test_only_the_direct_membership_is_ended(self, setup: RestoreFixture) -> None:
        set_lists(setup, groups=["3"], roles=[])
        assert counted(setup, group_ids=["1"], role_ids=[]) == {"delete_group_user": 1}
        assert lists(setup) == (["1"], [])
        assert restored(setup, group_ids=["1"], role_ids=[]).outcome == "unchanged"


def test_an_empty_answer_about_direct_roles_removes_no_role(setup: RestoreFixture) -> None:
    """Setting the roles would remove those that the answer lacks."""
    set_lists(setup, groups=["2"], roles=["4"])
    setup.simulator.fault("body:[]", operation="user_roles")
    with pytest.raises(IncompleteError, match="role 2") as caught:
        restored(setup, group_ids=["1", "2"], role_ids=["2", "4"])
    assert [error.field for error in caught.value.errors] == ["role_ids"]
    result = restored(setup, group_ids=["1", "2"], role_ids=[])
    assert any("keeping role 4" in warning for warning in result.warnings)
    assert direct_roles(setup) == ["4"]


def test_a_user_with_inherited_roles_only_gets_a_role(setup: RestoreFixture) -> None:
    setup.world.inherited_lists = True
    set_lists(setup, groups=["2"], roles=[])
    inherited = lists(setup)[1]
    assert inherited
    wanted = "3" if "3" not in inherited else "4"
    restored(setup, group_ids=["1", "2"], role_ids=[*inherited, wanted])
    assert direct_roles(setup) == [wanted]
