"""A run that is interrupted or not confirmed: items in progress are finished, and the resume command is named."""

from __future__ import annotations

import gzip
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrestore.state.read import StateReader
from tests.cli.command import environment
from tests.cli.conftest import CONFIG
from tests.quick_start import start
from tests.run.cli_harness import SHARED
from tests.waiting import HANG_S

pytestmark = pytest.mark.slow

LRESTORE = [sys.executable, "-m", "lrestore"]


@pytest.fixture
def slow_looker(demo: Path) -> dict[str, str]:
    """The environment for a simulated Looker that answers no update but the first, until :func:`let_go`."""
    simulator = SHARED.get()
    simulator.begin_anew(gzip.decompress((demo / "demo" / "destination.ndjson.gz").read_bytes()))
    simulator.fault("hold", match={"method": "PATCH", "after": 1})
    return environment(
        LRESTORE_DESTINATION_BASE_URL=simulator.base_url,
        LRESTORE_DESTINATION_NAME="slow",
        # A signal ends the wait for the rate limit, and the item with it.
        LRESTORE_RATE_PER_SECOND="2000",
        LOOKERSDK_CLIENT_ID=simulator.client_id,
        LOOKERSDK_CLIENT_SECRET=simulator.client_secret,
    )


def let_go() -> None:
    """Let the simulated Looker answer everything."""
    SHARED.get().call("DELETE", "faults")


SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@contextmanager
def started(argv: list[str], demo: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The running command; it is killed at the end of the test."""
    with start(argv, cwd=demo, environ=environ) as process:
        try:
            yield process
        finally:
            process.kill()


def goes_on(last_line: str, demo: Path, environ: dict[str, str]) -> dict[str, int]:
    """Run the command of the last line on stderr, and return the totals."""
    command, _, arguments = last_line.removeprefix("resume with: ").partition(" ")
    assert command == "lrestore"
    with started([*shlex.split(arguments), "--report", "again.json"], demo, environ) as again:
        _, said = again.communicate(timeout=HANG_S)
    assert again.returncode == 0, said
    totals: dict[str, int] = json.loads((demo / "again.json").read_text(encoding="utf-8"))["totals"]
    return totals


@SIGNALS
def test_a_signal_finishes_the_item_in_progress_and_names_the_resume_command(
    number: signal.Signals, code: int, demo: Path, slow_looker: dict[str, str]
) -> None:
    """In one process, as a few items are restored: the log shows the first write."""
    argv = ["--config", CONFIG, "--select", "dashboard=1,2,3,4,5,6,7,8", "-v", "--report", "r.json"]
    with started(argv, demo, slow_looker) as process:
        assert process.stderr
        next(line for line in process.stderr if "PATCH" in line)
        process.send_signal(number)
        let_go()
        _, rest = process.communicate(timeout=HANG_S)

    assert process.returncode == code, rest
    assert rest.splitlines()[-1] == f"resume with: lrestore --config {CONFIG} --resume"
    report = json.loads((demo / "r.json").read_text(encoding="utf-8"))
    assert report["status"] == "interrupted" and report["totals"]["selected"] == 8
    done = 8 - report["totals"]["pending"]
    assert 1 <= done < 8
    with StateReader.open(demo / "demo" / "state.db") as state:
        assert state.session().status == "interrupted"
        assert len(list(state.results(state.session().id))) == done
        assert state.session().totals.pending == report["totals"]["pending"]
        assert state.open_intents() == []
    totals = goes_on(rest.splitlines()[-1], demo, slow_looker)
    assert totals["selected"] == 8 and totals["failed"] == 0


@SIGNALS
def test_a_signal_ends_a_bulk_run_in_the_same_way(
    number: signal.Signals, code: int, demo: Path, slow_looker: dict[str, str]
) -> None:
    """This also holds for a worker that waits for the rate limit: that once gave exit code 4, stopped early."""
    argv = ["--config", CONFIG, "--select", "folder", "--select", "dashboard", "--select", "look", "--workers", "2"]
    with started([*argv, "--in-flight", "1", "--log-format", "json"], demo, slow_looker) as process:
        assert process.stderr
        while process.poll() is None and not _writes(_operations(slow_looker)):
            time.sleep(0.02)
        process.send_signal(number)
        let_go()
        _, said = process.communicate(timeout=HANG_S)

    assert process.returncode == code, said
    messages = [json.loads(line)["message"] for line in said.splitlines()]
    with StateReader.open(demo / "demo" / "state.db") as state:
        assert state.session().resumable
        done = len(list(state.results(state.session().id)))
    totals = goes_on(messages[-1], demo, slow_looker)
    assert done < totals["selected"] and totals["failed"] == 0
    with StateReader.open(demo / "demo" / "state.db") as state:
        assert state.session().status == "finished" and state.open_intents() == []
    assert _operations(slow_looker)["create_dashboard"] == totals["created"] == 1


def _operations(environ: dict[str, str]) -> dict[str, int]:
    """The calls that the simulated Looker has answered, by operation."""
    log = environ["LRESTORE_DESTINATION_BASE_URL"] + "/_simulator/log"
    with urllib.request.urlopen(log, timeout=HANG_S) as answer:
        operations: dict[str, int] = json.load(answer)["operations"]
    return operations


def _writes(operations: dict[str, int]) -> int:
    return sum(count for name, count in operations.items() if name.startswith(("create_", "update_", "delete_")))


@pytest.mark.parametrize(("answer", "code"), [("n\n", 3), ("\n", 3), ("y\n", 0), ("\x03", 130)])
def test_on_a_terminal_a_large_restore_asks_first(answer: str, code: int, demo: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [*LRESTORE, "--config", CONFIG],
            cwd=demo,
            env=environment(LRESTORE_RUN_CONFIRM_ABOVE="0", TERM="dumb"),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            said = b""
            while b"[y/N]" not in said:
                said += os.read(ours, 4096)
            if answer == "\x03":
                process.send_signal(signal.SIGINT)
            else:
                os.write(ours, answer.encode())
            try:
                process.communicate(timeout=HANG_S)
            finally:
                process.kill()
            last_line = os.read(ours, 65536).decode().splitlines()[-1] if code == 130 else ""
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == code
    report = json.loads((demo / "demo" / "report.json").read_text(encoding="utf-8"))
    assert report["status"] == {3: "not-started", 0: "finished", 130: "interrupted"}[code]
    assert (report["totals"]["selected"] > 0) is (code == 0)
    assert code != 130 or last_line == f"resume with: lrestore --config {CONFIG}", "there is no session to be resumed"


@SIGNALS
def test_a_signal_before_the_start_ends_the_run(number: signal.Signals, code: int, demo: Path) -> None:
    """The signal arrives while the command waits to repeat a login without answer."""
    unanswered = environment(
        LRESTORE_DESTINATION_BASE_URL="http://127.0.0.1:9", LOOKERSDK_CLIENT_ID="x", LOOKERSDK_CLIENT_SECRET="y"
    )
    argv = ["--config", CONFIG, "-v", "--report", "r.json"]
    with started(argv, demo, unanswered) as process:
        assert process.stderr
        next(line for line in process.stderr if "login" in line)
        process.send_signal(number)
        _, rest = process.communicate(timeout=HANG_S)
    assert process.returncode == code, rest
    assert rest.splitlines()[-1] == "resume with: lrestore " + shlex.join(argv)
    report = json.loads((demo / "r.json").read_text(encoding="utf-8"))
    assert report["status"] == "stopped" and report["totals"]["selected"] == 0


def test_yes_skips_the_question(demo: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*LRESTORE, "--config", CONFIG, "--yes", "-q"],
            cwd=demo,
            env=environment(LRESTORE_RUN_CONFIRM_ABOVE="0"),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=HANG_S,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
