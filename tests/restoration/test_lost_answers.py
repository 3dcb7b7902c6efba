"""A create whose answer is lost is looked for, adopted, and never repeated blindly."""

from __future__ import annotations

import pytest

from lrestore.errors import LookerError
from tests.restoration.stage import Stage

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


def test_two_tiles_alike_whose_answers_are_both_lost_become_two(stage: Stage) -> None:
    """Each adopts its own: an object is claimed once."""
    tiles = stage.item("dashboard=1").raw["dashboard_elements"]
    item = stage.item("dashboard=1")
    twin = {**tiles[0], "id": "999999"}
    item.raw["dashboard_elements"] = [*tiles, twin]
    stage.call("delete_dashboard", dashboard_id="1")
    stage.simulator.fault("reset_after", operation="create_dashboard_element", times=len(tiles) + 1)
    from lrestore.restoration.item import ItemRestorer

    result = ItemRestorer(stage.context()).restore(item).result
    assert len(stage.dashboard(result.destination_id)["dashboard_elements"]) == len(tiles) + 1


def test_an_intent_whose_outcome_nobody_knows_stays_open(stage: Stage) -> None:
    """The next run has to look before it creates."""
    stage.call("delete_dashboard", dashboard_id="1")
    stage.simulator.fault("reset_before", operation="create_dashboard")
    with pytest.raises(LookerError):
        stage.restore("dashboard=1")
    (intent,) = stage.reader.open_intents()
    assert str(intent.intent.key) == "dashboard=1"


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
