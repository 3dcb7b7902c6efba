"""Gates of the start of a run: what it costs before the first item is handed out.

Ratios of processor time, measured side by side in one run. Run with ``python -m pytest bench/test_start.py -s``.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from multiprocess.context import BaseContext

from bench.gates import GATES
from bench.ground import Ground
from lrestore.graph import DependencyGraph
from lrestore.messages import Change, ItemKey, ItemResult
from lrestore.report.build import ReportBuilder, ReportHead
from lrestore.report.model import Api, ReportedDestination, ReportedSource
from lrestore.report.write import json_pieces, write_whole
from lrestore.run.bulk.launch.parcel import Parcel
from lrestore.run.request import RunRequest
from lrestore.run.select.choose import choose
from lrestore.run.select.dependencies import links_of, looks_shown
from lrestore.vault.reader import Vault

GATE = GATES["start"]
ROUNDS = 5
KEYS = 20_000
ITEMS = 1600
TYPES = ("dashboard", "look")


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


def test_reading_the_links_costs_little_more_than_reading_the_rows(items: Vault) -> None:
    """Against the rows with their content and a look at their ids: no start does with less."""
    bare_s, all_s = best_s(lambda: sum(1 for _ in items.rows_and_blobs(TYPES))), best_s(lambda: _read(items))
    print(f"\nrows {bare_s / ITEMS * 1e6:.0f} us an item, with selection, links and graph {all_s / ITEMS * 1e6:.0f} us")
    assert all_s / bare_s <= GATE["links_against_rows"]


def test_what_is_kept_of_an_item_before_the_first_one_is_small(items: Vault) -> None:
    """In bytes that Python holds: they grow with the items of a run."""
    tracemalloc.start()
    kept = _read(items)
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.unsettled == ITEMS
    print(f"\nheld {held / ITEMS:.0f} bytes an item in the graph alone, at most {most / ITEMS:.0f} before")
    assert most / ITEMS <= GATE["bytes_of_an_item"]


def test_the_report_of_changed_items_takes_no_more_memory_than_its_file(tmp_path: Path) -> None:
    """In bytes that Python holds at most, while the JSON file is written."""
    items, builder = 20_000, ReportBuilder(ReportHead("s", "restore", ReportedSource(), ReportedDestination()))
    tracemalloc.start()
    for number in range(items):
        key, change = ItemKey("look", str(number)), Change("description", f"drifted {number}", f"As it was: {number}")
        builder.add(ItemResult(key, f"Orders by month, {number}", "updated", str(number), changes=(change,)))
    report = builder.finish(Api())
    write_whole(tmp_path / "report.json", json_pieces(report))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    written = (tmp_path / "report.json").stat().st_size
    print(f"\n{most / items:.0f} bytes an item, of which the report has {written / items:.0f}: {most / written:.2f}")
    assert most / written <= GATE["report_memory_against_file"]


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A backup of dashboards and looks."""
    folder = tmp_path_factory.mktemp("items")
    Ground(ITEMS, changed=0.0).lay(folder)
    with Vault.open([str(folder / "vault.db")]) as vault:
        yield vault


def _of_each_s(folder: Path, items: int) -> float:
    Ground(items, changed=0.0).lay(folder)
    with Vault.open([str(folder / "vault.db")]) as vault:
        return best_s(lambda: _read(vault)) / items


def _read(vault: Vault) -> DependencyGraph:
    """What a run reads of the backup before the first item."""
    chosen = choose(vault, RunRequest(select=TYPES))
    looks_shown(chosen.contents, chosen.keys)
    places = {key: place for place, key in enumerate(chosen.keys)}
    return DependencyGraph(chosen.keys, links_of(chosen.contents, chosen.keys).needs, places.__getitem__)
