"""Exit code 3 means that nothing was written: once the first write may have been sent, no failure gives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.crash_points import COUNT, CRASH, HOW, POINTS, passes
from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes
from tests.cli.command import environment
from tests.run.cli_harness import CliHarness
from tests.sampling import every_value, nightly

pytestmark = [pytest.mark.slow, pytest.mark.crash]

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=10, dashboards=2, tiles=2, filters=1, boards=0, plans=0)
FEW, MANY = ("--select", "look=1,2,3"), ("--select", "look", "--select", "dashboard")
BEFORE = ("run.state_open", "run.session_begun")
"""Points that are passed before the first write may be sent."""
IN_ONE_PROCESS = ("intent.sent", "intent.acked", "undo.kept", "report.before_write", "report.published")


def drifted(world: World) -> None:
    for record in list(world.table("look")):
        edit(world, Edit(type="look", id=record["id"], set={"title": f"drifted {record['id']}"}))
    edit(world, Edit(type="look", id="2", delete=True))


HELD = ("launch.held", "launch.started")
"""A fault here counts as a failed start of the process, which is repeated."""
CASES = [(FEW, point) for point in (*BEFORE, *IN_ONE_PROCESS)] + [
    (MANY, point) for point in POINTS if point not in HELD
]
HOW_IT_FAILS = ("error", "mistake")
FAULTS = [
    pytest.param(
        selection,
        point,
        how,
        id=f"{'few' if selection == FEW else 'many'}-{point}-{how}",
        # Each point with one of both, in turn.
        marks=() if HOW_IT_FAILS[number % 2] == how else nightly,
    )
    for number, (selection, point) in enumerate(CASES)
    for how in HOW_IT_FAILS
]


@pytest.mark.parametrize(("selection", "point", "how"), FAULTS)
def test_a_fault_in_any_step_is_not_reported_as_not_started(
    tmp_path: Path, selection: tuple[str, ...], point: str, how: str
) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        plan = {CRASH: f"{point}:1", HOW: how, COUNT: str(tmp_path / "count")}
        if point == "token.renewal":
            harness.simulator.fault("expire_tokens", match={"method": "PATCH", "nth": 2})
        code, said = harness.run(*selection, **plan)
        assert passes(plan[COUNT])[point] >= 1, "nothing went wrong"
        written = harness.writes()
        assert code in ((3, 4) if point in BEFORE else (0, 1, 4)), said
        assert code != 3 or not written
        if code == 4:
            code, said = harness.run("--resume")
        if code == 1:
            code, said = harness.run("--retry-dead-letters")
        if code != 3:
            assert code == 0, said
            looks = [look for look in harness.simulator.state()["look"] if not look["deleted"]]
            drifted_ids = {look["id"] for look in looks if look["title"].startswith("drifted")}
            assert not drifted_ids & {"1", "2", "3"} and (selection == FEW or not drifted_ids)


STREAMS = {
    "a full device": "2>/dev/full",
    "closed": "2>&-",
    "a reader that has gone": "2> >(exec true)",
    "all of them gone": "> >(exec true) 2>&1",
}


@pytest.mark.parametrize(
    ("stream", "flags", "selection"), every_value([*STREAMS], ["", "-v", "-q", "--log-format json"], [FEW, MANY])
)
def test_a_stderr_that_fails_changes_nothing(
    tmp_path: Path, stream: str, flags: str, selection: tuple[str, ...]
) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        key = {
            "LOOKERSDK_CLIENT_ID": harness.simulator.client_id,
            "LOOKERSDK_CLIENT_SECRET": harness.simulator.client_secret,
        }
        command = f"{sys.executable} -m lrestore --config c.toml --report report.json {' '.join(selection)} {flags}"
        script = ["bash", "-c", f"{command} {STREAMS[stream]}"]
        done = subprocess.run(script, cwd=tmp_path, env=environment(**key), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert harness.report()["status"] == harness.status() == "finished" and harness.totals()["failed"] == 0


def test_a_log_file_whose_folder_is_removed_does_not_end_the_run(tmp_path: Path) -> None:
    """The log file is checked before each line, because it may be rotated."""
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        (tmp_path / "logs").mkdir()
        harness.simulator.fault("hold", match={"method": "PATCH", "after": 1})
        process = harness.start(*FEW, "-v", "--log-file", "logs/run.log")
        harness.until_written(process)
        # In one step: between two, the log file may be made again.
        (tmp_path / "logs").rename(tmp_path / "elsewhere")
        harness.simulator.call("DELETE", "faults")
        code, said = harness.end(process)
        assert code == 0, said


def test_an_unwritable_report_at_the_end_is_not_reported_as_not_started(tmp_path: Path) -> None:
    with CliHarness(tmp_path, sizes=SIZES, later=drifted) as harness:
        (tmp_path / "reports").mkdir()
        harness.simulator.fault("hold", match={"method": "PATCH", "after": 1})
        process = harness.start(*FEW, "--report", "reports/report.json")
        harness.until_written(process)
        (tmp_path / "reports").rmdir()
        harness.simulator.call("DELETE", "faults")
        code, said = harness.end(process)
        assert code == 1 and "could not write the report" in said
        assert harness.status() == "finished"
