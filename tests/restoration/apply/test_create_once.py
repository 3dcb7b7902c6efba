"""A create with a lost answer is searched for and adopted, and never repeated without a search."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import LookerError, StoppedError
from lrestore.looker.session import LookerSession
from lrestore.messages import ItemKey
from lrestore.restoration.context import WritingContext
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from tests.restoration.restore_fixture import RestoreFixture
from tests.waiting import until_idle

LOSSES = ["reset_after", "status:502", "html:504", "cut", "truncate"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("operation", ["create_dashboard", "create_dashboard_element", "create_dashboard_filter"])
def test_a_lost_answer_to_a_create_is_adopted_not_repeated(setup: RestoreFixture, loss: str, operation: str) -> None:
    """B5: the server had created it; a second try would create another."""
    backed_up = setup.item("dashboard=1").raw
    setup.call("delete_dashboard", dashboard_id="1")
    count = len(setup.world.table("dashboard"))
    fault = setup.simulator.fault(loss, handled=True, operation=operation, times=1)
    result = setup.restore("dashboard=1")
    assert fault.fired == 1
    assert result.outcome == "created"
    live = setup.dashboard(result.destination_id)
    assert len(setup.world.table("dashboard")) == count + 1
    assert len(live["dashboard_elements"]) == len(backed_up["dashboard_elements"])
    assert len(live["dashboard_filters"]) == len(backed_up["dashboard_filters"])
    assert not setup.reader.open_intents()
    assert setup.restore("dashboard=1").outcome == "unchanged"


@pytest.mark.parametrize("operation", ["create_dashboard", "create_dashboard_element"])
def test_a_create_that_was_never_handled_is_repeated_after_a_search(setup: RestoreFixture, operation: str) -> None:
    setup.call("delete_dashboard", dashboard_id="1")
    fault = setup.simulator.fault("reset_before", operation=operation, times=1)
    assert setup.restore("dashboard=1").outcome == "created"
    assert fault.fired == 1
    assert setup.restore("dashboard=1").outcome == "unchanged"


TAKEN = 'body:{"message": "Validation Failed", "errors": [{"field": "name", "code": "already_exists"}]}'


@pytest.mark.parametrize(
    ("key", "operation"),
    [
        ("group=2", "create_group"),
        ("look=1", "create_look"),
        ("dashboard=1", "create_dashboard"),
        ("dashboard=1", "create_dashboard_filter"),
    ],
)
def test_a_create_that_was_sent_twice_on_its_way_is_adopted(setup: RestoreFixture, key: str, operation: str) -> None:
    """The answer to the second request says that the name is taken: by the object of the first."""
    type_name, _, object_id = key.partition("=")
    edit(setup.world, Edit(type=type_name, id=object_id, delete=True))
    count = len(setup.world.table(type_name))
    fault = setup.simulator.fault(TAKEN, handled=True, status=422, operation=operation, times=1)
    result = setup.restore(key)
    assert fault.fired == 1
    assert len(setup.world.table(type_name)) == count + 1
    assert result.destination_id in setup.world.table(type_name).records
    assert not setup.reader.open_intents()
    assert setup.restore(key).outcome == "unchanged"


@pytest.mark.slow
def test_a_create_that_timed_out_is_searched_for_until_it_appears(setup: RestoreFixture) -> None:
    """The server creates it after the first search: another try at that time would create it twice."""
    setup.call("delete_dashboard", dashboard_id="1")
    tiles = len(setup.item("dashboard=1").raw["dashboard_elements"])
    context = setup.context()
    key = Credentials(setup.simulator.client_id, setup.simulator.client_secret)
    fault = setup.simulator.fault("delay:3.2", operation="create_dashboard_element", times=1)
    with LookerSession(setup.simulator.base_url, key, timeout_s=2) as session:
        destination = replace(context.destination, session=session)
        context = replace(context, destination=destination, pause=threading.Event().wait)
        result = ItemRestorer(context).restore(setup.item("dashboard=1")).result
    until_idle(setup.simulator)
    assert fault.fired == 1
    assert len(setup.dashboard(result.destination_id)["dashboard_elements"]) == tiles


def test_two_equal_tiles_with_lost_answers_are_both_created(setup: RestoreFixture) -> None:
    """Each adopts its own: an object is claimed once."""
    tiles = setup.item("dashboard=1").raw["dashboard_elements"]
    item = setup.item("dashboard=1")
    twin = {**tiles[0], "id": "999999"}
    item.raw["dashboard_elements"] = [*tiles, twin]
    setup.call("delete_dashboard", dashboard_id="1")
    setup.simulator.fault("reset_after", operation="create_dashboard_element", times=len(tiles) + 1)
    result = ItemRestorer(setup.context()).restore(item).result
    assert len(setup.dashboard(result.destination_id)["dashboard_elements"]) == len(tiles) + 1


def test_an_intent_with_unknown_outcome_stays_open(setup: RestoreFixture) -> None:
    """The next run has to search before it creates."""
    setup.call("delete_dashboard", dashboard_id="1")
    setup.simulator.fault("reset_before", operation="create_dashboard")
    with pytest.raises(LookerError):
        setup.restore("dashboard=1")
    assert {str(intent.intent.key) for intent in setup.reader.open_intents()} == {"dashboard=1"}


def test_a_create_that_has_left_stays_on_record_though_the_run_is_stopped(setup: RestoreFixture) -> None:
    """Refused for its rate, it was to be repeated. The next run looks for it."""
    setup.call("delete_dashboard", dashboard_id="1")
    setup.simulator.fault("status:429", operation="create_dashboard")
    context = setup.context()
    key = Credentials(setup.simulator.client_id, setup.simulator.client_secret)
    with LookerSession(setup.simulator.base_url, key, max_retries=2, pause=lambda _: True) as session:
        context = replace(context, destination=replace(context.destination, session=session))
        with pytest.raises(StoppedError):
            ItemRestorer(context).restore(setup.item("dashboard=1"))
    assert {str(intent.intent.key) for intent in setup.reader.open_intents()} == {"dashboard=1"}


def test_a_dashboard_of_an_interrupted_run_is_completed_not_doubled(setup: RestoreFixture) -> None:
    """B4, B21: the dashboard exists partially, and its tiles are not recorded."""
    backed_up = setup.item("dashboard=1").raw
    setup.call("delete_dashboard", dashboard_id="1")
    fault = setup.simulator.fault("status:422", operation="create_dashboard_element", after=3)
    with pytest.raises(LookerError):
        setup.restore("dashboard=1")
    assert fault.fired > 0
    setup.simulator.simulation.faults.clear()
    result = setup.restore("dashboard=1")
    assert result.outcome == "updated"
    assert len(setup.dashboard(result.destination_id)["dashboard_elements"]) == len(backed_up["dashboard_elements"])


def test_transient_errors_never_become_failures(setup: RestoreFixture) -> None:
    """B19: only 429 used to be retried."""
    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    for kind in ("status:500", "status:503", "status:429"):
        setup.simulator.fault(kind, operation="update_dashboard", times=1)
        setup.simulator.fault(kind, operation="dashboard", times=1)
        assert setup.restore("dashboard=1").outcome in ("updated", "unchanged")


SOME = Sizes(users=3, groups=2, folders=2, depth=1, looks=1, dashboards=1, tiles=1, filters=0, boards=1, plans=1)
LISTED = ("group", "folder", "board", "scheduled_plan")
"""Types with one listing for all processes of a run."""


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[RestoreFixture]:
    with RestoreFixture(tmp_path, sizes=SOME) as made:
        yield made


def orphan(setup: RestoreFixture, type_name: str) -> tuple[ItemKey, Any]:
    """An item of the type that is missing in the instance, and the operation that creates it."""
    for row in list(setup.world.table(type_name)):
        key = ItemKey(type_name, str(row["id"]))
        item = setup.item(str(key))
        context = setup.context()
        if ItemRestorer(context).plan(item).action == "unchanged":
            setup.call(f"delete_{type_name}", **{f"{type_name}_id": key.id})
            return key, item
    raise AssertionError(f"no {type_name} can be deleted")


def die_creating(setup: RestoreFixture, key: ItemKey, item: Any, *, handled: bool) -> None:
    """Act like a process that is killed before it receives the answer to its create."""
    kind = "reset_after" if handled else "reset_before"
    fault = setup.simulator.fault(kind, operation=f"create_{key.type}", times=1)
    context = replace(setup.context(), pause=lambda seconds: True)
    with pytest.raises(StoppedError):
        ItemRestorer(context).restore(item)
    assert fault.fired == 1
    assert [str(intent.intent.key) for intent in setup.reader.open_intents()] == [str(key)]


def successor(setup: RestoreFixture, key: ItemKey) -> WritingContext:
    """The context of a successor process, whose listing is older than the death."""
    context = setup.context()
    context.destination.live.table(key.type)
    context.journal.repeat(key)  # type: ignore[attr-defined]
    return context


@pytest.mark.parametrize("type_name", LISTED)
def test_an_object_of_a_dead_process_is_adopted_though_the_listing_is_older(
    listed: RestoreFixture, type_name: str
) -> None:
    key, item = orphan(listed, type_name)
    context = successor(listed, key)
    count = len(listed.world.table(type_name))
    die_creating(listed, key, item, handled=True)
    assert ItemRestorer(context).restore(item).result.outcome == "created"
    assert len(listed.world.table(type_name)) == count + 1
    assert not listed.reader.open_intents()


@pytest.mark.parametrize("type_name", ["group", "folder"])
def test_a_refusal_after_a_death_leads_to_another_search(listed: RestoreFixture, type_name: str) -> None:
    """The call of the dead process took effect after the search of its successor."""
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
def test_an_object_with_a_lost_answer_is_adopted_though_another_thread_has_read_it_first(
    listed: RestoreFixture, type_name: str
) -> None:
    """Another item reads the listing again before this one searches; that does not make the object older."""
    _, item = orphan(listed, type_name)
    context = listed.context()

    def another_looks(_: float) -> None:
        context.destination.live.look_anew(type_name)
        context.destination.live.table(type_name)

    context = replace(context, pause=another_looks)
    count = len(listed.world.table(type_name))
    fault = listed.simulator.fault("reset_after", handled=True, operation=f"create_{type_name}", times=1)
    result = ItemRestorer(context).restore(item).result
    assert (fault.fired, result.outcome) == (1, "created")
    assert len(listed.world.table(type_name)) == count + 1
