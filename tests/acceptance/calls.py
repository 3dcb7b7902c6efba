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


CASES: dict[str, tuple[str, Prepare]] = {
    "a dashboard that is as it was": (f"dashboard={PLAIN}", lambda instance: None),
    "a dashboard of which the title differs": (
        f"dashboard={PLAIN}",
        lambda instance: instance.edit("dashboard", PLAIN, title="Other"),
    ),
    "a dashboard of which one tile differs": (
        f"dashboard={PLAIN}",
        lambda instance: instance.edit("dashboard_element", _tile(instance)["id"], title="Other"),
    ),
    "a dashboard in the trash": (
        f"dashboard={PLAIN}",
        lambda instance: instance.edit("dashboard", PLAIN, deleted=True),
    ),
    "a deleted dashboard: 12 tiles, 5 filters, 1 layout": (
        f"dashboard={PLAIN}",
        lambda instance: instance.delete("dashboard", PLAIN),
    ),
    "a deleted dashboard: 12 tiles, 5 filters, 2 layouts": (
        f"dashboard={TWO_LAYOUTS}",
        lambda instance: instance.delete("dashboard", TWO_LAYOUTS),
    ),
    "a deleted look": ("look=9", lambda instance: instance.delete("look", "9")),
    "a deleted board of 36 items": ("board=1", lambda instance: instance.delete("board", "1")),
    "a deleted scheduled plan": ("scheduled_plan=1", lambda instance: instance.delete("scheduled_plan", "1")),
    "a user without a group": ("user=4", lambda instance: _without_group(instance, "4")),
}
"""Case → what is selected, and how the instance is changed before."""


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
    for name, (selected, prepare) in CASES.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            InstanceFixture(Path(folder), world=copy.deepcopy(begun)) as instance,
        ):
            # The API specification of a release is read once, and kept in the state file.
            instance.run("--select", "look=1", "--yes")
            prepare(instance)
            yield name, instance.run("--select", selected, "--yes").all_good()


def row(name: str, ran: Ran) -> str:
    """A row of the table: reads, with login, and writes with what they are."""
    writes = Counter(call.operation for call in ran.writes)
    told = ", ".join(f"{count} {operation}" for operation, count in writes.items())
    return f"| {name} | {len(ran.calls) - len(ran.writes)} | {len(ran.writes)} | {told} |"


if __name__ == "__main__":
    import sys

    sys.stdout.writelines(f"{row(name, ran)}\n" for name, ran in counted())
