"""One object through several backups, and the changes between two of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.cli.main import main
from tests.vault.builder import Recorded, Row, SessionRow, build, dashboard, named

FULL = Recorded(versions=[(4, "2026-11-01T00:00:00")], sessions=[SessionRow(started_at="2026-10-01T00:00:00+00:00")])
EDITED = {"updated_at": "2026-11-02T17:00:00.000Z", "last_updater_id": "7"}


def _night(folder: Path, day: int, *rows: Row) -> None:
    """A full backup of that day, with a folder and the user 7 besides."""
    at = f"2026-11-{day:02}T02:00:00+00:00"
    fixed = [
        Row(type="folder", id="5", content=named("5", "Shared")),
        Row(type="user", id="7", content={"id": "7", "display_name": "Ada Admin"}),
    ]
    dated = [replace(row, synced_at=at) for row in [*fixed, *rows]]
    build(folder / f"looker-{day:02}.db", dated, recorded=FULL)


def _board(title: str, id: str = "42", **more: Any) -> Row:
    fields = {name: more.pop(name) for name in ("deleted_at", "number") if name in more}
    return Row(type="dashboard", id=id, content=dashboard(id, title, **more), **fields)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights")
    look = Row(type="look", id="1", content={"id": "1", "title": "Look"})
    _night(folder, 1, look)
    _night(folder, 2, look, _board("Sales"))
    _night(folder, 3, look, _board("Sales, new", view_count=5, **EDITED))
    _night(folder, 4, look, _board("Sales, new", view_count=9, **EDITED), _board("Second", "43"))
    _night(folder, 5, _board("Sales, new", deleted_at="2026-11-04T20:00:00"), _board("Second", "43"))
    _night(folder, 6, Row(type="dashboard", id="43", content=b"\xc1"))
    return folder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, nights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lrestore.toml").write_text(f'[source]\npath = "{nights}/looker-*.db"\n', encoding="utf-8")


def _shown(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert main(["--show", *argv]) == code
    printed = capsys.readouterr()
    return printed.err if code else printed.out


def _history(capsys: pytest.CaptureFixture[str], what: str) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_shown(capsys, f"history={what}", "--format", "json"))["versions"]
    return found


def test_the_history_of_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    steps = _history(capsys, "dashboard=42")
    assert [step["what"] for step in steps] == ["absent", "made", "changed", "unchanged", "deleted", "gone"]
    assert [step["date"] for step in steps][:2] == ["2026-11-01T02:00:00Z", "2026-11-02T02:00:00Z"]
    changed = steps[2]
    assert changed["changes"] == [{"path": "title", "old": "Sales", "new": "Sales, new"}]
    assert changed["updated_by"] == {"id": "7", "name": "Ada Admin"} and changed["updated_at"] == EDITED["updated_at"]
    assert [step["what"] for step in _history(capsys, "look=1")] == ["present", *["unchanged"] * 3, "gone", "absent"]
    assert _history(capsys, "dashboard=43")[-1]["what"] == "unreadable"


def test_the_history_as_text_and_as_csv(capsys: pytest.CaptureFixture[str], nights: Path) -> None:
    told = _shown(capsys, "history=dashboard=42")
    assert '    title: "Sales" → "Sales, new"' in told and "by Ada Admin (7)" in told
    assert "in 4 of 6 backups, changed in 1" in told
    rows = list(csv.DictReader(io.StringIO(_shown(capsys, "history=dashboard=42", "--format", "csv"))))
    assert [row["path"] for row in rows] == ["", "", "title", "", "", ""]
    assert rows[2]["new"] == '"Sales, new"' and rows[2]["files"] == str(nights / "looker-03.db")


def test_an_object_that_no_backup_holds_has_no_history(capsys: pytest.CaptureFixture[str]) -> None:
    assert "dashboard=44 is in none of 6 backups" in _shown(capsys, "history=dashboard=44", code=2)
    assert "name one object" in _shown(capsys, "history=dashboard", code=2)


def test_the_changes_between_two_backups(capsys: pytest.CaptureFixture[str], nights: Path) -> None:
    found = json.loads(_shown(capsys, "changes=2026-11-02..2026-11-04", "--format", "json"))
    assert [(item["change"], item["id"]) for item in found["items"]] == [("changed", "42"), ("made", "43")]
    assert found["totals"] == {"made": 1, "changed": 1, "gone": 0, "unchanged": 3}
    assert found["from"]["files"] == [str(nights / "looker-02.db")]
    gone = json.loads(_shown(capsys, f"changes={nights}/looker-04.db..2026-11-05", "--format", "json"))["items"]
    assert [(item["change"], item["type"], item["reason"]) for item in gone] == [
        ("gone", "look", ""),
        ("gone", "dashboard", "marked deleted"),
    ]
    counters = json.loads(_shown(capsys, "changes=2026-11-03..2026-11-04", "--format", "json"))
    assert [item["id"] for item in counters["items"]] == ["43"]


def test_the_changes_as_text_and_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    told = _shown(capsys, "changes=2026-11-02..2026-11-04")
    assert "changed    dashboard=42 Sales, new: 1 change, updated 2026-11-02T17:00:00Z by Ada Admin (7)\n" in told
    assert "made       dashboard=43 Second\n" in told and "1 made, 1 changed, 0 gone, 3 unchanged" in told
    assert '    title: "Sales" → "Sales, new"' in _shown(capsys, "changes=2026-11-02..2026-11-04", "-v")
    rows = list(csv.DictReader(io.StringIO(_shown(capsys, "changes=2026-11-05..2026-11-06", "--format", "csv"))))
    assert [(row["change"], row["spec"]) for row in rows] == [("unreadable", "dashboard=43")]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("2026-11-02..2026-11-02T03:00", 2, "both are the same backup"),
        ("2026-11-02..tomorrow", 2, "is not two dates or paths"),
        ("2026-11-02", 2, "is not two dates or paths"),
        ("2026-10-02..2026-11-02", 3, "the dates are 2026-11-01T02:00:00Z"),
    ],
)
def test_two_different_backups_must_be_named(
    capsys: pytest.CaptureFixture[str], text: str, code: int, message: str
) -> None:
    assert message in _shown(capsys, f"changes={text}", code=code)


def test_a_path_may_hold_dots_of_its_own(capsys: pytest.CaptureFixture[str], nights: Path) -> None:
    beside = nights / ".." / nights.name
    found = json.loads(_shown(capsys, f"changes={beside}/looker-02.db..{beside}/looker-03.db", "--format", "json"))
    assert found["totals"]["changed"] == 1


def test_what_cannot_be_compared_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _night(tmp_path, 1, _board("Sales"))
    build(tmp_path / "looker-02.db", [_board("Sales, new")])
    (tmp_path / "looker-03.db").write_bytes(b"no backup")
    Path("lrestore.toml").write_text(f'[source]\npath = "{tmp_path}/looker-*.db"\n', encoding="utf-8")
    told = _shown(capsys, "changes=2026-11-01..looker-02.db")
    assert "holds none and may not have asked: user, folder" in told and "looker-03.db: is neither" in told
    assert "1 changed, 0 gone" in told
    assert [step["what"] for step in _history(capsys, "folder=5")] == ["not extracted", "present"]


def _snapshot(path: Path, *rows: tuple[str, int], errors: int = 0) -> None:
    """A file into which LookerVault wrote on several days: looks, each with the day on which it was last seen."""
    days = {day for _, day in rows}
    sessions = [SessionRow(started_at=f"2026-11-{day:02}T01:00:00+00:00", error_count=errors) for day in sorted(days)]
    looks = [
        Row(type="look", id=id, content={"id": id, "title": "L"}, synced_at=f"2026-11-{day:02}T02:00:00+00:00")
        for id, day in rows
    ]
    build(path, looks, recorded=Recorded(versions=[(4, "2026-11-01T00:00:00")], sessions=sessions))


def test_a_row_that_the_last_extraction_did_not_see_is_of_an_object_that_is_gone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _snapshot(tmp_path / "looker-01.db", ("1", 1), ("2", 1))
    _snapshot(tmp_path / "looker-02.db", ("1", 2), ("2", 1))
    _snapshot(tmp_path / "looker-03.db", ("1", 3), errors=2)
    Path("lrestore.toml").write_text(f'[source]\npath = "{tmp_path}/looker-*.db"\n', encoding="utf-8")
    steps = _history(capsys, "look=2")
    assert [step["what"] for step in steps] == ["present", "gone", "absent"]
    assert "2026-11-02T01:00:00Z did not see it" in steps[1]["reason"] and "had 2 errors" in steps[2]["reason"]
    found = json.loads(_shown(capsys, "changes=2026-11-01..2026-11-02", "--format", "json"))
    assert [(item["change"], item["id"]) for item in found["items"]] == [("gone", "2")]
    assert "may only be missing" in _shown(capsys, "changes=2026-11-02..2026-11-03")
