"""Limits on the rate and the number of calls: the limiter protocol, and limiters for one process.

A limiter admits each try and receives its result. The limiter that all processes share has the same two methods.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from lrestore.errors import StoppedError
from lrestore.looker.retries import MAX_RETRY_AFTER_S

DERIVED_BURST_S = 0.1
"""Short against the second by which servers count."""


class Limiter(Protocol):
    """Admits calls. Both methods are called from many threads at once."""

    def acquire(self) -> None:
        """Return when one call may be sent; raise :class:`~lrestore.errors.StoppedError` when the run is to end."""

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """Record the result of a call: HTTP status (None: no answer), latency, and the requested pause."""


SPENT = "all allowed calls have been made (--max-calls)"


class AtMost:
    """Ends the run when so many calls have been made: from the first one on, for each is licensed."""

    def __init__(self, max_calls: int, limiter: Limiter) -> None:
        self._left = max_calls
        self._limiter = limiter
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """Whether no call is left."""
        with self._lock:
            return self._left < 1

    def acquire(self) -> None:
        """Raises StoppedError when no call is left."""
        with self._lock:
            if self._left < 1:
                raise StoppedError(SPENT)
            self._left -= 1
        self._limiter.acquire()

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        self._limiter.report(status, latency_s, retry_after_s)


class Watched:
    """Asks before each call, when its turn has come, whether the run may go on: ``check`` raises a RunError if not."""

    def __init__(self, limiter: Limiter, check: Callable[[], None] = lambda: None) -> None:
        self._limiter = limiter
        self.check = check

    def acquire(self) -> None:
        self._limiter.acquire()
        self.check()

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        self._limiter.report(status, latency_s, retry_after_s)


class Unlimited:
    """Admits everything at once."""

    def acquire(self) -> None:
        return

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        return


class FixedRate:
    """At most ``burst + per_second * w`` calls in any ``w`` seconds, for all threads of this process together.

    GCRA: one number, the time at which the bucket would be full again, replaces the bucket and its refill. Each caller
    takes its place in time under the lock and waits outside of it.
    """

    def __init__(
        self,
        per_second: float,
        burst: int = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        """``burst`` 0 is derived: what the rate admits in :data:`DERIVED_BURST_S`, at least one call.

        ``pause(seconds)`` waits and says whether the run is to stop, as ``threading.Event.wait`` does.
        """
        if per_second <= 0 or burst < 0:
            raise ValueError(f"per_second must be above 0 and burst not below, got {per_second} and {burst}")
        self._interval_s = 1 / per_second
        self._tolerance_s = max(0, (burst or int(per_second * DERIVED_BURST_S)) - 1) * self._interval_s
        self._clock = clock
        self._pause = pause or threading.Event().wait
        self._lock = threading.Lock()
        self._full_again_at = float("-inf")

    def reserve(self) -> float:
        """Reserve a start time and return the seconds until then."""
        with self._lock:
            now = self._clock()
            start = max(now, self._full_again_at - self._tolerance_s)
            self._full_again_at = max(start, self._full_again_at) + self._interval_s
            return start - now

    def acquire(self) -> None:
        wait_s = self.reserve()
        if wait_s > 0 and self._pause(wait_s):
            raise StoppedError("stopped while waiting for the rate limit")

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """A 429 that names a pause holds back all threads, not only the one that was refused."""
        if status != 429 or retry_after_s is None:
            return
        with self._lock:
            resume_at = self._clock() + min(retry_after_s, MAX_RETRY_AFTER_S)
            self._full_again_at = max(self._full_again_at, resume_at + self._tolerance_s)
