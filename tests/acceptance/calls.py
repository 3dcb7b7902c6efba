"""Counts the calls of common restores, for docs/calls.md: ``python -m tests.acceptance.calls`` prints the table."""

from __future__ import annotations

import copy
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture, Ran

SIZES = Sizes(looks=40, dashboards=4, tiles=12, filters=5, boards=1, plans=4, tabbed=99, trashed=99)
BOARD_ITEMS = 36
PLAIN = "3"
"""A dashboard of 12 tiles, one of which shows a look, 5 filters and one layout."""
TWO_LAYOUTS = "2"

Prepare = Callable[[InstanceFixture], object]
"""Changes the instance."""


def world() -> World:
    """An instance with a board of 36 items."""
    made = make_world(SIZES)
    items = made.table("board_item")
    pattern = next(item for item in items if item["look_id"])
    for look in list(made.table("look"))[: BOARD_ITEMS - len(items) + 1]:
        if look["id"] != pattern["look_id"] and len(items) < BOARD_ITEMS:
            items.put({**pattern, "id": made.new_id("board_item"), "look_id": look["id"], "title": look["title"]})
    section = next(iter(made.table("board_section")))
    # Whatever order the creates take effect in: it is not this one.
    section["item_order"] = section["visible_item_order"] = [item["id"] for item in items][::-1]
    return made


Case = Callable[[InstanceFixture], Ran]
"""Changes the instance, perhaps by a first run, and returns the run that is counted."""


def _as_it_was(instance: InstanceFixture) -> None:
    """Nothing is changed."""


def _run(selected: str, prepare: Prepare, *arguments: str) -> Case:
    """The command for these items, by default a restore, after the instance was changed."""

    def run(instance: InstanceFixture) -> Ran:
        prepare(instance)
        return instance.run("--select", selected, *(arguments or ("--yes",)))

    return run


def _undone(selected: str, prepare: Prepare) -> Case:
    def run(instance: InstanceFixture) -> Ran:
        restored = _run(selected, prepare)(instance).all_good()
        return instance.run("--undo", str(restored.report["session_id"]), "--yes")

    return run


def _resumed(instance: InstanceFixture) -> Ran:
    """The first run ends before it creates the look: its calls are used up."""
    stopped = _run("look=9", _lost("look", "9"), "--yes", "--max-calls", "10")(instance)
    assert stopped.code == 4 and not stopped.writes
    return instance.run("--resume", "--yes")


def _retried(instance: InstanceFixture) -> Ran:
    refusal = instance.simulator.fault("status:422", operation="create_look", times=1)
    assert _run("look=9", _lost("look", "9"))(instance).code == refusal.fired == 1
    return instance.run("--retry-dead-letters", "--yes")


def _applied(instance: InstanceFixture) -> Ran:
    _run(f"dashboard={PLAIN}", _other_title, "--plan", "--plan-out", "plan.json")(instance).all_good()
    return instance.run("--apply", "plan.json", "--yes")


def _lost(type_name: str, object_id: str) -> Prepare:
    return lambda instance: instance.delete(type_name, object_id)


def _other_title(instance: InstanceFixture) -> None:
    instance.edit("dashboard", PLAIN, title="Other")


def _other_tile(instance: InstanceFixture) -> None:
    instance.edit("dashboard_element", _tile(instance)["id"], title="Other")


def _trashed(instance: InstanceFixture) -> None:
    instance.edit("dashboard", PLAIN, deleted=True)


CASES: dict[str, Case] = {
    "a dashboard that is as it was": _run(f"dashboard={PLAIN}", _as_it_was),
    "a dashboard of which the title differs": _run(f"dashboard={PLAIN}", _other_title),
    "a dashboard of which one tile differs": _run(f"dashboard={PLAIN}", _other_tile),
    "a dashboard in the trash": _run(f"dashboard={PLAIN}", _trashed),
    "a deleted dashboard: 12 tiles, 5 filters, 1 layout": _run(f"dashboard={PLAIN}", _lost("dashboard", PLAIN)),
    "a deleted dashboard: 12 tiles, 5 filters, 2 layouts": _run(
        f"dashboard={TWO_LAYOUTS}", _lost("dashboard", TWO_LAYOUTS)
    ),
    "a deleted look": _run("look=9", _lost("look", "9")),
    "a deleted board of 36 items": _run("board=1", _lost("board", "1")),
    "a deleted scheduled plan": _run("scheduled_plan=1", _lost("scheduled_plan", "1")),
    "a user without a group": _run("user=4", lambda instance: _without_group(instance, "4")),
    "a dashboard that is as it was: `--verify`": _run(f"dashboard={PLAIN}", _as_it_was, "--verify"),
    "a dashboard of which the title differs: `--plan`": _run(f"dashboard={PLAIN}", _other_title, "--plan"),
    "a plan for it: `--apply`": _applied,
    "a dashboard of which the title differs: `--verify=after`": _run(
        f"dashboard={PLAIN}", _other_title, "--yes", "--verify=after"
    ),
    "a dashboard whose title a run has changed: `--undo`": _undone(f"dashboard={PLAIN}", _other_title),
    "a deleted dashboard, 1 layout: `--plan`": _run(f"dashboard={PLAIN}", _lost("dashboard", PLAIN), "--plan"),
    "a dashboard that a run has created: `--undo`": _undone(f"dashboard={PLAIN}", _lost("dashboard", PLAIN)),
    "a deleted look that Looker has refused once: `--retry-dead-letters`": _retried,
    "a deleted look that a run has not come to: `--resume`": _resumed,
    "a look: `--copy-into`": _run("look=9", _as_it_was, "--copy-into", "21", "--yes"),
    "a dashboard, 1 layout: `--copy-into`": _run(f"dashboard={PLAIN}", _as_it_was, "--copy-into", "21", "--yes"),
    "a dashboard: `--rehearse`": _run(f"dashboard={PLAIN}", _as_it_was, "--rehearse", "--yes"),
}
"""Each case of the documentation, in its order."""


def _tile(instance: InstanceFixture) -> Record:
    return next(tile for tile in instance.parts("dashboard_element", PLAIN) if tile["query_id"])


def _without_group(instance: InstanceFixture, user_id: str) -> None:
    members = instance.world.edges["group_user"]
    group = next(
        one for one in members.lefts(user_id) if not (instance.world.get("group", one) or {}).get("include_by_default")
    )
    members.drop(group, user_id)


def counted() -> Iterator[tuple[str, Ran]]:
    """Run each case on an instance of its own, with a state file that knows the instance."""
    begun = world()
    for name, case in CASES.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            InstanceFixture(Path(folder), world=copy.deepcopy(begun)) as instance,
        ):
            # The API specification of a release is read once, and kept in the state file.
            instance.run("--select", "look=1", "--yes")
            yield name, case(instance)


def row(name: str, ran: Ran) -> str:
    """A row of the table: reads, with login, and writes with what they are."""
    writes = Counter(call.operation for call in ran.writes)
    told = ", ".join(f"{count} {operation}" for operation, count in writes.items())
    return f"| {name} | {len(ran.calls) - len(ran.writes)} | {len(ran.writes)} | {told} |"


if __name__ == "__main__":
    import sys

    sys.stdout.writelines(f"{row(name, ran)}\n" for name, ran in counted())
