"""Makes sure that a child does not outlive the process that started it.

Two mechanisms are used together. Linux sends the child a signal when its parent dies (prctl(2), PR_SET_PDEATHSIG). And
multiprocess gives each child one end of a pipe whose other end only the parent holds, which works on every system
and with a fork server in between.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

from multiprocess import parent_process
from multiprocess.connection import wait

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int | None = None) -> None:
    """Kill this process (SIGKILL) when the process that started it ends. Call this first.

    A child of multiprocess needs nothing else, whatever the start method. Any other child passes its ``parent_pid``,
    and is safe on Linux only. If the parent has already ended, this function does not return.

    The kernel sends the signal when the *thread* that started the child ends. Start children from a thread that lives
    as long as the process, such as the main thread.
    """
    parent = parent_process()
    starter = os.getppid()
    if parent is not None:
        _watch(parent.sentinel)
    if sys.platform == "linux":
        _ask_kernel()
    # The signal covers only future deaths. An earlier death shows in a parent that has changed, or is not the expected.
    if os.getppid() != starter or (parent_pid is not None and starter != parent_pid):
        _die()


def _ask_kernel() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl(PR_SET_PDEATHSIG): {os.strerror(code)}")


def _watch(sentinel: int) -> None:
    threading.Thread(target=_wait_and_die, args=(sentinel,), name="die-with-parent", daemon=True).start()


def _wait_and_die(sentinel: int) -> None:
    wait([sentinel])
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
