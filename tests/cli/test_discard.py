"""``--discard``, and which unfinished session ``--resume`` picks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.state.lock import RunLock
from tests.acceptance.instance_fixture import SMALL, Arena, Ran

LOOKS = ("--select", "look=1,2,3")


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Arena(tmp_path, sizes=SMALL) as made:
        for look in ("1", "2", "3"):
            made.edit("look", look, title=f"Changed {look}")
        yield made


def stopped(arena: Arena) -> Ran:
    """A session that its budget of calls ended after its first item."""
    for calls in range(4, 30):
        ran = arena.run(*LOOKS, "--max-calls", str(calls))
        if ran.code == 4 and ran.total("updated"):
            return ran
    raise AssertionError("no budget stops the run between its items")


def test_a_discarded_session_is_not_resumed(arena: Arena) -> None:
    session = stopped(arena).report["session_id"]
    told = arena.run("--discard", session)
    assert told.code == 0 and told.calls == ()
    assert f"session {session} is discarded" in told.out and f"lrestore --undo {session}" in told.out
    resumed = arena.run("--resume", session)
    assert resumed.code == 2 and f"session {session} is discarded" in resumed.err
    assert "discarded" in arena.run("--show", "sessions").out
    assert "discarded" in arena.run("--show", f"session={session}").out
    again = arena.run("--discard", session)
    assert again.code == 2 and "is discarded: there is nothing to discard" in again.err


def test_a_finished_or_unknown_session_cannot_be_discarded(arena: Arena) -> None:
    finished = arena.run(*LOOKS).all_good().report["session_id"]
    refused = arena.run("--discard", finished)
    assert refused.code == 2 and "is finished" in refused.err
    unknown = arena.run("--discard", "20200101-000000-0000")
    assert unknown.code == 2 and "no session" in unknown.err


def test_nothing_is_discarded_while_a_run_uses_the_state_file(arena: Arena) -> None:
    session = stopped(arena).report["session_id"]
    with RunLock(arena.directory / "state.db"):
        assert arena.run("--discard", session).code == 3
    assert arena.run("--resume", session).code == 0


def test_a_session_that_a_later_one_has_superseded_is_not_picked_silently(arena: Arena) -> None:
    first = stopped(arena).report["session_id"]
    later = arena.run(*LOOKS).all_good().report["session_id"]
    resumed = arena.run("--resume")
    assert resumed.code == 2 and resumed.writes == []
    for told in (first, later, f"--resume {first}", f"--discard {first}"):
        assert told in resumed.err
    assert arena.run("--resume", first).code == 0


def test_a_stopped_session_that_is_undone_cannot_be_resumed(arena: Arena) -> None:
    session = stopped(arena).report["session_id"]
    arena.run("--undo", session).all_good()
    for look in ("1", "2", "3"):
        record = arena.world.table("look").get(look)
        assert record is not None and record["title"] == f"Changed {look}"
    assert arena.run("--resume", session).code == 2
