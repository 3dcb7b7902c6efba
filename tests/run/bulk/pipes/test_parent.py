"""No child outlives the process that started it: after kill -9 of the parent, children end within two seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import multiprocess
import pytest

from lrestore.run.bulk.pipes import die_with_parent
from lrestore.run.bulk.pipes import parent as plumbing_parent
from lrestore.run.limiter.processes import started_at
from tests.run.children import WITHIN_S, kill
from tests.waiting import GONE_WITHIN_S

pytestmark = [pytest.mark.crash, pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")]


def work(pipe: int) -> None:
    die_with_parent()
    os.write(pipe, f"{os.getpid()}\n".encode())
    threading.Event().wait()


def work_without_prctl(pipe: int) -> None:
    plumbing_parent._ask_kernel = lambda: None
    work(pipe)


def coordinate(method: str, target: Callable[[int], None], path: str) -> None:
    """Start two workers by a start method; each process opens the pipe by its path."""
    pipe = os.open(path, os.O_WRONLY)
    context: Any = multiprocess.get_context(method)
    workers = [context.Process(target=through_path, args=(target, f"/proc/{os.getpid()}/fd/{pipe}")) for _ in range(2)]
    for worker in workers:
        worker.start()
    threading.Event().wait()


def through_path(target: Callable[[int], None], path: str) -> None:
    target(os.open(path, os.O_WRONLY))


def pids_of(read: int, count: int) -> list[int]:
    found: list[int] = []
    with os.fdopen(read) as lines:
        for line in lines:
            found.append(int(line))
            if len(found) == count:
                break
    return found


def gone(pid: int, until_s: float) -> bool:
    while started_at(pid):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("target", [work, work_without_prctl], ids=["both ways", "pipe alone"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_end_with_a_parent_that_is_killed(method: str, target: Callable[[int], None]) -> None:
    read, write = os.pipe()
    # Spawned, because a fork of the tests' process, which has threads, could inherit a lock that is never released.
    path = f"/proc/{os.getpid()}/fd/{write}"
    coordinator = multiprocess.get_context("spawn").Process(target=coordinate, args=(method, target, path))
    coordinator.start()
    pids = pids_of(read, 2)
    assert len(pids) == 2
    os.close(write)
    kill(coordinator)
    until_s = time.monotonic() + GONE_WITHIN_S
    try:
        assert all(gone(pid, until_s) for pid in pids)
    finally:
        for pid in pids:
            if started_at(pid):
                os.kill(pid, signal.SIGKILL)
        coordinator.join(WITHIN_S)


def test_a_child_of_another_start_method_passes_its_parent() -> None:
    """Started by exec: only the kernel's signal ends it."""
    middle = (
        "import os, subprocess, sys\n"
        "child = 'import os, sys, threading\\nfrom lrestore.run.bulk.pipes import die_with_parent\\n'\n"
        "child += 'die_with_parent(int(sys.argv[1])); print(os.getpid(), flush=True); threading.Event().wait()'\n"
        "subprocess.run([sys.executable, '-c', child, str(os.getpid())])\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", middle], stdout=subprocess.PIPE)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    assert gone(pid, time.monotonic() + GONE_WITHIN_S)
    parent.communicate()


def test_a_child_whose_parent_has_ended_already_does_not_start() -> None:
    """The kernel's signal covers only future deaths."""
    code = "from lrestore.run.bulk.pipes import die_with_parent; die_with_parent(1); print('alive')"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, b"")
