"""If any statement fails, a StateError is raised, and the file holds only complete records (SQLite's way of testing).

The n-th statement fails, n = 1, 2, ... until a run succeeds: once (the following statements work) and permanently.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lrestore.errors import StateError
from lrestore.messages import Intent, ItemKey, ObjectMapping, Totals
from lrestore.state.migrations import CURRENT
from lrestore.state.writer import StateWriter
from tests.state.builders import SESSION, noon, result, session

ERRORS = [
    ("SQLITE_FULL", "the disk is full"),
    ("SQLITE_IOERR", "reading or writing it failed"),
    ("SQLITE_BUSY", "another program holds a lock on it"),
    ("SQLITE_CORRUPT", "it is damaged"),
]


class Fault:
    """Lets ``after`` statements through, then makes one (or every further one) fail."""

    def __init__(self, after: int, code: int, *, for_good: bool) -> None:
        self._left = after
        self._code = code
        self._for_good = for_good
        self.fired = 0

    def strike(self) -> None:
        self._left -= 1
        if self._left == -1 or (self._left < 0 and self._for_good):
            self.fired += 1
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorcode = self._code
            raise error

    def connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        fault = self

        class Failing(sqlite3.Connection):
            def execute(self, *parameters: Any) -> sqlite3.Cursor:
                fault.strike()
                return super().execute(*parameters)

        return sqlite3.connect(*args, factory=Failing, **options)


def story(path: Path, connect: Callable[..., sqlite3.Connection]) -> None:
    """One record of each kind."""
    key = ItemKey("dashboard", "1")
    with StateWriter.open(path, now=noon, connect=connect) as writer:
        writer.begin_session(session())
        writer.open_intent(SESSION, Intent(key))
        with writer.transaction():
            writer.record_result(SESSION, result("created", "1", ObjectMapping("dashboard_element", "7", "70")))
            writer.record_result(SESSION, result("failed", "2"), b"blob")
        writer.checkpoint(SESSION, Totals(selected=2, created=1, failed=1))
        writer.end_session(SESSION, "finished", Totals(selected=2, created=1, failed=1))


def check(path: Path) -> None:
    """Invariants at the end of a run: a complete file, or none; each result with all its records."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA user_version").fetchone() == (CURRENT.version,)
    with StateWriter.open(path, now=noon) as writer:
        outcomes = writer.read.outcomes(SESSION)
        assert sorted(outcomes.values()) in ([], ["created", "failed"])
        assert len(list(writer.read.dead_letters())) == list(outcomes.values()).count("failed")
        assert len(list(writer.read.mappings())) == 2 * list(outcomes.values()).count("created")
        if outcomes:
            assert writer.read.open_intents() == []


def told(path: Path, fault: Fault) -> str:
    """The message about the fault."""
    try:
        story(path, fault.connect)
    except StateError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("code", "said"), ERRORS)
@pytest.mark.parametrize("for_good", [False, True])
def test_a_failure_at_any_statement_leaves_complete_records(
    tmp_path: Path, code: str, said: str, *, for_good: bool
) -> None:
    for after in itertools.count():
        path = tmp_path / f"state-{after}.db"
        fault = Fault(after, getattr(sqlite3, code), for_good=for_good)
        complaint = told(path, fault)
        assert complaint == "" if not fault.fired else (said in complaint and str(tmp_path) in complaint)
        if path.exists():
            check(path)
        assert [entry for entry in tmp_path.iterdir() if entry.name.endswith(".new")] == []
        if not fault.fired:
            break
    assert after > 20
