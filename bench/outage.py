"""Measures an outage of the destination: ``python -m bench.outage --items 1000``.

When half of the items are done, the simulated instance refuses connections. The run must give up and name the resume
command (exit 4). Once the instance is back, ``--resume`` must begin with the first item that was not done. The
benchmark counts the recorded items, and the writes to each object.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.ground import Ground
from bench.measured import PATIENCE_S, Instance, Setting, rows

_LOOK_EVERY_S = 0.02
_GIVE_UP_AFTER_S = 2


def _done(state: Path) -> int:
    if not state.exists():
        return 0
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM results").fetchone()
    return int(count)


def _written(instance: Instance) -> Counter[str]:
    calls = instance.simulator.log()["calls"]
    return Counter(call["path"] for call in calls if call["method"] == "PATCH" and call["status"] == 200)


def measure(instance: Instance, items: int) -> list[tuple[str, str]]:
    """Cut the network at half of the items, then resume; returns the counts as text."""
    state = instance.folder / "state.db"
    process = instance.start("--max-retries", "2")
    while process.poll() is None and _done(state) < items // 2:
        time.sleep(_LOOK_EVERY_S)
    instance.simulator.fault("refuse:8", match={"times": 1})
    cut_at = _done(state)
    code = process.wait(PATIENCE_S)
    _until_back(instance)
    before, written = _done(state), _written(instance)
    instance.simulator.call("DELETE", "faults")
    resumed = instance.start("--resume").wait(PATIENCE_S)
    after, total = _done(state), _written(instance)
    return [
        ("cut", f"when {cut_at} of {items} items were on record"),
        ("ended", f"exit {code}, {before} items on record, {len(written)} objects written"),
        ("resumed", f"exit {resumed}, {after - before} items more: {after} on record"),
        (
            "objects written after it",
            f"{len(total - written)}, of which written before: {len(set(total - written) & set(written))}",
        ),
        ("objects written twice", f"{sum(count > 1 for count in total.values())}"),
    ]


def _until_back(instance: Instance) -> None:
    while True:
        try:
            instance.simulator.log()
            return
        except (OSError, ConnectionError):
            time.sleep(_LOOK_EVERY_S)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.outage", description="Cut the network in the middle of a run."
    )
    parser.add_argument("--items", type=int, default=1000)
    options = parser.parse_args(arguments)
    setting = Setting(latency_ms=20, give_up_after_s=_GIVE_UP_AFTER_S)
    with tempfile.TemporaryDirectory() as folder, Instance(Ground(options.items), Path(folder), setting) as instance:
        print(rows(measure(instance, options.items)))


if __name__ == "__main__":
    main()
