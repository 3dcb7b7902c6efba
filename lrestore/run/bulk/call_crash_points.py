"""Crash points before and after each call of a worker, placed in its limiter."""

from __future__ import annotations

from lrestore.crash_points import crash_point
from lrestore.looker.limits import Limiter

_TOKEN_REFUSED = 401
"""The session reacts to this status with a new login."""


class Calls:
    """A :class:`~lrestore.looker.limits.Limiter` that wraps another one and adds crash points."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def acquire(self) -> None:
        """Return when the limiter lets a call go out."""
        self._limiter.acquire()
        crash_point("call.before_send")

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """Pass the result of a call to the limiter."""
        if status is not None:
            crash_point("call.after_answer")
        if status == _TOKEN_REFUSED:
            crash_point("token.renewal")
        self._limiter.report(status, latency_s, retry_after_s)
