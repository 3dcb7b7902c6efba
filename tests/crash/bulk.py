"""A bulk run to be killed: an instance in a process of its own, which outlives the runs and judges them."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from lrestore.crash_points import COUNT, CRASH, passes
from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import World
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from tests.cli.command import environment
from tests.quick_start import start
from tests.quick_start_helpers import FORK_SERVER
from tests.waiting import HANG_S

SIZES = Sizes(users=4, groups=6, folders=8, depth=4, looks=16, dashboards=20, tiles=4, filters=2, boards=0, plans=0)
TYPES = ("dashboard", "look", "folder", "group", "role", "permission_set", "model_set", "lookml_model")
SHARED = ("query", "merge_query")
"""Two that ask the same are one."""
PATIENCE_S = HANG_S
CALLS_PER_S = 120
"""Slow enough to be killed in the middle, faster than the gentle start of a run that has to find out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a run with its resumptions, as far as it must not depend on deaths."""

    totals: dict[str, int]
    content: dict[str, Counter[str]]


class Bulk:
    """Runs the command on one backup, against one instance that drifts the same way each time."""

    sizes = SIZES
    types: tuple[str, ...] = TYPES
    calls_per_s = CALLS_PER_S
    settle_s = 1.0
    """The instance ends every call at once, whatever process has died, unless a test slows it down."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        world = make_world(self.sizes)
        write_backup(world, directory / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        self.vault_bytes = (directory / "vault.db").read_bytes()
        self.drift(world)
        worldfile.save(world, directory / "drifted.ndjson")
        self.simulator = SimulatorProcess(["--world", str(directory / "drifted.ndjson")])
        (directory / "c.toml").write_text(
            f'[source]\npath = "vault.db"\ninstance = "src"\n'
            f'[destination]\nbase_url = "{self.simulator.base_url}"\nname = "dst"\n'
            f'[state]\npath = "state.db"\n[run]\nworkers = 3\ngive_up_after_s = 30\nsettle_s = {self.settle_s}\n'
            f"[rate]\nper_second = {self.calls_per_s}\n",
            encoding="utf-8",
        )

    def drift(self, world: World) -> None:
        """The changes to the instance after the backup."""
        _drift(world)

    def close(self) -> None:
        self.simulator.stop()

    def begin_anew(self) -> None:
        """The drifted instance again, without faults, and no state file."""
        self.simulator.begin_anew((self.directory / "drifted.ndjson").read_bytes())
        for leftover in self.directory.glob("state.db*"):
            leftover.unlink()
        shutil.rmtree(self.directory / "state.d", ignore_errors=True)

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        """The command, in a process group of its own."""
        key = {"LOOKERSDK_CLIENT_ID": self.simulator.client_id, "LOOKERSDK_CLIENT_SECRET": self.simulator.client_secret}
        argv = ["--config", "c.toml", "--report", "report.json", *arguments]
        with (self.directory / "stderr.txt").open("ab") as stderr:
            return start(
                argv,
                cwd=self.directory,
                environ=environment(**key, **environ),
                stderr=stderr,
                text=False,
                new_session=True,
            )

    def restore(self, **environ: str) -> subprocess.Popen[bytes]:
        """The whole backup."""
        return self.start(*(part for name in self.types for part in ("--select", name)), **environ)

    def die_at(self, point: str, number: int, count: Path, begin: Callable[[], None] | None = None) -> int:
        """Restore with a death at a pass of the point, then to the end; the exit code, as of `finish`.

        `number` is a wish. Runs divide their work by their pace, and one may pass a point less often than another run
        of the same backup did: then nothing died, and a run with half the number follows.
        """
        while True:
            plan = {CRASH: f"{point}:{number}", COUNT: str(count)}
            count.unlink(missing_ok=True)
            (begin or self.begin_anew)()
            code = self.finish(self.restore(**plan), **plan)
            passed = passes(str(count))[point]
            if passed >= number:
                return code
            assert passed, f"the point {point} was not passed"
            number = max(1, min(passed, number) // 2)

    def hold(self) -> None:
        """Let the instance answer some writes and no more until :meth:`let_go`: however fast the machine, or late the
        test, the run is not over before.
        """
        for method, some in (("PATCH", 5), ("POST", 12)):
            self.simulator.fault("hold", match={"method": method, "after": some})

    def let_go(self) -> None:
        """Let the instance handle what it holds, and everything else, without faults."""
        self.simulator.call("DELETE", "faults")

    def until_under_way(self, process: object) -> None:
        """Wait until the instance has seen the first write of the run."""
        until = time.monotonic() + HANG_S
        while time.monotonic() < until:
            operations: Counter[str] = Counter(self.simulator.log()["operations"])
            if operations["update_dashboard"] or operations["create_dashboard"] or operations["update_look"]:
                return
            time.sleep(0.02)
        raise AssertionError(f"nothing was written by {process}")

    def finish(self, process: subprocess.Popen[bytes], **environ: str) -> int:
        """Wait for the end, and resume until there is nothing left to resume; the exit code of the last who worked."""
        for _ in range(10):
            code = process.wait(PATIENCE_S)
            if code in (0, 1):
                return code
            if self._status() == "finished":
                return 0
            process = self.start("--resume", **environ) if self._status() else self.restore(**environ)
        raise AssertionError(f"still unfinished: {(self.directory / 'stderr.txt').read_text()[-2000:]}")

    def _status(self) -> str:
        """How the last session stands; "" if the run died before there was one."""
        if not (self.directory / "state.db").exists():
            return ""
        with StateReader.open(self.directory / "state.db") as reader:
            sessions = reader.sessions()
        return sessions[-1].status if sessions else ""

    def verdict(self) -> Verdict:
        """The totals on record, and the instance's content up to ids and dates."""
        with StateReader.open(self.directory / "state.db") as reader:
            totals = msgspec.to_builtins(reader.session().totals)
        return Verdict(totals, self.content())

    def content(self) -> dict[str, Counter[str]]:
        """The instance's content up to ids and dates."""
        state = self.simulator.state()
        return {
            "dashboard": Counter(_dashboard(one) for one in state["dashboard"]),
            "look": Counter(f"{one['folder_id']}/{one['title']}/{one['deleted']}" for one in state["look"]),
            **{
                name: Counter(str(one["name"]) for one in state[name])
                for name in ("folder", "group", "role", "model_set")
            },
        }

    def judge(self, undisturbed: Verdict) -> None:
        """The one oracle: nothing lost, nothing doubled, nothing left open, nothing left behind."""
        verdict = self.verdict()
        assert verdict.totals == undisturbed.totals
        for kind, content in undisturbed.content.items():
            assert verdict.content[kind] - content == Counter(), f"too much of {kind}"
            assert content - verdict.content[kind] == Counter(), f"too little of {kind}"
        with closing(sqlite3.connect(self.directory / "state.db")) as state:
            assert state.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert state.execute("SELECT * FROM intents WHERE state = 'open'").fetchall() == []
            mapped = state.execute("SELECT content_type, destination_id FROM id_mappings").fetchall()
        own = [(kind, object_id) for kind, object_id in mapped if kind not in SHARED]
        assert len(own) == len(set(own)), "two objects of the backup are recorded as one"
        nowhere = set(mapped) - self._there()
        assert not nowhere, f"mappings lead nowhere: {sorted(nowhere)}"
        assert (self.directory / "vault.db").read_bytes() == self.vault_bytes
        with RunLock(self.directory / "state.db"):
            pass
        left = [file.name for file in self.directory.glob("state.d/*/*") if not file.name.startswith("undo-")]
        assert not left, "files are left behind"

    def _there(self) -> set[tuple[str, str]]:
        """Type and id of everything in the instance, parts included."""
        state = self.simulator.state()
        found = {(kind, str(one.get("id") or one.get("name"))) for kind, rows in state.items() for one in rows}
        for shown in state["dashboard"]:
            for part in ("dashboard_element", "dashboard_filter", "dashboard_layout"):
                found |= {(part, str(one["id"])) for one in shown[f"{part}s"] or ()}
        for board in state.get("board", ()):
            for section in board["board_sections"] or ():
                found.add(("board_section", str(section["id"])))
                found |= {("board_item", str(one["id"])) for one in section["board_items"] or ()}
        return found

    def writes_of(self, process: subprocess.Popen[bytes]) -> int:
        """How many writes the instance sees until the process has ended."""
        before = len(_writes(self.simulator.log()))
        assert process.wait(PATIENCE_S) == 0
        return len(_writes(self.simulator.log())) - before


def _writes(log: JsonObject) -> list[Any]:
    return [call for call in log["calls"] if call["method"] != "GET" and call.get("operation") != "login"]


def _drift(world: Any) -> None:
    for number, record in enumerate(list(world.table("dashboard"))):
        if number % 2:
            edit(world, Edit(type="dashboard", id=record["id"], delete=True))
        else:
            edit(world, Edit(type="dashboard", id=record["id"], set={"title": f"drifted {number}"}))
    for number, record in enumerate(list(world.table("look"))):
        if number % 3:
            edit(world, Edit(type="look", id=record["id"], set={"title": f"drifted {number}"}))
    for number, record in enumerate(list(world.table("group"))):
        if number % 2 and not record["include_by_default"]:
            edit(world, Edit(type="group", id=record["id"], set={"name": f"drifted {number}"}))


def _dashboard(shown: JsonObject) -> str:
    tiles = sorted(f"{tile['type']}:{tile['title']}:{tile['query_id']}" for tile in shown["dashboard_elements"])
    filters = sorted(str(one["name"]) for one in shown["dashboard_filters"])
    places = sorted(
        f"{place['row']},{place['column']},{place['width']},{place['height']}"
        for layout in shown["dashboard_layouts"]
        for place in layout["dashboard_layout_components"]
    )
    return repr((shown["slug"], shown["title"], shown["deleted"], tiles, filters, places))


def descendants(pid: int) -> dict[int, str]:
    """Living processes below ``pid``, and the names that they gave themselves."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
            if rest[0] != "Z":
                parents[int(entry.name)] = (int(rest[1]), name)
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        above = waiting.pop()
        below = {child: name for child, (parent, name) in parents.items() if parent == above}
        found.update(below)
        waiting += below
    return found


def kill(process: subprocess.Popen[Any], whom: str, choose: Any) -> bool:
    """SIGKILL for a ``worker``, the ``writer``, the ``forkserver`` that started them, the ``coordinator`` or the
    ``group``; False if there is none yet.
    """
    if whom == "coordinator":
        end(process.pid)
        return True
    if whom == "group":
        for pid in [process.pid, *descendants(process.pid)]:
            end(pid)
        return True
    return send(process, whom, choose, signal.SIGKILL)


def send(process: subprocess.Popen[Any], whom: str, choose: Any, number: signal.Signals) -> bool:
    """A signal for a ``worker``, the ``writer`` or the ``forkserver``; False if there is none yet."""
    wanted = [pid for pid, name in descendants(process.pid).items() if _is(whom, pid, name)]
    if wanted:
        _signal(choose(sorted(wanted)), number)
    return bool(wanted)


def end(pid: int) -> None:
    """SIGKILL for one process, if it is still there."""
    _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _is(whom: str, pid: int, name: str) -> bool:
    if whom == "forkserver":
        return name == FORK_SERVER or (not name.startswith("lrestore-") and b"forkserver" in _command_line(pid))
    return name == "lrestore-writer" if whom == "writer" else name.startswith("lrestore-w") and name[-1].isdigit()


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def gone(pids: set[int], within_s: float) -> bool:
    """Whether all these processes have ended within that time."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if not any(_lives(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _lives(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text[text.rindex(")") + 2] != "Z"
