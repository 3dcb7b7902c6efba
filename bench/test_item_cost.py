"""Gates of an item: what its plan and its records cost.

A ratio of processor time, measured in turns in one run, and a count of statements. Run with
``python -m pytest bench/test_item_cost.py -s``.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.gates import GATES
from bench.ground import NEVER_TRASHED
from lrestore.content.shapes.boundary import as_dashboard
from lrestore.messages import ItemKey
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.dashboards.same_parts import plan_if_same
from lrestore.restoration.item import ItemRestorer
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.session import SessionJournal
from lrestore.simulator.world.world import Sizes
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute
from tests.restoration.restore_fixture import SESSION, RestoreFixture

GATE = GATES["item"]
ROUNDS = 15
ITEMS = 12


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestoreFixture]:
    sizes = Sizes(
        users=3,
        groups=2,
        folders=3,
        depth=1,
        looks=ITEMS,
        dashboards=ITEMS,
        tiles=6,
        boards=0,
        plans=0,
        trashed=NEVER_TRASHED,
    )
    with RestoreFixture(tmp_path_factory.mktemp("items"), sizes=sizes) as made:
        yield made


def best_s(*works: Callable[[], object]) -> list[float]:
    """The minimum of several rounds for each, in turns: other programs on the machine can only increase the time."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
    return [min(taken) for taken in times]


def test_a_dashboard_with_the_same_parts_costs_less_than_its_plan(instance: RestoreFixture) -> None:
    """Most dashboards of a run are."""
    context = instance.context()
    both = [
        (as_dashboard(instance.item(f"dashboard={one['id']}").raw), as_dashboard(instance.dashboard(str(one["id"]))))
        for one in instance.world.table("dashboard")
    ]

    def recognise() -> None:
        for raw, live in both:
            assert plan_if_same(context, raw, live, ids_hold=True) is not None

    def plan() -> None:
        for raw, live in both:
            DashboardPlanner(context, ItemKey("dashboard", str(raw["id"])), raw, live, ids_hold=True).plan()

    recognised_s, planned_s = best_s(recognise, plan)
    each_us = [spent_s / len(both) * 1e6 for spent_s in (recognised_s, planned_s)]
    print(f"\nrecognised in {each_us[0]:.0f} us, planned in {each_us[1]:.0f} us: {planned_s / recognised_s:.1f}")
    assert planned_s / recognised_s >= GATE["planned_against_recognised"]


def test_items_that_come_together_share_what_is_read_from_the_state_file(instance: RestoreFixture) -> None:
    """Each statement lets another thread take the interpreter's lock."""
    statements: list[str] = []
    state = Path(instance.directory) / "state.db"

    def connect(*arguments: Any, **keywords: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(*arguments, **keywords)
        connection.set_trace_callback(statements.append)
        return connection

    with StateReader.open(state, connect=connect) as reader:
        mappings = Mappings(reader, MappingRoute("src", "dst"), None)
        journal = SessionJournal(lambda record: None, lambda: None, reader, instance.undo, SESSION, mappings)
        context = replace(instance.context(), records=journal)
        keys = [f"{kind}={one['id']}" for kind in ("look", "dashboard") for one in instance.world.table(kind)]
        for key in keys:
            kind, _, number = key.partition("=")
            instance.call(f"update_{kind}", {"description": "drifted"}, **{f"{kind}_id": number})
        restorer = ItemRestorer(context)
        journal.tasks_came()
        statements.clear()
        for key in keys:
            assert restorer.restore(instance.item(key)).result.outcome == "updated"
    print(f"\n{len(statements)} statements for {len(keys)} changed items: {len(statements) / len(keys):.2f}")
    assert len(statements) / len(keys) <= GATE["statements"]
