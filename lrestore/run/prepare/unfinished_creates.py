"""Creates that a run had begun when it died: Looker may still be at work on them.

What such a call makes is found and taken over once it is there. Looked for too early it is made a second time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from lrestore.content.canonical import parse_moment
from lrestore.run.bulk.crash_policy import LATE_S
from lrestore.state.read import StateReader

log = logging.getLogger(__name__)

_RECENT = timedelta(minutes=10)
"""Nothing that was begun longer ago is still under way: Looker, and every proxy before it, ends calls sooner."""


def give_time(reader: StateReader, now: datetime, began_s: float, pause: Callable[[float], bool]) -> None:
    """Wait until this run is so old that what an earlier one had begun is there, if there is any such thing.

    ``now`` is the time of day; ``began_s`` is when this run began, on the monotonic clock; ``pause`` waits.
    """
    recent = [row for row in reader.open_intents() if _is_recent(row.opened_at, now)]
    left_s = LATE_S - (time.monotonic() - began_s)
    if recent and left_s > 0:
        keys = sorted({str(row.intent.key) for row in recent})
        named = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
        log.info("nobody knows whether what was begun of %s exists: %.0f s for Looker to end it", named, left_s)
        pause(left_s)


def _is_recent(opened_at: str, now: datetime) -> bool:
    moment = parse_moment(opened_at)
    return moment is not None and now - moment < _RECENT
