"""A create whose answer is lost is looked for, adopted, and never repeated blindly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import LookerError, StoppedError
from lrestore.looker.session import LookerSession
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.world import Sizes
from tests.restoration.restore_fixture import Stage

LOSSES = ["reset_after", "status:502", "html:504", "cut", "truncate"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("operation", ["create_dashboard", "create_dashboard_element", "create_dashboard_filter"])
def test_a_lost_answer_to_a_create_is_adopted_not_repeated(stage: Stage, loss: str, operation: str) -> None:
    """B5: the server had made it; a second try would make another."""
    backed_up = stage.item("dashboard=1").raw
    stage.call("delete_dashboard", dashboard_id="1")
    count = len(stage.world.table("dashboard"))
    fault = stage.simulator.fault(loss, handled=True, operation=operation, times=1)
    result = stage.restore("dashboard=1")
    assert fault.fired == 1
    assert result.outcome == "created"
    live = stage.dashboard(result.destination_id)
    assert len(stage.world.table("dashboard")) == count + 1
    assert len(live["dashboard_elements"]) == len(backed_up["dashboard_elements"])
    assert len(live["dashboard_filters"]) == len(backed_up["dashboard_filters"])
    assert not stage.reader.open_intents()
    assert stage.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize("operation", ["create_dashboard", "create_dashboard_element"])
def test_a_create_that_was_never_handled_is_made_after_looking(stage: Stage, operation: str) -> None:
    stage.call("delete_dashboard", dashboard_id="1")
    fault = stage.simulator.fault("reset_before", operation=operation, times=1)
    assert stage.restore("dashboard=1").outcome == "created"
    assert fault.fired == 1
    assert stage.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.slow
def test_what_was_given_up_as_too_slow_is_looked_for_with_patience(stage: Stage) -> None:
    """The server makes it all the same, after the first look: tried again then, it would be there twice."""
    stage.call("delete_dashboard", dashboard_id="1")
    tiles = len(stage.item("dashboard=1").raw["dashboard_elements"])
    context = stage.context()
    key = Credentials(stage.simulator.client_id, stage.simulator.client_secret)
    context.pause = threading.Event().wait
    fault = stage.simulator.fault("delay:3.2", operation="create_dashboard_element", times=1)
    with LookerSession(stage.simulator.base_url, key, timeout_s=2) as context.session:
        result = ItemRestorer(context).restore(stage.item("dashboard=1")).result
    until_s = time.monotonic() + 10
    while stage.simulator.log.in_flight and time.monotonic() < until_s:
        time.sleep(0.02)
    assert (fault.fired, stage.simulator.log.in_flight) == (1, 0)
    assert len(stage.dashboard(result.destination_id)["dashboard_elements"]) == tiles


def test_two_tiles_alike_whose_answers_are_both_lost_become_two(stage: Stage) -> None:
    """Each adopts its own: an object is claimed once."""
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    item = stage.item("dashboard=1")
    twin = {**tiles[0], "id": "999999"}
    item.raw["dashboard_elements"] = [*tiles, twin]
    stage.call("delete_dashboard", dashboard_id="1")
    stage.simulator.fault("reset_after", operation="create_dashboard_element", times=len(tiles) + 1)
    result = ItemRestorer(stage.context()).restore(item).result
    assert len(stage.dashboard(result.destination_id)["dashboard_elements"]) == len(tiles) + 1


def test_an_intent_whose_outcome_nobody_knows_stays_open(stage: Stage) -> None:
    """The next run has to look before it creates."""
    stage.call("delete_dashboard", dashboard_id="1")
    stage.simulator.fault("reset_before", operation="create_dashboard")
    with pytest.raises(LookerError):
        stage.restore("dashboard=1")
    assert {str(intent.intent.key) for intent in stage.reader.open_intents()} == {"dashboard=1"}


def test_what_an_interrupted_run_left_behind_is_completed_not_doubled(stage: Stage) -> None:
    """B4, B21: the dashboard exists half made, and nobody has recorded the tiles that it has."""
    backed_up = stage.item("dashboard=1").raw
    stage.call("delete_dashboard", dashboard_id="1")
    fault = stage.simulator.fault("status:422", operation="create_dashboard_element", after=3)
    with pytest.raises(LookerError):
        stage.restore("dashboard=1")
    assert fault.fired > 0
    stage.simulator.simulation.faults.clear()
    result = stage.restore("dashboard=1")
    assert result.outcome == "updated"
    assert len(stage.dashboard(result.destination_id)["dashboard_elements"]) == len(backed_up["dashboard_elements"])


def test_transient_errors_never_become_failures(stage: Stage) -> None:
    """B19: only 429 used to be retried."""
    stage.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    for kind in ("status:500", "status:503", "status:429"):
        stage.simulator.fault(kind, operation="update_dashboard", times=1)
        stage.simulator.fault(kind, operation="dashboard", times=1)
        assert stage.restore("dashboard=1").outcome in ("updated", "unchanged")


SOME = Sizes(users=3, groups=2, folders=2, depth=1, looks=1, dashboards=1, tiles=1, filters=0, boards=1, plans=1)
LISTED = ("group", "folder", "board", "scheduled_plan")
"""Types of which a run has one listing for all its processes."""


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, sizes=SOME) as made:
        yield made


def orphan(stage: Stage, type_name: str) -> tuple[ItemKey, Any]:
    """An item of that type that is no longer in the instance, and the create that brings it back."""
    for row in list(stage.world.table(type_name)):
        key = ItemKey(type_name, str(row["id"]))
        item = stage.item(str(key))
        context = stage.context()
        if ItemRestorer(context).plan(item).action == "unchanged":
            stage.call(f"delete_{type_name}", **{f"{type_name}_id": key.id})
            return key, item
    raise AssertionError(f"no {type_name} can be deleted")


def die_creating(stage: Stage, key: ItemKey, item: Any, *, handled: bool) -> None:
    """As a process does that is killed before it hears what became of its create."""
    kind = "reset_after" if handled else "reset_before"
    fault = stage.simulator.fault(kind, operation=f"create_{key.type}", times=1)
    context = stage.context()
    context.pause = lambda seconds: True
    with pytest.raises(StoppedError):
        ItemRestorer(context).restore(item)
    assert fault.fired == 1
    assert [str(intent.intent.key) for intent in stage.reader.open_intents()] == [str(key)]


def successor(stage: Stage, key: ItemKey) -> Context:
    """The surroundings of a process that takes over, whose listing is older than the death."""
    context = stage.context()
    context.live.table(key.type)
    context.journal.repeat(key)  # type: ignore[attr-defined]
    return context


@pytest.mark.parametrize("type_name", LISTED)
def test_what_a_dead_process_has_made_is_adopted_though_the_listing_is_older(listed: Stage, type_name: str) -> None:
    key, item = orphan(listed, type_name)
    context = successor(listed, key)
    count = len(listed.world.table(type_name))
    die_creating(listed, key, item, handled=True)
    assert ItemRestorer(context).restore(item).result.outcome == "created"
    assert len(listed.world.table(type_name)) == count + 1
    assert not listed.reader.open_intents()


@pytest.mark.parametrize("type_name", ["group", "folder"])
def test_a_refusal_after_a_death_may_mean_that_it_is_there_now(listed: Stage, type_name: str) -> None:
    """The call of the dead process took effect after its successor had looked."""
    key, item = orphan(listed, type_name)
    die_creating(listed, key, item, handled=False)
    restorer = ItemRestorer(successor(listed, key))
    plan = restorer.plan(item)
    assert plan.own is not None
    late = listed.call(plan.own.operation, plan.own.body)
    result = restorer.carry_out(plan).result
    assert (result.outcome, result.destination_id) == ("created", str(late["id"]))
    assert not listed.reader.open_intents()


@pytest.mark.parametrize("type_name", ["board", "scheduled_plan"])
def test_what_was_made_without_an_answer_is_adopted_though_another_thread_has_seen_it_first(
    listed: Stage, type_name: str
) -> None:
    """An item in the same doubt reads the listing anew before this one looks: what it has made is no older for that."""
    _, item = orphan(listed, type_name)
    context = listed.context()

    def another_looks(_: float) -> None:
        context.live.look_anew(type_name)
        context.live.table(type_name)

    context.pause = another_looks
    count = len(listed.world.table(type_name))
    fault = listed.simulator.fault("reset_after", handled=True, operation=f"create_{type_name}", times=1)
    result = ItemRestorer(context).restore(item).result
    assert (fault.fired, result.outcome) == (1, "created")
    assert len(listed.world.table(type_name)) == count + 1
