"""The whole command against a simulated Looker: the demo, its modes, and what a second run finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lrestore.json_types import JsonObject
from lrestore.state.read import StateReader
from tests.cli.command import ROOT, environment, lrestore
from tests.cli.conftest import CONFIG

pytestmark = pytest.mark.slow


def _report(directory: Path) -> JsonObject:
    report: JsonObject = json.loads((directory / "demo" / "report.json").read_text(encoding="utf-8"))
    return report


def test_the_demo_works_on_a_fresh_clone_and_a_second_run_finds_everything_unchanged(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    shutil.copy(ROOT / CONFIG, tmp_path / CONFIG)

    first = lrestore("--config", CONFIG, cwd=tmp_path)

    assert first.returncode == 0, first.stderr
    assert '"Daily Shipping deep dive (old?)" → "Daily Shipping deep dive"' in first.stdout
    assert "update_dashboard" in first.stdout and "report: demo/report.json" in first.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"conf", "demo"}
    totals = _report(tmp_path)["totals"]
    assert totals["updated"] + totals["created"] == totals["selected"] > 1

    second = lrestore("--config", CONFIG, cwd=tmp_path)

    assert second.returncode == 0, second.stderr
    totals = _report(tmp_path)["totals"]
    assert totals["unchanged"] == totals["selected"]
    assert not [name for name in _report(tmp_path)["api"]["by_operation"] if name.startswith(("create", "update"))]


def test_a_plan_writes_nothing_and_lists_each_field(demo: Path) -> None:
    world = (demo / "demo" / "destination.ndjson.gz").read_bytes()
    done = lrestore("--config", CONFIG, "--plan", cwd=demo)
    assert done.returncode == 0, done.stderr
    assert "update    dashboard=1" in done.stdout and "(old?)" in done.stdout and "API calls:" in done.stdout
    assert not list((demo / "demo").glob("state.db*"))
    again = lrestore("--config", CONFIG, "--plan", cwd=demo)
    updates = [line for line in done.stdout.splitlines() if line.startswith("update")]
    assert updates == [line for line in again.stdout.splitlines() if line.startswith("update")]
    assert world


def test_verify_alone_compares_and_fails_if_something_differs(demo: Path) -> None:
    differs = lrestore("--config", CONFIG, "--verify", cwd=demo)
    assert differs.returncode == 1 and "different" in differs.stdout
    assert lrestore("--config", CONFIG, cwd=demo).returncode == 0
    equal = lrestore("--config", CONFIG, "--verify", cwd=demo)
    assert equal.returncode == 0, equal.stdout
    assert _report(demo)["verify"]["different"] == []


def test_verify_after_restores_and_then_compares(demo: Path) -> None:
    done = lrestore("--config", CONFIG, "--verify=after", cwd=demo)
    assert done.returncode == 0, done.stderr
    report = _report(demo)
    assert report["mode"] == "restore" and report["totals"]["updated"] >= 1
    assert report["verify"]["different"] == [] and report["verify"]["equal"] == report["totals"]["selected"]


def test_an_item_that_the_backup_lacks_is_a_dead_letter_and_the_rest_is_restored(demo: Path) -> None:
    done = lrestore("--config", CONFIG, "--select", "dashboard=1,999", cwd=demo)
    assert done.returncode == 1
    assert _report(demo)["totals"]["failed"] == 1 and _report(demo)["totals"]["updated"] == 1
    assert "dashboard=999" in done.stdout
    letters = lrestore("--config", CONFIG, "--show", "dead-letters", "--format", "json", cwd=demo)
    assert [letter["id"] for letter in json.loads(letters.stdout)] == ["999"]


def test_quiet_writes_nothing_to_stderr_without_errors(demo: Path) -> None:
    done = lrestore("--config", CONFIG, "-q", cwd=demo)
    assert done.returncode == 0 and done.stderr == "" and "3 items" in done.stdout


def test_a_json_log_contains_only_json_and_does_not_reach_stdout(demo: Path) -> None:
    done = lrestore("--config", CONFIG, "--log-format", "json", "--log-file", "run.log", cwd=demo)
    assert done.returncode == 0
    lines = [json.loads(line) for line in (demo / "run.log").read_text(encoding="utf-8").splitlines()]
    assert any("destination" in str(line) for line in lines)
    assert "destination:" not in done.stdout


def test_lines_of_a_json_log_name_session_worker_and_item(demo: Path) -> None:
    """In a bulk run: its workers write into the same file. In a small one there is no worker."""
    select = ["--select", "folder", "--select", "dashboard", "--select", "look"]
    small = logged_calls(demo, "small.log", "--select", "dashboard=1")
    bulk = logged_calls(demo, "bulk.log", *select, "--workers", "2")
    with StateReader.open(demo / "demo" / "state.db") as state:
        first, second = (session.id for session in state.sessions())
    written = [line for line in bulk if "PATCH" in line["message"] and "worker" in line]
    assert written and {line["session"] for line in written} == {second}
    assert {line["worker"] for line in written} <= {1, 2}
    assert all(line["item"].split("=")[0] in ("folder", "dashboard", "look") for line in written)
    alone = [line for line in small if "PATCH" in line["message"]]
    assert alone and all("worker" not in line for line in small)
    assert {(line["session"], line["item"]) for line in alone} == {(first, "dashboard=1")}


def logged_calls(demo: Path, file: str, *argv: str) -> list[dict[str, Any]]:
    """The log of a run, with a line for each call."""
    done = lrestore("--config", CONFIG, *argv, "-v", "--log-format", "json", "--log-file", file, cwd=demo)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (demo / file).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("lost", ["report", "stdout"])
def test_a_failed_output_after_a_restore_is_not_reported_as_not_started(demo: Path, lost: str) -> None:
    """Exit code 3 would mean that nothing was written, 0 that all is well. Each output is written if the
    other fails.
    """
    argv = [sys.executable, "-m", "lrestore", "--config", CONFIG, "--select", "dashboard=1"]
    argv += ["--report", "/dev/full" if lost == "report" else "r.json"]
    with (demo / "out").open("w+b") as kept, Path("/dev/full").open("wb") as full:
        stdout = kept if lost == "report" else full
        done = subprocess.run(argv, cwd=demo, env=environment(), stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"No space left on device" in done.stderr, done.stderr
    assert b"internal error" not in done.stderr and b"Traceback" not in done.stderr
    if lost == "report":
        told = (demo / "out").read_text(encoding="utf-8")
        assert "dashboard=1" in told and "report: " not in told
    else:
        assert json.loads((demo / "r.json").read_text(encoding="utf-8"))["totals"]["updated"] == 1


def test_a_world_that_cannot_be_read_is_named(demo: Path) -> None:
    (demo / "demo" / "destination.ndjson.gz").write_text("no world\n", encoding="utf-8")
    done = lrestore("--config", CONFIG, cwd=demo)
    assert done.returncode == 2 and "destination.ndjson.gz" in done.stderr and "Traceback" not in done.stderr
