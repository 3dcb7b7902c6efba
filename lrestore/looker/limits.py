"""The limiter protocol: a limiter admits each try of a call and receives its result."""

from __future__ import annotations

from typing import Protocol


class Limiter(Protocol):
    """Admits calls. Both methods are called from many threads at once."""

    def acquire(self) -> None:
        """Return when one call may be sent; raise :class:`~lrestore.errors.StoppedError` when the run is to end."""

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        """Record the result of a call: HTTP status (None: no answer), latency, and the requested pause."""


class Unlimited:
    """Admits every call at once: for the source instance, whose calls ``in_flight`` alone bounds. They are few, and the
    rate that is measured for the destination says nothing about another server.
    """

    def acquire(self) -> None:
        return

    def report(self, status: int | None, latency_s: float, retry_after_s: float | None) -> None:
        return
