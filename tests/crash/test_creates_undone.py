"""A worker dies right after the answer to a create, before anything is recorded; the session ends, and is undone."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.crash_points import COUNT, CRASH, passes
from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import remove_tree
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import pictures, undo

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

WORLD = Sizes(users=4, groups=4, folders=4, depth=2, looks=3, dashboards=2, tiles=2, filters=1, boards=1, plans=1)
ANSWERED = "call.after_answer"
ALONE = {"LRESTORE_RUN_WORKERS": "1", "LRESTORE_RUN_IN_FLIGHT": "1"}
"""The calls of one worker come in the same order each time."""


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
        self.creates, restored = self._undisturbed()
        undo(instance, restored, "--undo-created", "delete").all_good()
        self.undone = pictures(instance.world)

    def begin_anew(self) -> None:
        """The instance as it was, and no session."""
        self.instance.world = copy.deepcopy(self._lost)
        self.instance.simulator.simulation.replace_world(self.instance.world)
        for leftover in self.instance.directory.glob("state.db*"):
            leftover.unlink()

    def restore(self, **environ: str) -> Ran:
        """Restore everything, with one worker."""
        return self.instance.process("--select", "all", "--yes", **environ).all_good()

    def _undisturbed(self) -> tuple[list[int], Ran]:
        """The passes of the point that follow a create, in an undisturbed run; and that run."""
        count = str(self.instance.directory / "undisturbed")
        ran = self.restore(**{COUNT: count})
        by_worker = ran.calls[len(ran.calls) - passes(count)[ANSWERED] :]
        made = [at for at, call in enumerate(by_worker, 1) if call.method == "POST" and call.operation[:6] == "create"]
        return made, ran


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


def test_every_type_is_created_and_each_create_has_its_pass(emptied: Emptied) -> None:
    assert len(emptied.creates) > 15


def test_a_worker_that_dies_right_after_a_create_leaves_no_more_than_an_undisturbed_one_when_undone(
    emptied: Emptied, tmp_path: Path, death: int
) -> None:
    """With as many passes as there are creates, the worker dies once after each of them."""
    order = random.Random(0).sample(emptied.creates, len(emptied.creates))
    number = order[death % len(order)]
    emptied.begin_anew()
    count = str(tmp_path / "passed")
    restored = emptied.restore(**{CRASH: f"{ANSWERED}:{number}", COUNT: count})
    assert passes(count)[ANSWERED] >= number and "died" in restored.err
    undo(emptied.instance, restored, "--undo-created", "delete").all_good()
    assert difference(emptied.undone, pictures(emptied.instance.world)) == {}
