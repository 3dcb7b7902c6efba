"""Measures the speed of a bulk restore: ``python -m bench.bulk --items 10000 --latency-ms 50``.

Runs the command with a generated backup against a simulated instance on the same machine. Prints items and calls per
second with their upper bounds, the processor time of each kind of process, and memory.

Two things bound the calls per second: the number of concurrent calls, each of which takes the latency, and the
processor. The simulator uses a part of the processor, which matters on a machine with few cores. Therefore the bound of
one core is printed for lrestore alone, and the bound of all cores together with the simulator.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from bench.ground import Ground
from bench.measured import Instance, Run, Setting, rows

ROLES = ("workers", "coordinator", "writer", "other")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description="Measure a bulk restore.")
    parser.add_argument("--items", type=int, default=2000, help="dashboards and looks, half and half")
    parser.add_argument("--changed", type=float, default=1.0, help="share of them that differs from the backup")
    parser.add_argument("--tiles", type=int, default=4, help="of an average dashboard")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--in-flight", type=int, default=4, help="concurrent calls per worker")
    parser.add_argument("--per-second", type=float, default=0.0, help="[rate] per_second (default: measured)")
    parser.add_argument("--rate", type=float, default=0.0, help="calls per second that the instance admits (0: all)")
    parser.add_argument("--again", action="store_true", help="run a second time: then everything is unchanged")
    parser.add_argument("--folder", type=Path, help="keep backup, instance and report here (default: a temporary one)")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    setting = Setting(
        workers=options.workers,
        in_flight=options.in_flight,
        per_second=options.per_second,
        latency_ms=options.latency_ms,
        simulator=("--rate", str(options.rate)) if options.rate else (),
    )
    ground = Ground(options.items, options.changed, options.tiles)
    with (
        tempfile.TemporaryDirectory() as temporary,
        Instance(ground, options.folder or Path(temporary), setting) as instance,
    ):
        instance.forget()
        print(told(instance.restore(), setting))
        if options.again:
            print(f"\nagain:\n{told(instance.restore(), setting)}")


def told(run: Run, setting: Setting) -> str:
    """A run in words."""
    return rows([*_what(run), *_against_bounds(run, setting), *_processes(run)])


def _what(run: Run) -> list[tuple[str, str]]:
    found, api, throughput = run.report["totals"], run.report["api"], run.report["throughput"]
    calls, items = api["calls"], found["selected"]
    speed = f"{throughput['items_per_s']:.0f} items/s, {throughput['calls_per_s']:.0f} calls/s"
    return [
        ("items", f"{items}: {found['updated']} updated, {found['unchanged']} unchanged, {found['failed']} failed"),
        ("wall", f"{run.wall_s:.1f} s; {speed}; first result after {run.first_result_s:.1f} s"),
        ("calls", f"{calls}, {calls / max(1, items):.3f} per item; {api['rate_limited']} refused"),
        ("by operation", ", ".join(f"{name} {count}" for name, count in api["by_operation"].items())),
        ("items per second", " ".join(f"{rate:.0f}" for rate in items_per_s(run))),
    ]


def _against_bounds(run: Run, setting: Setting) -> list[tuple[str, str]]:
    """The measured rate as a share of the bounds given by concurrent calls and processor."""
    steady, calls = calls_per_s(run), run.report["api"]["calls"]
    own_s = sum(run.cpu_s(role) for role in ROLES)
    cores = os.cpu_count() or 1
    bounds = {
        "one core": calls / own_s,
        f"{cores} cores (with the simulator)": cores * calls / (own_s + run.simulator_cpu_s),
    }
    if setting.latency_ms:
        in_flight = f"{setting.workers} x {setting.in_flight} calls under way"
        bounds[in_flight] = setting.workers * setting.in_flight * 1000 / setting.latency_ms
    least = min(bounds, key=lambda name: bounds[name])
    busy = f"{own_s + run.simulator_cpu_s:.1f} s used in {run.wall_s:.1f} s on {cores} cores"
    return [
        ("after warm-up", f"{steady:.0f} calls/s; {least} binds"),
        *((f"allowed by {name}", f"{bound:.0f} calls/s: {steady / bound:.0%}") for name, bound in bounds.items()),
        ("processor in all", busy),
    ]


def _processes(run: Run) -> list[tuple[str, str]]:
    calls, lines = run.report["api"]["calls"], []
    for role in ROLES:
        used_s = run.cpu_s(role)
        use = (
            f"{used_s:.2f} s of processor, {used_s / run.wall_s:.0%} of a core, {used_s / calls * 1000:.2f} ms per call"
        )
        memory = f"{run.peak_mb(role):.0f} MB at most, {run.grown(role):.2f} times what it was after a third"
        lines.append((role, f"{use}; {memory}"))
    served_s = run.simulator_cpu_s
    lines.append(("simulator", f"{served_s:.2f} s of processor, {served_s / calls * 1000:.2f} ms per call"))
    recorded = run.report["totals"]["selected"]
    lines.append(
        (
            "results on disk",
            f"{recorded / run.wall_s:.0f}/s, {recorded / max(1e-9, run.cpu_s('writer')):.0f} per core second",
        )
    )
    return lines


def calls_per_s(run: Run) -> float:
    """Calls per second from 10 s (or a third of the run) on to the end."""
    timeline = run.timeline
    if len(timeline) < 3:
        return float(run.report["throughput"]["calls_per_s"])
    last = timeline[-1]
    begin_s = min(10.0, last[0] / 3)
    first = next(sample for sample in timeline if sample[0] >= begin_s)
    return (last[2] - first[2]) / max(1e-9, last[0] - first[0])


def items_per_s(run: Run, pieces: int = 12) -> list[float]:
    """The items per second in equal parts of the run."""
    samples = [[0.0, 0.0], *run.timeline]
    step = max(1, len(samples) // pieces)
    chosen = samples[::step]
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(chosen) if b[0] > a[0]]


if __name__ == "__main__":
    main()
