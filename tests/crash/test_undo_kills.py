"""Killed at any moment, with answers lost, an undo and the undo of the undo end as undisturbed ones do."""

from __future__ import annotations

import random
import time

import pytest

from lrestore.state.read import StateReader
from tests.crash.bulk import Bulk, kill
from tests.crash.test_kills import VICTIMS
from tests.waiting import HANG_S

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


def last_session(bulk: Bulk) -> str:
    with StateReader.open(bulk.directory / "state.db") as reader:
        return reader.session().id


def killed_undo(bulk: Bulk, chance: random.Random) -> None:
    """Undo the last session; kill it, and resume it until it is finished."""
    for method in ("POST", "PATCH", "DELETE"):
        bulk.simulator.fault("reset_after", match={"method": method, "rate": 0.02})
    session = last_session(bulk)
    undo = ("--undo", session, "--undo-created", "delete", "--yes")
    process = bulk.start(*undo)
    for _ in range(chance.choice((1, 1, 2))):
        time.sleep(chance.uniform(0.5, 2.2))
        if process.poll() is None:
            kill(process, chance.choice(VICTIMS), chance.choice)
    process.wait(HANG_S)
    if last_session(bulk) == session:
        # Killed before the undo was on record.
        process = bulk.start(*undo)
    code = bulk.finish(process)
    bulk.simulator.call("DELETE", "faults")
    assert code == 0, (bulk.directory / "stderr.txt").read_text(encoding="utf-8")[-3000:]


def test_an_undo_that_is_killed_and_resumed_leaves_the_instance_as_before(bulk: Bulk, few: int) -> None:
    chance = random.Random(few)
    bulk.begin_anew()
    before = bulk.content()
    assert bulk.finish(bulk.restore()) == 0
    restored = bulk.content()
    assert restored != before
    killed_undo(bulk, chance)
    assert bulk.content() == before
    killed_undo(bulk, chance)
    assert bulk.content() == restored
