"""Exit codes, stdout and stderr: the contract with cron jobs and CI."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.vault.shard import ShardWriter
from tests.cli.command import environment, lrestore
from tests.waiting import HANG_S

CREDENTIALS = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": "secret"}
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


def test_without_a_selection_nothing_is_restored(place: Path) -> None:
    done = lrestore(cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lrestore: nothing is selected (") and "--select" in done.stderr


@pytest.mark.parametrize("mode", ["--plan", "--dry-run", "--verify"])
def test_a_mode_without_a_selection_is_refused_too(place: Path, mode: str) -> None:
    done = lrestore(mode, cwd=place)
    assert done.returncode == 2 and f"nothing is selected to {mode[2:]}" in done.stderr


def test_a_missing_settings_file_is_named(place: Path) -> None:
    done = lrestore("--config", "other.toml", "--select", "all", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "other.toml" in done.stderr


def test_a_wrong_setting_is_named_with_its_line(place: Path) -> None:
    with (place / "lrestore.toml").open("a", encoding="utf-8") as file:
        file.write("worker = 3\n")
    done = lrestore("--select", "all", cwd=place)
    assert done.returncode == 2 and "lrestore.toml" in done.stderr and "worker" in done.stderr


def test_a_dry_run_lists_its_items_without_a_looker(place: Path) -> None:
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


def test_a_run_with_an_unreachable_destination_is_not_started(place: Path) -> None:
    done = lrestore(
        "--select", "all", cwd=place, LOOKERSDK_CLIENT_ID="someone", LOOKERSDK_CLIENT_SECRET="open-sesame-1"
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "127.0.0.1:9" in done.stderr and "open-sesame-1" not in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_credentials_are_a_settings_error(place: Path) -> None:
    done = lrestore("--select", "all", cwd=place)
    assert done.returncode == 2 and "LOOKERSDK_CLIENT_ID" in done.stderr


def test_a_run_with_an_invalid_backup_is_not_started(place: Path) -> None:
    (place / "vault.db").write_text("no database", encoding="utf-8")
    done = lrestore("--select", "all", "--dry-run", cwd=place)
    assert done.returncode == 3 and "vault.db" in done.stderr and "Traceback" not in done.stderr


def test_an_unwritable_report_is_detected_before_the_run(place: Path) -> None:
    done = lrestore("--select", "all", "--report", "no/such/folder/report.json", cwd=place)
    assert done.returncode == 2 and "no/such/folder" in done.stderr


def test_a_report_never_replaces_the_backup(place: Path) -> None:
    before = (place / "vault.db").read_bytes()
    done = lrestore("--select", "all", "--dry-run", "--report", "vault.db", cwd=place)
    assert done.returncode == 2 and (place / "vault.db").read_bytes() == before


def test_a_closed_stdout_pipe_does_not_change_the_exit_code(place: Path) -> None:
    argv = [sys.executable, "-m", "lrestore", "--select", "folder=7,8", "--dry-run"]
    with subprocess.Popen(
        argv, cwd=place, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(HANG_S) == 1
    assert b"Traceback" not in said and b"Broken" not in said


def _shell(line: str, place: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which $LRESTORE is the command."""
    command = f'"{sys.executable}" -m lrestore'
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("$LRESTORE", command)],
        cwd=place,
        env=environment(**environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_change_the_exit_code(place: Path, closed: str) -> None:
    """An uncaught exception also gives 1, so this tests 0 for an item that exists and 1 for one that does not."""
    for ids, code in (("7", 0), ("8", 1)):
        done = _shell(f"$LRESTORE --select folder={ids} --dry-run --report r.json {closed}", place)
        assert (done.returncode, "Traceback" in done.stderr, "internal" in done.stderr) == (code, False, False)
        assert json.loads((place / "r.json").read_text(encoding="utf-8"))["totals"]["selected"] == 1


def test_unwritable_results_are_an_error_but_not_an_internal_one(place: Path) -> None:
    for line in ("$LRESTORE --show source > /dev/full", "$LRESTORE --select folder=7 --dry-run > /dev/full"):
        done = _shell(line, place)
        assert done.returncode == 3 and done.stderr.endswith("the results to stdout: No space left on device\n")
        assert "internal error" not in done.stderr and "Exception ignored" not in done.stderr


@pytest.mark.parametrize("stderr", ["2> /dev/full", "2>&-"])
def test_an_error_keeps_its_exit_code_if_stderr_is_unwritable(place: Path, stderr: str) -> None:
    assert _shell(f"$LRESTORE {stderr}", place).returncode == 2
    assert _shell(f"$LRESTORE --both {stderr}", place).returncode == 2
    assert _shell(f"$LRESTORE --select folder=7 --plan {stderr}", place, **CREDENTIALS).returncode == 3


def test_a_name_that_the_terminal_s_encoding_lacks_is_escaped(place: Path) -> None:
    with ShardWriter(place / "vault.db") as shard:
        shard.put("folder", "9", "売上", FOLDER | {"id": "9", "name": "売上"})
    for encoding in ("ascii", "latin-1"):
        done = lrestore("--show", "source", "--format", "csv", cwd=place, PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and "folder=9,\\u58f2\\u4e0a" in done.stdout


def test_an_empty_value_never_widens_a_run(place: Path) -> None:
    """A script's --folder "$FOLDER" with the variable unset restored everything that was selected."""
    done = _shell('$LRESTORE --select all --dry-run --folder "$NOT_SET"', place)
    assert done.returncode == 2 and "--folder is empty" in done.stderr and not done.stdout
    done = _shell('$LRESTORE --resume "$NOT_SET"', place, LRESTORE_RUN_SELECT="all")
    assert done.returncode == 2 and "--resume is empty" in done.stderr


def test_the_selection_of_the_settings_counts_without_a_flag(place: Path) -> None:
    done = lrestore("--dry-run", cwd=place, LRESTORE_RUN_SELECT="folder=7")
    assert done.returncode == 0 and "folder=7 Sales" in done.stdout


@pytest.mark.parametrize(
    ("argv", "code", "last"),
    [
        ([], 2, "nothing is selected"),
        (["--select", "folder", "--plan", "-v"], 3, "127.0.0.1:9"),
        (["--select", "folder=8", "--dry-run"], 1, ""),
    ],
)
def test_a_json_log_has_no_other_lines(place: Path, argv: list[str], code: int, last: str) -> None:
    """The last line and the progress are JSON too; the log file also has the last line."""
    done = lrestore(*argv, "--log-format", "json", "--log-file", "run.log", cwd=place, **CREDENTIALS)
    assert done.returncode == code
    said = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert last in "".join(said[-1:])
    logged = (place / "run.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["message"] for line in logged] == said


def test_the_log_file_records_the_end_of_a_run(place: Path) -> None:
    done = lrestore("--select", "folder", "-q", "--log-file", "run.log", cwd=place, **CREDENTIALS)
    *_, last = done.stderr.splitlines()
    assert done.returncode == 3 and last.startswith("lrestore: ")
    assert (place / "run.log").read_text(encoding="utf-8").endswith(f" ERROR {last}\n")


@pytest.mark.parametrize("name", ["vault.db", "packed.db.gz"])
def test_a_log_is_never_appended_to_the_backup(place: Path, name: str) -> None:
    (place / "packed.db.gz").write_bytes(gzip.compress((place / "vault.db").read_bytes()))
    before = (place / name).read_bytes()
    done = lrestore("--select", "folder", "--dry-run", "--log-file", name, cwd=place)
    assert done.returncode == 2 and name in done.stderr and (place / name).read_bytes() == before


def test_a_report_never_replaces_the_state_file(place: Path) -> None:
    done = lrestore("--select", "folder", "--report", "./lrestore-state.db", cwd=place, **CREDENTIALS)
    assert done.returncode == 2 and "state file" in done.stderr and not (place / "lrestore-state.db").exists()
