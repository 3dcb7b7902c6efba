"""Gates of the start of a run: what it costs before the first item is handed out.

Ratios of processor time, measured side by side in one run. Run with ``python -m pytest bench/test_start.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from multiprocess.context import BaseContext

from bench.gates import GATES
from bench.ground import Ground
from lrestore.graph import DependencyGraph
from lrestore.messages import ItemKey
from lrestore.run.bulk.launch.parcel import Parcel
from lrestore.run.request import RunRequest
from lrestore.run.select.choose import choose
from lrestore.run.select.dependencies import links_of, looks_shown
from lrestore.vault.reader import Vault

GATE = GATES["start"]
ROUNDS = 5
KEYS = 20_000


def best_s(work: Callable[[], object]) -> float:
    """The minimum of several rounds: other programs on the machine can only increase the time."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_a_brief_is_passed_on_faster_than_by_dill() -> None:
    """Once for each worker, while the others wait: with dill it would grow into seconds."""
    pickler = BaseContext().reducer.ForkingPickler
    keys = frozenset(ItemKey("dashboard", str(number)) for number in range(KEYS))
    plain, parcel = pickler.dumps(keys), pickler.dumps(Parcel(keys))
    dill_s = best_s(lambda: pickler.dumps(keys)) + best_s(lambda: pickler.loads(plain))
    parcel_s = best_s(lambda: pickler.dumps(Parcel(keys))) + best_s(lambda: pickler.loads(parcel))
    print(f"\n{KEYS} keys: dill {dill_s * 1e3:.0f} ms, as a parcel {parcel_s * 1e3:.0f} ms: {dill_s / parcel_s:.1f}")
    assert dill_s / parcel_s >= GATE["parcel_against_dill"]


def test_reading_the_links_costs_each_item_the_same(tmp_path: Path) -> None:
    """Whatever the number of items: it is most of the start."""
    few_s, many_s = (_of_each_s(tmp_path / str(items), items) for items in (400, 1600))
    ratio = few_s / many_s
    print(f"\n{few_s * 1e6:.0f} us for each of 400 items, {many_s * 1e6:.0f} us for each of 1,600: {ratio:.2f}")
    assert ratio >= GATE["few_against_many"]


def _of_each_s(folder: Path, items: int) -> float:
    Ground(items, changed=0.0).lay(folder)
    with Vault.open([str(folder / "vault.db")]) as vault:
        return best_s(lambda: _read(vault)) / items


def _read(vault: Vault) -> DependencyGraph:
    """What a run reads of the backup before the first item."""
    chosen = choose(vault, RunRequest(select=("dashboard", "look")))
    looks_shown(chosen.contents, chosen.keys)
    return DependencyGraph(
        chosen.keys, links_of(chosen.contents, chosen.keys).needs, lambda key: (key.type, int(key.id))
    )
