"""A run that is killed while it writes its report: all items are done, and a resume writes the report."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lrestore.crash_points import CRASH
from tests.run.cli_harness import CliHarness
from tests.sampling import every_value

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.mark.parametrize(
    ("point", "selection"), every_value(["report.before_write", "report.published"], ["all", "look"])
)
def test_a_killed_run_reports_its_results_when_resumed(tmp_path: Path, selection: str, point: str) -> None:
    with CliHarness(tmp_path) as harness:
        code, _ = harness.run("--select", selection, **{CRASH: f"{point}:1"})
        assert (code, harness.status()) == (-signal.SIGKILL, "running")
        (tmp_path / "report.json").unlink(missing_ok=True)
        done = harness.outcomes()
        code, said = harness.run("--resume")
        assert code == 0, said
        assert (harness.totals()["selected"], harness.status()) == (len(done), "finished")
        assert harness.run("--resume")[0] == 2, "there is nothing to resume"
