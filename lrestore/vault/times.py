"""Times of the backup's rows, brought to one form that sorts as text: ISO 8601, UTC, microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_IN_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", re.ASCII)


def utc_iso(text: object) -> str:
    """``text`` as UTC, always with microseconds; empty if it is no time.

    A time without an offset is this machine's local time: that is how LookerVault writes it when run with one worker.
    """
    if not isinstance(text, str):
        return ""
    try:
        moment = datetime.fromisoformat(text)
        usual = _IN_UTC.fullmatch(text)
        if usual is not None and moment.hour == int(text[11:13]):
            # As LookerVault writes nearly all of them: several times of each row are asked for.
            return text if usual[1] else f"{text[:19]}.000000+00:00"
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError, OSError):
        return ""


def has_offset(text: str) -> bool:
    """Does this time say which zone it is in?"""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def as_column(moment: datetime | str | None) -> str:
    """How LookerVault stores a time: ISO 8601, in UTC where the offset is known; now if there is none."""
    if isinstance(moment, str):
        return moment
    return (moment or datetime.now(UTC)).astimezone(UTC).isoformat()
