"""A session is taken back: the instance is as it was before, judged by snapshots in which no id occurs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference

pytestmark = [pytest.mark.slow]

WORLD = Sizes(
    users=16,
    groups=6,
    folders=14,
    depth=3,
    looks=24,
    dashboards=16,
    tiles=4,
    filters=2,
    boards=6,
    plans=12,
    alerts=3,
    everything=True,
)

Snapshots = dict[str, Counter[str]]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, world=make_world(WORLD)) as made:
        yield made


_GONE = re.compile(r"\bno (\w+) \d+")


def pictures(world: World) -> Snapshots:
    """The snapshots, in which a reference to what is gone has no id: an undo cannot put back what it led to."""
    found: Snapshots = {}
    for kind, snapshot in snapshots(world).items():
        found[kind] = Counter()
        for one, count in snapshot.items():
            found[kind][_GONE.sub(r"no \1", one)] += count
    return found


def in_use(world: World) -> Snapshots:
    """The snapshots without what is in the trash."""
    return {
        kind: Counter({one: count for one, count in snapshot.items() if json.loads(one).get("deleted") is not True})
        for kind, snapshot in snapshots(world).items()
    }


def undo(instance: InstanceFixture, session: Ran, *flags: str) -> Ran:
    return instance.run("--undo", session.report["session_id"], "--yes", *flags)


def test_an_undone_restore_leaves_the_instance_as_it_was_before(instance: InstanceFixture) -> None:
    drift_everywhere(instance.world)
    drifted = pictures(instance.world)
    restored = instance.run("--select", "all", "--yes").all_good()
    as_restored = pictures(instance.world)
    assert difference(drifted, as_restored)
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert difference(drifted, pictures(instance.world)) == {}
    undo(instance, undone, "--undo-created", "delete").all_good()
    assert difference(as_restored, pictures(instance.world)) == {}


def test_created_dashboards_and_looks_go_to_the_trash_and_come_back_with_the_undo_of_the_undo(
    instance: InstanceFixture,
) -> None:
    delete_a_third(instance.world, spared=frozenset({"user"}))
    before = in_use(instance.world)
    restored = instance.run("--select", "all", "--yes").all_good()
    as_restored = pictures(instance.world)
    undone = undo(instance, restored).all_good()
    after = in_use(instance.world)
    assert all(after[kind].total() == before[kind].total() for kind in ("dashboard", "look"))
    assert undone.report["by_type"]["group"]["skipped"] == restored.report["by_type"]["group"]["created"]
    undo(instance, undone).all_good()
    assert difference(as_restored, pictures(instance.world)) == {}


def test_created_objects_are_deleted_where_that_is_asked_for(instance: InstanceFixture) -> None:
    delete_a_third(instance.world, spared=frozenset({"user", "look", "dashboard"}))
    before = pictures(instance.world)
    restored = instance.run("--select", "all", "--yes").all_good()
    as_restored = pictures(instance.world)
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    assert difference(before, pictures(instance.world)) == {}
    undo(instance, undone, "--undo-created", "delete").all_good()
    assert difference(as_restored, pictures(instance.world)) == {}


def test_an_undo_that_is_planned_writes_nothing_and_leaves_no_file(instance: InstanceFixture) -> None:
    drift_everywhere(instance.world)
    restored = instance.run("--select", "all", "--yes").all_good()
    folders = sorted((instance.directory / "state.d").iterdir())
    planned = instance.run("--undo", restored.report["session_id"], "--plan")
    assert planned.code == 0 and planned.writes == []
    assert planned.total("updated") >= restored.total("updated")
    assert sorted((instance.directory / "state.d").iterdir()) == folders


def test_what_was_changed_since_is_left_alone_and_named(instance: InstanceFixture) -> None:
    drift_everywhere(instance.world)
    drifted = pictures(instance.world)
    restored = instance.run("--select", "all", "--yes").all_good()
    edited = edit_five(instance.world, restored)
    undone = undo(instance, restored, "--undo-created", "delete").all_good()
    left = [one for one in undone.report["items"] if one["reason"].startswith("changed since session")]
    assert sorted((one["type"], one["id"]) for one in left) == sorted(edited)
    assert undone.total("skipped") == 5
    for type_name, object_id in edited:
        assert f"{type_name}={object_id} " in undone.out
    assert difference(drifted, pictures(instance.world))
    undo(instance, restored, "--undo-created", "delete", "--force").all_good()
    assert difference(drifted, pictures(instance.world)) == {}


def edit_five(world: World, restored: Ran) -> list[tuple[str, str]]:
    """Other people edit five objects that the session has written."""
    written: dict[str, list[str]] = {}
    for item in restored.report["items"]:
        if item["outcome"] == "updated":
            written.setdefault(item["type"], []).append(item["destination_id"])
    edited = []
    for type_name, name in (
        ("dashboard", "title"),
        ("look", "title"),
        ("folder", "name"),
        ("board", "title"),
        ("scheduled_plan", "name"),
    ):
        object_id = written[type_name][0]
        edit(world, Edit(type=type_name, id=object_id, set={name: f"edited by hand {object_id}"}))
        edited.append((type_name, object_id))
    return edited
