"""One measured run of the command against a simulated instance in a process of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from bench.ground import Ground
from bench.processes import Meter, Use
from lrestore.json_types import JsonObject
from lrestore.simulator.http.remote import SimulatorProcess

ROOT = Path(__file__).parents[1]
PATIENCE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Settings of the command and of the instance. ``per_second`` is ``[rate] per_second``; 0: measured."""

    workers: int = 8
    in_flight: int = 4
    per_second: float = 0.0
    latency_ms: float = 50.0
    simulator: tuple[str, ...] = ()
    give_up_after_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run."""

    report: JsonObject
    wall_s: float
    uses: list[Use]
    simulator_cpu_s: float
    first_result_s: float
    """From the start of the command until the first result was on disk."""
    spent_s: list[tuple[float, float]]
    """Time, and the processor seconds of all processes of the command so far; in order."""

    def spent_until_s(self, at: float) -> float:
        """Processor seconds of the command until that time."""
        return max((spent for when, spent in self.spent_s if when <= at), default=0.0)

    def cpu_s(self, role: str) -> float:
        """Processor seconds of all processes of a role."""
        return sum(use.cpu_s for use in self.uses if use.role == role)

    def peak_mb(self, role: str) -> float:
        """The largest process of a role."""
        return max((use.peak_bytes for use in self.uses if use.role == role), default=0) / 1e6

    def grown(self, role: str) -> float:
        """Memory of a role's largest process at its end, as a multiple of its memory after a third of its life."""
        largest = max((use for use in self.uses if use.role == role), key=lambda use: use.peak_bytes, default=Use(role))
        return largest.resident_after(0.95) / max(1, largest.resident_after(1 / 3))

    @property
    def timeline(self) -> list[list[float]]:
        """Once per second: seconds, items, calls, limit."""
        found: list[list[float]] = self.report["throughput"]["timeline"]
        return found


class Instance:
    """A simulated instance with the data of the ground, and the command. A context manager."""

    def __init__(self, ground: Ground, folder: Path, setting: Setting) -> None:
        ground.lay(folder)
        self.folder = folder
        self._setting = setting
        arguments = ["--world", str(folder / "world.ndjson"), "--latency-ms", str(setting.latency_ms)]
        self.simulator = SimulatorProcess([*arguments, *setting.simulator], clean_environment())

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *error: object) -> None:
        self.simulator.stop()

    def forget(self) -> None:
        """Remove the state file."""
        for leftover in self.folder.glob("state.db*"):
            leftover.unlink()
        shutil.rmtree(self.folder / "state.d", ignore_errors=True)

    def restore(self, *arguments: str, setting: Setting | None = None) -> Run:
        """Restore everything with the command, and measure. Raises RuntimeError if it fails."""
        with self.start(*arguments, setting=setting) as process:
            meter, server = Meter(process.pid), Meter(self.simulator.pid, "simulator")
            server.look()
            (before,) = (use.cpu_s for use in server._uses.values())
            began_s, began_at = time.monotonic(), time.time()
            code = process.wait(PATIENCE_S)
            wall_s = time.monotonic() - began_s
            uses = meter.stop()
            server.look()
            (served,) = server.stop()
        if code != 0:
            told = (self.folder / "stderr.txt").read_text(encoding="utf-8")[-2000:]
            raise RuntimeError(f"the command ended with {code}: {told}")
        report = msgspec.json.decode((self.folder / "report.json").read_bytes())
        first_at = next((at for at in self.results_at_s() if at >= began_at), began_at + wall_s)
        return Run(report, wall_s, uses, served.cpu_s - before, first_at - began_at, meter.spent_s)

    def results_at_s(self) -> list[float]:
        """When each result was recorded, in order; of all sessions in the state file."""
        with closing(sqlite3.connect(self.folder / "state.db")) as state:
            rows = state.execute("SELECT recorded_at FROM results ORDER BY recorded_at").fetchall()
        return [datetime.fromisoformat(text).timestamp() for (text,) in rows]

    def start(self, *arguments: str, setting: Setting | None = None) -> subprocess.Popen[bytes]:
        """The running command."""
        self._configure(setting or self._setting)
        key = {"LOOKERSDK_CLIENT_ID": self.simulator.client_id, "LOOKERSDK_CLIENT_SECRET": self.simulator.client_secret}
        command = [sys.executable, "-m", "lrestore", "--config", "c.toml", "--report", "report.json", "--yes"]
        with (self.folder / "stderr.txt").open("wb") as stderr:
            return subprocess.Popen(
                [
                    *command,
                    *([] if "--resume" in arguments else ["--select", "dashboard", "--select", "look"]),
                    *arguments,
                ],
                cwd=self.folder,
                env=clean_environment(key),
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def _configure(self, setting: Setting) -> None:
        (self.folder / "c.toml").write_text(
            f'[source]\npath = "vault.db"\ninstance = "src"\n'
            f'[destination]\nbase_url = "{self.simulator.base_url}"\nname = "dst"\n'
            f'[state]\npath = "state.db"\n'
            f"[run]\nworkers = {setting.workers}\nin_flight = {setting.in_flight}\n"
            f"give_up_after_s = {setting.give_up_after_s}\n"
            f"[rate]\nper_second = {setting.per_second}\n",
            encoding="utf-8",
        )


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without settings of lrestore and Looker."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOOKERSDK_", "LRESTORE_"))}
    return {**clean, "PYTHONPATH": str(ROOT), **(more or {})}


def rows(found: Sequence[tuple[str, str]]) -> str:
    """Format as two columns."""
    width = max(len(name) for name, _ in found)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in found)
