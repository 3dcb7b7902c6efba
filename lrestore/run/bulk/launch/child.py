"""What every child process does first: a name to be known by, signals left to the coordinator, no life after it."""

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
_LOADED_BY = os.getpid()
"""In a child of the fork server, which has loaded this module, the fork server's number."""


def begin_child(name: str) -> None:
    """Ignore the terminal's signals, die with the parent, and show up in process lists as ``name``."""
    with contextlib.suppress(RuntimeError, OSError, ValueError, AttributeError):
        # A stderr that is closed or no file takes no traces; the work goes on without.
        faulthandler.enable()
    left_to_the_coordinator = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    for number in left_to_the_coordinator:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, left_to_the_coordinator)
    # A fork server that was killed a moment ago took its other children with it, and the coordinator believes that this
    # one is gone as well.
    die_with_parent(_LOADED_BY if os.getpid() != _LOADED_BY else None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


@contextmanager
def without_main_module() -> Iterator[None]:
    """Start children in here: multiprocessing would have them import the program's main module first.

    They need nothing of it, and a script that calls :func:`lrestore.restore` at its top level would run once more in
    each.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
