"""A dashboard whose parts are as they were gets the plan that the planner would make, without it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.shapes.boundary import as_dashboard
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, ObjectMapping, Proof
from lrestore.restoration.dashboards.plan import DashboardPlan
from lrestore.restoration.dashboards.planner import DashboardPlanner
from lrestore.restoration.dashboards.same_parts import plan_if_same
from tests.restoration.restore_fixture import RestoreFixture

PARTS = ("dashboard_filters", "dashboard_layouts", "dashboard_elements")
VALUES: tuple[Any, ...] = (None, "", "x", "1", 1, 0, True, False, 1.0, [], {})


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestoreFixture]:
    with RestoreFixture(tmp_path_factory.mktemp("unchanged")) as made:
        yield made


class Pairs:
    """Each dashboard as it was backed up, and as it is."""

    def __init__(self, instance: RestoreFixture) -> None:
        self.context = instance.context()
        ids = [str(row["id"]) for row in instance.world.table("dashboard")]
        self.all: list[tuple[JsonObject, JsonObject]] = [
            (instance.item(f"dashboard={one}").raw, instance.dashboard(one)) for one in ids
        ]

    def recognised(self, raw: JsonObject, live: JsonObject, *, ids_hold: bool = True) -> DashboardPlan | None:
        """The plan without the planner."""
        return plan_if_same(self.context, as_dashboard(raw), as_dashboard(live), ids_hold=ids_hold)

    def planned(self, raw: JsonObject, live: JsonObject, *, ids_hold: bool = True) -> DashboardPlan:
        """The plan of the planner."""
        key = ItemKey("dashboard", str(raw["id"]))
        return DashboardPlanner(self.context, key, as_dashboard(raw), as_dashboard(live), ids_hold=ids_hold).plan()


@pytest.fixture(scope="module")
def pairs(instance: RestoreFixture) -> Pairs:
    return Pairs(instance)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value, as its container and its key or index there."""
    keys: Any = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])


def disturb(drawn: random.Random, dashboard: JsonObject) -> None:
    """Change one place of a part, or the list that it is in."""
    every = [one for path in PARTS if path in dashboard for one in [(dashboard, path), *places(dashboard[path])]]
    container, key = drawn.choice(every)
    how = drawn.choice(["set", "remove", "repeat", "delete"])
    if how == "delete" and isinstance(container[key], dict):
        container[key]["deleted"] = True
    elif how == "repeat" and isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    elif how == "remove" and key != "id":
        del container[key]
    elif key != "id" and not isinstance(container, list) and key not in PARTS:
        container[key] = copy.deepcopy(drawn.choice(VALUES))


def test_every_dashboard_that_is_as_it_was_is_recognised(pairs: Pairs) -> None:
    for both in pairs.all:
        plan = pairs.recognised(*both)
        assert plan is not None
        assert plan.matched
        assert plan == pairs.planned(*both)


@given(seed=st.integers(min_value=0))
def test_what_is_recognised_gets_the_plan_of_the_planner(seed: int, pairs: Pairs) -> None:
    drawn = random.Random(seed)
    both = copy.deepcopy(drawn.choice(pairs.all))
    for _ in range(drawn.randint(1, 2)):
        disturb(drawn, drawn.choice(both))
    ids_hold = drawn.random() < 0.9
    try:
        plan = pairs.recognised(*both, ids_hold=ids_hold)
    except (AttributeError, TypeError):
        # No such dashboard gets here: what is read is checked first.
        return
    if plan is not None:
        assert plan == pairs.planned(*both, ids_hold=ids_hold)


@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_part_that_is_missing_on_one_side_is_planned(pairs: Pairs, path: str, side: int) -> None:
    both = copy.deepcopy(next(one for one in pairs.all if all(one[0][part] for part in PARTS)))
    both[side][path].pop()
    assert pairs.recognised(*both) is None


def test_a_tile_whose_look_has_another_id_now_is_planned(tmp_path: Path) -> None:
    """The look was made anew, and the tile still shows the one that is gone."""
    with RestoreFixture(tmp_path) as instance:
        pairs = Pairs(instance)
        both = next(one for one in pairs.all if any(tile.get("look_id") for tile in one[0]["dashboard_elements"]))
        assert pairs.recognised(*both) is not None
        look = next(str(tile["look_id"]) for tile in both[0]["dashboard_elements"] if tile.get("look_id"))
        pairs.context.journal.map(ObjectMapping("look", look, "4711", Proof()))
        assert pairs.recognised(*both) is None
