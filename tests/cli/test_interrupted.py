"""A run that is interrupted or not confirmed: what is under way is finished, and the way on is named."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.state.read import StateReader
from tests.cli.command import environment
from tests.cli.conftest import CONFIG

pytestmark = pytest.mark.slow

LRESTORE = [sys.executable, "-m", "lrestore"]


@pytest.fixture
def slow_looker(demo: Path) -> Iterator[dict[str, str]]:
    """The environment that leads to a simulated Looker that takes its time."""
    argv = [sys.executable, "-m", "lrestore.simulator", "--world", "demo/destination.ndjson.gz", "--latency-ms", "40"]
    with subprocess.Popen(argv, cwd=demo, env=environment(), stdout=subprocess.PIPE) as simulator:
        assert simulator.stdout
        address = json.loads(simulator.stdout.readline())
        yield environment(
            LRESTORE_DESTINATION_BASE_URL=address["base_url"],
            LRESTORE_DESTINATION_NAME="slow",
            LOOKERSDK_CLIENT_ID=address["client_id"],
            LOOKERSDK_CLIENT_SECRET=address["client_secret"],
        )
        simulator.terminate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_the_item_under_way_end_and_names_the_way_on(
    number: signal.Signals, code: int, demo: Path, slow_looker: dict[str, str]
) -> None:
    argv = ["--config", CONFIG, "--select", "dashboard", "-v", "--report", "r.json"]
    with subprocess.Popen(
        [*LRESTORE, *argv],
        cwd=demo,
        env=slow_looker,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "PATCH" in line:
                break
        process.send_signal(number)
        _, rest = process.communicate(timeout=60)

    assert process.returncode == code, rest
    assert rest.splitlines()[-1] == f"go on with: lrestore {' '.join(argv)}"
    report = json.loads((demo / "r.json").read_text(encoding="utf-8"))
    assert report["status"] == "interrupted" and 1 <= report["totals"]["selected"] < 11
    with StateReader.open(demo / "demo" / "state.db") as state:
        assert state.session().status == "interrupted"
        assert len(list(state.results(state.session().id))) == report["totals"]["selected"]
        assert state.open_intents() == []

    again = subprocess.run(
        [*LRESTORE, *argv], cwd=demo, env=slow_looker, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert again.returncode == 0, again.stderr
    totals = json.loads((demo / "r.json").read_text(encoding="utf-8"))["totals"]
    assert totals["selected"] == 11 and totals["unchanged"] >= 1


@pytest.mark.parametrize(("answer", "code"), [("n\n", 4), ("\n", 4), ("y\n", 0), ("\x03", 130)])
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
                process.communicate(timeout=60)
            finally:
                process.kill()
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == code
    assert (demo / "demo" / "report.json").exists() is (code == 0)


def test_yes_asks_nobody(demo: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*LRESTORE, "--config", CONFIG, "--yes", "-q"],
            cwd=demo,
            env=environment(LRESTORE_RUN_CONFIRM_ABOVE="0"),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
