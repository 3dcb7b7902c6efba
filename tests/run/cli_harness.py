"""Runs the complete command on a generated backup, against an instance in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import World
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.read import StateReader
from lrestore.vault.shard import ShardWriter
from tests.cli.command import environment
from tests.quick_start import start
from tests.waiting import HANG_S

SIZES = Sizes(users=3, groups=2, folders=2, depth=1, looks=2, dashboards=1, tiles=1, filters=1, boards=0, plans=0)
PATIENCE_S = HANG_S
SETTLE_S = 1.0
"""This instance ends every call at once, even if the answer is lost."""
MADE = datetime(2026, 1, 1, tzinfo=UTC)


class _Shared:
    """The simulator process of all tests that one process runs; each test has its own instance in it."""

    def __init__(self) -> None:
        self._process: SimulatorProcess | None = None

    def get(self) -> SimulatorProcess:
        """The running process."""
        self._process = self._process or SimulatorProcess()
        return self._process

    def stop(self) -> None:
        """End it, if it was ever needed."""
        if self._process is not None:
            self._process.stop()
            self._process = None


SHARED = _Shared()


class CliHarness:
    """``more(shard, world)`` adds to the backup what the instance does not have; ``later(world)`` changes the instance
    after the backup was made. The instance lasts until the next one is made.
    """

    def __init__(
        self,
        directory: Path,
        *,
        sizes: Sizes = SIZES,
        more: Callable[[ShardWriter, World], None] | None = None,
        later: Callable[[World], None] | None = None,
    ) -> None:
        self.directory = directory
        world = make_world(sizes)
        write_backup(world, directory / "vault.db", Extraction(at=MADE))
        if more:
            with ShardWriter(directory / "vault.db") as shard, shard.batch():
                more(shard, world)
        if later:
            later(world)
        worldfile.save(world, directory / "world.ndjson")
        self.simulator = SHARED.get()
        self.simulator.begin_anew((directory / "world.ndjson").read_bytes())
        self.configure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end: the simulator is shared."""

    def configure(self, **run: object) -> None:
        """The settings file, with these keys of ``[run]``."""
        lines = {"workers": 2, "give_up_after_s": 30, "settle_s": SETTLE_S, **run}
        (self.directory / "c.toml").write_text(
            f'[source]\npath = "vault.db"\ninstance = "src"\n'
            f'[destination]\nbase_url = "{self.simulator.base_url}"\nname = "dst"\n'
            f'[state]\npath = "state.db"\n[rate]\nper_second = 2000\n[run]\n'
            + "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()),
            encoding="utf-8",
        )

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """The running command."""
        key = {"LOOKERSDK_CLIENT_ID": self.simulator.client_id, "LOOKERSDK_CLIENT_SECRET": self.simulator.client_secret}
        argv = ["--config", "c.toml", "--report", "report.json", *arguments]
        return start(argv, cwd=self.directory, environ=environment(**{**key, **environ}))

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Exit code and stderr of a run; one that hangs is killed, and fails the test."""
        try:
            _, said = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            raise AssertionError(f"it hangs: {said[-2000:]}") from None
        return process.returncode, said

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """The command, to its end."""
        return self.end(self.start(*arguments, **environ))

    def report(self) -> JsonObject:
        """The report of the last run."""
        report: JsonObject = json.loads((self.directory / "report.json").read_text(encoding="utf-8"))
        return report

    def totals(self) -> dict[str, int]:
        """The recorded totals of the last session."""
        totals: dict[str, int] = self.report()["totals"]
        return totals

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """Outcome and reason of every item of the last session."""
        with StateReader.open(self.directory / "state.db") as reader:
            return {str(result.key): (result.outcome, result.reason) for result in reader.results(reader.session().id)}

    def operations(self) -> dict[str, int]:
        """The number of calls of each operation."""
        operations: dict[str, int] = self.simulator.log()["operations"]
        return operations

    def writes(self) -> int:
        """The number of writing calls that the instance has seen, a login left out."""
        named = ("create_", "update_", "delete_")
        return sum(many for name, many in self.operations().items() if name.startswith(named))

    def until_written(self, process: subprocess.Popen[str], count: int = 1) -> None:
        """Wait until the instance has seen so many writes of a run that goes on."""
        until_s = time.monotonic() + PATIENCE_S
        while self.writes() < count:
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < until_s, "nothing is written"
            time.sleep(0.02)

    def status(self) -> str:
        """The status of the last session."""
        with StateReader.open(self.directory / "state.db") as reader:
            return reader.session().status
