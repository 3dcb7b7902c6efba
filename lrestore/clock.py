"""The wall clock, the types of clocks, and the format of times in the state file and the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Seconds since some moment, such as ``time.monotonic``: only differences mean something."""

WallClock = Callable[[], datetime]
"""The time of day, such as :func:`utc_now`."""


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the millisecond: sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
