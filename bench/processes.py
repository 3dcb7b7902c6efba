"""Measures processor seconds and memory of a command and its child processes, from ``/proc``, by role."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Use:
    """The usage of one process. ``peak_bytes``: the most resident memory; ``resident``: the resident memory at each
    sample.
    """

    name: str
    cpu_s: float = 0.0
    peak_bytes: int = 0
    resident: list[int] = field(default_factory=list)

    def resident_after(self, share: float) -> int:
        """Resident bytes after this share of the process's life."""
        return self.resident[int(share * (len(self.resident) - 1))] if self.resident else 0

    @property
    def role(self) -> str:
        """``coordinator``, ``writer``, ``workers`` or ``other`` (the fork server)."""
        if self.name == "lrestore-writer":
            return "writer"
        return "workers" if self.name.startswith("lrestore-w") else self.name


class Meter:
    """Watches a process and its descendants from outside, until :meth:`stop`. Linux only."""

    def __init__(self, pid: int, name: str = "coordinator") -> None:
        self._root = pid
        self._name = name
        self._uses: dict[int, Use] = {}
        self.spent_s: list[tuple[float, float]] = []
        """At each sample: the time, and the processor seconds of all processes so far."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> list[Use]:
        """The usage of each process at its last sample."""
        self._over.set()
        self._thread.join()
        return list(self._uses.values())

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Take a sample."""
        for pid, (name, cpu_s) in family(self._root).items():
            use = self._uses.setdefault(pid, Use(name))
            use.name = self._name if pid == self._root else name if name.startswith("lrestore-w") else "other"
            use.cpu_s = max(use.cpu_s, cpu_s)
            peak, resident = memory_bytes(pid)
            if resident:
                use.peak_bytes = max(use.peak_bytes, peak)
                use.resident.append(resident)
        self.spent_s.append((time.time(), sum(use.cpu_s for use in self._uses.values())))


def family(root: int) -> dict[int, tuple[str, float]]:
    """``root`` and its descendants: the name that each gave itself, and its processor seconds."""
    known = dict(_all())
    members = [root] if root in known else []
    for above in members:
        members += [pid for pid, (_, parent, _) in known.items() if parent == above]
    return {pid: (known[pid][0], known[pid][2]) for pid in members}


def _all() -> Iterator[tuple[int, tuple[str, int, float]]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # proc_pid_stat(5): the name may hold anything, so fields count from its end; 14 and 15 are user, system time.
        fields = text.rpartition(")")[2].split()
        name = text[text.index("(") + 1 : text.rindex(")")]
        yield int(entry.name), (name, int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS_PER_S)


def cpu_s(pid: int) -> float:
    """Processor seconds of one process so far."""
    return family(pid)[pid][1]


def memory_bytes(pid: int) -> tuple[int, int]:
    """The peak and the current resident memory of a process; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0, 0
    found = dict(line.split(":", 1) for line in status.splitlines())
    peak, resident = (found.get(name, "0 kB").split()[0] for name in ("VmHWM", "VmRSS"))
    return int(peak) * 1024, int(resident) * 1024
