"""Time: waiting that ends early when the run is to stop, and how old a backup is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

_LOOK_EVERY_S = 0.1
"""How long a signal may go unnoticed: a handler cannot wake other threads."""


def interruptible(stop: Callable[[], bool]) -> Callable[[float], bool]:
    """A wait for so many seconds that says, as ``threading.Event.wait`` does, whether it ended because of ``stop``."""

    def wait(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not stop():
            left_s = end - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(_LOOK_EVERY_S, left_s))
        return True

    return wait


def age(made: datetime | None, now: datetime) -> str:
    """How long ago a backup was made, as people say it."""
    if made is None:
        return "of unknown age"
    hours = max(0, int((now - made).total_seconds() // 3600))
    if hours < 48:
        return f"{hours} hours old"
    return f"{hours // 24} days old"
