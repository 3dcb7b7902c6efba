"""A worker dies right after a create, before anything is recorded; the session ends, and is undone."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import remove_tree
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import pictures, undo
from tests.crash.unanswered import with_a_death_after

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

WORLD = Sizes(users=4, groups=4, folders=4, depth=2, looks=3, dashboards=2, tiles=2, filters=1, boards=1, plans=1)
ALL = ("--select", "all", "--yes")


CONTENT = ("scheduled_plan", "board", "dashboard", "look", "folder")
TYPES = (*CONTENT, "group", "role", "permission_set", "model_set", "user")


class Emptied:
    """An instance that has lost one object of each type that can be created, and its content."""

    def __init__(self, instance: InstanceFixture) -> None:
        self.instance = instance
        for kind in (
            "scheduled_plan",
            "board",
            "dashboard",
            "look",
            "folder",
            "group",
            "role",
            "permission_set",
            "model_set",
            "user",
        ):
            rows = [row for row in instance.world.table(kind) if _can_go(kind, row)]
            for row in rows[-1:]:
                remove_tree(instance.world, kind, str(row["id"]))
        self._lost = copy.deepcopy(instance.world)
        restored = instance.process(*ALL).all_good()
        creates = Counter(call.operation for call in restored.writes if call.operation.startswith("create_"))
        self.creates = [(operation, nth) for operation, count in creates.items() for nth in range(1, count + 1)]
        """Each create: its operation, and the how manieth of these it is."""
        undo(instance, restored, "--undo-created", "delete").all_good()
        self.undone = pictures(instance.world)

    def begin_anew(self) -> None:
        """The instance as it was, and no session."""
        self.instance.world = copy.deepcopy(self._lost)
        self.instance.simulator.simulation.replace_world(self.instance.world)
        for leftover in self.instance.directory.glob("state.db*"):
            leftover.unlink()


def _can_go(kind: str, row: dict[str, object]) -> bool:
    if kind == "folder":
        return row["parent_id"] is not None and not row.get("is_personal")
    return not (
        row.get("built_in")
        or row.get("include_by_default")
        or row.get("name") == "Admin"
        or (kind, row["id"]) == ("user", "1")
    )


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emptied]:
    world: World = make_world(WORLD)
    with InstanceFixture(tmp_path_factory.mktemp("creates"), world=world) as instance:
        yield Emptied(instance)


def test_every_type_is_created(emptied: Emptied) -> None:
    assert len(emptied.creates) > 15
    assert {f"create_{kind}" for kind in TYPES} <= {operation for operation, _ in emptied.creates}


def test_a_worker_that_dies_right_after_a_create_leaves_no_more_than_an_undisturbed_one_when_undone(
    emptied: Emptied, death: int
) -> None:
    """With as many passes as there are creates, the worker dies once after each of them."""
    order = random.Random(0).sample(sorted(emptied.creates), len(emptied.creates))
    emptied.begin_anew()
    restored = with_a_death_after(emptied.instance, *order[death % len(order)], *ALL).all_good()
    undo(emptied.instance, restored, "--undo-created", "delete").all_good()
    assert difference(emptied.undone, pictures(emptied.instance.world)) == {}
