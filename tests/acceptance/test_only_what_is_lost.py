"""``--if-different skip`` and ``--if-trashed skip``: nothing that exists is written, and the reasons are told."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from lrestore.restoration.left_alone import CHANGED_AND_TRASHED, DIFFERS, IN_TRASH, TAKEN_OUT
from lrestore.simulator.core.store import INDEXES, Record, World
from lrestore.simulator.world.world import Sizes
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture

SIZES = Sizes(users=6, groups=4, folders=6, depth=2, looks=7, dashboards=6, tiles=3, filters=1, boards=3, plans=4)
SKIP = ("--if-different", "skip", "--yes")
_COUNTERS = frozenset({"view_count", "favorite_count", "usage_count"})


def state(world: World) -> dict[tuple[str, str], Record]:
    """Every record of an instance by type and id, without queries, which cannot be changed."""
    return {
        (kind, key): copy.deepcopy({name: value for name, value in record.items() if name not in _COUNTERS})
        for kind in INDEXES
        if kind != "query"
        for key, record in world.table(kind).records.items()
    }


@pytest.fixture(scope="module")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstanceFixture]:
    """An instance that has drifted and lost a third of its content since its backup."""
    with InstanceFixture(tmp_path_factory.mktemp("lossy"), sizes=SIZES) as instance:
        drift_everywhere(instance.world)
        delete_a_third(instance.world)
        yield instance


def test_only_the_lost_come_back_and_what_exists_stays_as_it_is(lossy: InstanceFixture) -> None:
    before = state(lossy.world)
    existing = {key for key, record in before.items() if not record.get("deleted")}
    planned = lossy.run("--select", "all", *SKIP, "--plan")
    assert state(lossy.world) == before and not planned.writes
    ran = lossy.run("--select", "all", *SKIP)
    after = state(lossy.world)
    assert {key: after.get(key) for key in existing} == {key: before[key] for key in existing}
    assert ran.total("created") > 3 and ran.total("skipped") > 5 and not ran.letters, ran.err
    assert {word: planned.total(word) for word in planned.report["totals"]} == ran.report["totals"]
    skipped = [item for item in ran.report["items"] if item["reason"] == DIFFERS]
    assert skipped and all(item["outcome"] == "skipped" and not item["changes"] for item in skipped)
    assert f": {DIFFERS} (-v lists them)" in planned.out
    again = lossy.run("--select", "all", *SKIP, "--plan").all_good()
    assert again.total("created") == again.total("updated") == 0
    assert again.total("skipped") == ran.total("skipped"), "what exists and differs is still told"


def test_a_verification_compares_what_a_restore_would_leave_alone(lossy: InstanceFixture) -> None:
    ran = lossy.run("--select", "all", "--verify", LRESTORE_RUN_IF_DIFFERENT="skip", LRESTORE_RUN_IF_TRASHED="skip")
    assert ran.code == 1 and len(ran.report["verify"]["different"]) > 5 and not ran.writes


def test_a_name_that_another_object_has_taken_is_not_taken_back(instance: InstanceFixture) -> None:
    """No temporary rename, and no swap: the look that has the lost one's title keeps it."""
    lost, other = instance.blob("look", "1"), instance.blob("look", "2")
    instance.delete("look", "1")
    instance.edit("look", "2", title=lost["title"], folder_id=lost["folder_id"])
    ran = instance.run("--select", "look=1,2", *SKIP)
    assert ran.code == 1 and ran.letter()["id"] == "1" and "2" in ran.letter()["message"]
    assert instance.world.table("look").records["2"]["title"] == lost["title"] != other["title"]
    assert [call.operation for call in ran.writes] in ([], ["create_look"]), "at most the refused create"


def test_the_trash_is_left_or_emptied_as_the_flags_say(instance: InstanceFixture) -> None:
    trashed = {"deleted": True, "deleted_at": "2030-01-01T00:00:00.000Z"}
    instance.edit("dashboard", "1", **trashed, updated_at="2030-01-01T00:00:00.000Z")
    left = instance.run("--select", "dashboard=1", "--if-trashed", "skip").all_good()
    modified = instance.run("--select", "dashboard=1", "--skip-if-modified").all_good()
    assert not left.writes and not modified.writes
    assert [left.report["items"][0]["reason"], modified.report["items"][0]["reason"]] == [IN_TRASH, CHANGED_AND_TRASHED]
    assert IN_TRASH in left.out and CHANGED_AND_TRASHED in modified.out
    instance.edit("dashboard", "1", updated_at="2020-01-01T00:00:00.000Z")
    taken = instance.run("--select", "dashboard=1", "--skip-if-modified").all_good()
    assert taken.total("updated") == 1 and f"{TAKEN_OUT}; was in the trash since 2030-01-01" in taken.out
    instance.edit("dashboard", "1", **trashed)
    assert instance.run("--select", "dashboard=1", *SKIP).all_good().total("updated") == 1
    assert not instance.world.table("dashboard").records["1"]["deleted"]


def test_an_item_that_was_left_incomplete_is_completed_by_its_own_dead_letter(instance: InstanceFixture) -> None:
    """Created without a tile, it exists and differs, but no other person made it so."""
    instance.delete("dashboard", "1")
    instance.simulator.fault("status:422", operation="create_dashboard_element", times=1)
    first = instance.run("--select", "dashboard=1", *SKIP)
    assert first.code == 1 and instance.run("--select", "dashboard=1", *SKIP).total("skipped") == 1
    retried = instance.run("--retry-dead-letters", first.report["session_id"])
    assert retried.all_good().total("updated") == 1
    instance.run("--select", "dashboard=1", "--verify").all_good()


def test_a_dry_run_says_what_would_come_back(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "look=1", "--dry-run", "--if-different", "skip").all_good()
    assert "would be restored only if it is missing or in the trash" in ran.out


@pytest.mark.parametrize(("lost", "point"), [("deleted", "intent.acked:4"), ("trashed", "intent.acked:1")])
def test_what_a_killed_run_had_begun_is_completed_when_it_is_resumed(
    instance: InstanceFixture, lost: str, point: str
) -> None:
    """It exists and differs by then, like an object that another person has changed."""
    if lost == "deleted":
        instance.delete("dashboard", "1")
    else:
        instance.delete("dashboard_element", instance.parts("dashboard_element", "1")[0]["id"])
        instance.edit("dashboard", "1", deleted=True)
    instance.edit("dashboard", "2", title="Another person's title")
    instance.extra_environment["LRESTORE_RUN_SETTLE_S"] = "0"
    killed = instance.process("--select", "dashboard=1,2", *SKIP, LRESTORE_CRASH=point)
    assert killed.code == -9 and {call.operation for call in killed.writes} & {"create_dashboard", "update_dashboard"}
    assert instance.run("--resume").all_good().total("skipped") == 1
    assert instance.run("--select", "dashboard=1", "--verify").all_good().report["verify"]["equal"] == 1
    assert instance.world.table("dashboard").records["2"]["title"] == "Another person's title"
