"""Compares lrestore with LookerVault's own restore: ``python -m bench.compare_lookervault --lookervault COMMAND``.

Both restore the dashboards and looks of the same backup into the same simulated instance, one after the other, each
from the same beginning. Printed side by side: calls by operation, processor time per item, duration, and what became
of the content: restored, lost, doubled, tiles with new ids, alerts that are gone.

LookerVault limits itself to 120 calls per minute by default. It is told to call as fast as it can, unless
``--rate-per-minute`` says otherwise: the comparison is of work, not of pauses.

Exit codes: 0; 1 if LookerVault made no call; 2 if it is not installed or an argument is wrong.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.ground import NEVER_TRASHED, Ground
from bench.measured import PATIENCE_S, Instance, Setting, clean_environment
from bench.processes import Meter
from lrestore.json_types import JsonObject
from lrestore.simulator.core.store import World
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world

INSTALL = """LookerVault is not on PyPI. Install it from its repository, with Python 3.13 or later:
  pip install git+https://github.com/z3z1ma/lookervault
or name its command: --lookervault /path/to/lookervault"""
UNLIMITED = 1_000_000
"""Calls per minute that no machine reaches."""
PARTS = {"tiles": "dashboard_elements", "filters": "dashboard_filters", "layouts": "dashboard_layouts"}
State = Mapping[str, Sequence[JsonObject]]


@dataclass(frozen=True, slots=True)
class Accident(Ground):
    """A backup, and an instance to which things have happened since. Of the dashboards each second has another
    description, each fourth lost a tile, each tenth is gone. Of the looks each second has another description, each
    tenth is in the trash. Alerts hang on some tiles.
    """

    def lay(self, folder: Path) -> None:
        """Write ``vault.db``, the instance's ``world.ndjson``, and ``backed_up.ndjson``: the instance at the backup."""
        half = self.items // 2
        world = make_world(
            Sizes(
                looks=self.items - half,
                dashboards=half,
                tiles=self.tiles,
                boards=0,
                plans=0,
                alerts=max(1, self.items // 5),
                trashed=NEVER_TRASHED,
            )
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_backup(world, folder / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        worldfile.save(world, folder / "backed_up.ndjson")
        for change in _accidents(world):
            edit(world, change)
        worldfile.save(world, folder / "world.ndjson")


def _accidents(world: World) -> list[Edit]:
    dashboards = sorted(record["id"] for record in world.table("dashboard"))
    looks = sorted(record["id"] for record in world.table("look"))
    watched = {record["dashboard_element_id"] for record in world.table("alert")}
    gone = set(dashboards[9::10])
    changes = [Edit(type="dashboard", id=key, set={"description": "another"}) for key in dashboards[::2]]
    changes += [Edit(type="look", id=key, set={"description": "another"}) for key in looks[::2]]
    changes += [Edit(type="look", id=key, set={"deleted": True}) for key in looks[9::10]]
    for key in dashboards[::4]:
        tiles = [record["id"] for record in world.table("dashboard_element").where("dashboard_id", key)]
        unwatched = [tile for tile in tiles if tile not in watched]
        changes += [Edit(type="dashboard_element", id=tile, delete=True) for tile in unwatched[:1] if key not in gone]
    return changes + [Edit(type="dashboard", id=key, delete=True) for key in sorted(gone)]


@dataclass(frozen=True, slots=True)
class Result:
    """One program's restore. ``operations``: its calls; ``after``: the instance when it had ended."""

    wall_s: float
    cpu_s: float
    operations: Mapping[str, int]
    after: State
    exit_code: int


def outcome(backed_up: State, before: State, after: State) -> list[tuple[str, int]]:
    """What a restore made of the instance, in numbers, from its state at the backup, before the restore and after."""
    found = [("items as in the backup", _as_backed_up(backed_up, after)), ("items doubled", _doubled(backed_up, after))]
    for name, kind in PARTS.items():
        kept = _parts(before, kind) & _parts(backed_up, kind)
        found.append((f"{name} that were there, and are deleted", len(kept - _parts(after, kind))))
        missing = len(_parts(backed_up, kind)) - len(_parts(after, kind))
        found.append((f"{name} missing at the end", max(0, missing)))
        found.append((f"{name} with new ids", len(_parts(after, kind) - _parts(before, kind))))
    found.append(("alerts lost", len(_watching(before) - _watching(after))))
    return found


def _live(state: State, kind: str) -> list[JsonObject]:
    return [record for record in state.get(kind, ()) if not record.get("deleted")]


def _parts(state: State, kind: str) -> set[str]:
    """The ids of the parts of that kind on live dashboards."""
    return {part["id"] for record in _live(state, "dashboard") for part in record[kind] if not part.get("deleted")}


def _watching(state: State) -> set[str]:
    """The alerts whose tile exists."""
    tiles = _parts(state, "dashboard_elements")
    return {record["id"] for record in state.get("alert", ()) if record.get("dashboard_element_id") in tiles}


def _named(state: State, kind: str) -> Counter[tuple[str, ...]]:
    return Counter((kind, record["title"], str(record.get("folder_id"))) for record in _live(state, kind))


def _doubled(backed_up: State, after: State) -> int:
    """Live items beyond those that the backup has of the same title in the same folder."""
    return sum((_named(after, kind) - _named(backed_up, kind)).total() for kind in ("dashboard", "look"))


def _as_backed_up(backed_up: State, after: State) -> int:
    """Dashboards and looks with the title, folder and description, and the dashboards with the number of tiles, that
    the backup has.
    """

    def traits(state: State, kind: str) -> Counter[tuple[str, ...]]:
        return Counter(
            (
                record["title"],
                str(record.get("folder_id")),
                str(record.get("description") or ""),
                str(sum(not tile.get("deleted") for tile in record.get("dashboard_elements", ()))),
            )
            for record in _live(state, kind)
        )

    return sum((traits(backed_up, kind) & traits(after, kind)).total() for kind in ("dashboard", "look"))


def run_lookervault(instance: Instance, command: Sequence[str], per_minute: int) -> Result:
    """Restore with LookerVault from a copy of the backup, for it writes into the file."""
    shutil.copy(instance.folder / "vault.db", instance.folder / "theirs.db")
    simulator = instance.simulator
    environment = clean_environment(
        {
            "LOOKERVAULT_API_URL": simulator.base_url,
            "LOOKERVAULT_CLIENT_ID": simulator.client_id,
            "LOOKERVAULT_CLIENT_SECRET": simulator.client_secret,
        }
    )
    environment.pop("PYTHONPATH")
    limits = ["--rate-limit-per-minute", str(per_minute), "--rate-limit-per-second", str(per_minute)]
    types = ["--only-types", "look", "--only-types", "dashboard"]
    began_s = time.monotonic()
    with (instance.folder / "theirs.txt").open("wb") as output:
        process = subprocess.Popen(
            [*command, "restore", "all", "--db-path", "theirs.db", "--force", "--json", *limits, *types],
            cwd=instance.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        meter = Meter(process.pid, "lookervault")
        code = process.wait(PATIENCE_S)
    wall_s = time.monotonic() - began_s
    used_s = sum(use.cpu_s for use in meter.stop())
    return Result(wall_s, used_s, _operations(instance), simulator.state(), code)


def run_lrestore(instance: Instance) -> Result:
    """Restore with lrestore."""
    run = instance.restore()
    used_s = sum(use.cpu_s for use in run.uses)
    return Result(run.wall_s, used_s, _operations(instance), instance.simulator.state(), 0)


def _operations(instance: Instance) -> dict[str, int]:
    counts: dict[str, int] = instance.simulator.log()["operations"]
    return counts


def told(results: Mapping[str, Result], items: int, states: tuple[State, State]) -> str:
    """The results side by side."""
    backed_up, before = states
    columns: dict[str, dict[str, str]] = {}
    for name, result in results.items():
        calls = sum(result.operations.values())
        facts = {
            "exit code": str(result.exit_code),
            "calls": f"{calls}, {calls / items:.2f} per item",
            "processor per item": f"{result.cpu_s / items * 1000:.1f} ms",
            "processor per call": f"{result.cpu_s / max(1, calls) * 1000:.1f} ms",
            "time": f"{result.wall_s:.1f} s",
            **{what: str(count) for what, count in outcome(backed_up, before, result.after)},
            **{f"call {name}": str(count) for name, count in sorted(result.operations.items())},
        }
        columns[name] = facts
    names = list(columns)
    what = list(dict.fromkeys(fact for facts in columns.values() for fact in facts))
    order = [fact for fact in what if not fact.startswith("call ")] + sorted(f for f in what if f.startswith("call "))
    lines = [["", *names], *([fact, *(columns[name].get(fact, "0") for name in names)] for fact in order)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(names) + 1)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.compare_lookervault", description="Compare with LookerVault."
    )
    parser.add_argument(
        "--lookervault", metavar="COMMAND", default="lookervault", help="its command (default: on PATH)"
    )
    parser.add_argument("--items", type=int, default=200, help="dashboards and looks, half and half; 20 or more")
    parser.add_argument("--tiles", type=int, default=8, help="of an average dashboard")
    parser.add_argument("--latency-ms", type=float, default=5.0)
    parser.add_argument("--rate-per-minute", type=int, default=UNLIMITED, help="LookerVault's limit (its default: 120)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both and print. Returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.items < 20 or options.tiles < 1 or options.rate_per_minute < 1:
        parser.error("--items must be 20 or more, --tiles and --rate-per-minute 1 or more")
    command = shlex.split(options.lookervault)
    if not command or shutil.which(command[0]) is None:
        print(f"There is no program {options.lookervault!r}. {INSTALL}", file=sys.stderr)
        return 2
    command[0] = str(Path(str(shutil.which(command[0]))).absolute())
    ground = Accident(options.items, tiles=options.tiles)
    setting = Setting(latency_ms=options.latency_ms)
    with tempfile.TemporaryDirectory() as folder, Instance(ground, Path(folder), setting) as instance:
        world = (instance.folder / "world.ndjson").read_bytes()
        simulator = instance.simulator
        simulator.call("POST", "load", (instance.folder / "backed_up.ndjson").read_bytes())
        backed_up = simulator.state()
        simulator.call("POST", "load", world)
        before = simulator.state()
        theirs = run_lookervault(instance, command, options.rate_per_minute)
        if not theirs.operations:
            output = (instance.folder / "theirs.txt").read_text(encoding="utf-8", errors="replace")
            print(f"LookerVault made no call:\n{output[-2000:]}", file=sys.stderr)
            return 1
        simulator.begin_anew(world)
        simulator.configure(latency_ms=options.latency_ms)
        results = {"lrestore": run_lrestore(instance), "LookerVault": theirs}
    print(told(results, options.items, (backed_up, before)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
