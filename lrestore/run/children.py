"""What every child process does first: a name to be known by, signals left to the coordinator, no life after it."""

from __future__ import annotations

import ctypes
import ctypes.util
import faulthandler
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def begin_child(name: str) -> None:
    """Ignore the terminal's signals, die with the parent, and show up in process lists as ``name``.

    The kernel's parent-death signal is a second line: a child ends by itself when its pipe to the coordinator breaks.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    if sys.platform == "linux":
        libc = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
