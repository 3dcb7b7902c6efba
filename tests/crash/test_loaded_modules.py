"""Which modules each process of the command loads: what it does not need, it does not wait for.

An audit hook in each process writes down what it imports. Workers and writer are forked: they import nothing large.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ROOT, lrestore
from tests.crash.bulk import PATIENCE_S, Bulk

HOOK = """
import os, sys
def hook(event, details):
    if event == "import":
        with os.fdopen(os.open(f"{folder}/{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), "w") as file:
            file.write(f"{details[0]}\\n")
folder = os.environ["IMPORTED"]
sys.addaudithook(hook)
hook("import", [" ".join(sys.orig_argv)])
"""
SDK, HTTP, PROCESSES = "looker_sdk.sdk.api40.models", "lrestore.looker.http.transport", "multiprocess"
SIMULATOR = {"lrestore.simulator", "uvicorn"}


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bulk]:
    started = Bulk(tmp_path_factory.mktemp("loaded"))
    yield started
    started.close()


def hooked(folder: Path) -> dict[str, str]:
    """The environment of a command that writes what it imports into ``folder``/imported."""
    (folder / "imported").mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}:{ROOT}", "IMPORTED": str(folder / "imported")}


def imported(folder: Path, command: str) -> list[set[str]]:
    """The modules of each process that was started with such a command line, or, for "", was forked."""
    found = []
    for file in (folder / "imported").iterdir():
        first, *rest = file.read_text(encoding="utf-8").splitlines()
        is_start = " -m lrestore" in first or " -c from multiprocess" in first
        if command in first if command else not is_start:
            found.append({*rest} if is_start else {first, *rest})
    return found


@pytest.mark.parametrize("arguments", [("--help",), ("--show", "sessions")])
def test_what_asks_for_no_item_loads_neither_the_sdk_nor_http(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    lrestore(*arguments, cwd=tmp_path, **hooked(tmp_path))
    (modules,) = imported(tmp_path, "-m lrestore")
    assert "lrestore.cli.main" in modules
    assert not modules & {SDK, HTTP, PROCESSES, *SIMULATOR}


def test_a_single_item_needs_no_processes(bulk: Bulk, tmp_path: Path) -> None:
    bulk.begin_anew()
    assert bulk.start("--yes", "--select", "dashboard=1", **hooked(tmp_path)).wait(PATIENCE_S) == 0
    (modules,) = imported(tmp_path, "-m lrestore")
    assert {SDK, HTTP} <= modules
    assert not modules & {PROCESSES, "dill", *SIMULATOR}
    assert imported(tmp_path, "") == []


def test_forked_processes_find_everything_loaded(bulk: Bulk, tmp_path: Path) -> None:
    bulk.begin_anew()
    assert bulk.start("--yes", "--select", "look", **hooked(tmp_path)).wait(PATIENCE_S) == 0
    (coordinator,) = imported(tmp_path, "-m lrestore")
    assert not coordinator & SIMULATOR
    (fork_server,) = imported(tmp_path, "multiprocess.forkserver import")
    assert {SDK, HTTP, "lrestore.run.bulk.worker", "lrestore.run.bulk.writer"} <= fork_server
    assert not fork_server & SIMULATOR
    late = {name for forked in imported(tmp_path, "") for name in forked}
    assert {name for name in late if not name.startswith("encodings.")} <= {
        "multiprocess.popen_forkserver",
        "multiprocess.popen_fork",
    }
