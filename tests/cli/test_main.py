"""Exit codes, and what goes to stdout and to stderr: the contract with cron jobs and CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.vault.shard import ShardWriter
from tests.cli.command import environment, lrestore

FOLDER = {"id": "7", "name": "Sales", "parent_id": "1", "created_at": None}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working directory with settings and a backup of one folder, whose Looker does not answer."""
    with ShardWriter(tmp_path / "vault.db") as shard:
        shard.put("folder", "7", "Sales", FOLDER)
    (tmp_path / "lrestore.toml").write_text(
        '[source]\npath = "vault.db"\n[destination]\nbase_url = "http://127.0.0.1:9"\nname = "prod"\n'
        "[run]\nmax_retries = 0\n",
        encoding="utf-8",
    )
    return tmp_path


def test_without_a_selection_nothing_is_restored_by_accident(place: Path) -> None:
    done = lrestore(cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lrestore: nothing is selected (") and "--select" in done.stderr


@pytest.mark.parametrize("mode", ["--plan", "--dry-run", "--verify"])
def test_a_mode_without_a_selection_is_refused_too(place: Path, mode: str) -> None:
    done = lrestore(mode, cwd=place)
    assert done.returncode == 2 and f"nothing is selected to {mode[2:]}" in done.stderr


def test_a_settings_file_that_is_not_there_is_named(place: Path) -> None:
    done = lrestore("--config", "other.toml", "--select", "all", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "other.toml" in done.stderr


def test_a_wrong_setting_is_named_with_its_line(place: Path) -> None:
    with (place / "lrestore.toml").open("a", encoding="utf-8") as file:
        file.write("worker = 3\n")
    done = lrestore("--select", "all", cwd=place)
    assert done.returncode == 2 and "lrestore.toml" in done.stderr and "worker" in done.stderr


def test_a_dry_run_tells_what_would_be_attempted_and_needs_no_looker(place: Path) -> None:
    done = lrestore("--select", "folder", "--dry-run", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "folder=7 Sales" in done.stdout and "no call was made" in done.stdout
    assert not (place / "lrestore-state.db").exists()


def test_an_item_that_cannot_be_read_makes_a_dry_run_fail(place: Path) -> None:
    done = lrestore("--select", "folder=7,8", "--dry-run", "--report", "report.json", cwd=place)
    assert done.returncode == 1
    report = json.loads((place / "report.json").read_text(encoding="utf-8"))
    assert report["totals"] | {"selected": 2, "failed": 1} == report["totals"]
    assert "folder=8" in done.stdout


def test_an_unreachable_destination_is_not_started(place: Path) -> None:
    done = lrestore(
        "--select", "all", cwd=place, LOOKERSDK_CLIENT_ID="someone", LOOKERSDK_CLIENT_SECRET="open-sesame-1"
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "127.0.0.1:9" in done.stderr and "open-sesame-1" not in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_credentials_are_a_matter_of_settings(place: Path) -> None:
    done = lrestore("--select", "all", cwd=place)
    assert done.returncode == 2 and "LOOKERSDK_CLIENT_ID" in done.stderr


def test_a_backup_that_is_none_is_not_started(place: Path) -> None:
    (place / "vault.db").write_text("no database", encoding="utf-8")
    done = lrestore("--select", "all", "--dry-run", cwd=place)
    assert done.returncode == 3 and "vault.db" in done.stderr and "Traceback" not in done.stderr


def test_a_report_that_cannot_be_written_is_found_before_anything_is_done(place: Path) -> None:
    done = lrestore("--select", "all", "--report", "no/such/folder/report.json", cwd=place)
    assert done.returncode == 2 and "no/such/folder" in done.stderr


def test_a_report_never_replaces_the_backup(place: Path) -> None:
    before = (place / "vault.db").read_bytes()
    done = lrestore("--select", "all", "--dry-run", "--report", "vault.db", cwd=place)
    assert done.returncode == 2 and (place / "vault.db").read_bytes() == before


def test_a_reader_of_stdout_that_has_gone_does_not_change_the_exit_code(place: Path) -> None:
    argv = [sys.executable, "-m", "lrestore", "--select", "folder=7,8", "--dry-run"]
    with subprocess.Popen(
        argv, cwd=place, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(30) == 1
    assert b"Traceback" not in said and b"Broken" not in said


def test_the_selection_of_the_settings_counts_where_no_flag_is_given(place: Path) -> None:
    done = lrestore("--dry-run", cwd=place, LRESTORE_RUN_SELECT="folder=7")
    assert done.returncode == 0 and "folder=7 Sales" in done.stdout
