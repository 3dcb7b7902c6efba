"""The two events that the rule of the limiter knows: a caller asks to make a call, a caller reports its result."""

from __future__ import annotations

from typing import NamedTuple


class Asking(NamedTuple):
    """A request to make a call: calls in progress over all processes, and whether the caller has queued before."""

    in_flight: int
    queued: bool = False


class CallResult(NamedTuple):
    """The result of a call that was let through at ``sent_at_s``, as one of ``in_flight`` over all processes.

    ``latency_s``: the server's share of the time that it took.
    """

    sent_at_s: float
    status: int | None
    latency_s: float
    retry_after_s: float | None = None
    in_flight: int = 1
