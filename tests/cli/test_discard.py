"""``--discard``, and which unfinished session ``--resume`` picks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.state.lock import RunLock
from tests.acceptance.instance_fixture import SMALL, InstanceFixture, Ran

LOOKS = ("--select", "look=1,2,3")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, sizes=SMALL) as made:
        for look in ("1", "2", "3"):
            made.edit("look", look, title=f"Changed {look}")
        yield made


def stopped(instance: InstanceFixture) -> Ran:
    """A session that its budget of calls ended after its first item."""
    for calls in range(4, 30):
        ran = instance.run(*LOOKS, "--max-calls", str(calls))
        if ran.code == 4 and ran.total("updated"):
            return ran
    raise AssertionError("no budget stops the run between its items")


def test_a_discarded_session_is_not_resumed(instance: InstanceFixture) -> None:
    session = stopped(instance).report["session_id"]
    (instance.directory / "own.toml").touch()
    told = instance.run("--config", "own.toml", "--discard", session)
    assert told.code == 0 and told.calls == ()
    assert f"session {session} is discarded" in told.out
    assert told.out.endswith(f": lrestore --config own.toml --undo {session}\n")
    resumed = instance.run("--resume", session)
    assert resumed.code == 2 and f"session {session} is discarded" in resumed.err
    assert "discarded" in instance.run("--show", "sessions").out
    assert "discarded" in instance.run("--show", f"session={session}").out
    again = instance.run("--discard", session)
    assert again.code == 2 and "is discarded: there is nothing to discard" in again.err


def test_a_finished_or_unknown_session_cannot_be_discarded(instance: InstanceFixture) -> None:
    finished = instance.run(*LOOKS).all_good().report["session_id"]
    refused = instance.run("--discard", finished)
    assert refused.code == 2 and "is finished" in refused.err
    unknown = instance.run("--discard", "20200101-000000-0000")
    assert unknown.code == 2 and "no session" in unknown.err


def test_nothing_is_discarded_while_a_run_uses_the_state_file(instance: InstanceFixture) -> None:
    session = stopped(instance).report["session_id"]
    with RunLock(instance.directory / "state.db"):
        assert instance.run("--discard", session).code == 3
    assert instance.run("--resume", session).code == 0


def test_a_session_that_a_later_one_has_superseded_is_not_picked_silently(instance: InstanceFixture) -> None:
    first = stopped(instance).report["session_id"]
    later = instance.run(*LOOKS).all_good().report["session_id"]
    resumed = instance.run("--resume")
    assert resumed.code == 2 and resumed.writes == []
    for told in (first, later, f"--resume {first}", f"--discard {first}"):
        assert told in resumed.err
    assert instance.run("--resume", first).code == 0


def test_a_stopped_session_that_is_undone_cannot_be_resumed(instance: InstanceFixture) -> None:
    session = stopped(instance).report["session_id"]
    instance.run("--undo", session).all_good()
    for look in ("1", "2", "3"):
        record = instance.world.table("look").get(look)
        assert record is not None and record["title"] == f"Changed {look}"
    assert instance.run("--resume", session).code == 2
