"""kill -9 while a plan is carried out: the session is resumed with its own copy of the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.world import make_world
from lrestore.state.undo_folder import PLAN_COPY, undo_directory
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.run.saved_plan.test_apply import SOME, different, planned
from tests.sampling import one_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLED = -9


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[InstanceFixture]:
    """A drifted instance with a third missing, and a plan."""
    with InstanceFixture(tmp_path, world=make_world(SOME)) as instance:
        drift_everywhere(instance.world)
        delete_a_third(instance.world)
        planned(instance).all_good()
        yield instance


def killed(instance: InstanceFixture, point: str) -> Ran:
    ran = instance.process("--apply", "p.json", LRESTORE_CRASH=point)
    assert ran.code == KILLED, ran.err
    return ran


@pytest.mark.parametrize(
    "point",
    ["run.session_begun:1", "coordinator.result_seen:3", "coordinator.result_seen:21", "report.before_write:1"],
)
def test_an_application_that_was_killed_is_resumed_to_the_end(ready: InstanceFixture, point: str) -> None:
    killed(ready, point)
    (ready.directory / "p.json").unlink()
    resumed = ready.run("--resume").all_good()
    assert resumed.report["applies"]["digest"].startswith("sha256:")
    assert resumed.total("pending") == 0
    assert different(ready) == set()


@pytest.mark.parametrize(
    "point", one_of(["call.after_answer:9", "intent.acked:4", "call.after_answer:40", "undo.kept:7"], suite=2)
)
def test_a_worker_that_dies_while_it_writes_is_replaced_and_its_item_is_done_as_planned(
    ready: InstanceFixture, point: str
) -> None:
    once = str(ready.directory / "passed")
    ran = ready.process("--apply", "p.json", LRESTORE_CRASH=point, LRESTORE_CRASH_COUNT=once).all_good()
    assert "died" in ran.err
    assert different(ready) == set()


def test_what_is_edited_while_the_application_is_dead_is_left_alone_too(ready: InstanceFixture) -> None:
    killed(ready, "coordinator.result_seen:1")
    plan = json.loads((ready.directory / "p.json").read_text(encoding="utf-8"))
    (board, *_) = [one for one in plan["items"] if one["type"] == "board" and one["action"] == "update"]
    ready.edit("board", board["destination_id"], description="edited meanwhile")
    resumed = ready.run("--resume")
    assert resumed.code == 1 and resumed.letter()["error_type"] == "ChangedSincePlanError"
    assert different(ready) == {f"board={board['id']}"}


@pytest.mark.parametrize(("damage", "told"), [("remove", "is missing"), ("edit", "is damaged")])
def test_a_session_whose_copy_of_the_plan_is_gone_or_edited_is_not_resumed(
    ready: InstanceFixture, damage: str, told: str
) -> None:
    killed(ready, "coordinator.result_seen:3")
    (session,) = [one["id"] for one in ready.rows("sessions")]
    copy = undo_directory(ready.directory / "state.db", str(session)) / PLAN_COPY
    if damage == "remove":
        copy.unlink()
    else:
        copy.write_text(copy.read_text(encoding="utf-8").replace('"update"', '"create"', 1), encoding="utf-8")
    refused = ready.run("--resume")
    assert refused.code == 3 and told in refused.err and str(copy) in refused.err
    assert refused.calls == ()


def test_the_copy_of_the_plan_stays_when_the_session_has_ended(ready: InstanceFixture) -> None:
    ready.run("--apply", "p.json").all_good()
    (session,) = [one["id"] for one in ready.rows("sessions")]
    copy = undo_directory(ready.directory / "state.db", str(session)) / PLAN_COPY
    assert copy.read_bytes() == (ready.directory / "p.json").read_bytes()
