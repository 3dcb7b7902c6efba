"""Where a worker's calls begin and end, as its limiter sees them: the crash points of a call."""

from __future__ import annotations

from lrestore.crash_points import crash_point
from lrestore.looker.limits import Limiter

_TOKEN_REFUSED = 401
"""What the session answers with a new login."""


class Calls:
    """A :class:`~lrestore.looker.limits.Limiter` that passes everything on."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def acquire(self) -> None:
        """Return when a call may go out, as the limiter says."""
        self._limiter.acquire()
        crash_point("call.before_send")

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """Tell the limiter how a call went."""
        if status is not None:
            crash_point("call.after_answer")
        if status == _TOKEN_REFUSED:
            crash_point("token.renewal")
        self._limiter.report(status, latency_s, retry_after_s)
