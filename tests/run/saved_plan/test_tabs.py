"""A scheduled plan that sends tabs of a dashboard which the same run creates can be planned, saved and applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.run.saved_plan.test_apply import items

WORLD = Sizes(users=3, groups=2, folders=4, depth=2, looks=3, dashboards=3, tiles=2, filters=1, boards=0, plans=2)
SELECT = ("--select", "dashboard=1", "--select", "scheduled_plan=1")


@pytest.fixture
def gone(tmp_path: Path) -> Iterator[InstanceFixture]:
    """A plan sends the two tabs of a dashboard; the backup holds both, and both are gone."""
    world = make_world(WORLD)
    first = world.table("dashboard_layout").where("dashboard_id", "1")[0]
    edit(world, Edit(type="dashboard_layout", id=str(first["id"]), set={"label": "One"}))
    second = {**first, "id": "901", "label": "Two", "order": 1, "active": False}
    world.table("dashboard_layout").put(second)
    tabs = [str(first["id"]), "901"]
    edit(world, Edit(type="scheduled_plan", id="1", set={"dashboard_id": "1", "look_id": None, "tab_ids": tabs}))
    with InstanceFixture(tmp_path, world=world) as instance:
        # LookerVault's release may not know the field.
        instance.back_up("scheduled_plan", "1", {**instance.blob("scheduled_plan", "1"), "tab_ids": tabs})
        edit(instance.world, Edit(type="scheduled_plan", id="1", delete=True))
        edit(instance.world, Edit(type="dashboard", id="1", delete=True))
        yield instance


def test_tabs_of_a_planned_dashboard_have_names_in_the_plan_and_ids_when_it_is_applied(gone: InstanceFixture) -> None:
    planned = gone.run(*SELECT, "--plan-out", "p.json").all_good()
    assert planned.total("created") == 2
    (wanted,) = [one for one in items(gone, "create").values() if one["type"] == "scheduled_plan"]
    assert [one[:4] for one in wanted["writes"][0]["body"]["tab_ids"]] == ["new ", "new "]
    gone.run("--apply", "p.json", "--yes").all_good()
    (plan,) = [one for one in gone.world.table("scheduled_plan") if one["tab_ids"]]
    shown = gone.world.table("dashboard_layout").where("dashboard_id", plan["dashboard_id"])
    assert plan["tab_ids"] == [str(one["id"]) for label in ("One", "Two") for one in shown if one["label"] == label]
