"""Crash points: places at which tests kill the program, as by kill -9.

They do nothing unless the environment sets one of these variables:

* ``LRESTORE_CRASH=name:n``: the process kills itself when it passes that point for the n-th time;
* ``LRESTORE_CRASH_HOW``: ``error`` raises an OSError there instead, ``mistake`` a RuntimeError, ``SIGINT`` (or another
  signal's name) sends that to the whole process group;
* ``LRESTORE_CRASH_COUNT=file``: every pass, of whatever point in whatever process, appends its name to that file.

With both, n counts the passes of all processes together, so that exactly one process dies. A test counts first, then
kills at each point and pass, and fails if a point never fired.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
from types import MappingProxyType

CRASH, COUNT, HOW = "LRESTORE_CRASH", "LRESTORE_CRASH_COUNT", "LRESTORE_CRASH_HOW"

POINTS = MappingProxyType(
    {
        "run.state_open": "the state file is there, and no session is in it yet",
        "launch.held": "signals are held back, and a process is about to be started",
        "launch.started": "a process has been started, and signals are still held back",
        "processes.writer_started": "the writer is there, and no worker",
        "run.session_begun": "the session is on record, and nothing has been done",
        "writer.start": "the writer has begun and has opened nothing",
        "worker.start": "a worker has begun and has opened nothing",
        "limiter.lock_held": "the limiter's lock is taken and its record partly changed",
        "task.taken": "a worker has a task and has done nothing for it",
        "intent.sent": "an intent is on its way to the writer",
        "intent.committed": "the writer has an intent on disk and has not said so",
        "intent.acked": "the worker knows that its intent is on disk; the create comes next",
        "undo.kept": "a copy of the live object is on disk; the write comes next",
        "call.before_send": "a call is about to go out",
        "call.after_answer": "a call was answered, and nothing is recorded yet",
        "result.sent": "an item's result is on its way to the writer",
        "writer.before_commit": "results are in the transaction, which is not committed",
        "writer.after_commit": "results are on disk, and nothing is confirmed yet",
        "coordinator.task_sent": "a task is on its way to a worker",
        "coordinator.result_seen": "the coordinator has heard of a result and released nothing for it",
        "token.renewal": "a worker is about to log in again",
        "report.before_write": "all is done but the report",
        "report.published": "the report is written, and the session not marked as finished",
    }
)
"""Every point there is, with what has just happened. A point that is not listed here is a mistake."""


class _Plan:
    """The settings from the environment; read once, because child processes inherit them."""

    def __init__(self) -> None:
        self.name, _, number = os.environ.get(CRASH, "").partition(":")
        self.number = int(number) if number else 0
        self.how = os.environ.get(HOW, "")
        self.count_file = os.environ.get(COUNT, "")
        self.passes: dict[str, int] = {}
        self.lock = threading.Lock()
        if self.name and (self.name not in POINTS or self.number < 1):
            raise ValueError(f"{CRASH} must be NAME:N, N from 1, NAME one of {', '.join(POINTS)}")


def _plan() -> _Plan | None:
    return _Plan() if os.environ.get(CRASH) or os.environ.get(COUNT) else None


_active = _plan()


def crash_point(name: str) -> None:
    """Die here if the environment says so; otherwise this costs one comparison."""
    if _active is not None:
        _pass(_active, name)


def rearm() -> None:
    """Read the environment again: for tests, and for a process forked from one without the variables."""
    global _active  # noqa: PLW0603 - one plan per process
    _active = _plan()


def _pass(plan: _Plan, name: str) -> None:
    if name not in POINTS:
        raise ValueError(f"crash point {name!r} is not in POINTS")
    with plan.lock:
        number = _counted(plan.count_file, name) if plan.count_file else plan.passes.get(name, 0) + 1
        plan.passes[name] = number
    if (name, number) == (plan.name, plan.number):
        _happen(plan.how)


def _happen(how: str) -> None:
    if how == "error":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if how == "mistake":
        raise RuntimeError("made for a test")
    if how:
        os.killpg(0, signal.Signals[how])
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _counted(path: str, name: str) -> int:
    """Append the name and say how often it stands there; under a lock that dies with its holder."""
    with open(path, "a+b") as file:  # noqa: PTH123 - opened for every pass, in tests alone
        # Not lockf: with the limiter's lock, it makes the kernel see a deadlock of processes where threads merely wait.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = file.read().splitlines().count(name.encode())
        file.write(f"{name}\n".encode())
        file.flush()
        return before + 1


def passes(path: str) -> dict[str, int]:
    """How often each point was passed, from a file of ``LRESTORE_CRASH_COUNT``; every point is in it, 0 for never."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as above
        names = file.read().split()
    return {name: names.count(name) for name in POINTS}
