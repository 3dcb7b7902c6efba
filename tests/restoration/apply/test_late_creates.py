"""Looker continues a create whose caller is gone: lrestore does not repeat it while it may still take effect."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import AmbiguousMatchError, LookerError, StoppedError
from lrestore.looker.session import LookerSession
from lrestore.messages import Intent
from lrestore.restoration.context import WritingContext
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.world.world import Sizes
from lrestore.state.records import MappingRoute
from tests.restoration.restore_fixture import SESSION, RestoreFixture
from tests.waiting import until_idle

SOME = Sizes(users=4, groups=3, folders=3, depth=2, looks=2, dashboards=1, tiles=3, filters=2, boards=2, plans=2)
LATE_S = 0.4
TOO_SLOW_S = 1.0
SHORTER = 5.0
"""A successor waits for so much less than it means to: the create still comes after its first search."""
SETTLE_S = 30.0 * SHORTER
WHOLE = ("folder", "group", "look", "dashboard", "board", "scheduled_plan", "user")
PARTS = ("dashboard_element", "dashboard_filter", "dashboard_layout", "board_section", "board_item")


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    with RestoreFixture(tmp_path, sizes=SOME) as made:
        yield made


def orphan(setup: RestoreFixture, type_name: str) -> Any:
    """An item of the type that is missing in the instance."""
    for row in list(setup.world.table(type_name)):
        item = setup.item(f"{type_name}={row['id']}")
        if type_name == "user":
            item.raw.update(credentials_email=None, email=None, credentials_saml={"saml_user_id": f"s{row['id']}"})
        plan = ItemRestorer(setup.context()).plan(item)
        itself = (type_name, str(row["id"])) == ("user", setup.context().destination.caller_id)
        if plan.action in ("unchanged", "updated") and plan.match.live and not itself:
            setup.call(f"delete_{type_name}", **{f"{type_name}_id": str(row["id"])})
            return item
    raise AssertionError(f"no {type_name} can be deleted")


def die(setup: RestoreFixture, item: Any, operation: str) -> None:
    """Act like a process that is killed after it sent its create; the instance processes it for some time."""
    fault = setup.simulator.fault(f"late:{LATE_S}", operation=operation, times=1)
    context = replace(setup.context(), pause=lambda seconds: True)
    with pytest.raises(StoppedError):
        ItemRestorer(context).restore(item)
    assert fault.fired == 1
    assert setup.reader.open_intents()


def successor(setup: RestoreFixture) -> WritingContext:
    def wait(seconds: float) -> bool:
        return threading.Event().wait(seconds / SHORTER)

    return replace(setup.context(Policy(max_retries=2, settle_s=SETTLE_S)), pause=wait)


@pytest.mark.slow
@pytest.mark.parametrize("type_name", WHOLE)
def test_a_create_of_a_dead_process_is_adopted_when_it_appears(setup: RestoreFixture, type_name: str) -> None:
    item = orphan(setup, type_name)
    before = len(setup.world.table(type_name))
    die(setup, item, f"create_{type_name}")
    result = ItemRestorer(successor(setup)).restore(item).result
    until_idle(setup.simulator)
    assert result.outcome == "created" or result.destination_id
    assert len(setup.world.table(type_name)) == before + 1
    assert not setup.reader.open_intents()


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_parts_of_a_dead_process_are_adopted_when_they_appear(setup: RestoreFixture, part: str) -> None:
    item = orphan(setup, "board" if part.startswith("board") else "dashboard")
    if part == "dashboard_layout":
        first = item.raw["dashboard_layouts"][0]
        item.raw["dashboard_layouts"].append({**first, "id": "999", "active": False, "dashboard_layout_components": []})
    sections = item.raw.get("board_sections") or ()
    backed_up = (
        [one for section in sections for one in section["board_items"]]
        if part == "board_item"
        else item.raw[f"{part}s"]
    )
    others = len(setup.world.table(part))
    die(setup, item, f"create_{part}")
    begun = {row.intent.mapped_by for row in setup.reader.open_intents()}
    setup.writer.record_result(SESSION, ItemRestorer(successor(setup)).restore(item).result)
    until_idle(setup.simulator)
    assert len(setup.world.table(part)) == others + len(backed_up)
    assert not setup.reader.open_intents()
    there = {str(row["id"]) for row in setup.world.table(part)}
    recorded = {(one.content_type, one.source_id): one.destination_id for one in setup.reader.mappings()}
    assert begun
    assert {recorded[one] for one in begun} <= there


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [("board", "description"), ("board_section", "description"), ("dashboard_element", "title_text")]
)
def test_a_create_that_was_sent_with_other_links_is_adopted_and_gets_the_right_ones(
    setup: RestoreFixture, kind: str, name: str
) -> None:
    """A link's target is found between the two tries."""
    item = orphan(setup, "dashboard" if kind == "dashboard_element" else "board")

    def link(target: str) -> None:
        for holder in [item.raw] if kind == "board" else item.raw[f"{kind}s"]:
            holder[name] = f"See [the next one](/dashboards/{target})."

    others = len(setup.world.table(kind))
    link("771")
    die(setup, item, f"create_{kind}")
    link("772")
    ItemRestorer(successor(setup)).restore(item)
    until_idle(setup.simulator)
    backed_up = 1 if kind == "board" else len(item.raw[f"{kind}s"])
    made = list(setup.world.table(kind))[others:]
    assert len(made) == backed_up
    assert {row[name] for row in made} == {"See [the next one](/dashboards/772)."}


@pytest.mark.slow
@pytest.mark.parametrize("type_name", WHOLE)
@pytest.mark.parametrize(
    "loss", [f"late:{LATE_S}", f"delay:{TOO_SLOW_S}"], ids=["connection reset", "given up as too slow"]
)
def test_a_create_that_may_still_take_effect_is_not_repeated(setup: RestoreFixture, type_name: str, loss: str) -> None:
    item = orphan(setup, type_name)
    before = len(setup.world.table(type_name))
    fault = setup.simulator.fault(loss, operation=f"create_{type_name}", times=1)
    context = successor(setup)
    key = Credentials(setup.simulator.client_id, setup.simulator.client_secret)
    with LookerSession(setup.simulator.base_url, key, timeout_s=TOO_SLOW_S / 2, max_retries=2) as session:
        context = replace(context, destination=replace(context.destination, session=session))
        ItemRestorer(context).restore(item)
    until_idle(setup.simulator)
    assert fault.fired == 1
    assert len(setup.world.table(type_name)) == before + 1


def test_a_create_that_never_left_is_repeated_after_the_waiting_time(setup: RestoreFixture) -> None:
    """The pauses add up to the remaining time."""
    item = orphan(setup, "look")
    setup.simulator.fault("reset_before", operation="create_look", times=1)
    context = replace(setup.context(), pause=lambda seconds: True)
    with pytest.raises(StoppedError):
        ItemRestorer(context).restore(item)
    waited: list[float] = []
    context = replace(setup.context(Policy(settle_s=SETTLE_S)), pause=waited.append)
    assert ItemRestorer(context).restore(item).result.outcome == "created"
    assert SETTLE_S - 20 < sum(waited) <= SETTLE_S
    assert not setup.reader.open_intents()


def test_a_session_without_open_creates_causes_no_waiting(setup: RestoreFixture) -> None:
    item = orphan(setup, "look")
    waited: list[float] = []
    context = replace(setup.context(Policy(settle_s=SETTLE_S)), pause=waited.append)
    ItemRestorer(context).restore(item)
    assert waited == []


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_from_looker_itself_causes_no_waiting(setup: RestoreFixture, status: int) -> None:
    """Looker has ended the call: one search is enough."""
    item = orphan(setup, "look")
    waited: list[float] = []
    setup.simulator.fault(f"status:{status}", operation="create_look", times=1)
    context = replace(setup.context(Policy(settle_s=SETTLE_S)), pause=waited.append)
    assert ItemRestorer(context).restore(item).result.outcome == "created"
    assert sum(waited) < SETTLE_S / 10


@pytest.mark.parametrize("fault", ["status:502", "status:504", "html:503", "html:500"])
def test_an_error_that_may_come_from_a_proxy_causes_waiting(setup: RestoreFixture, fault: str) -> None:
    item = orphan(setup, "look")
    waited: list[float] = []
    setup.simulator.fault(fault, operation="create_look", times=1)
    context = replace(setup.context(Policy(settle_s=SETTLE_S)), pause=waited.append)
    assert ItemRestorer(context).restore(item).result.outcome == "created"
    assert SETTLE_S - 5 < sum(waited) <= SETTLE_S


def test_two_late_creates_are_reported_and_no_third_is_made(setup: RestoreFixture) -> None:
    """Both creates of the previous run took effect."""
    item = orphan(setup, "board")
    setup.simulator.fault("reset_before", operation="create_board", times=1)
    twins: list[str] = []

    def others(_: float) -> bool:
        if not twins:
            body = {name: item.raw.get(name) for name in ("title", "description")}
            twins.extend(str(setup.call("create_board", body)["id"]) for _ in range(2))
        return False

    context = replace(setup.context(Policy(settle_s=SETTLE_S)), pause=others)
    with pytest.raises(AmbiguousMatchError) as caught:
        ItemRestorer(context).restore(item)
    assert all(one in str(caught.value) for one in twins)


def test_every_try_is_recorded_before_it_is_sent(setup: RestoreFixture) -> None:
    """After a kill in the second try, the next process counts the waiting time from that try."""
    item = orphan(setup, "look")
    setup.simulator.fault("reset_before", operation="create_look")
    with pytest.raises(LookerError):
        ItemRestorer(setup.context()).restore(item)
    assert len(setup.reader.open_intents()) == setup.context().policy.max_retries + 1
    (last,) = {max(row.opened_at for row in setup.reader.open_intents())}
    intent = Intent(item.key)
    assert setup.reader.last_open_try(MappingRoute("src", "dst"), intent) == last
    assert setup.reader.last_open_try(MappingRoute("src", "another"), intent) is None


@pytest.mark.slow
def test_a_create_that_has_waited_is_recorded_again_before_it_is_sent(setup: RestoreFixture) -> None:
    """The tiles of a dashboard are recorded together and created one after the other, in a slow instance."""
    item = orphan(setup, "dashboard")
    count = len(item.raw["dashboard_elements"])
    setup.simulator.fault("delay:0.1", operation="create_dashboard_element", times=count - 1)
    last = setup.simulator.fault(f"late:{LATE_S}", operation="create_dashboard_element", times=1)
    context = replace(setup.context(Policy(max_retries=2, settle_s=2.0)), pause=lambda seconds: True)
    with pytest.raises(StoppedError):
        ItemRestorer(context).restore(item)
    assert last.fired == 1
    with closing(sqlite3.connect(setup.directory / "state.db")) as state:
        rows = state.execute(
            "SELECT part, state, opened_at FROM intents WHERE part LIKE 'dashboard_element/%'"
        ).fetchall()
    together = min(opened_at for _, _, opened_at in rows)
    (unknown,) = [row for row in rows if row[1] == "open"]
    assert unknown[2] > together
    assert [row for row in rows if row[0] == unknown[0]] == [unknown], "one create was sent: a twin is not looked for"
