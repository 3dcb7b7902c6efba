"""Calls of a killed session may take effect after its undo has read Looker: the undo says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.instance_fixture import SMALL, InstanceFixture


@pytest.fixture(scope="module")
def undoable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InstanceFixture, str]]:
    """An instance, and the id of a session that wrote looks 1 and 2."""
    with InstanceFixture(tmp_path_factory.mktemp("undoable"), sizes=SMALL) as instance:
        for look in ("1", "2"):
            instance.edit("look", look, title=f"Changed {look}")
        yield instance, instance.run("--select", "look=1,2").all_good().report["session_id"]


def warnings_of_undo(undoable: tuple[InstanceFixture, str], **environ: str) -> list[str]:
    instance, session = undoable
    found = instance.run("--undo", session, "--plan", **environ).report["warnings"]
    return [warning for warning in found if f"session {session} was killed while it wrote" in warning]


def as_killed(state: Path, session: str) -> None:
    """Take the records away that a kill would have prevented: the end of the session, and the result of look 2."""
    with closing(sqlite3.connect(state)) as file, file:
        file.execute("UPDATE sessions SET status = 'running', ended_at = NULL WHERE id = ?", (session,))
        assert file.execute("DELETE FROM results WHERE session_id = ? AND source_id = '2'", (session,)).rowcount == 1


def test_the_undo_of_a_killed_session_names_what_looker_may_still_change(undoable: tuple[InstanceFixture, str]) -> None:
    instance, session = undoable
    assert warnings_of_undo(undoable) == []
    as_killed(instance.directory / "state.db", session)
    (warning,) = warnings_of_undo(undoable)
    assert "look=2" in warning
    assert "look=1" not in warning
    assert warnings_of_undo(undoable, LRESTORE_RUN_SETTLE_S="0") == []
