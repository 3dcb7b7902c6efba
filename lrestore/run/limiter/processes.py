"""Tells whether a process id still belongs to the same process, without signals, locks or waiting."""

from __future__ import annotations

import os
from pathlib import Path

_ENDED = frozenset("ZXx")


def started_at(pid: int) -> int:
    """The start time of a process in kernel ticks since boot, which distinguishes it from a later one with the same id.

    0 if it does not run; a zombie counts as ended. Without ``/proc``, 1 for every process that exists.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except ProcessLookupError:
        return 0
    except OSError:
        return int(_exists(pid))
    # The name, in parentheses, may hold anything: fields count from its end (proc_pid_stat(5): 3 state, 22 start).
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in _ENDED else int(fields[19])


def _exists(pid: int) -> bool:
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
