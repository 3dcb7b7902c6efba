"""How long a create may still take effect in Looker after its caller has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from lrestore.clock import utc_now
from lrestore.content.canonical import parse_moment


class SettleTime:
    """Counts from the time of day at which a create was recorded. The wall clock may have been set back since, so that
    the create seems to be in the future. Therefore the time since this object was made also counts, by the monotonic
    clock.
    """

    def __init__(
        self, now: Callable[[], datetime] = utc_now, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._monotonic_s = monotonic_s
        self._began_s = monotonic_s()
        self._seen_s: dict[str, float] = {}

    def left_s(self, opened_at: str, settle_s: float, *, of_this_run: bool) -> float:
        """The seconds left of ``settle_s``, between 0 and ``settle_s``. ``of_this_run``: the create may have been
        recorded after this object was made.
        """
        recorded = parse_moment(opened_at)
        age_s = 0.0 if recorded is None else (self._now() - recorded).total_seconds()
        now_s = self._monotonic_s()
        known_s = now_s - (self._seen_s.setdefault(opened_at, now_s) if of_this_run else self._began_s)
        return max(0.0, settle_s - max(age_s, known_s))
