"""The number of worker processes, and of the threads in each that make calls.

Sixteen threads in each of two processes cost less processor time than four in each of eight, if there are two cores.
"""

from __future__ import annotations

import logging
import math
import os
from typing import NamedTuple

from lrestore.settings import Settings
from lrestore.settings.model import RunSettings

log = logging.getLogger(__name__)


class Callers(NamedTuple):
    """Worker processes, and threads in each."""

    processes: int
    threads: int


def callers(settings: Settings, items: int, cores: int | None = None) -> Callers:
    """As many processes as ``--workers`` says, or ``[run] workers`` if that is not the default. Else no more than there
    are cores, with as many calls in progress together: ``workers`` times ``in_flight``. Never more processes than
    ``items``.
    """
    run = settings.run
    if "run.workers" in settings.by_flag or run.workers != RunSettings().workers:
        return Callers(min(run.workers, items), run.in_flight)
    cores = cores or _cores()
    processes = min(run.workers, cores)
    threads = math.ceil(run.workers * run.in_flight / processes)
    log.info(
        "workers: %d processes with %d calls each, for %d cores; --workers N starts N processes with %d calls each",
        processes,
        threads,
        cores,
        run.in_flight,
    )
    return Callers(min(processes, items), threads)


def _cores() -> int:
    """The cores that this process may use; of all on systems that do not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
