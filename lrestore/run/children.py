"""What every child process does first: a name to be known by, signals left to the coordinator, no life after it."""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys

from lrestore.run.plumbing import die_with_parent

_PR_SET_NAME = 15


def begin_child(name: str) -> None:
    """Ignore the terminal's signals, die with the parent, and show up in process lists as ``name``."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    die_with_parent()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
