"""Items that have an open create are restored one after the other, whatever the number of workers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lrestore.clock import stamp, utc_now
from lrestore.messages import Intent, ItemKey
from lrestore.run.journal.records import Opened, apply_record
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter
from tests.acceptance.instance_fixture import InstanceFixture

pytestmark = [pytest.mark.slow, pytest.mark.crash]

SIZES = Sizes(users=3, groups=2, folders=3, depth=1, looks=4, dashboards=8, tiles=1, filters=0, boards=0, plans=5)
SELECT = ("--select", "scheduled_plan", "--select", "look", "--select", "dashboard")


def test_plans_that_look_alike_do_not_take_each_others_object(tmp_path: Path) -> None:
    """Two processes ended during their creates. The plans have the same name, owner, dashboard and time, and go to
    different people.
    """
    world = make_world(SIZES)
    one, other = list(world.table("scheduled_plan"))[:2]
    for name in other.keys() - {"id", "created_at", "scheduled_plan_destination"}:
        other[name] = one[name]
    alike = [ItemKey("scheduled_plan", str(plan["id"])) for plan in (one, other)]
    with InstanceFixture(tmp_path, world=world) as instance:
        for key in alike:
            instance.delete(key.type, key.id)
        assert instance.process(*SELECT, LRESTORE_CRASH="run.session_begun:1").code == -9
        state = tmp_path / "state.db"
        with StateReader.open(state) as reader:
            session = reader.session().id
        # The first is made again after two seconds; the second is looked for until two seconds later.
        opened = [stamp(utc_now() - timedelta(seconds=2)), stamp(utc_now())]
        with StateWriter.open(state) as writer:
            for key, at in zip(alike, opened, strict=True):
                apply_record(writer, session, Opened((Intent(key, opened_at=at),)))
        instance.simulator.fault("hang:1.5", operation="create_scheduled_plan", handled=True)
        instance.run("--resume", LRESTORE_RUN_SETTLE_S="4").all_good()
        with StateReader.open(state) as reader:
            made = {mapping.source_id: mapping.destination_id for mapping in reader.mappings("scheduled_plan")}
        assert len(made) == len(set(made.values())) == 2
        assert instance.run(*SELECT, "--verify").report["verify"]["different"] == []
