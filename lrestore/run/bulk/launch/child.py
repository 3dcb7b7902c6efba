"""First steps of every child process: set its name, ignore signals, end with the parent."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from lrestore.run.bulk.pipes import die_with_parent

_PR_SET_NAME = 15
_M_ARENA_MAX = -8
_LOADED_BY = os.getpid()
"""The process id that loaded this module: in a child of the fork server, that of the fork server."""


def begin_child(name: str) -> None:
    """Ignore the terminal's signals, end with the parent, and appear in process lists as ``name``."""
    share_one_heap()
    with contextlib.suppress(RuntimeError, OSError, ValueError, AttributeError):
        # Without a usable stderr there are no traces; the work goes on.
        faulthandler.enable()
    left_to_the_coordinator = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    for number in left_to_the_coordinator:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, left_to_the_coordinator)
    # If the fork server was killed a moment ago, its other children died with it, and the coordinator counts this one
    # as dead too.
    die_with_parent(_LOADED_BY if os.getpid() != _LOADED_BY else None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def share_one_heap() -> None:
    """Let all threads of this process take memory from one heap. Call it before they start.

    glibc gives threads heaps of their own (mallopt(3), M_ARENA_MAX). A page of objects that one thread has read is then
    free for that thread alone, and a worker keeps as many pages as it has threads. Only one thread runs Python code at
    a time, so that they do not wait for each other. Other C libraries have no such setting.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


@contextmanager
def without_main_module() -> Iterator[None]:
    """Start children inside this context. Otherwise multiprocess makes them import the program's main module first.

    They do not need it, and a script that calls :func:`lrestore.restore` at its top level would run again in each
    child.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
