"""Trace one dashboard from its row in the backup to the report, and print how much code it passes.

    python -m bench.trace_item [directory of a checkout] [--modules]

A simulated instance, with a dashboard that has drifted, runs in a process of its own. The ``lrestore`` of the checkout
restores the dashboard in another process, with a profile function in all of its threads. It prints, for the whole run
and for the item alone (from reading the row to the recorded result):

modules      modules of lrestore in which a function ran
functions    functions that ran
hand-overs   calls from a function of one module to a function of another
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, cast

import msgspec

ITEM = "ItemLoop.one"
"""The method that takes one item from its row to its recorded result."""


class Tracer:
    """A profile function. It counts the calls inside of ``ITEM``, and all calls."""

    def __init__(self, root: Path) -> None:
        self._prefix = f"{root.resolve() / 'lrestore'}{os.sep}"
        self._inside = 0
        self.whole: Counter[tuple[str, str, str]] = Counter()
        """Numbers of calls by module of the caller, module and name of the callee."""
        self.item: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Called by the interpreter at each call and return."""
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(self._prefix):
            return
        if code.co_qualname == ITEM:
            self._inside += 1 if event == "call" else -1
        if event == "call":
            call = (self._caller(frame), self._module(frame), code.co_qualname)
            self.whole[call] += 1
            if self._inside or code.co_qualname == ITEM:
                self.item[call] += 1

    def _caller(self, frame: FrameType) -> str:
        """The nearest caller in lrestore; "" if there is none."""
        above = frame.f_back
        while above is not None and not above.f_code.co_filename.startswith(self._prefix):
            above = above.f_back
        return self._module(above) if above is not None else ""

    def _module(self, frame: FrameType) -> str:
        path = Path(frame.f_code.co_filename[len(self._prefix) :]).with_suffix("")
        return ".".join(path.parts).removesuffix(".__init__")


class Span(msgspec.Struct, frozen=True):
    """The numbers of a part of a run, and the names of its modules."""

    functions: int
    hand_overs: int
    modules: list[str]


def summary(calls: Counter[tuple[str, str, str]]) -> Span:
    """The numbers of one span."""
    return Span(
        functions=len({(module, name) for _, module, name in calls}),
        hand_overs=sum(count for (caller, module, _), count in calls.items() if caller and caller != module),
        modules=sorted({module for _, module, _ in calls}),
    )


class Trace(msgspec.Struct, frozen=True):
    """A traced run: its exit code, the whole run, and the item alone."""

    code: int
    whole: Span
    item: Span


def run_traced(root: Path, arguments: list[str]) -> None:
    """Run the command of the checkout ``root`` in this process; print the numbers as JSON."""
    sys.path.insert(0, str(root))
    from lrestore.cli.main import main

    tracer = Tracer(root)
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        code = main(arguments)
    finally:
        sys.setprofile(None)
        threading.setprofile(cast("Any", None))  # None ends it, which not all stubs know.
    print(msgspec.json.encode(Trace(code, summary(tracer.whole), summary(tracer.item))).decode())


@contextmanager
def drifted_dashboard(folder: Path) -> Iterator[dict[str, str]]:
    """The backup of an instance in ``folder``, and the instance itself, whose dashboard has drifted since. Returns the
    environment in which the command restores it.
    """
    from lrestore.simulator.http.remote import SimulatorProcess
    from lrestore.simulator.world import worldfile
    from lrestore.simulator.world.backup import Extraction, write_backup
    from lrestore.simulator.world.drift import SMALL_EDITS
    from lrestore.simulator.world.world import Sizes, make_world

    world = make_world(
        Sizes(users=4, groups=3, folders=5, depth=2, looks=5, dashboards=3, tiles=7, filters=3, boards=0, plans=0)
    )
    write_backup(world, folder / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
    dashboard = next(iter(world.table("dashboard")))
    for change in SMALL_EDITS:
        change(world, dashboard)
    worldfile.save(world, folder / "world.ndjson")
    with SimulatorProcess(["--world", str(folder / "world.ndjson")]) as simulator:
        yield {
            "LOOKERSDK_CLIENT_ID": simulator.client_id,
            "LOOKERSDK_CLIENT_SECRET": simulator.client_secret,
            "LRESTORE_SOURCE_PATH": "vault.db",
            "LRESTORE_DESTINATION_BASE_URL": simulator.base_url,
            "LRESTORE_STATE_PATH": "state.db",
        }


def measure(root: Path) -> Trace:
    """Restore a drifted dashboard with the lrestore of ``root``. Raises RuntimeError if it is not restored."""
    with tempfile.TemporaryDirectory() as folder, drifted_dashboard(Path(folder)) as environ:
        arguments = ["--select", "dashboard=1", "--report", "report.json", "--quiet"]
        traced = subprocess.run(
            [sys.executable, __file__, "--traced", str(root.resolve()), *arguments],
            cwd=folder,
            env={**os.environ, **environ, "PYTHONPATH": str(root.resolve())},
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            trace = msgspec.json.decode(traced.stdout.strip().rpartition("\n")[2], type=Trace)
        except msgspec.DecodeError as error:
            raise RuntimeError(f"the run was not traced: {traced.stderr[-2000:]}") from error
        if trace.code != 0:
            raise RuntimeError(f"the dashboard was not restored: {traced.stderr[-2000:]}")
        return trace


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Trace one dashboard from its row to the report.")
    parser.add_argument("root", nargs="?", default=".", help="directory of a checkout")
    parser.add_argument("--modules", action="store_true", help="list the modules that the item passes")
    options = parser.parse_args()
    found = measure(Path(options.root))
    for name, span in (("whole run", found.whole), ("item", found.item)):
        print(f"{name:<9} {len(span.modules):>4} modules {span.functions:>5} functions {span.hand_overs:>6} hand-overs")
    if options.modules:
        print(*found.item.modules, sep="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--traced"]:
        run_traced(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
